//! `param` and `secret`: values that come with the deployment.

use indexmap::IndexMap;

use super::declare::{Declarations, declared_twice};
use super::setting::{check_known, read_value, unknown_parameter};
use super::{Model, Origin, Parameter, ParameterKind, Secret, Setting};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::library::ParameterType;
use crate::syntax::{Arg, Field, Literal, TypeKind};

/// `secret NAME "name/in/secrets/manager"`
pub(super) fn secrets(all: &Declarations<'_>, diags: &mut Diagnostics) -> IndexMap<String, Secret> {
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

/// Whether Secrets Manager can know a secret by it:
/// <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html>
fn is_secret_id(id: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/_+=.@-".contains(c);
    let name = id.starts_with("arn:").then(|| id.split(':').nth(6)).flatten().unwrap_or(id);
    (1..=512).contains(&name.len()) && name.chars().all(plain)
}

/// `param NAME: string default "value"`
pub(super) fn parameters(all: &Declarations<'_>, diags: &mut Diagnostics) -> IndexMap<String, Parameter> {
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

/// Every parameter that is used must be declared.
pub(super) fn check_all_parameters(model: &Model, diags: &mut Diagnostics) {
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
