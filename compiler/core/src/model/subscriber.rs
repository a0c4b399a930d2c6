//! `subscriber`.

use indexmap::IndexMap;

use super::app::{no_block, wrong_arguments};
use super::declare::{misplaced, misplaced_entry, not_yet, unknown};
use super::merge::report_repeats;
use super::resolve::{Context, items, not_a};
use super::setting::read_option;
use super::statements::{SUBSCRIBER, find};
use super::{Grant, Handler, Options, Origin, ReadFrom, Setting, Subscriber};
use crate::diagnostic::{Code, Consequence, Diagnostic, Diagnostics};
use crate::source::Spanned;
use crate::syntax::{Arg, Item, Literal, Statement};

/// Reads a subscriber. `None` when it has no code to run.
pub fn subscriber(
    context: &Context<'_>,
    name: &str,
    path: String,
    statement: &Statement,
    diags: &mut Diagnostics,
) -> Option<Subscriber> {
    report_repeats(items(statement), diags);
    let mut reader = Reader {
        context,
        handler: None,
        from: None,
        options: Options::new(),
        emits: Vec::new(),
        allow: Vec::new(),
        env: IndexMap::new(),
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
    let Some(handler) = reader.handler else {
        if !reader.excused {
            let help = format!("add `handler python \"handlers/{name}.py\"`");
            let message = format!("the subscriber `{name}` does not say what it does");
            diags.push(
                Diagnostic::new(Code::MissingStatement, statement.head(), message)
                    .help(help)
                    .consequence(Consequence::Of(statement.span)),
            );
        }
        return None;
    };
    Some(Subscriber {
        doc: statement.docs.join("\n"),
        origin: Origin { path, span: statement.head() },
        handler,
        from: reader.from,
        options: reader.options,
        emits: reader.emits,
        allow: reader.allow,
        env: reader.env,
    })
}

struct Reader<'a, 'c> {
    context: &'c Context<'a>,
    handler: Option<Handler>,
    from: Option<Spanned<ReadFrom>>,
    options: Options,
    emits: Vec<Spanned<String>>,
    allow: Vec<Grant>,
    env: IndexMap<String, Spanned<Setting>>,
    /// Something was wrong that may be why there is no handler.
    excused: bool,
}

impl Reader<'_, '_> {
    fn statement(&mut self, statement: &Statement, diags: &mut Diagnostics) {
        let word = statement.name.value.as_str();
        match find(SUBSCRIBER, word) {
            Some(known) if !known.ready => {
                self.excused = true;
                return not_yet(statement.head(), &format!("`{word}` of a subscriber"), diags);
            }
            None => return self.option(statement, diags),
            Some(_) => {}
        }
        if statement.block.is_some() && word != "env" {
            no_block(statement, diags);
        }
        match (word, statement.args.as_slice()) {
            ("handler", _) if statement.broken => self.excused = true,
            ("handler", [kind, Arg { value: Literal::Text(path), span }]) => {
                self.excused = true;
                let construct = self.context.construct("handler", kind, statement, diags);
                let path = Spanned::new(path.clone(), *span);
                self.handler = construct.map(|found| Handler { construct: found.id.clone(), path });
            }
            ("handler", [kind, ..]) => {
                self.excused = true;
                if self.context.construct("handler", kind, statement, diags).is_some() {
                    wrong_arguments(statement, SUBSCRIBER, diags);
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
            ("allow", [Arg { value: Literal::Word(_), .. }, ..]) => {
                not_yet(statement.head(), "`allow read write on` a resource", diags);
            }
            ("env", []) => self.env(statement, diags),
            _ => wrong_arguments(statement, SUBSCRIBER, diags),
        }
    }

    fn option(&mut self, statement: &Statement, diags: &mut Diagnostics) {
        let library = self.context.library;
        let spec_of = |name: &str| library.subscriber_parameter(name);
        match spec_of(&statement.name.value) {
            Some(spec) if !spec.tail => read_option(statement, &spec_of, &mut self.options, diags),
            _ => unknown(statement, SUBSCRIBER, "in `subscriber`", &library.subscriber_options(), diags),
        }
    }

    fn from(
        &mut self,
        place: &str,
        span: crate::source::Span,
        statement: &Statement,
        diags: &mut Diagnostics,
    ) {
        let all = [ReadFrom::Store, ReadFrom::Stream, ReadFrom::Topic];
        match all.into_iter().find(|from| from.word() == place) {
            Some(from) => self.from = Some(Spanned::new(from, span)),
            None => wrong_arguments(statement, SUBSCRIBER, diags),
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
                _ => return wrong_arguments(statement, SUBSCRIBER, diags),
            }
        }
    }

    /// `allow [actions] on "arn"`: exact actions on an exact resource, so that least privilege can be read off the line.
    fn allow(&mut self, list: &[Arg], resource: &str, statement: &Statement, diags: &mut Diagnostics) {
        let mut actions = Vec::new();
        for arg in list {
            let Literal::Text(action) = &arg.value else {
                return wrong_arguments(statement, SUBSCRIBER, diags);
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

    fn env(&mut self, statement: &Statement, diags: &mut Diagnostics) {
        statement.fields().for_each(|field| misplaced_entry(field, diags));
        for entry in statement.statements() {
            let name = entry.name.value.as_str();
            let value = match entry.args.as_slice() {
                [Arg { value: Literal::Text(value), .. }] => Setting::Text(value.clone()),
                [Arg { value: Literal::Int(value), .. }] => Setting::Text(value.to_string()),
                [Arg { value: Literal::Param(value), .. }] => Setting::Parameter(value.clone()),
                _ => {
                    let message = format!("the variable `{name}` needs a text");
                    diags.push(
                        Diagnostic::new(Code::WrongArguments, entry.head(), message)
                            .help(format!("write `{name} \"value\"`")),
                    );
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
