//! The parser: pest's pairs to the tree. Nothing outside this file sees a pest type.

use pest::Parser as _;
use pest::iterators::{Pair, Pairs};
use pest_derive::Parser;

use super::depth::{MAX_DEPTH, too_deep};
use super::tree::{Arg, Block, Comment, Field, Item, Literal, Statement, SyntaxFile, TypeExpr, TypeKind};
use crate::diagnostic::{Code, Consequence, Diagnostic, Diagnostics};
use crate::source::{Source, SourceId, Span, Spanned};

#[derive(Parser)]
#[grammar = "../../../grammar/pipe.pest"]
struct PipeParser;

/// Findings that one file gives at most: a file of another language would give one a line.
const MAX_FINDINGS: usize = 200;

/// Parses one file. Never fails: what is no statement is reported and becomes an error item.
pub fn parse(source: &Source, diags: &mut Diagnostics) -> SyntaxFile {
    if let Some(at) = too_deep(&source.text) {
        let span = Span { source: source.id, start: at as u32, end: at as u32 + 1 };
        let help = "nothing in this file was read; close or remove brackets";
        diags.push(
            Diagnostic::new(Code::TooDeep, span, format!("brackets nest more than {MAX_DEPTH} deep"))
                .help(help),
        );
        return SyntaxFile { source: source.id, items: vec![Item::Error(span)] };
    }
    let mut found = Diagnostics::new();
    let mut items =
        Reader { source, base: 0, word: nowhere(source.id), diags: &mut found }.text(&source.text);
    let starts = declaration_starts(&source.text);
    if found.has(Code::UnclosedBlock) && starts.len() > 1 {
        // One missing brace swallowed what follows it. Read again, declaration by declaration, so that it costs
        // no more than its own.
        found = Diagnostics::new();
        items = Vec::new();
        let ends = starts.iter().skip(1).copied().chain([source.text.len()]);
        for (start, end) in starts.iter().copied().zip(ends) {
            let part = source.text.get(start..end).unwrap_or("");
            items.extend(
                Reader { source, base: start, word: nowhere(source.id), diags: &mut found }.text(part),
            );
        }
    }
    if found.len() > MAX_FINDINGS {
        let span = Span { source: source.id, start: 0, end: 0 };
        let message =
            format!("this file has {} syntax errors, of which {MAX_FINDINGS} are shown", found.len());
        diags.push(Diagnostic::new(Code::UnexpectedText, span, message).help("is it a `.pipe` file?"));
    }
    diags.extend(found.into_iter().take(MAX_FINDINGS));
    SyntaxFile { source: source.id, items }
}

fn nowhere(source: SourceId) -> Span {
    Span { source, start: 0, end: 0 }
}

/// Where declarations seem to begin: lines that start, without indentation, with one of their words; the
/// documentation above belongs to them. The first is the start of the text.
fn declaration_starts(text: &str) -> Vec<usize> {
    const WORDS: &[&str] = &[
        "app ",
        "api ",
        "auth ",
        "profile ",
        "environment ",
        "event ",
        "type ",
        "param ",
        "store ",
        "secret ",
        "resource ",
        "override ",
    ];
    let mut starts = vec![0];
    let (mut at, mut docs) = (0, None);
    for line in text.split_inclusive('\n') {
        if line.starts_with("///") {
            docs = docs.or(Some(at));
        } else {
            if at > 0 && WORDS.iter().any(|word| line.starts_with(word)) {
                starts.push(docs.unwrap_or(at));
            }
            docs = None;
        }
        at += line.len();
    }
    starts.dedup();
    starts
}

struct Reader<'a> {
    source: &'a Source,
    /// Where the text that is read begins in the source.
    base: usize,
    /// The first word of the statement that is read: what is wrong with it explains what follows it.
    word: Span,
    diags: &'a mut Diagnostics,
}

impl Reader<'_> {
    fn text(&mut self, text: &str) -> Vec<Item> {
        match PipeParser::parse(Rule::file, text) {
            Ok(mut pairs) => pairs.next().map_or_else(Vec::new, |file| self.items(file.into_inner())),
            // The grammar is total, so this is only reached if it has a hole: say where, and go on.
            Err(error) => {
                let at = match error.location {
                    pest::error::InputLocation::Pos(at) | pest::error::InputLocation::Span((at, _)) => at,
                };
                let span = self.span(at, at);
                self.report(Code::UnexpectedText, span, "this text is not understood", "");
                vec![Item::Error(span)]
            }
        }
    }

    fn items(&mut self, pairs: Pairs<'_, Rule>) -> Vec<Item> {
        let mut list = ItemList::default();
        for pair in pairs {
            match pair.as_rule() {
                Rule::newline => list.newline(),
                Rule::doc => list.doc(self.comment(&pair)),
                Rule::comment => list.comment(self.comment(&pair)),
                Rule::statement => {
                    let docs = list.take_docs();
                    let statement = self.statement(pair, docs);
                    list.push(Item::Statement(statement));
                }
                Rule::field => {
                    let docs = list.take_docs();
                    if let Some(field) = self.field(pair, docs) {
                        list.push(Item::Field(field));
                    }
                }
                Rule::param => {
                    let docs = list.take_docs();
                    let inner = pair.into_inner().find(|p| p.as_rule() == Rule::field);
                    if let Some(field) = inner.and_then(|p| self.field(p, docs)) {
                        list.push(Item::Param(field));
                    }
                }
                Rule::junk | Rule::stray_close => list.push(self.junk(&pair)),
                _ => {}
            }
        }
        list.finish()
    }

    fn statement(&mut self, pair: Pair<'_, Rule>, docs: Vec<String>) -> Statement {
        let mut span = self.pair_span(&pair);
        let mut name = Spanned::new(String::new(), span);
        let (mut args, mut block, mut broken) = (Vec::new(), None, false);
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::word if name.value.is_empty() => {
                    name = Spanned::new(part.as_str().to_owned(), self.pair_span(&part));
                    self.word = name.span;
                    span.end = name.span.end;
                }
                Rule::block => {
                    let read = self.block(part);
                    self.word = name.span;
                    span.end = read.span.end;
                    block = Some(read);
                }
                Rule::broken => {
                    span.end = self.pair_span(&part).end;
                    let next_statement =
                        block.is_some() && part.as_str().starts_with(|c: char| c.is_ascii_alphabetic());
                    if next_statement && !broken {
                        self.unexpected(&part, "for a second statement on one line, put a `;` before it");
                    }
                    self.broken(&part, broken || next_statement);
                    broken = true;
                }
                Rule::newline => {}
                _ => {
                    let arg = self.arg(part, &mut broken);
                    span.end = arg.span.end;
                    args.push(arg);
                }
            }
        }
        Statement { docs, name, args, block, trailing: None, span, broken }
    }

    fn field(&mut self, pair: Pair<'_, Rule>, docs: Vec<String>) -> Option<Field> {
        let mut span = self.pair_span(&pair);
        let (mut name, mut kind) = (None, None);
        let (mut optional, mut constraints, mut broken) = (false, Vec::new(), false);
        for part in pair.into_inner() {
            let place = self.pair_span(&part);
            span.end = place.start + part.as_str().trim_end().len() as u32;
            match part.as_rule() {
                Rule::name => {
                    self.word = place;
                    name = Some(Spanned::new(part.as_str().to_owned(), place));
                }
                Rule::optional => optional = true,
                Rule::type_expr => kind = Some(self.type_expr(part)),
                Rule::broken => {
                    self.broken(&part, broken);
                    broken = true;
                }
                _ => constraints.push(self.arg(part, &mut broken)),
            }
        }
        Some(Field { docs, name: name?, optional, kind: kind?, constraints, trailing: None, span, broken })
    }

    fn block(&mut self, pair: Pair<'_, Rule>) -> Block {
        let mut span = self.pair_span(&pair);
        let inline = !pair.as_str().contains('\n');
        let last = pair.clone().into_inner().last();
        match last {
            Some(end) if end.as_rule() == Rule::close => span.end = self.pair_span(&end).end,
            _ => {
                let brace = Span { end: span.start + 1, ..span };
                let help = "add the `}` that ends this block";
                // A text without its end takes the brace with it.
                self.diags.push(
                    Diagnostic::new(Code::UnclosedBlock, brace, "this `{` is never closed")
                        .help(help)
                        .consequence(Consequence::OfKind(Code::UnterminatedText, span)),
                );
            }
        }
        Block { items: self.items(pair.into_inner()), span, inline }
    }

    fn type_expr(&mut self, pair: Pair<'_, Rule>) -> TypeExpr {
        let span = self.trimmed(&pair);
        let mut members: Vec<TypeExpr> = pair.into_inner().map(|term| self.type_term(term)).collect();
        match (members.len(), members.pop()) {
            (1, Some(only)) => only,
            (_, last) => {
                members.extend(last);
                TypeExpr { kind: TypeKind::Union(members), span }
            }
        }
    }

    fn type_term(&mut self, pair: Pair<'_, Rule>) -> TypeExpr {
        let span = self.trimmed(&pair);
        let text = pair.as_str().trim().to_owned();
        let rule = pair.as_rule();
        let mut inner = pair.into_inner();
        let kind = match (rule, inner.next(), inner.next()) {
            (Rule::type_list, Some(of), _) => TypeKind::List(Box::new(self.type_expr(of))),
            (Rule::type_map, Some(key), Some(value)) => {
                TypeKind::Map(Box::new(self.type_expr(key)), Box::new(self.type_expr(value)))
            }
            (Rule::type_text, ..) => TypeKind::Text(self.unescape(&text, span)),
            (Rule::type_int, ..) => TypeKind::Int(self.int(&text, span)),
            _ => TypeKind::Name(text),
        };
        TypeExpr { kind, span }
    }

    fn arg(&mut self, pair: Pair<'_, Rule>, broken: &mut bool) -> Arg {
        let before = self.diags.len();
        let arg = self.read_arg(pair, broken);
        // A value that was reported stands for nothing.
        *broken |= self.diags.len() > before;
        arg
    }

    fn read_arg(&mut self, pair: Pair<'_, Rule>, broken: &mut bool) -> Arg {
        let span = self.pair_span(&pair);
        let text = pair.as_str();
        let value = match pair.as_rule() {
            Rule::string => Literal::Text(self.unescape(text, span)),
            Rule::unterminated => {
                *broken = true;
                self.report(
                    Code::UnterminatedText,
                    span,
                    "this text has no closing `\"`",
                    "texts end on the line they begin on; write `\\n` for a new line",
                );
                Literal::Text(text.trim_start_matches('"').to_owned())
            }
            Rule::int => Literal::Int(self.int(text, span)),
            Rule::decimal => Literal::Decimal(text.replace('_', "").parse().unwrap_or_default()),
            Rule::quantity | Rule::rate => self.quantity(pair),
            Rule::range => range(&pair),
            Rule::path => Literal::Path(text.to_owned()),
            Rule::deploy_param => Literal::Param(text.trim_start_matches('$').to_owned()),
            Rule::list => return self.list(pair, broken, Literal::List),
            Rule::group => return self.list(pair, broken, Literal::Group),
            Rule::operator => Literal::Operator(text.to_owned()),
            Rule::star => Literal::Star,
            Rule::equals => Literal::Equals,
            Rule::comma => Literal::Comma,
            _ => Literal::Word(text.to_owned()),
        };
        Arg { value, span }
    }

    fn list(&mut self, pair: Pair<'_, Rule>, broken: &mut bool, make: fn(Vec<Arg>) -> Literal) -> Arg {
        let span = self.trimmed(&pair);
        let mut args = Vec::new();
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::newline | Rule::comment | Rule::comma => {}
                Rule::unclosed_list => {
                    *broken = true;
                    let open = Span { end: span.start + 1, ..span };
                    let shut = if self.source.slice(open) == "[" { "]" } else { ")" };
                    let message = format!("this `{}` is never closed", self.source.slice(open));
                    self.report(Code::UnclosedList, open, message, format!("add the `{shut}` that ends it"));
                }
                _ => args.push(self.arg(part, broken)),
            }
        }
        Arg { value: make(args), span }
    }

    fn quantity(&mut self, pair: Pair<'_, Rule>) -> Literal {
        let is_rate = pair.as_rule() == Rule::rate;
        let span = self.pair_span(&pair);
        let (mut amount, mut unit) = (0, String::new());
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::amount => amount = self.int(part.as_str(), span),
                _ => unit = part.as_str().to_owned(),
            }
        }
        if is_rate { Literal::Rate { amount, unit } } else { Literal::Quantity { amount, unit } }
    }

    fn int(&mut self, text: &str, span: Span) -> i64 {
        text.replace('_', "").parse().unwrap_or_else(|_| {
            let message = format!("`{text}` is too large a number");
            self.report(
                Code::NumberTooLarge,
                span,
                message,
                format!("the largest whole number is {}", i64::MAX),
            );
            0
        })
    }

    /// The value of a `"…"` with its escapes resolved.
    fn unescape(&mut self, quoted: &str, span: Span) -> String {
        let inner = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(quoted);
        let mut text = String::with_capacity(inner.len());
        let mut chars = inner.chars();
        while let Some(next) = chars.next() {
            let at = span.start + (inner.len() - chars.as_str().len()) as u32;
            let span = Span { start: at, end: at + 2, ..span };
            if next != '\\' {
                text.push(next);
                continue;
            }
            match chars.next() {
                Some('n') => text.push('\n'),
                Some('t') => text.push('\t'),
                Some(same @ ('"' | '\\')) => text.push(same),
                Some('u') => match unicode(&mut chars) {
                    Some(named) => text.push(named),
                    None => self.bad_escape("u{…}", span),
                },
                other => self.bad_escape(&other.map(String::from).unwrap_or_default(), span),
            }
        }
        text
    }

    fn bad_escape(&mut self, escape: &str, span: Span) {
        let message = if escape.starts_with('u') {
            "this `\\u{…}` names no Unicode character".to_owned()
        } else {
            format!("`\\{escape}` is not an escape")
        };
        let help = format!(
            "the escapes are `\\\"`, `\\\\`, `\\n`, `\\t` and `\\u{{1F600}}`; in a pattern write `\\\\{escape}`"
        );
        self.report(Code::BadEscape, span, message, help);
    }

    fn junk(&mut self, pair: &Pair<'_, Rule>) -> Item {
        let span = self.trimmed(pair);
        self.word = nowhere(self.source.id);
        if pair.as_rule() == Rule::stray_close {
            self.report(
                Code::StrayClose,
                span,
                "this `}` closes nothing",
                "remove it, or add the `{` that it belongs to",
            );
        } else {
            self.unexpected(pair, "a statement begins with a word, such as `event` or `volume`");
        }
        Item::Error(span)
    }

    fn broken(&mut self, pair: &Pair<'_, Rule>, reported: bool) {
        if !reported {
            self.unexpected(
                pair,
                "a statement ends at the end of its line, at a `;`, or at the `}` of its block",
            );
        }
    }

    fn unexpected(&mut self, pair: &Pair<'_, Rule>, help: &str) {
        let span = self.trimmed(pair);
        let first = pair.as_str().trim().lines().next().unwrap_or("");
        let shown: String = first.chars().take(24).collect();
        let dots = if shown.len() < first.len() { "…" } else { "" };
        let end = span.start + first.len() as u32;
        let help = match first.chars().next() {
            Some('&') => "in a condition, `&&` is written `and`",
            Some('|') => "in a condition, `||` is written `or`",
            Some('!') => "in a condition, `!` is written `not`",
            Some(':') => {
                "a field is written `name: type`, and a type like `string`, `[string]`, `{string: int}`, `\"a\" | \"b\"` or `Name`"
            }
            Some('\'' | '`') => "texts stand in double quotes",
            Some('#') => "comments begin with `//`",
            Some('.') => "quantities are whole numbers: `512MB`, not `0.5GB`",
            _ => help,
        };
        let message = format!("unexpected `{shown}{dots}`");
        self.diags.push(
            Diagnostic::new(Code::UnexpectedText, Span { end, ..span }, message)
                .help(help)
                .consequence(Consequence::Of(self.word)),
        );
    }

    fn comment(&self, pair: &Pair<'_, Rule>) -> Comment {
        Comment { text: pair.as_str().trim_end().to_owned(), span: self.trimmed(pair) }
    }

    fn report(&mut self, code: Code, span: Span, message: impl Into<String>, help: impl Into<String>) {
        let help = Some(help.into()).filter(|text: &String| !text.is_empty());
        self.diags.push(Diagnostic::new(code, span, message).maybe_help(help));
    }

    fn pair_span(&self, pair: &Pair<'_, Rule>) -> Span {
        self.span(pair.as_span().start(), pair.as_span().end())
    }

    /// The span without the white space at its end.
    fn trimmed(&self, pair: &Pair<'_, Rule>) -> Span {
        let start = pair.as_span().start();
        self.span(start, start + pair.as_str().trim_end().len())
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span { source: self.source.id, start: (self.base + start) as u32, end: (self.base + end) as u32 }
    }
}

fn unicode(chars: &mut std::str::Chars<'_>) -> Option<char> {
    let digits = chars.as_str().strip_prefix('{')?.split_once('}')?.0;
    let named = u32::from_str_radix(digits, 16).ok().and_then(char::from_u32);
    for _ in 0..digits.len() + 2 {
        chars.next();
    }
    named
}

fn range(pair: &Pair<'_, Rule>) -> Literal {
    let (before, after) = pair.as_str().split_once("..").unwrap_or(("", ""));
    let number = |text: &str| text.replace('_', "").parse::<f64>().ok();
    Literal::Range { low: number(before), high: number(after) }
}

/// Items in the making: remembers documentation that waits for its declaration, and where lines ended.
#[derive(Default)]
struct ItemList {
    items: Vec<Item>,
    docs: Vec<Comment>,
    newlines: usize,
}

impl ItemList {
    fn push(&mut self, item: Item) {
        self.flush_docs();
        self.items.push(item);
        self.newlines = 0;
    }

    fn newline(&mut self) {
        self.newlines += 1;
        let starts_blank = self.newlines == 2 && self.docs.is_empty() && !self.items.is_empty();
        if starts_blank && !matches!(self.items.last(), Some(Item::Blank)) {
            self.items.push(Item::Blank);
        }
    }

    fn doc(&mut self, comment: Comment) {
        self.newlines = 0;
        self.docs.push(comment);
    }

    fn comment(&mut self, comment: Comment) {
        let trailing = match self.items.last_mut() {
            Some(Item::Statement(statement)) => Some(&mut statement.trailing),
            Some(Item::Field(field) | Item::Param(field)) => Some(&mut field.trailing),
            _ => None,
        };
        match trailing {
            Some(place @ None) if self.newlines == 0 && self.docs.is_empty() => *place = Some(comment),
            _ => self.push(Item::Comment(comment)),
        }
    }

    fn take_docs(&mut self) -> Vec<String> {
        let docs = std::mem::take(&mut self.docs);
        let text = |doc: Comment| doc.text.trim_start_matches('/').trim().to_owned();
        docs.into_iter().map(text).collect()
    }

    /// Documentation with nothing below it stays in the file as a comment.
    fn flush_docs(&mut self) {
        let docs = std::mem::take(&mut self.docs);
        self.items.extend(docs.into_iter().map(Item::Comment));
    }

    fn finish(mut self) -> Vec<Item> {
        self.flush_docs();
        while matches!(self.items.last(), Some(Item::Blank)) {
            self.items.pop();
        }
        self.items
    }
}
