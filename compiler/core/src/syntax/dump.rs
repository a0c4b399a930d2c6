//! The tree as text, for `pipec debug syntax` and the tests' snapshots.

use std::fmt::Write as _;

use super::tree::{Arg, Block, Field, Item, Literal, Statement, SyntaxFile, TypeExpr, TypeKind};

/// The tree, a line an item, nested by indentation.
#[must_use]
pub fn dump(file: &SyntaxFile) -> String {
    let mut out = String::new();
    dump_items(&file.items, 0, &mut out);
    out
}

fn dump_items(items: &[Item], depth: usize, out: &mut String) {
    for item in items {
        let indent = "  ".repeat(depth);
        match item {
            Item::Statement(statement) => dump_statement(statement, depth, out),
            Item::Field(field) => dump_field("field", field, depth, out),
            Item::Param(field) => dump_field("param", field, depth, out),
            Item::Comment(comment) => put(out, format_args!("{indent}comment {:?}", comment.text)),
            Item::Blank => put(out, format_args!("{indent}blank")),
            Item::Error(_) => put(out, format_args!("{indent}error")),
        }
    }
}

fn dump_statement(statement: &Statement, depth: usize, out: &mut String) {
    let indent = "  ".repeat(depth);
    for doc in &statement.docs {
        put(out, format_args!("{indent}doc {doc:?}"));
    }
    let args: String = statement.args.iter().map(|arg| format!(" {}", show(arg))).collect();
    let broken = if statement.broken { " BROKEN" } else { "" };
    let trailing =
        statement.trailing.as_ref().map_or(String::new(), |comment| format!(" {:?}", comment.text));
    let name = &statement.name.value;
    put(out, format_args!("{indent}statement {name}{args}{broken}{trailing}"));
    if let Some(Block { items, inline, .. }) = &statement.block {
        put(out, format_args!("{indent}  {}", if *inline { "inline block" } else { "block" }));
        dump_items(items, depth + 2, out);
    }
}

fn dump_field(word: &str, field: &Field, depth: usize, out: &mut String) {
    let indent = "  ".repeat(depth);
    for doc in &field.docs {
        put(out, format_args!("{indent}doc {doc:?}"));
    }
    let constraints: String = field.constraints.iter().map(|arg| format!(" {}", show(arg))).collect();
    let optional = if field.optional { "?" } else { "" };
    let broken = if field.broken { " BROKEN" } else { "" };
    let name = &field.name.value;
    put(
        out,
        format_args!("{indent}{word} {name}{optional}: {}{constraints}{broken}", show_type(&field.kind)),
    );
}

fn show(arg: &Arg) -> String {
    match &arg.value {
        Literal::Word(word) => word.clone(),
        Literal::Text(text) => format!("{text:?}"),
        Literal::Int(number) => format!("int({number})"),
        Literal::Decimal(number) => format!("decimal({number})"),
        Literal::Quantity { amount, unit } => format!("quantity({amount} {unit})"),
        Literal::Rate { amount, unit } => format!("rate({amount} {unit})"),
        Literal::Range { low, high } => format!("range({low:?} {high:?})"),
        Literal::Path(path) => format!("path({path})"),
        Literal::Param(name) => format!("${name}"),
        Literal::List(list) => format!("[{}]", list.iter().map(show).collect::<Vec<_>>().join(" ")),
        Literal::Group(list) => format!("({})", list.iter().map(show).collect::<Vec<_>>().join(" ")),
        Literal::Operator(operator) => operator.clone(),
        Literal::Star => "*".to_owned(),
        Literal::Equals => "=".to_owned(),
        Literal::Comma => ",".to_owned(),
    }
}

fn show_type(expr: &TypeExpr) -> String {
    match &expr.kind {
        TypeKind::Name(name) => name.clone(),
        TypeKind::List(of) => format!("[{}]", show_type(of)),
        TypeKind::Map(key, value) => format!("{{{}: {}}}", show_type(key), show_type(value)),
        TypeKind::Text(text) => format!("{text:?}"),
        TypeKind::Int(number) => number.to_string(),
        TypeKind::Union(members) => members.iter().map(show_type).collect::<Vec<_>>().join(" | "),
    }
}

fn put(out: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = writeln!(out, "{line}");
}
