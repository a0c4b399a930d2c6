//! The declarations of all files, by kind and name, before any is looked into.

use std::collections::BTreeSet;

use indexmap::IndexMap;

use super::statements::{APP, ENVIRONMENT, EVENT, Known, SUBSCRIBER, TOP, find};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, nearest};
use crate::names::{pascal, snake};
use crate::source::{SourceId, Sources, Span};
use crate::syntax::{Field, Item, Literal, Statement, SyntaxFile};

/// A declaration and the domain folder of its file.
#[derive(Clone, Copy, Debug)]
pub struct Declared<'a> {
    /// Its statement.
    pub statement: &'a Statement,
    /// `payments` for files below `events/payments/`.
    pub domain: Option<&'a str>,
}

/// All declarations by kind and name, each kind in the order of its names.
#[derive(Debug, Default)]
pub struct Declarations<'a> {
    /// `app`
    pub apps: Vec<Declared<'a>>,
    /// `api`
    pub apis: IndexMap<&'a str, Declared<'a>>,
    /// `auth`
    pub auths: IndexMap<&'a str, Declared<'a>>,
    /// `profile`
    pub profiles: IndexMap<&'a str, Declared<'a>>,
    /// `environment`
    pub environments: IndexMap<&'a str, Declared<'a>>,
    /// `event`
    pub events: IndexMap<&'a str, Declared<'a>>,
    /// `type`
    pub types: IndexMap<&'a str, Declared<'a>>,
    /// `store`
    pub stores: IndexMap<&'a str, Declared<'a>>,
    /// `resource`
    pub resources: IndexMap<&'a str, Declared<'a>>,
    /// `secret`
    pub secrets: IndexMap<&'a str, Declared<'a>>,
    /// `override`
    pub overrides: Vec<Declared<'a>>,
    /// `param`
    pub params: IndexMap<&'a str, &'a Field>,
}

/// How names of a kind are written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    Snake,
    Pascal,
}

/// Collects the declarations of all files.
pub fn declarations<'a>(
    files: &'a [SyntaxFile],
    sources: &'a Sources,
    diags: &mut Diagnostics,
) -> Declarations<'a> {
    let mut all = Declarations::default();
    let mut domains: BTreeSet<&str> = BTreeSet::new();
    for file in files {
        let domain = domain_of(sources.path(file.source));
        if let Some(name) = domain.filter(|name| domains.insert(name)) {
            domain_style(name, file.source, diags);
        }
        for item in &file.items {
            match item {
                Item::Statement(statement) => declare(&mut all, Declared { statement, domain }, diags),
                Item::Param(field) => param(&mut all, field, diags),
                Item::Field(field) => misplaced(field, diags),
                Item::Comment(_) | Item::Blank | Item::Error(_) => {}
            }
        }
    }
    all.events.sort_unstable_keys();
    all.apis.sort_unstable_keys();
    all.auths.sort_unstable_keys();
    all.types.sort_unstable_keys();
    all.stores.sort_unstable_keys();
    all.resources.sort_unstable_keys();
    all.secrets.sort_unstable_keys();
    all.params.sort_unstable_keys();
    all
}

/// A domain's name is part of names at AWS, which know fewer characters than folders do.
fn domain_style(name: &str, source: SourceId, diags: &mut Diagnostics) {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if !name.chars().all(plain) || !name.starts_with(|c: char| c.is_ascii_lowercase()) {
        let place = Span { source, start: 0, end: 0 };
        let message =
            format!("the folder `events/{name}` names a domain, and domains are written in snake_case");
        diags.push(
            Diagnostic::new(Code::NameStyle, place, message)
                .help("rename the folder: lower-case letters, digits and `_`"),
        );
    }
}

/// The folder below `events/` that a file is in: the unit of its deployment.
fn domain_of(path: &str) -> Option<&str> {
    let (domain, _) = path.strip_prefix("events/")?.split_once('/')?;
    Some(domain)
}

fn declare<'a>(all: &mut Declarations<'a>, declared: Declared<'a>, diags: &mut Diagnostics) {
    let statement = declared.statement;
    let word = statement.name.value.as_str();
    let Some(known) = find(TOP, word) else {
        unknown(statement, TOP, "at the top of a file", &[], diags);
        return;
    };
    if word == "override" {
        // It names what another declaration made.
        all.overrides.push(declared);
        return;
    }
    let Some(name) = declared_name(statement, known, diags) else { return };
    let (table, style) = match word {
        "app" => {
            check_style(name, statement, Style::Snake, diags);
            all.apps.push(declared);
            return;
        }
        "api" => (&mut all.apis, Style::Snake),
        "auth" => (&mut all.auths, Style::Snake),
        "profile" => (&mut all.profiles, Style::Snake),
        "environment" => (&mut all.environments, Style::Snake),
        "type" => (&mut all.types, Style::Pascal),
        "store" => (&mut all.stores, Style::Snake),
        "resource" => (&mut all.resources, Style::Snake),
        "secret" => (&mut all.secrets, Style::Snake),
        _ => (&mut all.events, Style::Pascal),
    };
    check_style(name, statement, style, diags);
    extra_words(statement, known, diags);
    if let Some(first) = table.get(name) {
        declared_twice(word, name, statement.head(), first.statement.head(), diags);
    } else {
        table.insert(name, declared);
    }
}

/// Reports words behind the name where none belong.
fn extra_words(statement: &Statement, known: &Known, diags: &mut Diagnostics) {
    let taken = match known.name {
        "event" | "profile" | "app" | "api" => return,
        "auth" | "store" | "secret" => 2,
        "resource" => 3,
        _ => 1,
    };
    if let Some(extra) = statement.args.get(taken) {
        let message = format!("`{}` does not go on like this", known.name);
        diags.push(
            Diagnostic::new(Code::WrongArguments, extra.span, message)
                .help(format!("it is written `{}`", known.usage)),
        );
    }
}

/// The name behind the keyword.
fn declared_name<'a>(statement: &'a Statement, known: &Known, diags: &mut Diagnostics) -> Option<&'a str> {
    let name = match statement.args.first().map(|arg| &arg.value) {
        Some(Literal::Word(name)) if name != "is" => Some(name.as_str()),
        _ => None,
    };
    let plain = matches!(known.name, "api" | "auth" | "store" | "resource" | "secret");
    let fits = name.is_some() && (statement.block.is_some() || statement.broken || plain);
    if !fits && !statement.broken {
        let word = known.name;
        let message =
            if name.is_none() { format!("`{word}` needs a name") } else { format!("`{word}` needs a block") };
        let help = format!("it is written `{}`", known.usage);
        diags.push(Diagnostic::new(Code::WrongArguments, statement.head(), message).help(help));
    }
    name.filter(|_| fits)
}

fn param<'a>(all: &mut Declarations<'a>, field: &'a Field, diags: &mut Diagnostics) {
    let name = field.name.value.as_str();
    if let Some(first) = all.params.get(name) {
        declared_twice("param", name, field.name.span, first.name.span, diags);
    } else {
        all.params.insert(name, field);
    }
}

/// Reports a name that two declarations have.
pub fn declared_twice(word: &str, name: &str, second: Span, first: Span, diags: &mut Diagnostics) {
    let message = format!("{word} `{name}` is declared twice");
    diags.push(
        Diagnostic::new(Code::DeclaredTwice, second, message)
            .label(first, "first here")
            .help("rename or remove one of them"),
    );
}

fn check_style(name: &str, statement: &Statement, style: Style, diags: &mut Diagnostics) {
    let first = name.chars().next().unwrap_or('_');
    let plain = !name.contains(['-', '.']);
    let (fits, label, better) = match style {
        Style::Snake => {
            (plain && !name.contains(|c: char| c.is_ascii_uppercase()), "snake_case", snake(name))
        }
        Style::Pascal => {
            (plain && first.is_ascii_uppercase() && !name.contains('_'), "PascalCase", pascal(name))
        }
    };
    if !fits {
        let span = statement.args.first().map_or(statement.name.span, |arg| arg.span);
        let word = &statement.name.value;
        let message = format!("names of `{word}` are written in {label}");
        diags.push(Diagnostic::new(Code::NameStyle, span, message).help(format!("write `{better}`")));
    }
}

/// Reports a name inside a declaration that is not in snake_case.
pub fn check_snake(name: &str, span: Span, kind: &str, diags: &mut Diagnostics) {
    if name.contains(|c: char| c.is_ascii_uppercase() || c == '-' || c == '.') {
        let article = if kind.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
        let message = format!("names of {article} {kind} are written in snake_case");
        diags.push(Diagnostic::new(Code::NameStyle, span, message).help(format!("write `{}`", snake(name))));
    }
}

/// Reports a statement that does not exist here, with the nearest name and the place it would belong to.
pub fn unknown(statement: &Statement, known: &[Known], place: &str, more: &[&str], diags: &mut Diagnostics) {
    let word = statement.name.value.as_str();
    let names = || known.iter().map(|k| k.name).chain(more.iter().copied());
    let help = match nearest(word, names()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if find(TOP, word).is_some() => {
            format!("`{word}` stands at the top of a file; is a `}}` missing above?")
        }
        None => format!(
            "possible here: {}",
            names().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
        ),
    };
    let message = format!("there is no statement `{word}` {place}");
    diags.push(Diagnostic::new(Code::UnknownStatement, statement.name.span, message).help(help));
}

/// Reports `name: "value"` in a block of names and texts.
pub fn misplaced_entry(field: &Field, diags: &mut Diagnostics) {
    let name = &field.name.value;
    let message = format!("`{name}:` has a colon, and names here have none");
    diags.push(
        Diagnostic::new(Code::MisplacedField, field.name.span, message)
            .help(format!("write `{name} \"value\"`")),
    );
}

/// Reports a `name: type` line where statements stand.
pub fn misplaced(field: &Field, diags: &mut Diagnostics) {
    let name = &field.name.value;
    let message = format!("`{name}:` is a field, and fields stand in a `schema` or a `type`");
    let is_statement =
        [TOP, APP, ENVIRONMENT, EVENT, SUBSCRIBER].iter().any(|known| find(known, name).is_some());
    let help = if is_statement {
        format!("for the statement, write `{name}` without the colon")
    } else {
        format!("move it into the schema: `schema {{ {name}: … }}`")
    };
    diags.push(Diagnostic::new(Code::MisplacedField, field.name.span, message).help(help));
}
