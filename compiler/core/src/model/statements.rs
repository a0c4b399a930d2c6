//! The statements of the language: where each stands, and how it is written.

/// One statement.
#[derive(Debug)]
pub struct Known {
    /// Its word.
    pub name: &'static str,
    /// How it is written, for help texts.
    pub usage: &'static str,
}

const fn known(name: &'static str, usage: &'static str) -> Known {
    Known { name, usage }
}

/// At the top of a file.
pub const TOP: &[Known] = &[
    known("app", "app NAME { … }"),
    known("api", "api NAME { … }"),
    known("auth", "auth NAME api_key|cognito|jwt|iam|lambda { … }"),
    known("profile", "profile NAME { … }"),
    known("environment", "environment NAME { … }"),
    known("event", "event NAME is PROFILE { … }"),
    known("type", "type NAME { field: type; … }"),
    known("param", "param NAME: string|int default VALUE"),
    known("store", "store NAME s3 { … }"),
    known("secret", "secret NAME \"name/in/secrets/manager\""),
    known("resource", "resource NAME = table { … }"),
    known("override", "override EVENT.LogicalId { … }"),
];

/// In `app`.
pub const APP: &[Known] = &[
    known("region", "region eu-central-1"),
    known("encryption", "encryption customer_managed|per_event"),
    known("tracing", "tracing on|off"),
    known("logs", "logs keep 30d"),
    known("tags", "tags { name \"value\" }"),
    known("alarms", "alarms email \"ops@example.com\", alarms topic \"arn\", or alarms off"),
];

/// In `environment`, beside the statements of `app`.
pub const ENVIRONMENT: &[Known] = &[
    known("account", "account \"111111111111\""),
    known("removal", "removal retain|destroy"),
    known("event", "event NAME|* { … }"),
    known("api", "api NAME|* { … }"),
    known("auth", "auth NAME { … }"),
    known("store", "store NAME { … }"),
];

/// In `event` and `profile`.
pub const EVENT: &[Known] = &[
    known("ingress", "ingress api [NAME] METHOD /path, ingress sns, or ingress stream"),
    known("auth", "auth NAME, or auth none"),
    known("volume", "volume low|medium|high { … }"),
    known("key", "key FIELD"),
    known("schema", "schema { field: type; … }"),
    known("store", "store s3 { … }, or store NAME"),
    known("subscriber", "subscriber NAME { handler python \"handlers/file.py\" }"),
    known("version", "version 1"),
    known("responds", "responds { handler python \"handlers/file.py\"; schema { … } }"),
    known("replay", "replay on|off"),
    known("alarm", "alarm NAME { above 0; over 5m }, or alarm NAME off"),
    known("from", "from account \"111111111111\""),
    known("expect", "expect CODE \"reason\""),
];

/// In `subscriber`, beside the words of its kinds and the options of its constructs.
pub const SUBSCRIBER: &[Known] = &[
    known("handler", "handler python|node|rust|image|arn \"handlers/file\""),
    known("from", "from store|stream|topic"),
    known("emits", "emits EVENT, EVENT"),
    known("allow", "allow [\"service:Action\"] on \"arn\", or allow read write on RESOURCE"),
    known("env", "env { NAME \"value\" }"),
    known("where", "where FIELD > VALUE"),
    known("ordered", "ordered by key"),
];

/// In `responds`, beside the options of its constructs.
pub const RESPONDS: &[Known] = &[
    known("handler", "handler python|node \"handlers/file\""),
    known("schema", "schema { field: type; … }"),
    known("emits", "emits EVENT, EVENT"),
    known("allow", "allow [\"service:Action\"] on \"arn\", or allow read write on RESOURCE"),
    known("env", "env { NAME \"value\" }"),
];

/// The statement of that name.
#[must_use]
pub fn find(known: &'static [Known], name: &str) -> Option<&'static Known> {
    known.iter().find(|statement| statement.name == name)
}

/// The words of the statements that compile, of one place: for pages about the language.
#[must_use]
pub fn names(place: &str) -> Vec<&'static str> {
    let known = match place {
        "app" => APP,
        "environment" => ENVIRONMENT,
        "event" => EVENT,
        "subscriber" => SUBSCRIBER,
        "responds" => RESPONDS,
        _ => TOP,
    };
    known.iter().map(|known| known.name).collect()
}
