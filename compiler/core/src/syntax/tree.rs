//! The syntax tree.

use crate::source::{SourceId, Span, Spanned};

/// One parsed file.
#[derive(Clone, Debug)]
pub struct SyntaxFile {
    /// Which file.
    pub source: SourceId,
    /// Its items, comments and blank lines included, in order.
    pub items: Vec<Item>,
}

impl SyntaxFile {
    /// The statements at the top of the file.
    pub fn statements(&self) -> impl Iterator<Item = &Statement> {
        statements(&self.items)
    }
}

/// One line or declaration.
#[derive(Clone, Debug)]
pub enum Item {
    /// A word, its arguments, perhaps a block.
    Statement(Statement),
    /// `name: type …`, in a schema or a type.
    Field(Field),
    /// `param name: type default v`.
    Param(Field),
    /// A comment on a line of its own; documentation included when nothing follows it.
    Comment(Comment),
    /// One or more empty lines.
    Blank,
    /// Text that is no item. It was reported when it was parsed.
    Error(Span),
}

/// A comment as written, its slashes included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// The text, `//` included, without the end of the line.
    pub text: String,
    /// Where.
    pub span: Span,
}

/// `name arg … { … }`
#[derive(Clone, Debug)]
pub struct Statement {
    /// The documentation above it, a line each, without `///`.
    pub docs: Vec<String>,
    /// Its first word.
    pub name: Spanned<String>,
    /// What follows the word.
    pub args: Vec<Arg>,
    /// Its block, if any.
    pub block: Option<Block>,
    /// The comment behind it on the same line.
    pub trailing: Option<Comment>,
    /// From its first word to its end; documentation apart.
    pub span: Span,
    /// Part of it could not be read; that was reported when it was parsed.
    pub broken: bool,
}

impl Statement {
    /// From the first word to the last argument: what a message about the whole statement underlines.
    #[must_use]
    pub fn head(&self) -> Span {
        self.args.last().map_or(self.name.span, |last| self.name.span.to(last.span))
    }

    /// The statements of its block.
    pub fn statements(&self) -> impl Iterator<Item = &Statement> {
        statements(self.block.as_ref().map_or(&[], |block| block.items.as_slice()))
    }

    /// The fields of its block.
    pub fn fields(&self) -> impl Iterator<Item = &Field> {
        let items = self.block.as_ref().map_or(&[] as &[Item], |block| block.items.as_slice());
        items.iter().filter_map(|item| match item {
            Item::Field(field) => Some(field),
            _ => None,
        })
    }
}

fn statements(items: &[Item]) -> impl Iterator<Item = &Statement> {
    items.iter().filter_map(|item| match item {
        Item::Statement(statement) => Some(statement),
        _ => None,
    })
}

/// `{ … }`
#[derive(Clone, Debug)]
pub struct Block {
    /// What is in it.
    pub items: Vec<Item>,
    /// From brace to brace.
    pub span: Span,
    /// Written on one line.
    pub inline: bool,
}

/// `name?: type constraint …`
#[derive(Clone, Debug)]
pub struct Field {
    /// The documentation above it.
    pub docs: Vec<String>,
    /// Its name.
    pub name: Spanned<String>,
    /// Whether a `?` follows the name.
    pub optional: bool,
    /// Its type.
    pub kind: TypeExpr,
    /// Constraints, as written behind the type.
    pub constraints: Vec<Arg>,
    /// The comment behind it on the same line.
    pub trailing: Option<Comment>,
    /// From its name to its end.
    pub span: Span,
    /// Part of it could not be read; that was reported when it was parsed.
    pub broken: bool,
}

/// A type as written.
#[derive(Clone, Debug)]
pub struct TypeExpr {
    /// Its shape.
    pub kind: TypeKind,
    /// Where.
    pub span: Span,
}

/// The shapes of types.
#[derive(Clone, Debug)]
pub enum TypeKind {
    /// `string`, `Badge`
    Name(String),
    /// `[T]`
    List(Box<TypeExpr>),
    /// `{string: T}`
    Map(Box<TypeExpr>, Box<TypeExpr>),
    /// A text literal, as a member of a union.
    Text(String),
    /// A whole number literal, as a member of a union.
    Int(i64),
    /// `"a" | "b"`
    Union(Vec<TypeExpr>),
}

/// An argument and its place.
#[derive(Clone, Debug)]
pub struct Arg {
    /// Its value.
    pub value: Literal,
    /// Where.
    pub span: Span,
}

/// Arguments are equal when they say the same, wherever they stand.
impl PartialEq for Arg {
    fn eq(&self, other: &Arg) -> bool {
        self.value == other.value
    }
}

/// The values that can be written.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// `eu-central-1`, `on`, `BuildingExited`
    Word(String),
    /// `"…"`, escapes resolved.
    Text(String),
    /// `300`
    Int(i64),
    /// `0.5`
    Decimal(f64),
    /// `30s`, `256MB`
    Quantity {
        /// How many.
        amount: i64,
        /// Of what: `s`, `d`, `MB`.
        unit: String,
    },
    /// `100/s`
    Rate {
        /// How many.
        amount: i64,
        /// In which time: `s`, `day`.
        unit: String,
    },
    /// `1..64`, `1..`, `..64`
    Range {
        /// The lower end, included.
        low: Option<f64>,
        /// The upper end, included.
        high: Option<f64>,
    },
    /// `/buildings/{building}/exits`
    Path(String),
    /// `$name`
    Param(String),
    /// `[a, b]`
    List(Vec<Arg>),
    /// `( … )`
    Group(Vec<Arg>),
    /// `>=`, `==`, `|`
    Operator(String),
    /// `*`
    Star,
    /// `=`
    Equals,
    /// `,`
    Comma,
}

impl Literal {
    /// What it is, for messages.
    #[must_use]
    pub fn describe(&self) -> &'static str {
        match self {
            Literal::Word(_) => "a word",
            Literal::Text(_) => "a text",
            Literal::Int(_) => "a whole number",
            Literal::Decimal(_) => "a decimal number",
            Literal::Quantity { .. } => "a quantity",
            Literal::Rate { .. } => "a rate",
            Literal::Range { .. } => "a range",
            Literal::Path(_) => "a path",
            Literal::Param(_) => "a parameter",
            Literal::List(_) => "a list",
            Literal::Group(_) => "a group",
            Literal::Operator(_) => "an operator",
            Literal::Star => "`*`",
            Literal::Equals => "`=`",
            Literal::Comma => "`,`",
        }
    }
}
