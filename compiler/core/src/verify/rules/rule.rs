//! Rules as they stand in `stdlib/proofs/`, and compiled.

use indexmap::IndexMap;
use serde::Deserialize;

use super::expression::{Expression, parse};
use crate::diagnostic::Code;
use crate::library::from_yaml;

/// A rule.
#[derive(Debug)]
pub struct Rule {
    /// What it proves, in a few words.
    pub proof: String,
    /// The type of the resources that it looks at.
    pub kind: String,
    /// Only these.
    pub when: Option<Expression>,
    /// Once for each item of a list, by that name.
    pub each: Option<(String, Expression)>,
    /// Names for the rest, in their order.
    pub names: Vec<(String, Expression)>,
    /// Data goes from the one to the other.
    pub flow: Option<(Expression, Expression)>,
    /// What goes there are letters that nobody could deliver: no way of an event.
    pub letters: bool,
    /// It holds for a sender and what it may send to, which no resource joins: it is asked for ways of the flow only.
    pub between: Option<String>,
    /// For which ways: `emits`, `keeps`, `fetches`.
    pub way: Option<String>,
    /// What must be allowed.
    pub needs: Vec<Need>,
    /// What must hold.
    pub checks: Vec<Check>,
}

/// Something must be allowed.
#[derive(Debug)]
pub struct Need {
    /// What to report.
    pub report: Report,
    /// A service, or a role.
    pub who: Who,
    /// What it does.
    pub actions: Vec<Message>,
    /// To what.
    pub to: Expression,
    /// What stands behind its ARN.
    pub path: Option<Expression>,
    /// What its policy calls it, if not by its ARN.
    pub resource: Option<Expression>,
    /// What the request says of itself.
    pub with: Vec<(String, Expression)>,
}

/// Who must be allowed.
#[derive(Debug)]
pub enum Who {
    /// A service, by its name.
    Service(Expression),
    /// A role.
    Role(Expression),
    /// Whoever it may be.
    Anybody,
    /// Another account.
    Account(Expression),
    /// A role, and the service that takes it on.
    Trusted(Expression, String),
}

/// Something must hold.
#[derive(Debug)]
pub struct Check {
    /// What to report.
    pub report: Report,
    /// What must hold.
    pub holds: Expression,
}

/// How something is reported.
#[derive(Debug)]
pub struct Report {
    /// The code.
    pub code: Code,
    /// Only then.
    pub when: Option<Expression>,
    /// The resource that it is about, if not the rule's own.
    pub at: Option<Expression>,
    /// The property that it is about: `A.B`.
    pub property: Option<String>,
    /// What is wrong.
    pub message: Message,
    /// What to do.
    pub help: Message,
}

/// A text with expressions in braces.
#[derive(Debug, Default)]
pub struct Message(pub Vec<Part>);

/// A part of a message.
#[derive(Debug)]
pub enum Part {
    /// Text.
    Text(String),
    /// A value, shown.
    Value(Expression),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRule {
    proof: String,
    #[serde(rename = "for")]
    kind: String,
    when: Option<String>,
    each: Option<IndexMap<String, String>>,
    #[serde(default, rename = "let")]
    names: IndexMap<String, String>,
    flow: Option<[String; 2]>,
    #[serde(default)]
    letters: bool,
    between: Option<String>,
    way: Option<String>,
    #[serde(default)]
    needs: Vec<RawNeed>,
    #[serde(default)]
    checks: Vec<RawCheck>,
    #[allow(dead_code, reason = "for people who read the rule")]
    #[serde(default)]
    sources: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawNeed {
    code: String,
    when: Option<String>,
    at: Option<String>,
    property: Option<String>,
    message: String,
    #[serde(default)]
    help: String,
    service: Option<String>,
    role: Option<String>,
    trusts: Option<String>,
    account: Option<String>,
    #[serde(default)]
    anybody: bool,
    #[serde(default)]
    does: Vec<String>,
    to: String,
    path: Option<String>,
    resource: Option<String>,
    #[serde(default)]
    with: IndexMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCheck {
    code: String,
    when: Option<String>,
    at: Option<String>,
    property: Option<String>,
    message: String,
    #[serde(default)]
    help: String,
    holds: String,
}

/// Reads a file of rules.
///
/// # Errors
/// What is not understood, and in which rule.
pub fn read(text: &str) -> Result<Vec<Rule>, String> {
    let raw: Vec<RawRule> = from_yaml(text)?;
    raw.into_iter()
        .map(|raw| {
            let proof = raw.proof.clone();
            compile(raw).map_err(|error| format!("the rule `{proof}`: {error}"))
        })
        .collect()
}

fn compile(raw: RawRule) -> Result<Rule, String> {
    let each = match raw.each.and_then(|each| each.into_iter().next()) {
        Some((name, list)) => Some((name, parse(&list)?)),
        None => None,
    };
    let flow = match &raw.flow {
        Some([from, to]) => Some((parse(from)?, parse(to)?)),
        None => None,
    };
    let names = raw.names.into_iter().map(|(name, text)| Ok((name, parse(&text)?)));
    Ok(Rule {
        proof: raw.proof,
        kind: raw.kind,
        when: optional(raw.when.as_deref())?,
        each,
        names: names.collect::<Result<_, String>>()?,
        flow,
        letters: raw.letters,
        between: raw.between,
        way: raw.way,
        needs: raw.needs.into_iter().map(need).collect::<Result<_, String>>()?,
        checks: raw.checks.into_iter().map(check).collect::<Result<_, String>>()?,
    })
}

/// What needs and checks say alike. serde cannot flatten a struct into others that refuse keys they do not know.
macro_rules! report {
    ($raw:ident) => {
        Report {
            code: $raw.code.parse().map_err(|()| format!("`{}` is no code", $raw.code))?,
            when: optional($raw.when.as_deref())?,
            at: optional($raw.at.as_deref())?,
            property: $raw.property,
            message: message(&$raw.message)?,
            help: message(&$raw.help)?,
        }
    };
}

fn need(raw: RawNeed) -> Result<Need, String> {
    let who = match (raw.service, raw.role, raw.trusts, raw.account, raw.anybody) {
        (Some(service), None, None, None, false) => Who::Service(parse(&service)?),
        (None, Some(role), None, None, false) => Who::Role(parse(&role)?),
        (None, Some(role), Some(service), None, false) => Who::Trusted(parse(&role)?, service),
        (None, None, None, Some(account), false) => Who::Account(parse(&account)?),
        (None, None, None, None, true) => Who::Anybody,
        _ => {
            let one = "`service`, `role`, `account` and `anybody`";
            return Err(format!("a need has one of {one}, and `trusts` with a role only"));
        }
    };
    Ok(Need {
        report: report!(raw),
        who,
        actions: raw.does.iter().map(|action| message(action)).collect::<Result<_, String>>()?,
        to: parse(&raw.to)?,
        path: optional(raw.path.as_deref())?,
        resource: optional(raw.resource.as_deref())?,
        with: raw
            .with
            .into_iter()
            .map(|(key, value)| Ok((key.to_ascii_lowercase(), parse(&value)?)))
            .collect::<Result<_, String>>()?,
    })
}

fn check(raw: RawCheck) -> Result<Check, String> {
    Ok(Check { report: report!(raw), holds: parse(&raw.holds)? })
}

fn optional(text: Option<&str>) -> Result<Option<Expression>, String> {
    text.map(parse).transpose()
}

fn message(text: &str) -> Result<Message, String> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let (expression, behind) =
            after.split_once('}').ok_or(format!("`{text}`: a `{{` without its `}}`"))?;
        parts.push(Part::Text(before.to_owned()));
        parts.push(Part::Value(parse(expression)?));
        rest = behind;
    }
    parts.push(Part::Text(rest.to_owned()));
    Ok(Message(parts))
}
