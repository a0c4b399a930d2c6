//! `event`.

use indexmap::IndexMap;

use super::app::{no_block, wrong_arguments};
use super::choice::options;
use super::context::{Context, items};
use super::declare::{Declared, check_snake, declared_twice, misplaced, unknown};
use super::merge::report_repeats;
use super::statements::{EVENT, find};
use super::unknown::not_a;
use super::{Alarm, Choice, Event, Ingress, Model, Options, Origin, schema, subscriber};
use crate::diagnostic::{Code, Consequence, Diagnostic, Diagnostics};
use crate::source::{Span, Spanned};
use crate::syntax::{Arg, Item, Literal, Statement};

/// Reads an event with its profiles and the environment applied. `None` when it has no door.
pub fn event(
    context: &Context<'_>,
    model: &Model,
    name: &str,
    declared: Declared<'_>,
    diags: &mut Diagnostics,
) -> Option<Event> {
    let over = context.overlays.of("event", name);
    let start = diags.len();
    let block = context.effective(declared, &over, diags);
    let mut parts = Parts { context, model, name, domain: declared.domain, found: Found::default() };
    let before = diags.len();
    let mut broken = declared.statement.broken;
    for item in &block {
        match item {
            Item::Statement(statement) => {
                broken |= statement.broken && statement.name.value == "ingress";
                parts.statement(statement, diags);
            }
            Item::Field(field) | Item::Param(field) => misplaced(field, diags),
            Item::Error(_) => broken = true,
            _ => {}
        }
    }
    parts.found.incomplete = broken || diags.len() > before;
    parts.found.incomplete_profiles = before > start;
    parts.finish(declared.statement, broken, diags)
}

#[derive(Default)]
struct Found {
    ingress: Option<Ingress>,
    said_ingress: bool,
    auth: Option<Spanned<Option<String>>>,
    tier: Option<Choice>,
    said_volume: bool,
    key: Option<Spanned<String>>,
    schema: Option<schema::Schema>,
    store: Option<Choice>,
    version: Option<i64>,
    shared_store: Option<String>,
    accounts: Vec<Spanned<String>>,
    replay: Option<Spanned<bool>>,
    alarms: IndexMap<String, Alarm>,
    subscribers: IndexMap<String, super::Subscriber>,
    incomplete: bool,
    incomplete_profiles: bool,
}

/// What the statements of one event say.
pub(super) struct Parts<'a, 'c> {
    pub(super) context: &'c Context<'a>,
    /// What is read before events.
    pub(super) model: &'c Model,
    name: &'c str,
    pub(super) domain: Option<&'c str>,
    found: Found,
}

impl Parts<'_, '_> {
    pub(super) fn path(&self, rest: &str) -> String {
        format!("{}.{rest}", self.name)
    }

    fn statement(&mut self, statement: &Statement, diags: &mut Diagnostics) {
        let word = statement.name.value.as_str();
        if find(EVENT, word).is_none() {
            return unknown(statement, EVENT, "in `event`", &[], diags);
        }
        if statement.block.is_some()
            && matches!(word, "ingress" | "auth" | "key" | "version" | "from" | "replay")
        {
            no_block(statement, diags);
        }
        match (word, statement.args.as_slice()) {
            ("ingress", _) => {
                self.found.said_ingress = true;
                self.found.ingress = self.ingress(statement, diags);
            }
            ("auth", [Arg { value: Literal::Word(lock), span }]) => self.auth(lock, *span, diags),
            ("volume", [tier]) => {
                self.found.said_volume = true;
                self.found.tier = self.context.choice("tier", tier, statement, self.path("volume"), diags);
            }
            ("key", [Arg { value: Literal::Word(field), span }]) => {
                self.found.key = Some(Spanned::new(field.clone(), *span));
            }
            ("schema", []) if statement.block.is_some() => {
                self.found.schema = Some(schema::schema(statement, &self.context.all.types, diags));
            }
            ("store", [kind]) => self.store(kind, statement, diags),
            ("responds", []) if statement.block.is_some() => {
                let read = subscriber::responder(self.context, self.path("responds"), statement, diags);
                let name = subscriber::RESPONDER.to_owned();
                self.found.subscribers.extend(read.map(|read| (name, read)));
            }
            ("replay", [Arg { value: Literal::Word(on), span }]) if on == "on" || on == "off" => {
                self.found.replay = Some(Spanned::new(on == "on", *span));
            }
            ("from", [Arg { value: Literal::Word(word), .. }, accounts]) if word == "account" => {
                self.accounts(accounts, statement, diags);
            }
            ("alarm", [Arg { value: Literal::Word(name), span }, rest @ ..]) => {
                self.alarm(&Spanned::new(name.clone(), *span), rest, statement, diags);
            }
            ("version", [Arg { value: Literal::Int(version @ 1..), .. }]) => {
                self.found.version = Some(*version)
            }
            ("subscriber", [Arg { value: Literal::Word(name), span }]) => {
                self.subscriber(name, *span, statement, diags)
            }
            _ => wrong_arguments(statement, EVENT, diags),
        }
    }

    fn subscriber(&mut self, name: &str, span: Span, statement: &Statement, diags: &mut Diagnostics) {
        if name == subscriber::RESPONDER {
            let message = "`responds` is a statement of its own, so no subscriber can have it as its name";
            diags.push(
                Diagnostic::new(Code::DeclaredTwice, span, message).help("give the subscriber another name"),
            );
            return;
        }
        if let Some(first) = self.found.subscribers.get(name) {
            return declared_twice("subscriber", name, span, first.origin.span, diags);
        }
        check_snake(name, span, "subscriber", diags);
        let path = self.path(&format!("subscriber.{name}"));
        let read = subscriber::subscriber(self.context, name, path, statement, diags);
        if let Some(read) = read {
            self.found.subscribers.insert(name.to_owned(), read);
        }
    }

    /// `store s3 { … }`, or `store NAME` of a store that events share.
    fn store(&mut self, kind: &Arg, statement: &Statement, diags: &mut Diagnostics) {
        let shared = match &kind.value {
            Literal::Word(name) => self.context.all.stores.get_key_value(name.as_str()),
            _ => None,
        };
        let Some((name, declared)) = shared else {
            self.found.shared_store = None;
            self.found.store = self.context.choice("store", kind, statement, self.path("store"), diags);
            return;
        };
        if !items(statement).is_empty() {
            let message = format!("the options of the store `{name}` are its own");
            diags.push(
                Diagnostic::new(Code::WrongArguments, statement.head(), message)
                    .label(declared.statement.head(), "the store")
                    .help("say them where the store is declared, or give the event a store of its own: `store s3 { … }`"),
            );
        }
        self.found.shared_store = Some((*name).to_owned());
        self.found.store = self.model.stores.get(*name).map(|declared| Choice {
            origin: Origin { path: self.path("store"), span: statement.head() },
            ..declared.choice.clone()
        });
    }

    /// `from account "111111111111"`, or several in brackets.
    fn accounts(&mut self, accounts: &Arg, statement: &Statement, diags: &mut Diagnostics) {
        let list = match &accounts.value {
            Literal::List(list) => list.as_slice(),
            _ => std::slice::from_ref(accounts),
        };
        for arg in list {
            match &arg.value {
                Literal::Text(id) if id.len() == 12 && id.bytes().all(|b| b.is_ascii_digit()) => {
                    self.found.accounts.push(Spanned::new(id.clone(), arg.span));
                }
                Literal::Text(id) => {
                    let message = format!("`{id}` is no account of AWS");
                    let help = "an account is written with its twelve digits: `\"111111111111\"`";
                    diags.push(Diagnostic::new(Code::WrongValue, arg.span, message).help(help));
                }
                _ => return wrong_arguments(statement, EVENT, diags),
            }
        }
    }

    /// `alarm NAME off`, or `alarm NAME { on METRIC of SUBSCRIBER; above 10; over 5m; times 3 }`
    fn alarm(
        &mut self,
        name: &Spanned<String>,
        rest: &[Arg],
        statement: &Statement,
        diags: &mut Diagnostics,
    ) {
        check_snake(&name.value, name.span, "alarm", diags);
        let origin = Origin { path: self.path(&format!("alarm.{}", name.value)), span: statement.head() };
        let mut alarm = Alarm { origin, off: false, on: None, of: None, options: Options::new() };
        match rest {
            [] => {}
            [Arg { value: Literal::Word(word), .. }] if word == "off" => alarm.off = true,
            _ => return wrong_arguments(statement, EVENT, diags),
        }
        report_repeats(items(statement), diags);
        let (mut rest, mut on) = (Vec::new(), None);
        for item in items(statement) {
            match item {
                Item::Statement(inner) if inner.name.value == "on" => on = Some(inner),
                other => rest.push(other.clone()),
            }
        }
        if let Some(on) = on {
            match on.args.as_slice() {
                [Arg { value: Literal::Word(metric), span }] => {
                    alarm.on = Some(Spanned::new(metric.clone(), *span));
                }
                [
                    Arg { value: Literal::Word(metric), span },
                    Arg { value: Literal::Word(of), .. },
                    Arg { value: Literal::Word(subscriber), span: at },
                ] if of == "of" => {
                    alarm.on = Some(Spanned::new(metric.clone(), *span));
                    alarm.of = Some(Spanned::new(subscriber.clone(), *at));
                }
                _ => {
                    let help = "it is written `on METRIC`, or `on METRIC of SUBSCRIBER`";
                    let message = "`on` has the wrong arguments";
                    diags.push(Diagnostic::new(Code::WrongArguments, on.head(), message).help(help));
                }
            }
        }
        let construct = self.context.library.find("alarm", "metric");
        let spec_of = |option: &str| construct.and_then(|c| c.parameters.get(option));
        let mut names = construct.map(|c| c.option_names()).unwrap_or_default();
        names.push("on");
        alarm.options = options(&rest, &spec_of, &names, "in `alarm`", diags);
        self.found.alarms.insert(name.value.clone(), alarm);
    }

    fn auth(&mut self, lock: &str, span: Span, diags: &mut Diagnostics) {
        if lock == "none" {
            self.found.auth = Some(Spanned::new(None, span));
            return;
        }
        let known = &self.context.all.auths;
        if !known.contains_key(lock) {
            let mut finding = not_a(self.context.all, "auth", lock, span, known.keys().copied());
            if known.is_empty() {
                finding.help = Some(format!(
                    "declare it: `auth {lock} api_key {{ quota 1000/day }}`, or write `auth none` for an open door"
                ));
            }
            diags.push(finding);
        }
        // Kept even when unknown, so that one mistake is one finding.
        self.found.auth = Some(Spanned::new(Some(lock.to_owned()), span));
    }

    fn finish(self, statement: &Statement, broken: bool, diags: &mut Diagnostics) -> Option<Event> {
        let Found {
            ingress,
            said_ingress,
            mut auth,
            mut tier,
            said_volume,
            key,
            schema,
            mut store,
            version,
            shared_store,
            accounts,
            replay,
            alarms,
            subscribers,
            incomplete,
            incomplete_profiles,
        } = self.found;
        let span = statement.head();
        let Some(ingress) = ingress else {
            if !said_ingress && !broken {
                let help = "say where it comes from: `ingress api POST /path`, or `ingress sns` or `ingress stream` for systems inside";
                let message = format!("the event `{}` has no door", self.name);
                diags.push(
                    Diagnostic::new(Code::MissingStatement, span, message)
                        .help(help)
                        .consequence(Consequence::Of(statement.span)),
                );
            }
            return None;
        };
        // What a profile or `event *` says of public doors does not concern a private one.
        let own = |place: Span| {
            place.source == statement.span.source && statement.span.range().contains(&(place.start as usize))
        };
        auth = auth.filter(|auth| ingress.is_public() || own(auth.span));
        let default = |construct: &str, word: &str| {
            self.context.default_choice(construct, Origin { path: format!("{}.{word}", self.name), span })
        };
        let usual = match &ingress {
            Ingress::Api { .. } => "tier/low",
            Ingress::Stream { .. } => "tier/high",
            Ingress::Topic { .. } => "",
        };
        if !ingress.is_public() {
            tier = tier
                .filter(|tier| own(tier.origin.span) || (tier.construct == usual && tier.offers("stream")));
        }
        if !usual.is_empty() {
            // A tier that was said and is not there was reported.
            let unsaid = !said_volume || !ingress.is_public();
            tier = tier.or_else(|| unsaid.then(|| default(usual, "volume")));
            // What comes in by a tier is always kept.
            store = store.or_else(|| Some(default("store/s3", "store")));
        }
        let replayed = replay.as_ref().is_none_or(|said| said.value);
        if let (Some(said), None) = (replay.as_ref().filter(|said| said.value), &store) {
            let message = format!("`{}` is not stored, so nothing of it can be sent again", self.name);
            diags.push(
                Diagnostic::new(Code::ReplayNotPossible, said.span, message)
                    .help("add `store s3`, or remove `replay on`"),
            );
        }
        Some(Event {
            doc: statement.docs.join("\n"),
            origin: Origin { path: self.name.to_owned(), span },
            domain: self.domain.map(str::to_owned),
            version: version.unwrap_or(1),
            ingress,
            auth,
            tier,
            key,
            schema,
            replay: replayed && store.is_some(),
            store,
            shared_store,
            accounts,
            alarms,
            incomplete,
            incomplete_profiles,
            span: statement.span,
            subscribers,
        })
    }
}
