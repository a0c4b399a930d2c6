//! Expressions of rules: a small language with three answers, for what the deployment alone knows.
//!
//! ```text
//! queue.VisibilityTimeout | default(30) >= 6 * (function.Timeout | default(3))
//! ```
//!
//! It reads as the expressions of constructs do. A dot goes into an object, and through a reference into the resource
//! that it stands for. Precedence, from the loosest: `or`, `and`, `not`, comparison, `+ -`, `* /`, `|`, `.`.

use super::functions::NAMES;

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Expression {
    /// A number.
    Number(f64),
    /// A text.
    Text(String),
    /// True or false.
    Bool(bool),
    /// A name that the rule gave something.
    Name(String),
    /// A list.
    List(Vec<Expression>),
    /// `x.Name`, `x['Name']`
    Member(Box<Expression>, Box<Expression>),
    /// `f(x, y)`, `x | f(y)`
    Call(String, Vec<Expression>),
    /// `not x`
    Not(Box<Expression>),
    /// Two sides and what is between them.
    Binary(Operator, Box<Expression>, Box<Expression>),
}

/// What stands between two expressions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `or`
    Or,
    /// `and`
    And,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    More,
    /// `>=`
    AtLeast,
    /// `in`
    In,
    /// `+`
    Plus,
    /// `-`
    Minus,
    /// `*`
    Times,
    /// `/`
    Over,
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Number(f64),
    Text(String),
    Word(String),
    Sign(&'static str),
}

const SIGNS: &[&str] =
    &["==", "!=", "<=", ">=", "<", ">", "+", "-", "*", "/", "|", ".", ",", "(", ")", "[", "]"];

/// Reads an expression.
///
/// # Errors
/// What is not understood.
pub fn parse(text: &str) -> Result<Expression, String> {
    let mut parser = Parser { tokens: tokens(text)?, next: 0 };
    let expression = parser.binary(0).map_err(|error| format!("`{text}`: {error}"))?;
    match parser.peek() {
        None => Ok(expression),
        Some(token) => Err(format!("`{text}`: {token:?} was not expected")),
    }
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, behind) = if matches!(first, '\'' | '"') {
            let inner = rest.get(1..).unwrap_or_default();
            let (value, behind) =
                inner.split_once(first).ok_or(format!("`{text}`: a text without its end"))?;
            (Token::Text(value.to_owned()), behind)
        } else if first.is_ascii_digit() {
            let (number, behind) = take(rest, |c| c.is_ascii_digit() || c == '.');
            (Token::Number(number.parse().map_err(|_| format!("`{number}` is no number"))?), behind)
        } else if first.is_alphabetic() || first == '_' {
            let (word, behind) = take(rest, |c| c.is_alphanumeric() || c == '_');
            (Token::Word(word.to_owned()), behind)
        } else {
            let sign = SIGNS.iter().find(|sign| rest.starts_with(**sign));
            let sign = sign.ok_or(format!("`{text}`: `{first}` is no sign"))?;
            (Token::Sign(sign), rest.get(sign.len()..).unwrap_or_default())
        };
        found.push(token);
        rest = behind.trim_start();
    }
    Ok(found)
}

fn take(text: &str, wanted: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !wanted(c)).unwrap_or(text.len()))
}

/// A call of a function that there is.
fn function(name: String, arguments: Vec<Expression>) -> Result<Expression, String> {
    match NAMES.contains(&name.as_str()) {
        true => Ok(Expression::Call(name, arguments)),
        false => Err(format!("there is no function `{name}`")),
    }
}

struct Parser {
    tokens: Vec<Token>,
    next: usize,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next)
    }

    fn advance(&mut self) -> Option<Token> {
        self.next += 1;
        self.tokens.get(self.next - 1).cloned()
    }

    fn skip(&mut self, sign: &str) -> bool {
        let there = matches!(self.peek(), Some(Token::Sign(found)) if *found == sign);
        self.next += usize::from(there);
        there
    }

    fn expect(&mut self, sign: &str) -> Result<(), String> {
        if self.skip(sign) { Ok(()) } else { Err(format!("`{sign}` was expected, not {:?}", self.peek())) }
    }

    /// An operator of at least that strength.
    fn operator(&self, least: u8) -> Option<(Operator, u8)> {
        let found = match self.peek()? {
            Token::Word(word) => match word.as_str() {
                "or" => (Operator::Or, 1),
                "and" => (Operator::And, 2),
                "in" => (Operator::In, 4),
                _ => return None,
            },
            Token::Sign(sign) => match *sign {
                "==" => (Operator::Equal, 4),
                "!=" => (Operator::NotEqual, 4),
                "<" => (Operator::Less, 4),
                "<=" => (Operator::AtMost, 4),
                ">" => (Operator::More, 4),
                ">=" => (Operator::AtLeast, 4),
                "+" => (Operator::Plus, 5),
                "-" => (Operator::Minus, 5),
                "*" => (Operator::Times, 6),
                "/" => (Operator::Over, 6),
                _ => return None,
            },
            _ => return None,
        };
        (found.1 >= least).then_some(found)
    }

    fn binary(&mut self, least: u8) -> Result<Expression, String> {
        let mut left = self.unary()?;
        while let Some((operator, strength)) = self.operator(least) {
            self.next += 1;
            let right = self.binary(strength + 1)?;
            left = Expression::Binary(operator, Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn unary(&mut self) -> Result<Expression, String> {
        if matches!(self.peek(), Some(Token::Word(word)) if word == "not") {
            self.next += 1;
            return Ok(Expression::Not(Box::new(self.binary(3)?)));
        }
        self.filtered()
    }

    fn filtered(&mut self) -> Result<Expression, String> {
        let mut value = self.member()?;
        while self.skip("|") {
            let Some(Token::Word(name)) = self.advance() else {
                return Err("a filter was expected behind `|`".to_owned());
            };
            let mut arguments = vec![value];
            if self.skip("(") {
                arguments.extend(self.list(")")?);
            }
            value = function(name, arguments)?;
        }
        Ok(value)
    }

    fn member(&mut self) -> Result<Expression, String> {
        let mut value = self.primary()?;
        loop {
            let key = if self.skip(".") {
                match self.advance() {
                    Some(Token::Word(name)) => Expression::Text(name),
                    other => return Err(format!("a name was expected behind `.`, not {other:?}")),
                }
            } else if self.skip("[") {
                let key = self.binary(0)?;
                self.expect("]")?;
                key
            } else {
                return Ok(value);
            };
            value = Expression::Member(Box::new(value), Box::new(key));
        }
    }

    fn primary(&mut self) -> Result<Expression, String> {
        match self.advance() {
            Some(Token::Number(number)) => Ok(Expression::Number(number)),
            Some(Token::Text(text)) => Ok(Expression::Text(text)),
            Some(Token::Word(word)) => match word.as_str() {
                "true" => Ok(Expression::Bool(true)),
                "false" => Ok(Expression::Bool(false)),
                _ if self.skip("(") => {
                    let arguments = self.list(")")?;
                    function(word, arguments)
                }
                _ => Ok(Expression::Name(word)),
            },
            Some(Token::Sign("(")) => {
                let inner = self.binary(0)?;
                self.expect(")")?;
                Ok(inner)
            }
            Some(Token::Sign("[")) => Ok(Expression::List(self.list("]")?)),
            other => Err(format!("a value was expected, not {other:?}")),
        }
    }

    fn list(&mut self, end: &str) -> Result<Vec<Expression>, String> {
        let mut items = Vec::new();
        if self.skip(end) {
            return Ok(items);
        }
        loop {
            items.push(self.binary(0)?);
            if self.skip(end) {
                return Ok(items);
            }
            self.expect(",")?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Expression, Operator, parse};

    #[test]
    fn precedence() {
        let parsed = parse("a.B | default(30) >= 6 * 3 and not x");
        let is_right = matches!(&parsed, Ok(Expression::Binary(Operator::And, left, right))
            if matches!(**left, Expression::Binary(Operator::AtLeast, ..)) && matches!(**right, Expression::Not(_)));
        assert!(is_right, "{parsed:?}");
    }

    #[test]
    fn not_takes_a_comparison() {
        let parsed = parse("not a == b");
        let is_right =
            matches!(&parsed, Ok(Expression::Not(inner)) if matches!(**inner, Expression::Binary(..)));
        assert!(is_right, "{parsed:?}");
    }

    #[test]
    fn mistakes() {
        for text in ["a.", "(a", "a b", "'a", "a | 3", "§", "f(a"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
