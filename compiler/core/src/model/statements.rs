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
    ready("auth", "auth NAME api_key { … }"),
    ready("profile", "profile NAME { … }"),
    ready("environment", "environment NAME { … }"),
    ready("event", "event NAME is PROFILE { … }"),
    ready("type", "type NAME { field: type; … }"),
    ready("param", "param NAME: string|int default VALUE"),
    later("secret", "secret \"name\""),
    later("resource", "resource NAME = construct { … }"),
    later("override", "override EVENT.LogicalId { … }"),
];

/// In `app`.
pub const APP: &[Known] = &[
    ready("region", "region eu-central-1"),
    ready("encryption", "encryption customer_managed"),
    ready("tracing", "tracing on|off"),
    ready("logs", "logs keep 30d"),
    ready("tags", "tags { name \"value\" }"),
    later("alarms", "alarms email \"ops@example.com\""),
];

/// In `environment`, beside the statements of `app`.
pub const ENVIRONMENT: &[Known] = &[
    ready("account", "account \"111111111111\""),
    ready("removal", "removal retain|destroy"),
    ready("event", "event NAME|* { … }"),
    ready("api", "api NAME { … }"),
];

/// In `event` and `profile`.
pub const EVENT: &[Known] = &[
    ready("ingress", "ingress api [NAME] METHOD /path, or ingress sns"),
    ready("auth", "auth NAME, or auth none"),
    ready("volume", "volume low|high { … }"),
    ready("key", "key FIELD"),
    ready("schema", "schema { field: type; … }"),
    ready("store", "store s3 { … }"),
    ready("subscriber", "subscriber NAME { handler python \"handlers/file.py\" }"),
    ready("version", "version 1"),
    later("responds", "responds { handler …; schema { … } }"),
    later("replay", "replay on|off"),
    later("alarm", "alarm NAME { … }"),
    later("from", "from account \"111111111111\""),
    later("expect", "expect CODE \"reason\""),
];

/// In `subscriber`, beside the options of its constructs.
pub const SUBSCRIBER: &[Known] = &[
    ready("handler", "handler python|node \"handlers/file\""),
    ready("from", "from store|stream|topic"),
    ready("emits", "emits EVENT, EVENT"),
    ready("allow", "allow [\"service:Action\"] on \"arn\""),
    ready("env", "env { NAME \"value\" }"),
    later("queue", "queue"),
    later("https", "https \"https://…\""),
    later("email", "email \"name@example.com\""),
    later("state_machine", "state_machine \"arn\""),
    later("where", "where FIELD > VALUE"),
    later("ordered", "ordered by key"),
];

/// Words that the language will have for a choice, and has no construct for yet.
pub const LATER_CHOICES: &[(&str, &[&str])] = &[
    ("tier", &["medium"]),
    ("auth", &["cognito", "jwt", "iam", "lambda"]),
    ("encryption", &["per_event"]),
    ("handler", &["rust", "image", "arn"]),
    ("ingress", &["stream"]),
];

/// The statement of that name.
#[must_use]
pub fn find(known: &'static [Known], name: &str) -> Option<&'static Known> {
    known.iter().find(|statement| statement.name == name)
}
