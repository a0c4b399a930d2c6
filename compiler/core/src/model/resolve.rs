//! The phase's entry: declarations, overlays, then each declaration in turn.

use std::cell::RefCell;
use std::collections::BTreeMap;

use indexmap::IndexMap;

use super::declare::{Declarations, Declared, check_snake, declarations, declared_twice};
use super::merge::{join, overlay, report_repeats};
use super::setting::{check_known, read_option, read_value, unknown_parameter};
use super::{
    Api, Auth, Choice, Declaration, Model, Options, Origin, Parameter, ParameterKind, Secret, Setting, app,
    event, patch, schema, subscriber,
};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, nearest};
use crate::library::{Construct, Library, ParameterSpec, ParameterType};
use crate::source::{Sources, Span};
use crate::syntax::{Arg, Block, Field, Item, Literal, Statement, SyntaxFile, TypeKind};

/// Resolves names, applies profiles and the environment, and types every value.
///
/// `None` when there is no app to speak of. Everything else is reported and left out.
pub fn resolve(
    files: &[SyntaxFile],
    sources: &Sources,
    environment: Option<&str>,
    library: &Library,
    diags: &mut Diagnostics,
) -> Option<Model> {
    let all = declarations(files, sources, diags);
    let declared = app::the_app(&all, sources, diags)?;
    let overlays = app::overlays(&all, environment, diags);
    let context = Context { all: &all, library, overlays: &overlays, profiles: RefCell::default() };

    let mut model = Model {
        app: app::app(&context, declared, environment, diags),
        environment: environment.map(str::to_owned),
        parameters: parameters(&all, diags),
        secrets: secrets(&all, diags),
        apis: IndexMap::new(),
        auths: IndexMap::new(),
        stores: declared_choices(&context, "store", &all.stores, diags),
        resources: declared_choices(&context, "resource", &all.resources, diags),
        overrides: patch::overrides(&all, diags),
        types: schema::types(&all, diags),
        events: IndexMap::new(),
    };
    for (name, declared) in &all.apis {
        model.apis.insert((*name).to_owned(), api(&context, name, *declared, diags));
    }
    for (name, declared) in &all.auths {
        if let Some(auth) = auth(&context, name, *declared, diags) {
            model.auths.insert((*name).to_owned(), auth);
        }
    }
    for (name, declared) in &all.events {
        if let Some(event) = event::event(&context, &model, name, *declared, diags) {
            model.events.insert((*name).to_owned(), event);
        }
    }
    check_all_parameters(&model, diags);
    subscriber::check_uses(&model, diags);
    app::report_unused(&context, &model, diags);
    Some(model)
}

/// What every part of the phase reads.
pub(super) struct Context<'a> {
    pub(super) all: &'a Declarations<'a>,
    pub(super) library: &'a Library,
    pub(super) overlays: &'a app::Overlays<'a>,
    /// Profiles that were read already; `None` for those that could not be.
    profiles: RefCell<BTreeMap<String, Option<Vec<Item>>>>,
}

/// How deep profiles may inherit.
const MAX_PROFILE_DEPTH: usize = 64;

impl Context<'_> {
    /// A declaration's statements with its profiles below and the environment on top.
    pub(super) fn effective(
        &self,
        declared: Declared<'_>,
        over: &[&Statement],
        diags: &mut Diagnostics,
    ) -> Vec<Item> {
        let own = items(declared.statement);
        report_repeats(own, diags);
        let mut base: Option<(Vec<Item>, &str)> = None;
        for (name, span) in profiles_of(declared.statement, diags) {
            let Some(found) = self.profile(name, span, &mut vec![declared.statement.head()], diags) else {
                continue;
            };
            base = Some(match base {
                None => (found, name),
                Some((first, first_name)) => {
                    (join(&first, &found, own, (first_name, name), span, diags), name)
                }
            });
        }
        let mut merged = base.map_or_else(|| own.to_vec(), |(below, _)| overlay(&below, own));
        for statement in over {
            merged = overlay(&merged, items(statement));
        }
        merged
    }

    fn profile(
        &self,
        name: &str,
        span: Span,
        path: &mut Vec<Span>,
        diags: &mut Diagnostics,
    ) -> Option<Vec<Item>> {
        let Some(declared) = self.all.profiles.get(name) else {
            let known = self.all.profiles.keys().copied();
            diags.push(not_a(self.all, "profile", name, span, known));
            return None;
        };
        if let Some(known) = self.profiles.borrow().get(name) {
            return known.clone();
        }
        let here = declared.statement.head();
        if path.len() > MAX_PROFILE_DEPTH {
            let message = format!("profiles inherit more than {MAX_PROFILE_DEPTH} deep");
            diags.push(Diagnostic::new(Code::ProfileCycle, here, message).help("join some of them"));
            return None;
        }
        if path.contains(&here) {
            let message = format!("the profile `{name}` inherits from itself");
            diags.push(
                Diagnostic::new(Code::ProfileCycle, here, message).help("take one `is` out of the circle"),
            );
            return None;
        }
        path.push(here);
        let read = self.read_profile(*declared, path, diags);
        path.pop();
        self.profiles.borrow_mut().insert(name.to_owned(), read.clone());
        read
    }

    fn read_profile(
        &self,
        declared: Declared<'_>,
        path: &mut Vec<Span>,
        diags: &mut Diagnostics,
    ) -> Option<Vec<Item>> {
        let own = items(declared.statement);
        report_repeats(own, diags);
        let mut below: Option<(Vec<Item>, &str)> = None;
        for (parent, span) in profiles_of(declared.statement, &mut Diagnostics::new()) {
            let found = self.profile(parent, span, path, diags)?;
            below = Some(match below {
                None => (found, parent),
                Some((first, first_name)) => {
                    (join(&first, &found, own, (first_name, parent), span, diags), parent)
                }
            });
        }
        let below = below.map(|(below, _)| below).unwrap_or_default();
        Some(overlay(&below, own))
    }

    /// A declaration without profiles, with what the environment says of it on top.
    fn overlaid(&self, statement: &Statement, name: &str) -> Statement {
        let mut result = statement.clone();
        for over in self.overlays.of(&statement.name.value, name) {
            let merged = overlay(items(&result), items(over));
            result.block = over.block.as_ref().map(|block| Block { items: merged, ..*block });
        }
        result
    }

    /// The construct that a word chooses, with the options of the statement's block.
    pub(super) fn choice(
        &self,
        kind: &str,
        word: &Arg,
        statement: &Statement,
        path: String,
        diags: &mut Diagnostics,
    ) -> Option<Choice> {
        let construct = self.construct(kind, word, statement, diags)?;
        let spec_of = |name: &str| construct.parameters.get(name);
        let block = items(statement);
        let place = format!("in `{}`", statement.name.value);
        let mut names = construct.option_names();
        names.extend(construct.each.as_deref());
        let is_part = |item: &&Item| matches!(item, Item::Statement(inner) if construct.each.as_ref() == Some(&inner.name.value));
        let (parts, rest): (Vec<&Item>, Vec<&Item>) = block.iter().partition(is_part);
        let rest: Vec<Item> = rest.into_iter().cloned().collect();
        report_repeats(&rest, diags);
        let options = options(&rest, &spec_of, &names, &place, diags);
        require_options(construct, &options, statement.head(), diags);
        let each = self.parts(construct, &parts, diags);
        let origin = Origin { path, span: statement.head() };
        let offers = construct.offers.keys().cloned().collect();
        Some(Choice { construct: construct.id.clone(), origin, options, each, offers })
    }

    /// The blocks that make an instance each: `client NAME { … }`.
    fn parts(
        &self,
        construct: &Construct,
        parts: &[&Item],
        diags: &mut Diagnostics,
    ) -> IndexMap<String, Options> {
        let mut each: IndexMap<String, Options> = IndexMap::new();
        let mut places: BTreeMap<&str, Span> = BTreeMap::new();
        for item in parts {
            let Item::Statement(part) = item else { continue };
            let word = part.name.value.as_str();
            let [Arg { value: Literal::Word(name), span }] = part.args.as_slice() else {
                if !part.broken {
                    let message = format!("`{word}` needs one name");
                    let help = format!("it is written `{word} NAME {{ … }}`");
                    diags.push(Diagnostic::new(Code::WrongArguments, part.head(), message).help(help));
                }
                continue;
            };
            check_snake(name, *span, word, diags);
            if let Some(first) = places.insert(name, *span) {
                declared_twice(word, name, *span, first, diags);
            }
            report_repeats(items(part), diags);
            let spec_of = |name: &str| construct.parameters.get(name);
            let names = construct.option_names();
            let options = options(items(part), &spec_of, &names, &format!("in `{word}`"), diags);
            each.insert(name.clone(), options);
        }
        each
    }

    /// A construct that a word chooses which is its option as well: `alarms email "ops@example.com"` is
    /// `alerts/email` with its option `email`.
    pub(super) fn named_choice(
        &self,
        construct: &Construct,
        statement: &Statement,
        path: String,
        diags: &mut Diagnostics,
    ) -> Choice {
        let spec_of = |name: &str| construct.parameters.get(name);
        let mut options = Options::new();
        read_option(statement, &spec_of, &mut options, diags);
        Choice {
            construct: construct.id.clone(),
            origin: Origin { path, span: statement.head() },
            options,
            each: IndexMap::new(),
            offers: construct.offers.keys().cloned().collect(),
        }
    }

    /// A choice that nobody wrote: a construct with its defaults.
    pub(super) fn default_choice(&self, construct: &str, origin: Origin) -> Choice {
        let offers = self.library.get(construct).map(|found| found.offers.keys().cloned().collect());
        Choice {
            construct: construct.to_owned(),
            origin,
            options: Options::new(),
            each: IndexMap::new(),
            offers: offers.unwrap_or_default(),
        }
    }

    /// The construct that a word chooses.
    pub(super) fn construct(
        &self,
        kind: &str,
        word: &Arg,
        statement: &Statement,
        diags: &mut Diagnostics,
    ) -> Option<&Construct> {
        let keyword = &statement.name.value;
        let Literal::Word(name) = &word.value else {
            let message = format!("`{keyword}` expects a word, found {}", word.value.describe());
            let list = list_of(self.library.names(kind));
            diags.push(
                Diagnostic::new(Code::WrongArguments, word.span, message).help(format!("it can be {list}")),
            );
            return None;
        };
        if let Some(construct) = self.library.find(kind, name) {
            return Some(construct);
        }
        if self.library.is_broken(kind, name) {
            return None;
        }
        let list = list_of(self.library.names(kind));
        let own = format!("a construct `{kind}/{name}` in the project's `lib/`");
        let shared = || self.all.stores.keys().copied().filter(|_| kind == "store");
        let help = match nearest(name, self.library.names(kind).chain(shared())) {
            Some(near) => format!("did you mean `{near}`? it can be {list}"),
            None if list.is_empty() => format!("it can be {own}"),
            None => format!("it can be {list}, or {own}"),
        };
        let message = match kind {
            "alerts" => format!("alarms cannot go to `{name}`"),
            _ => format!("there is no {kind} `{name}`"),
        };
        diags.push(Diagnostic::new(Code::UnknownChoice, word.span, message).help(help));
        None
    }
}

fn list_of<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// The items of a statement's block.
pub(super) fn items(statement: &Statement) -> &[Item] {
    statement.block.as_ref().map_or(&[], |block| block.items.as_slice())
}

/// The profiles behind `is`, with their places.
fn profiles_of<'a>(statement: &'a Statement, diags: &mut Diagnostics) -> Vec<(&'a str, Span)> {
    let mut rest = statement.args.iter().skip(1);
    let mut names = Vec::new();
    match rest.next() {
        None => return names,
        Some(Arg { value: Literal::Word(word), .. }) if word == "is" => {}
        Some(other) => {
            let message = format!("expected `is` or a block here, found {}", other.value.describe());
            let usage = format!("it is written `{} NAME is PROFILE {{ … }}`", statement.name.value);
            diags.push(Diagnostic::new(Code::WrongArguments, other.span, message).help(usage));
            return names;
        }
    }
    if statement.args.len() == 2 {
        let help = format!("name a profile, or remove `is`: `{} NAME {{ … }}`", statement.name.value);
        diags.push(
            Diagnostic::new(Code::WrongArguments, statement.head(), "`is` has no profile behind it")
                .help(help),
        );
    }
    for arg in rest {
        match &arg.value {
            Literal::Word(name) => names.push((name.as_str(), arg.span)),
            Literal::Comma => {}
            other => {
                let message = format!("expected the name of a profile, found {}", other.describe());
                diags.push(Diagnostic::new(Code::WrongArguments, arg.span, message));
            }
        }
    }
    names
}

/// The finding for a name that is no `kind`: of another kind, or declared by nothing.
pub(super) fn not_a<'a>(
    all: &Declarations<'_>,
    kind: &str,
    name: &str,
    span: Span,
    known: impl Iterator<Item = &'a str> + Clone,
) -> Diagnostic {
    let others = [
        ("api", &all.apis),
        ("auth", &all.auths),
        ("profile", &all.profiles),
        ("event", &all.events),
        ("type", &all.types),
        ("environment", &all.environments),
        ("store", &all.stores),
        ("resource", &all.resources),
        ("secret", &all.secrets),
    ];
    match others.into_iter().find_map(|(other, table)| Some((other, table.get(name)?))) {
        Some((other, declared)) => {
            let message = format!("`{name}` is declared as `{other}`, and a name of `{kind}` is needed here");
            let help = match nearest(name, known.clone()) {
                Some(near) => format!("did you mean `{near}`?"),
                None if known.clone().next().is_none() => {
                    format!("the project declares no {kind} yet: `{kind} {name} {{ … }}`")
                }
                None => format!("declared: {}", list_of(known.take(8))),
            };
            Diagnostic::new(Code::WrongKindOfName, span, message)
                .label(declared.statement.head(), "declared here")
                .help(help)
        }
        None => unknown_name(kind, name, span, known),
    }
}

/// The finding for a name that nothing declares.
pub(super) fn unknown_name<'a>(
    kind: &str,
    name: &str,
    span: Span,
    known: impl Iterator<Item = &'a str> + Clone,
) -> Diagnostic {
    let help = match nearest(name, known.clone()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if known.clone().next().is_none() => {
            format!("the project declares no {kind} yet: `{kind} {name} {{ … }}`")
        }
        None => format!("declared: {}", list_of(known.take(8))),
    };
    Diagnostic::new(Code::UnknownName, span, format!("nothing declares the {kind} `{name}`")).help(help)
}

/// Reads the statements of a block as options of a construct, whose parameters `spec_of` knows.
pub(super) fn options<'s>(
    block: &[Item],
    spec_of: &dyn Fn(&str) -> Option<&'s ParameterSpec>,
    names: &[&str],
    place: &str,
    diags: &mut Diagnostics,
) -> Options {
    let mut options = Options::new();
    for item in block {
        match item {
            Item::Statement(statement) => {
                let name = statement.name.value.as_str();
                match spec_of(name) {
                    Some(spec) if !spec.tail => read_option(statement, spec_of, &mut options, diags),
                    Some(_) => diags.push(misplaced_tail(statement, spec_of, names)),
                    None => unknown_option(statement, names, place, diags),
                }
            }
            Item::Field(field) | Item::Param(field) => super::declare::misplaced(field, diags),
            Item::Comment(_) | Item::Blank | Item::Error(_) => {}
        }
    }
    options
}

/// The finding for a statement that is a word behind another one: `sort` of `key employee_id sort read_at`.
fn misplaced_tail<'s>(
    statement: &Statement,
    spec_of: &dyn Fn(&str) -> Option<&'s ParameterSpec>,
    names: &[&str],
) -> Diagnostic {
    let name = statement.name.value.as_str();
    let behind = names.iter().find_map(|option| {
        let spec = spec_of(option)?;
        let (word, _) = spec.tails.iter().find(|(_, param)| *param == name)?;
        super::setting::usage(option, spec).map(|usage| format!("`{word}` stands behind `{option}`; {usage}"))
    });
    let message = format!("`{name}` is no statement of its own");
    Diagnostic::new(Code::UnknownOption, statement.name.span, message).maybe_help(behind)
}

fn unknown_option(statement: &Statement, names: &[&str], place: &str, diags: &mut Diagnostics) {
    let name = statement.name.value.as_str();
    let help = match nearest(name, names.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if names.is_empty() => "it has no options".to_owned(),
        None => format!("its options are {}", list_of(names.iter().copied())),
    };
    let message = format!("there is no option `{name}` {place}");
    diags.push(Diagnostic::new(Code::UnknownOption, statement.name.span, message).help(help));
}

fn require_options(construct: &Construct, options: &Options, span: Span, diags: &mut Diagnostics) {
    for (name, spec) in &construct.parameters {
        if spec.default.is_none() && !spec.optional && !spec.tail && !options.contains_key(name) {
            let message = format!("`{name}` must be given for `{}`", construct.word());
            let help = super::setting::usage(name, spec);
            diags.push(Diagnostic::new(Code::MissingOption, span, message).maybe_help(help));
        }
    }
}

fn api(context: &Context<'_>, name: &str, declared: Declared<'_>, diags: &mut Diagnostics) -> Api {
    let over = context.overlays.of("api", name);
    let block = context.effective(declared, &over, diags);
    let construct = context.library.find("api", "rest");
    let spec_of = |option: &str| construct.and_then(|c| c.parameters.get(option));
    let names = construct.map(Construct::option_names).unwrap_or_default();
    let options = options(&block, &spec_of, &names, "in `api`", diags);
    let origin = Origin { path: format!("api.{name}"), span: declared.statement.head() };
    Api {
        doc: declared.statement.docs.join("\n"),
        origin,
        span: declared.statement.span,
        domain: declared.domain.map(str::to_owned),
        options,
    }
}

fn auth(context: &Context<'_>, name: &str, declared: Declared<'_>, diags: &mut Diagnostics) -> Option<Auth> {
    let statement = &context.overlaid(declared.statement, name);
    if name == "none" {
        let message = "`none` is the word for no lock, so no lock can have it as its name";
        diags.push(
            Diagnostic::new(Code::DeclaredTwice, statement.head(), message)
                .help("give the lock another name"),
        );
    }
    let Some(word) = statement.args.get(1) else {
        let message = format!("`auth {name}` does not say its kind");
        let help = format!("write `auth {name} api_key {{ … }}`");
        diags.push(Diagnostic::new(Code::WrongArguments, statement.head(), message).help(help));
        return None;
    };
    let choice = context.choice("auth", word, statement, format!("auth.{name}"), diags)?;
    Some(Auth { doc: statement.docs.join("\n"), domain: declared.domain.map(str::to_owned), choice })
}

/// `store NAME KIND { … }` and `resource NAME = KIND { … }`
fn declared_choices(
    context: &Context<'_>,
    kind: &str,
    table: &IndexMap<&str, Declared<'_>>,
    diags: &mut Diagnostics,
) -> IndexMap<String, Declaration> {
    let mut found = IndexMap::new();
    for (name, declared) in table {
        let statement = &context.overlaid(declared.statement, name);
        let word = match statement.args.as_slice() {
            [_, Arg { value: Literal::Equals, .. }, word] if kind == "resource" => Some(word),
            [_, word] if kind != "resource" => Some(word),
            _ => None,
        };
        let Some(word) = word else {
            if !statement.broken && context.library.find(kind, name).is_some() {
                // `store s3 { … }` belongs into an event, and may have fallen out of one.
                let message = format!("`{kind} {name}` at the top of a file has no name");
                let help =
                    format!("give it one, as `{kind} NAME {name} {{ … }}`; or is a `}}` missing above?");
                diags.push(Diagnostic::new(Code::WrongArguments, statement.head(), message).help(help));
            } else if !statement.broken {
                let usage = super::statements::find(super::statements::TOP, kind).map(|known| known.usage);
                let help = usage.map(|usage| format!("it is written `{usage}`"));
                let message = format!("`{kind} {name}` does not say its kind");
                diags.push(Diagnostic::new(Code::WrongArguments, statement.head(), message).maybe_help(help));
            }
            continue;
        };
        if context.library.find(kind, name).is_some() {
            let message = format!("`{name}` is a kind of `{kind}`, so nothing else can have it as its name");
            diags.push(
                Diagnostic::new(Code::DeclaredTwice, statement.head(), message)
                    .help(format!("give this {kind} another name")),
            );
        }
        let path = format!("{kind}.{name}");
        if let Some(choice) = context.choice(kind, word, statement, path, diags) {
            let doc = statement.docs.join("\n");
            let domain = declared.domain.map(str::to_owned);
            found.insert((*name).to_owned(), Declaration { doc, domain, choice });
        }
    }
    found
}

/// `secret NAME "name/in/secrets/manager"`
fn secrets(all: &Declarations<'_>, diags: &mut Diagnostics) -> IndexMap<String, Secret> {
    let mut found = IndexMap::new();
    for (name, declared) in &all.secrets {
        let statement = declared.statement;
        let id = match statement.args.get(1) {
            Some(Arg { value: Literal::Text(id), .. }) if is_secret_id(id) => id.clone(),
            _ if statement.broken => continue,
            _ => {
                let span = statement.args.get(1).map_or(statement.head(), |arg| arg.span);
                let message =
                    format!("the secret `{name}` needs the name or ARN that Secrets Manager knows it by");
                let help =
                    format!("write `secret {name} \"cards/mail\"`: letters, digits and `/ _ + = . @ -`");
                diags.push(Diagnostic::new(Code::WrongArguments, span, message).help(help));
                continue;
            }
        };
        if let Some(other) = all.params.get(name) {
            declared_twice("secret", name, statement.head(), other.name.span, diags);
        }
        let origin = Origin { path: format!("secret.{name}"), span: statement.head() };
        found.insert((*name).to_owned(), Secret { doc: statement.docs.join("\n"), origin, id });
    }
    found
}

/// <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html>
fn is_secret_id(id: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/_+=.@-".contains(c);
    let name = id.starts_with("arn:").then(|| id.split(':').nth(6)).flatten().unwrap_or(id);
    (1..=512).contains(&name.len()) && name.chars().all(plain)
}

fn parameters(all: &Declarations<'_>, diags: &mut Diagnostics) -> IndexMap<String, Parameter> {
    let mut found = IndexMap::new();
    for (name, field) in &all.params {
        if let Some(parameter) = parameter(name, field, diags) {
            found.insert((*name).to_owned(), parameter);
        }
    }
    found
}

fn parameter(name: &str, field: &Field, diags: &mut Diagnostics) -> Option<Parameter> {
    let (kind, value_type) = match &field.kind.kind {
        TypeKind::Name(word) if word == "string" => (ParameterKind::String, ParameterType::Text),
        TypeKind::Name(word) if word == "int" => (ParameterKind::Int, ParameterType::Int),
        _ => {
            let message = "a deploy-time parameter is a `string` or an `int`";
            let help = "other values must be known when the project is built: write them where they are used, or in an `environment`";
            diags.push(Diagnostic::new(Code::WrongValue, field.kind.span, message).help(help));
            return None;
        }
    };
    let default = match field.constraints.as_slice() {
        [] => None,
        [Arg { value: Literal::Word(word), .. }, value] if word == "default" => {
            read_value(value_type, &[], value).map_err(|finding| diags.push(finding)).ok()
        }
        [first, ..] => {
            let help = format!("it is written `param {name}: string default \"value\"`");
            diags.push(
                Diagnostic::new(Code::WrongArguments, first.span, "only `default VALUE` can follow the type")
                    .help(help),
            );
            None
        }
    };
    let origin = Origin { path: format!("param.{name}"), span: field.name.span };
    Some(Parameter { doc: field.docs.join("\n"), origin, kind, default })
}

fn check_all_parameters(model: &Model, diags: &mut Diagnostics) {
    let declared = model.stores.values().chain(model.resources.values()).map(|one| &one.choice);
    let choices = model
        .auths
        .values()
        .map(|auth| &auth.choice)
        .chain(declared)
        .chain(std::iter::once(&model.app.encryption))
        .chain(&model.app.alerts);
    let of_events = model.events.values().flat_map(|event| event.tier.iter().chain(event.store.iter()));
    let subscribers = || model.events.values().flat_map(|event| event.subscribers.values());
    let alarms = model.events.values().flat_map(|event| event.alarms.values()).map(|alarm| &alarm.options);
    let options = choices
        .chain(of_events)
        .flat_map(|choice| std::iter::once(&choice.options).chain(choice.each.values()))
        .chain(alarms);
    for options in
        options.chain(model.apis.values().map(|api| &api.options)).chain(subscribers().map(|s| &s.options))
    {
        check_known(options, diags);
    }
    for setting in subscribers().flat_map(|subscriber| subscriber.env.values()) {
        if let Setting::Parameter(name) = &setting.value
            && !model.parameters.contains_key(name)
            && !model.secrets.contains_key(name)
        {
            diags.push(unknown_parameter(name, setting.span, model));
        }
    }
}
