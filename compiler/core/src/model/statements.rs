//! The statements of the language: where each stands, how it is written, and whether it compiles yet.

/// One statement.
#[derive(Debug)]
pub struct Known {
    /// Its word.
    pub name: &'static str,
    /// How it is written, for help texts.
    pub usage: &'static str,
    /// Whether it compiles in this version.
    pub ready: bool,
}

const fn ready(name: &'static str, usage: &'static str) -> Known {
    Known { name, usage, ready: true }
}

const fn later(name: &'static str, usage: &'static str) -> Known {
    Known { name, usage, ready: false }
}

/// At the top of a file.
pub const TOP: &[Known] = &[
    ready("app", "app NAME { … }"),
    ready("api", "api NAME { … }"),
    ready("auth", "auth NAME api_key|cognito|jwt|iam|lambda { … }"),
    ready("profile", "profile NAME { … }"),
    ready("environment", "environment NAME { … }"),
    ready("event", "event NAME is PROFILE { … }"),
    ready("type", "type NAME { field: type; … }"),
    ready("param", "param NAME: string|int default VALUE"),
    ready("store", "store NAME s3 { … }"),
    ready("secret", "secret NAME \"name/in/secrets/manager\""),
    ready("resource", "resource NAME = table { … }"),
    ready("override", "override EVENT.LogicalId { … }"),
];

/// In `app`.
pub const APP: &[Known] = &[
    ready("region", "region eu-central-1"),
    ready("encryption", "encryption customer_managed|per_event"),
    ready("tracing", "tracing on|off"),
    ready("logs", "logs keep 30d"),
    ready("tags", "tags { name \"value\" }"),
    ready("alarms", "alarms email \"ops@example.com\", alarms topic \"arn\", or alarms off"),
];

/// In `environment`, beside the statements of `app`.
pub const ENVIRONMENT: &[Known] = &[
    ready("account", "account \"111111111111\""),
    ready("removal", "removal retain|destroy"),
    ready("event", "event NAME|* { … }"),
    ready("api", "api NAME|* { … }"),
    ready("auth", "auth NAME { … }"),
    ready("store", "store NAME { … }"),
];

/// In `event` and `profile`.
pub const EVENT: &[Known] = &[
    ready("ingress", "ingress api [NAME] METHOD /path, ingress sns, or ingress stream"),
    ready("auth", "auth NAME, or auth none"),
    ready("volume", "volume low|medium|high { … }"),
    ready("key", "key FIELD"),
    ready("schema", "schema { field: type; … }"),
    ready("store", "store s3 { … }, or store NAME"),
    ready("subscriber", "subscriber NAME { handler python \"handlers/file.py\" }"),
    ready("version", "version 1"),
    ready("responds", "responds { handler python \"handlers/file.py\"; schema { … } }"),
    ready("replay", "replay on|off"),
    ready("alarm", "alarm NAME { above 0; over 5m }, or alarm NAME off"),
    ready("from", "from account \"111111111111\""),
    later("expect", "expect CODE \"reason\""),
];

/// In `subscriber`, beside the words of its kinds and the options of its constructs.
pub const SUBSCRIBER: &[Known] = &[
    ready("handler", "handler python|node|rust|image|arn \"handlers/file\""),
    ready("from", "from store|stream|topic"),
    ready("emits", "emits EVENT, EVENT"),
    ready("allow", "allow [\"service:Action\"] on \"arn\", or allow read write on RESOURCE"),
    ready("env", "env { NAME \"value\" }"),
    ready("where", "where FIELD > VALUE"),
    ready("ordered", "ordered by key"),
];

/// In `responds`, beside the options of its constructs.
pub const RESPONDS: &[Known] = &[
    ready("handler", "handler python|node \"handlers/file\""),
    ready("schema", "schema { field: type; … }"),
    ready("emits", "emits EVENT, EVENT"),
    ready("allow", "allow [\"service:Action\"] on \"arn\", or allow read write on RESOURCE"),
    ready("env", "env { NAME \"value\" }"),
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
    known.iter().filter(|known| known.ready).map(|known| known.name).collect()
}
