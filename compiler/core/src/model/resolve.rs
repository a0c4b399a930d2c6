//! The phase's entry: declarations, overlays, then each declaration in turn.

use indexmap::IndexMap;

use super::choice::options;
use super::context::Context;
use super::declare::{Declared, declarations};
use super::parameters::{check_all_parameters, parameters, secrets};
use super::{Api, Auth, Declaration, Model, Origin, app, event, patch, schema, subscriber};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::library::{Construct, Library};
use crate::source::Sources;
use crate::syntax::{Arg, Literal, SyntaxFile};

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
    let context = Context::new(&all, library, &overlays);

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
