//! The formatter. It re-parses what it wrote and compares meaning before it hands it out.

use super::dump::dump;
use super::parse::parse;
use super::tree::{Arg, Block, Comment, Field, Item, Literal, Statement, SyntaxFile};
use crate::diagnostic::Diagnostics;
use crate::source::{Source, Sources};

/// The widest line that a one-line block may make.
const MAX_WIDTH: usize = 110;
/// A name longer than this does not push its neighbours' arguments to the right.
const MAX_ALIGN: usize = 24;

/// Why a file was left as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FormatError {
    /// The file has syntax errors; its text may hold more than its tree.
    HasErrors,
    /// What was written reads differently. A bug of the formatter, caught before it did harm.
    MeaningChanged,
}

/// The canonical text of a file.
///
/// # Errors
/// When the file has syntax errors, or when the result would not read as the same tree.
pub fn format(source: &Source, file: &SyntaxFile) -> Result<String, FormatError> {
    let mut check = Diagnostics::new();
    let before = dump(&parse(source, &mut check));
    if check.has_errors() {
        return Err(FormatError::HasErrors);
    }
    let printer = Printer { source };
    let mut out = String::new();
    printer.items(&file.items, 0, &mut out);
    let mut again = Sources::new();
    let id = again.add(source.path.clone(), out.clone());
    let after = again.get(id).map(|written| dump(&parse(written, &mut check)));
    let same = after.is_some_and(|after| meaning(&after) == meaning(&before));
    if same && !check.has_errors() { Ok(out) } else { Err(FormatError::MeaningChanged) }
}

/// The dump without what the formatter may change: empty lines, and on how many lines a block stands.
fn meaning(dump: &str) -> Vec<&str> {
    dump.lines()
        .map(|line| line.trim_end().trim_end_matches("inline block").trim_end_matches("block"))
        .filter(|line| line.trim() != "blank")
        .collect()
}

struct Printer<'a> {
    source: &'a Source,
}

impl Printer<'_> {
    fn items(&self, items: &[Item], depth: usize, out: &mut String) {
        let mut rest = items;
        while let Some((first, after)) = rest.split_first() {
            let run = rest.iter().take_while(|item| self.is_one_line(item, depth)).count();
            if run > 1 {
                let (lines, after) = rest.split_at(run);
                let width = lines.iter().map(name_width).filter(|w| *w <= MAX_ALIGN).max().unwrap_or(0);
                for item in lines {
                    self.item(item, depth, width, out);
                }
                rest = after;
            } else {
                self.item(first, depth, 0, out);
                rest = after;
            }
        }
    }

    fn item(&self, item: &Item, depth: usize, width: usize, out: &mut String) {
        let indent = "  ".repeat(depth);
        match item {
            Item::Blank => out.push('\n'),
            Item::Comment(comment) => out.push_str(&format!("{indent}{}\n", comment.text)),
            Item::Statement(statement) => {
                docs(&statement.docs, &indent, out);
                out.push_str(&indent);
                self.statement(statement, depth, width, out);
                trailing(statement.trailing.as_ref(), out);
            }
            Item::Field(field) | Item::Param(field) => {
                docs(&field.docs, &indent, out);
                out.push_str(&indent);
                if matches!(item, Item::Param(_)) {
                    out.push_str("param ");
                }
                self.field(field, width, out);
                trailing(field.trailing.as_ref(), out);
            }
            Item::Error(span) => out.push_str(&format!("{indent}{}\n", self.source.slice(*span))),
        }
    }

    fn statement(&self, statement: &Statement, depth: usize, width: usize, out: &mut String) {
        let name = &statement.name.value;
        out.push_str(name);
        if !statement.args.is_empty() || statement.block.is_some() {
            out.push_str(&" ".repeat(width.saturating_sub(name.len()) + 1));
        }
        out.push_str(&self.args(&statement.args, depth));
        if let Some(block) = &statement.block {
            if !statement.args.is_empty() {
                out.push(' ');
            }
            match self.inline_of(statement, depth) {
                Some(text) => out.push_str(&text),
                None => self.block(block, depth, out),
            }
        }
    }

    fn block(&self, block: &Block, depth: usize, out: &mut String) {
        out.push_str("{\n");
        let blank = |item: &&Item| matches!(item, Item::Blank);
        let lead = block.items.iter().take_while(blank).count();
        self.items(block.items.get(lead..).unwrap_or(&[]), depth + 1, out);
        out.push_str(&"  ".repeat(depth));
        out.push('}');
    }

    fn field(&self, field: &Field, width: usize, out: &mut String) {
        let mark = if field.optional { "?:" } else { ":" };
        let name = format!("{}{mark}", field.name.value);
        out.push_str(&name);
        out.push_str(&" ".repeat(width.saturating_sub(name.len()) + 1));
        out.push_str(&one_line(self.source.slice(field.kind.span)));
        if !field.constraints.is_empty() {
            out.push(' ');
            out.push_str(&self.args(&field.constraints, 0));
        }
    }

    /// Arguments as they were written, one space between them, none before a comma.
    fn args(&self, args: &[Arg], depth: usize) -> String {
        let mut out = String::new();
        for arg in args {
            if !out.is_empty() && arg.value != Literal::Comma {
                out.push(' ');
            }
            out.push_str(&self.arg(arg, depth));
        }
        out
    }

    fn arg(&self, arg: &Arg, depth: usize) -> String {
        match &arg.value {
            Literal::List(list) => self.list(list, arg, depth),
            Literal::Group(list) => format!("({})", self.args(list, depth)),
            _ => self.source.slice(arg.span).to_owned(),
        }
    }

    /// A list on one line where it fits and has no comments inside; otherwise an item a line.
    fn list(&self, list: &[Arg], arg: &Arg, depth: usize) -> String {
        let written = self.source.slice(arg.span);
        if written.contains("//") && written.contains('\n') {
            return written.to_owned();
        }
        let parts: Vec<String> = list.iter().map(|item| self.arg(item, depth + 1)).collect();
        let line = format!("[{}]", parts.join(", "));
        if line.len() <= MAX_WIDTH - 30 {
            return line;
        }
        let indent = "  ".repeat(depth + 1);
        let lines: String = parts.iter().map(|part| format!("\n{indent}{part},")).collect();
        format!("[{lines}\n{}]", "  ".repeat(depth))
    }

    /// A statement's block on one line, if the whole line fits; padding does not count, so that neighbours do not
    /// decide.
    fn inline_of(&self, statement: &Statement, depth: usize) -> Option<String> {
        let text = self.inline(statement.block.as_ref()?, depth)?;
        let head = depth * 2 + statement.name.value.len() + self.args(&statement.args, depth).len() + 2;
        (head + text.len() <= MAX_WIDTH).then_some(text)
    }

    /// The block on one line, if it was written so and fits.
    fn inline(&self, block: &Block, depth: usize) -> Option<String> {
        if block.items.is_empty() {
            return Some("{}".to_owned());
        }
        if !block.inline {
            return None;
        }
        let mut parts = Vec::new();
        for item in &block.items {
            let mut part = String::new();
            match item {
                Item::Statement(statement) if statement.docs.is_empty() && statement.trailing.is_none() => {
                    self.statement(statement, depth, 0, &mut part);
                }
                Item::Field(field) if field.docs.is_empty() && field.trailing.is_none() => {
                    self.field(field, 0, &mut part)
                }
                _ => return None,
            }
            parts.push(part);
        }
        let line = format!("{{ {} }}", parts.join("; "));
        (line.len() + depth * 2 <= MAX_WIDTH && !line.contains('\n')).then_some(line)
    }

    /// Whether neighbours align with this item.
    fn is_one_line(&self, item: &Item, depth: usize) -> bool {
        match item {
            Item::Statement(statement) => {
                depth > 0 && (statement.block.is_none() || self.inline_of(statement, depth).is_some())
            }
            Item::Field(_) => true,
            _ => false,
        }
    }
}

fn name_width(item: &Item) -> usize {
    match item {
        Item::Statement(statement) if statement.args.is_empty() && statement.block.is_none() => 0,
        Item::Statement(statement) => statement.name.value.len(),
        Item::Field(field) => field.name.value.len() + if field.optional { 2 } else { 1 },
        _ => 0,
    }
}

fn docs(lines: &[String], indent: &str, out: &mut String) {
    for line in lines {
        out.push_str(format!("{indent}/// {line}").trim_end());
        out.push('\n');
    }
}

fn trailing(comment: Option<&Comment>, out: &mut String) {
    if let Some(comment) = comment {
        out.push(' ');
        out.push_str(&comment.text);
    }
    out.push('\n');
}

/// White space runs as single spaces, outside texts.
fn one_line(text: &str) -> String {
    if text.contains('"') { text.to_owned() } else { text.split_whitespace().collect::<Vec<_>>().join(" ") }
}
