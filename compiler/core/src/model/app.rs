//! `app` and `environment`.

use indexmap::IndexMap;

use super::context::{Context, items};
use super::declare::{Declarations, Declared, misplaced, misplaced_entry, unknown};
use super::merge::report_repeats_by_name;
use super::setting::read_value;
use super::statements::{APP, ENVIRONMENT, Known, find};
use super::unknown::{not_a, unknown_name};
use super::{App, Choice, Model, Origin, Setting};
use crate::diagnostic::{Code, Consequence, Diagnostic, Diagnostics, nearest};
use crate::library::ParameterType;
use crate::source::{SourceId, Sources, Span, Spanned};
use crate::syntax::{Arg, Item, Literal, Statement};

/// How long logs are kept unless the app says otherwise, in days.
const DEFAULT_LOG_DAYS: i64 = 30;

/// The one app of the project.
pub fn the_app<'a>(
    all: &Declarations<'a>,
    sources: &Sources,
    diags: &mut Diagnostics,
) -> Option<Declared<'a>> {
    let mut apps = all.apps.iter();
    let Some(first) = apps.next() else {
        let place = Span { source: sources.iter().next().map_or(SourceId(0), |s| s.id), start: 0, end: 0 };
        let help = "add one to a file at the top of the project: `app my_app { region eu-central-1 }`";
        let missing = Diagnostic::new(Code::NoApp, place, "the project has no `app`").help(help);
        diags.push(missing.consequence(Consequence::OfAny));
        return None;
    };
    for second in apps {
        diags.push(
            Diagnostic::new(Code::TwoApps, second.statement.head(), "the project has a second `app`")
                .label(first.statement.head(), "the first")
                .help("a project is one app; move one of them to a project of its own"),
        );
    }
    Some(*first)
}

/// The statements of the chosen environment, by what they lie upon.
#[derive(Debug, Default)]
pub struct Overlays<'a> {
    name: Option<&'a str>,
    statements: Vec<&'a Statement>,
}

impl<'a> Overlays<'a> {
    /// The overlays of a declaration, weakest first: those for all, then those for its name.
    pub fn of(&self, word: &str, name: &str) -> Vec<&'a Statement> {
        let matching = |wanted: &Literal| {
            let found = self.statements.iter().filter(|s| s.name.value == word);
            found
                .filter(|s| s.args.first().is_some_and(|arg| arg.value == *wanted))
                .copied()
                .collect::<Vec<_>>()
        };
        let mut found = matching(&Literal::Star);
        found.extend(matching(&Literal::Word(name.to_owned())));
        found
    }
}

/// Finds the environment, and checks the names in all of them: a misspelt event must not wait for its deployment.
pub fn overlays<'a>(
    all: &Declarations<'a>,
    environment: Option<&str>,
    diags: &mut Diagnostics,
) -> Overlays<'a> {
    let mut chosen = Overlays::default();
    for (name, declared) in &all.environments {
        report_repeats_by_name(items(declared.statement), diags);
        for statement in declared.statement.statements() {
            check_target(statement, all, diags);
        }
        if environment == Some(*name) {
            chosen = Overlays { name: Some(name), statements: declared.statement.statements().collect() };
        }
    }
    if let (Some(wanted), None) = (environment, chosen.name) {
        let known = all.environments.keys().copied();
        let place = all.apps.first().map(|app| app.statement.head());
        diags.extend(place.map(|span| unknown_name("environment", wanted, span, known)));
    }
    chosen
}

fn check_target(statement: &Statement, all: &Declarations<'_>, diags: &mut Diagnostics) {
    let table = match statement.name.value.as_str() {
        "event" => &all.events,
        "api" => &all.apis,
        "auth" => &all.auths,
        "store" => &all.stores,
        _ => return,
    };
    match statement.args.first() {
        Some(Arg { value: Literal::Star, .. })
            if matches!(statement.name.value.as_str(), "event" | "api") => {}
        Some(Arg { value: Literal::Word(name), span }) if !table.contains_key(name.as_str()) => {
            diags.push(not_a(all, &statement.name.value, name, *span, table.keys().copied()));
        }
        Some(Arg { value: Literal::Word(_), .. }) => {}
        _ => wrong_arguments(statement, ENVIRONMENT, diags),
    }
}

/// Reports a block behind a statement that has none.
pub fn no_block(statement: &Statement, diags: &mut Diagnostics) {
    let message = format!("`{}` has no block", statement.name.value);
    let span = statement.block.as_ref().map_or(statement.head(), |block| block.span);
    diags.push(Diagnostic::new(Code::WrongArguments, span, message).help("remove it"));
}

/// Reports a statement whose arguments do not fit its usage.
pub fn wrong_arguments(statement: &Statement, known: &'static [Known], diags: &mut Diagnostics) {
    if statement.broken {
        return;
    }
    let word = &statement.name.value;
    let usage = find(known, word).map(|known| format!("it is written `{}`", known.usage));
    let message = format!("`{word}` has the wrong arguments");
    diags.push(Diagnostic::new(Code::WrongArguments, statement.head(), message).maybe_help(usage));
}

/// Reads the app with the environment on top.
pub fn app(
    context: &Context<'_>,
    declared: Declared<'_>,
    environment: Option<&str>,
    diags: &mut Diagnostics,
) -> App {
    let statement = declared.statement;
    let mut block = context.effective(declared, &[], diags);
    let own: Vec<Item> = context.overlays.statements.iter().map(|s| Item::Statement((*s).clone())).collect();
    block = super::merge::overlay(&block, &own);
    let name = match statement.args.first() {
        Some(Arg { value: Literal::Word(name), span }) => Spanned::new(name.clone(), *span),
        _ => Spanned::new(String::new(), statement.head()),
    };
    let origin = Origin { path: "app".to_owned(), span: statement.head() };
    let key = Origin { path: "app.encryption".to_owned(), span: statement.head() };
    let encryption = context.default_choice("encryption/customer_managed", key);
    let mut app = App {
        name,
        doc: statement.docs.join("\n"),
        origin,
        encryption,
        region: None,
        account: None,
        tracing: true,
        log_days: DEFAULT_LOG_DAYS,
        retain: true,
        alarms: true,
        alerts: None,
        tags: IndexMap::new(),
    };
    for item in &block {
        match item {
            Item::Statement(statement) => app_statement(context, &mut app, statement, environment, diags),
            Item::Field(field) | Item::Param(field) => misplaced(field, diags),
            _ => {}
        }
    }
    if app.region.is_none() {
        let help = "add `region eu-central-1`, or the region that you deploy to";
        let missing =
            Diagnostic::new(Code::MissingStatement, app.origin.span, "the app does not say its region");
        diags.push(missing.help(help).consequence(Consequence::Of(declared.statement.span)));
    }
    app
}

fn app_statement(
    context: &Context<'_>,
    app: &mut App,
    statement: &Statement,
    environment: Option<&str>,
    diags: &mut Diagnostics,
) {
    let word = statement.name.value.as_str();
    let known = find(APP, word).or_else(|| find(ENVIRONMENT, word).filter(|_| environment.is_some()));
    if known.is_none() {
        let more: Vec<&str> = if environment.is_some() {
            ENVIRONMENT.iter().map(|known| known.name).collect()
        } else {
            Vec::new()
        };
        unknown(
            statement,
            APP,
            if environment.is_some() { "in `app` or `environment`" } else { "in `app`" },
            &more,
            diags,
        );
        return;
    }
    let args: Vec<&Literal> = statement.args.iter().map(|arg| &arg.value).collect();
    match (word, args.as_slice()) {
        ("event" | "api" | "auth" | "store", _) => {}
        (_, _) if statement.block.is_some() && word != "tags" && word != "encryption" => {
            no_block(statement, diags)
        }
        ("region", [Literal::Word(name)]) => app.region = region(context, name, statement, diags),
        ("tracing", [Literal::Word(on)]) if on == "on" || on == "off" => app.tracing = on == "on",
        ("removal", [Literal::Word(how)]) if how == "retain" || how == "destroy" => {
            app.retain = how == "retain"
        }
        ("account", [Literal::Text(id)]) if id.len() == 12 && id.bytes().all(|b| b.is_ascii_digit()) => {
            app.account = Some(id.clone());
        }
        ("logs", [Literal::Word(keep), _]) if keep == "keep" => logs(context, app, statement, diags),
        ("encryption", [Literal::Word(kind)]) if kind == "aws_managed" => {
            let help = "AWS services cannot use a key such as `alias/aws/sns` for each other: messages would vanish; take `customer_managed`";
            let message = "an AWS-managed key does not work between services";
            diags.push(Diagnostic::new(Code::AwsManagedKey, statement.head(), message).help(help));
        }
        ("encryption", [_]) => {
            let choice = statement.args.first().and_then(|arg| {
                context.choice("encryption", arg, statement, "app.encryption".to_owned(), diags)
            });
            app.encryption = choice.unwrap_or_else(|| app.encryption.clone());
        }
        ("alarms", [Literal::Word(word)]) if word == "off" => {
            app.alarms = false;
            app.alerts = None;
        }
        ("alarms", [Literal::Word(_), _, ..]) => {
            app.alarms = true;
            app.alerts = alerts(context, statement, diags);
        }
        ("tags", []) => tags(app, statement, diags),
        _ => wrong_arguments(statement, if find(APP, word).is_some() { APP } else { ENVIRONMENT }, diags),
    }
}

/// `alarms email "ops@example.com"` is the construct `alerts/email` with its option `email`.
fn alerts(context: &Context<'_>, statement: &Statement, diags: &mut Diagnostics) -> Option<Choice> {
    let word = statement.args.first()?;
    let construct = context.construct("alerts", word, statement, diags)?;
    let inner = Statement {
        name: Spanned::new(construct.word().to_owned(), word.span),
        args: statement.args.get(1..).unwrap_or(&[]).to_vec(),
        ..statement.clone()
    };
    let choice = context.named_choice(construct, &inner, "app.alarms".to_owned(), diags);
    choice.options.contains_key(construct.word()).then_some(choice)
}

fn region(
    context: &Context<'_>,
    name: &str,
    statement: &Statement,
    diags: &mut Diagnostics,
) -> Option<String> {
    if context.library.regions.iter().any(|known| known == name) {
        return Some(name.to_owned());
    }
    let help = match nearest(name, context.library.regions.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "a region is written like `eu-central-1`".to_owned(),
    };
    diags.push(
        Diagnostic::new(
            Code::UnknownRegion,
            statement.args.first().map_or(statement.head(), |arg| arg.span),
            format!("AWS has no region `{name}`"),
        )
        .help(help),
    );
    Some(name.to_owned())
}

/// `logs keep 30d`: only the periods that CloudWatch Logs knows.
fn logs(context: &Context<'_>, app: &mut App, statement: &Statement, diags: &mut Diagnostics) {
    let Some(arg) = statement.args.get(1) else { return };
    let days = match read_value(ParameterType::Duration, &[], arg) {
        Ok(Setting::Duration(seconds)) if seconds % 86_400 == 0 => seconds / 86_400,
        Ok(Setting::Duration(_)) => 0,
        Ok(_) => {
            let message = "the retention of logs must be known when the project is built";
            diags.push(Diagnostic::new(Code::ParameterNotPossible, arg.span, message));
            return;
        }
        Err(finding) => return diags.push(finding),
    };
    let allowed = &context.library.log_retention_days;
    if allowed.contains(&days) {
        app.log_days = days;
        return;
    }
    let next = allowed.iter().find(|known| **known >= days).or(allowed.last());
    let help = next.map(|next| format!("the next longer period that CloudWatch Logs knows is `{next}d`"));
    diags.push(
        Diagnostic::new(Code::OutOfRange, arg.span, "CloudWatch Logs cannot keep logs for this long")
            .maybe_help(help),
    );
}

fn tags(app: &mut App, statement: &Statement, diags: &mut Diagnostics) {
    statement.fields().for_each(|field| misplaced_entry(field, diags));
    for tag in statement.statements() {
        match tag.args.as_slice() {
            [Arg { value: Literal::Text(value), .. }] => {
                drop(app.tags.insert(tag.name.value.clone(), value.clone()))
            }
            _ if tag.broken => {}
            _ => {
                let message = format!("the tag `{}` needs a text", tag.name.value);
                let help = format!("write `{} \"value\"`", tag.name.value);
                diags.push(Diagnostic::new(Code::WrongArguments, tag.head(), message).help(help));
            }
        }
    }
}

/// Warns about profiles, auths, apis, types and parameters that nothing uses.
pub fn report_unused(context: &Context<'_>, model: &Model, diags: &mut Diagnostics) {
    let mut used = UsedNames::default();
    used.gather(context, model);
    let unused = |kind: &str, name: &str, span: Span, diags: &mut Diagnostics| {
        let help = match kind {
            "param" | "secret" => format!("remove it, or use it: `env {{ NAME ${name} }}`"),
            _ => format!("remove it, or use it: an unused {kind} makes no resources"),
        };
        let unused = Diagnostic::new(Code::UnusedName, span, format!("nothing uses the {kind} `{name}`"));
        diags.push(unused.help(help).consequence(Consequence::OfAny));
    };
    for (name, declared) in &context.all.profiles {
        if !used.profiles.contains(name) {
            unused("profile", name, declared.statement.head(), diags);
        }
    }
    for (name, auth) in &model.auths {
        // A door that does not say its lock yet may be about to use this one.
        let undecided = model
            .events
            .values()
            .any(|event| event.auth.is_none() && matches!(event.ingress, super::Ingress::Api { .. }));
        if !used.auths.contains(&name.as_str()) && !undecided {
            unused("auth", name, auth.choice.origin.span, diags);
        }
    }
    let in_env = |name: &str| {
        let subscribers = model.events.values().flat_map(|event| event.subscribers.values());
        subscribers
            .flat_map(|subscriber| subscriber.env.values())
            .any(|setting| setting.value == Setting::Parameter(name.to_owned()))
    };
    for (name, parameter) in &model.parameters {
        if !in_env(name) {
            unused("param", name, parameter.origin.span, diags);
        }
    }
    for (name, secret) in &model.secrets {
        if !in_env(name) {
            unused("secret", name, secret.origin.span, diags);
        }
    }
    for (name, store) in &model.stores {
        if !used.stores.contains(name.as_str()) {
            unused("store", name, store.choice.origin.span, diags);
        }
    }
    for (name, declared) in &context.all.types {
        if !used.types.contains(*name) {
            unused("type", name, declared.statement.head(), diags);
        }
    }
}

#[derive(Default)]
struct UsedNames<'a> {
    profiles: std::collections::BTreeSet<&'a str>,
    auths: std::collections::BTreeSet<&'a str>,
    /// Stores that an event or profile names, whatever an environment says of it.
    stores: std::collections::BTreeSet<&'a str>,
    types: std::collections::BTreeSet<String>,
}

impl<'a> UsedNames<'a> {
    fn gather(&mut self, context: &Context<'a>, model: &'a Model) {
        for declared in context.all.events.values().chain(context.all.profiles.values()) {
            let words = declared.statement.args.iter().skip(2).filter_map(|arg| match &arg.value {
                Literal::Word(word) => Some(word.as_str()),
                _ => None,
            });
            self.profiles.extend(words);
            for statement in declared.statement.statements().filter(|s| s.name.value == "store") {
                self.stores.extend(statement.args.first().and_then(|arg| match &arg.value {
                    Literal::Word(word) => Some(word.as_str()),
                    _ => None,
                }));
            }
            for statement in items(declared.statement).iter().filter_map(|item| match item {
                Item::Statement(s) if s.name.value == "schema" => Some(s),
                // An answer has a schema of its own.
                Item::Statement(s) if s.name.value == "responds" => {
                    s.statements().find(|inner| inner.name.value == "schema")
                }
                _ => None,
            }) {
                self.types.extend(statement.fields().flat_map(|field| super::schema::names_in(&field.kind)));
            }
        }
        for declared in context.all.types.values() {
            self.types
                .extend(declared.statement.fields().flat_map(|field| super::schema::names_in(&field.kind)));
        }
        for event in model.events.values() {
            self.auths.extend(event.auth.iter().filter_map(|auth| auth.value.as_deref()));
        }
    }
}
