//! `subscriber`.

use indexmap::IndexMap;

use super::app::{no_block, wrong_arguments};
use super::condition::{Condition, condition};
use super::context::{Context, items};
use super::declare::{misplaced, misplaced_entry, unknown};
use super::merge::report_repeats;
use super::setting::read_option;
use super::statements::{Known, RESPONDS, SUBSCRIBER, find};
use super::unknown::not_a;
use super::{Grant, Handler, Model, Options, Origin, ReadFrom, Schema, Setting, Subscriber, Use};
use crate::diagnostic::{Code, Consequence, Diagnostic, Diagnostics, nearest};
use crate::library::Construct;
use crate::source::{Span, Spanned};
use crate::syntax::{Arg, Item, Literal, Statement};

/// Reads a subscriber. `None` when it does nothing.
pub fn subscriber(
    context: &Context<'_>,
    name: &str,
    path: String,
    statement: &Statement,
    diags: &mut Diagnostics,
) -> Option<Subscriber> {
    read(context, name, path, statement, SUBSCRIBER, diags)
}

/// Reads `responds`: a handler whose answer the sender waits for.
pub fn responder(
    context: &Context<'_>,
    path: String,
    statement: &Statement,
    diags: &mut Diagnostics,
) -> Option<Subscriber> {
    let read = read(context, RESPONDER, path, statement, RESPONDS, diags)?;
    Some(Subscriber { answers: true, ..read })
}

/// The name of the subscriber that answers.
pub const RESPONDER: &str = "responds";

fn read(
    context: &Context<'_>,
    name: &str,
    path: String,
    statement: &Statement,
    known: &'static [Known],
    diags: &mut Diagnostics,
) -> Option<Subscriber> {
    report_repeats(items(statement), diags);
    let mut reader = Reader {
        context,
        known,
        answers: name == RESPONDER,
        kind: None,
        handler: None,
        from: None,
        options: Options::new(),
        emits: Vec::new(),
        allow: Vec::new(),
        uses: Vec::new(),
        condition: None,
        ordered: None,
        answer: None,
        env: IndexMap::new(),
        for_code: Vec::new(),
        excused: statement.broken,
    };
    for item in items(statement) {
        match item {
            Item::Statement(inner) => reader.statement(inner, diags),
            Item::Field(field) | Item::Param(field) => misplaced(field, diags),
            Item::Error(_) => reader.excused = true,
            _ => {}
        }
    }
    let Some((kind, _)) = reader.kind else {
        if !reader.excused {
            let help = format!("add `handler python \"handlers/{name}.py\"`");
            let message = match name {
                RESPONDER => "`responds` does not say what answers".to_owned(),
                _ => format!("the subscriber `{name}` does not say what it does"),
            };
            diags.push(
                Diagnostic::new(Code::MissingStatement, statement.head(), message)
                    .help(help)
                    .consequence(Consequence::Of(statement.span)),
            );
        }
        return None;
    };
    if reader.handler.is_none() {
        for said in &reader.for_code {
            let message =
                format!("`{}` has no effect on `{}`, which runs no code of yours", said.value, kind.word());
            diags.push(
                Diagnostic::new(Code::UnknownOption, said.span, message)
                    .help(format!("remove it, or use a `handler` instead of `{}`", kind.word())),
            );
        }
    }
    Some(Subscriber {
        doc: statement.docs.join("\n"),
        origin: Origin { path, span: statement.head() },
        construct: kind.id.clone(),
        reads: kind.reads.clone(),
        answers: false,
        answer: reader.answer,
        handler: reader.handler,
        from: reader.from,
        options: reader.options,
        emits: reader.emits,
        allow: reader.allow,
        uses: reader.uses,
        condition: reader.condition,
        ordered: reader.ordered,
        env: reader.env,
    })
}

struct Reader<'a, 'c> {
    context: &'c Context<'a>,
    known: &'static [Known],
    /// It is the one that answers.
    answers: bool,
    /// What it is, and the statement that says so.
    kind: Option<(&'c Construct, Spanned<String>)>,
    handler: Option<Handler>,
    from: Option<Spanned<ReadFrom>>,
    options: Options,
    emits: Vec<Spanned<String>>,
    allow: Vec<Grant>,
    uses: Vec<Use>,
    condition: Option<Spanned<Condition>>,
    ordered: Option<Span>,
    answer: Option<Schema>,
    env: IndexMap<String, Spanned<Setting>>,
    /// Statements that only code can do something with.
    for_code: Vec<Spanned<String>>,
    /// Something was wrong that may be why it does nothing.
    excused: bool,
}

impl<'c> Reader<'_, 'c> {
    fn statement(&mut self, statement: &Statement, diags: &mut Diagnostics) {
        let word = statement.name.value.as_str();
        if find(self.known, word).is_none() {
            return self.option(statement, diags);
        }
        if statement.block.is_some() && word != "env" && word != "schema" {
            no_block(statement, diags);
        }
        if matches!(word, "env" | "emits" | "allow") {
            self.for_code.push(Spanned::new(word.to_owned(), statement.head()));
        }
        match (word, statement.args.as_slice()) {
            ("handler", _) if statement.broken => self.excused = true,
            ("handler", [kind, Arg { value: Literal::Text(path), span }]) => {
                self.handler(kind, Spanned::new(path.clone(), *span), statement, diags);
            }
            ("handler", [kind, ..]) => {
                self.excused = true;
                if self.context.construct("handler", kind, statement, diags).is_some() {
                    wrong_arguments(statement, self.known, diags);
                }
            }
            ("from", [Arg { value: Literal::Word(place), span }]) => {
                self.from(place, *span, statement, diags)
            }
            ("emits", [_, ..]) => self.emits(statement, diags),
            (
                "allow",
                [
                    Arg { value: Literal::List(actions), .. },
                    Arg { value: Literal::Word(on), .. },
                    Arg { value: Literal::Text(resource), .. },
                ],
            ) if on == "on" => {
                self.allow(actions, resource, statement, diags);
            }
            ("allow", [grants @ .., Arg { value: Literal::Word(on), .. }, resource])
                if on == "on" && !grants.is_empty() =>
            {
                self.uses(grants, resource, statement, diags);
            }
            ("env", []) => self.env(statement, diags),
            ("schema", []) if statement.block.is_some() => {
                self.answer = Some(super::schema::schema(statement, &self.context.all.types, diags));
            }
            ("where", args) if !statement.broken => {
                let whole = args.first().map_or(statement.name.span, |first| first.span.to(statement.head()));
                match condition(args, whole) {
                    Ok(read) => self.condition = Some(read),
                    Err(finding) => diags.push(finding),
                }
            }
            ("ordered", [Arg { value: Literal::Word(by), .. }, Arg { value: Literal::Word(key), .. }])
                if by == "by" && key == "key" =>
            {
                self.ordered = Some(statement.head());
            }
            (
                "ordered",
                [Arg { value: Literal::Word(by), .. }, Arg { value: Literal::Word(field), span }],
            ) if by == "by" => {
                let message = format!("`{field}` is no order: a subscriber is ordered by the event's key");
                let help = format!("write `ordered by key` here, and `key {field}` in the event");
                diags.push(Diagnostic::new(Code::WrongArguments, *span, message).help(help));
            }
            _ => wrong_arguments(statement, self.known, diags),
        }
    }

    /// Sets what the subscriber is; it is one thing only.
    fn is(&mut self, construct: &'c Construct, statement: &Statement, diags: &mut Diagnostics) {
        let place = Spanned::new(statement.name.value.clone(), statement.head());
        match &self.kind {
            None => self.kind = Some((construct, place)),
            // The same statement twice was reported as that.
            Some((_, first)) if first.value == place.value => {}
            Some((_, first)) => {
                let message = "a subscriber is one thing, and this one says two";
                diags.push(
                    Diagnostic::new(Code::SaidTwice, place.span, message)
                        .label(first.span, "first here")
                        .help("make two subscribers of it"),
                );
            }
        }
    }

    /// `handler KIND "path"`: code of the project, or what the kind says that it becomes.
    fn handler(&mut self, kind: &Arg, path: Spanned<String>, statement: &Statement, diags: &mut Diagnostics) {
        self.excused = true;
        let library = self.context.library;
        let Some(language) = self.context.construct("handler", kind, statement, diags) else { return };
        let becomes = language.constant("becomes").unwrap_or("function");
        let Some(construct) = library.find("subscriber", becomes) else { return };
        if becomes == "function" {
            let packed = language.constant("package").is_some_and(|package| package.starts_with("runtimes/"));
            self.handler = Some(Handler { construct: language.id.clone(), path, packed });
        } else {
            let spec_of = |name: &str| construct.parameters.get(name);
            let inner = Statement {
                name: Spanned::new(language.word().to_owned(), kind.span),
                args: statement.args.get(1..).unwrap_or(&[]).to_vec(),
                ..statement.clone()
            };
            read_option(&inner, &spec_of, &mut self.options, diags);
        }
        self.is(construct, statement, diags);
    }

    fn option(&mut self, statement: &Statement, diags: &mut Diagnostics) {
        let library = self.context.library;
        let word = statement.name.value.as_str();
        // A kind of subscriber is a construct with an option of its own name: `queue`, `https "…"`.
        let kind = library.find("subscriber", word).filter(|kind| kind.parameters.contains_key(word));
        if let Some(construct) = kind.filter(|_| !self.answers) {
            self.excused = true;
            let spec_of = |name: &str| construct.parameters.get(name);
            read_option(statement, &spec_of, &mut self.options, diags);
            return self.is(construct, statement, diags);
        }
        let spec_of = |name: &str| library.subscriber_parameter(name);
        match spec_of(word) {
            Some(spec) if !spec.tail => read_option(statement, &spec_of, &mut self.options, diags),
            _ if self.answers => {
                unknown(statement, RESPONDS, "in `responds`", &library.responder_options(), diags);
            }
            _ => unknown(statement, SUBSCRIBER, "in `subscriber`", &library.subscriber_options(), diags),
        }
    }

    /// `allow read write on NAME`: whether its construct offers those grants is checked when all are known.
    fn uses(&mut self, grants: &[Arg], resource: &Arg, statement: &Statement, diags: &mut Diagnostics) {
        let words: Option<Vec<Spanned<String>>> = grants
            .iter()
            .filter(|arg| arg.value != Literal::Comma)
            .map(|arg| match &arg.value {
                Literal::Word(word) => Some(Spanned::new(word.clone(), arg.span)),
                _ => None,
            })
            .collect();
        let (Some(grants), Literal::Word(name)) = (words, &resource.value) else {
            return wrong_arguments(statement, self.known, diags);
        };
        let known = &self.context.all.resources;
        if known.contains_key(name.as_str()) {
            self.uses.push(Use { resource: Spanned::new(name.clone(), resource.span), grants });
        } else {
            diags.push(not_a(self.context.all, "resource", name, resource.span, known.keys().copied()));
        }
    }

    fn from(&mut self, place: &str, span: Span, statement: &Statement, diags: &mut Diagnostics) {
        let all = [ReadFrom::Store, ReadFrom::Stream, ReadFrom::Topic];
        match all.into_iter().find(|from| from.word() == place) {
            Some(from) => self.from = Some(Spanned::new(from, span)),
            None => wrong_arguments(statement, self.known, diags),
        }
    }

    fn emits(&mut self, statement: &Statement, diags: &mut Diagnostics) {
        for arg in &statement.args {
            match &arg.value {
                Literal::Comma => {}
                Literal::Word(name) => {
                    let events = &self.context.all.events;
                    if self.emits.iter().any(|known| known.value == *name) {
                        let message = format!("`emits {name}` stands twice");
                        diags.push(
                            Diagnostic::new(Code::SaidTwice, arg.span, message).help("keep one of them"),
                        );
                    } else if events.contains_key(name.as_str()) {
                        self.emits.push(Spanned::new(name.clone(), arg.span));
                    } else {
                        diags.push(not_a(self.context.all, "event", name, arg.span, events.keys().copied()));
                    }
                }
                _ => return wrong_arguments(statement, self.known, diags),
            }
        }
    }

    /// `allow [actions] on "arn"`: exact actions on an exact resource, so that least privilege can be read off the line.
    fn allow(&mut self, list: &[Arg], resource: &str, statement: &Statement, diags: &mut Diagnostics) {
        let mut actions = Vec::new();
        for arg in list {
            let Literal::Text(action) = &arg.value else {
                return wrong_arguments(statement, self.known, diags);
            };
            let parts = action.split_once(':');
            let fits = parts.is_some_and(|(service, name)| {
                let word = |text: &str| {
                    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
                };
                word(service) && word(name)
            });
            if fits {
                actions.push(action.clone());
            } else {
                let message = format!("`{action}` is not one exact IAM action");
                let help = "write each action out, such as `\"dynamodb:UpdateItem\"`; wildcards would allow more than the handler needs";
                diags.push(Diagnostic::new(Code::BadAction, arg.span, message).help(help));
            }
        }
        if list.is_empty() {
            let message = "this allows nothing";
            diags.push(
                Diagnostic::new(Code::BadAction, statement.head(), message)
                    .help("name at least one action: `allow [\"dynamodb:UpdateItem\"] on …`"),
            );
        }
        let parts: Vec<&str> = resource.splitn(6, ':').collect();
        let exact = matches!(parts.as_slice(), ["arn", _, service, _, _, name] if !service.is_empty() && !service.contains('*') && !name.is_empty() && *name != "*");
        if !exact {
            let span = statement.args.last().map_or(statement.head(), |arg| arg.span);
            let message = format!("`{resource}` is not the ARN of one kind of resource");
            diags.push(
                Diagnostic::new(Code::BadAction, span, message)
                    .help("an ARN looks like `arn:aws:dynamodb:eu-central-1:111111111111:table/cards`"),
            );
        }
        self.allow.push(Grant { actions, resource: resource.to_owned() });
    }

    /// What may have been meant by a variable's value that is no text.
    fn meant(&self, name: &str, args: &[Arg]) -> String {
        let all = self.context.all;
        if let [Arg { value: Literal::Word(word), .. }] = args {
            if all.secrets.contains_key(word.as_str()) || all.params.contains_key(word.as_str()) {
                return format!("write `{name} ${word}`");
            }
            if let Some(near) = nearest(word, all.resources.keys().copied()) {
                return format!("did you mean the resource `{near}`? a text stands in quotes: `\"{word}\"`");
            }
            return format!("write `{name} \"{word}\"`");
        }
        format!("write `{name} \"value\"`")
    }

    fn env(&mut self, statement: &Statement, diags: &mut Diagnostics) {
        statement.fields().for_each(|field| misplaced_entry(field, diags));
        for entry in statement.statements() {
            let name = entry.name.value.as_str();
            let value = match entry.args.as_slice() {
                [Arg { value: Literal::Text(value), .. }] => Setting::Text(value.clone()),
                [Arg { value: Literal::Int(value), .. }] => Setting::Text(value.to_string()),
                [Arg { value: Literal::Param(value), .. }] => Setting::Parameter(value.clone()),
                [Arg { value: Literal::Word(word), .. }]
                    if self.context.all.resources.contains_key(word.as_str()) =>
                {
                    // The name that the resource has at AWS.
                    Setting::Word(word.clone())
                }
                args => {
                    let message = format!("the variable `{name}` needs a text");
                    let help = self.meant(name, args);
                    diags.push(Diagnostic::new(Code::WrongArguments, entry.head(), message).help(help));
                    continue;
                }
            };
            let short = name.len() < 2 || !name.starts_with(|c: char| c.is_ascii_alphabetic());
            let reserved =
                short || name.starts_with("PIPEC_") || name.starts_with("AWS_") || name.contains(['-', '.']);
            if reserved {
                let help = "names begin with a letter and hold at least two letters, digits or `_`; `AWS_` and `PIPEC_` are taken";
                diags.push(
                    Diagnostic::new(
                        Code::WrongValue,
                        entry.name.span,
                        format!("`{name}` cannot name a variable here"),
                    )
                    .help(help),
                );
                continue;
            }
            let span = entry.args.last().map_or(entry.name.span, |arg| arg.span);
            self.env.insert(name.to_owned(), Spanned::new(value, span));
        }
    }
}

/// Whether resources offer what subscribers are allowed to do with them.
pub fn check_uses(model: &Model, diags: &mut Diagnostics) {
    /// Ports that say what a resource is; every other one is a grant.
    const NOT_GRANTS: &[&str] = &["name", "arn"];
    for used in model.events.values().flat_map(|event| event.subscribers.values()).flat_map(|one| &one.uses) {
        let Some(resource) = model.resources.get(&used.resource.value) else { continue };
        let offered = || {
            let ports = resource.choice.offers.iter().map(String::as_str);
            ports.filter(|port| !NOT_GRANTS.contains(port))
        };
        for grant in used.grants.iter().filter(|grant| !offered().any(|port| port == grant.value)) {
            let message = format!("`{}` has no grant `{}`", used.resource.value, grant.value);
            let list = offered().map(|port| format!("`{port}`")).collect::<Vec<_>>().join(", ");
            let help = match nearest(&grant.value, offered()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("it has {list}"),
            };
            diags.push(
                Diagnostic::new(Code::UnknownOption, grant.span, message)
                    .label(resource.choice.origin.span, "the resource")
                    .help(help),
            );
        }
    }
}
