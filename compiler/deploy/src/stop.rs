//! Why a deployment ends before its time.

use pipec_core::diagnostic::Diagnostic;

use crate::cloud::{CloudError, ErrorKind};

/// An end before the time.
#[derive(Debug, Default)]
pub struct Stop {
    /// Whose move it is.
    pub side: Side,
    /// What happened, where no finding says it.
    pub message: Option<String>,
    /// What to do about it.
    pub help: Option<String>,
    /// What is wrong at places of the project.
    pub findings: Vec<Diagnostic>,
}

/// Whose move it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Side {
    /// The world's: credentials, network, AWS.
    #[default]
    World,
    /// The project's: it must change, or somebody must consent.
    Project,
    /// The command was used wrongly.
    Usage,
    /// The user said no.
    Declined,
}

impl Stop {
    /// The world said no.
    pub fn world(message: impl Into<String>) -> Self {
        Stop { message: Some(message.into()), ..Stop::default() }
    }

    /// The command was used wrongly.
    pub fn usage(message: impl Into<String>) -> Self {
        Stop { side: Side::Usage, ..Stop::world(message) }
    }

    /// The user said no.
    #[must_use]
    pub fn declined(message: &str) -> Self {
        Stop { side: Side::Declined, ..Stop::world(message) }
    }

    /// Findings at places of the project.
    #[must_use]
    pub fn findings(side: Side, findings: Vec<Diagnostic>) -> Self {
        Stop { side, findings, ..Stop::default() }
    }

    /// This end, and another at the same time.
    #[must_use]
    pub fn and(mut self, other: Stop) -> Self {
        self.findings.extend(other.findings);
        let both = |one: Option<String>, other: Option<String>| match (one, other) {
            (Some(one), Some(other)) if one != other => Some(format!("{one}; {other}")),
            (one, other) => one.or(other),
        };
        self.message = both(self.message, other.message);
        self.help = both(self.help, other.help);
        self
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl From<CloudError> for Stop {
    fn from(error: CloudError) -> Self {
        let CloudError { kind, action, message } = error;
        let (said, help) = match kind {
            ErrorKind::NoCredentials => (
                "no AWS credentials were found".to_owned(),
                format!("log in (`aws sso login`, `aws login`), choose a profile (`--profile NAME`, `AWS_PROFILE`), or set `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`\n{message}"),
            ),
            ErrorKind::BadCredentials => (
                format!("AWS does not know these credentials: {message}"),
                "look at `aws sts get-caller-identity`: a deleted key, a secret that is cut off, or a clock that is wrong".to_owned(),
            ),
            ErrorKind::Expired => (
                format!("the AWS credentials have expired: {message}"),
                "log in again (`aws sso login`) and run the same command: it picks up where AWS is by then".to_owned(),
            ),
            ErrorKind::Denied => (
                format!("the caller may not use `{action}`: {message}"),
                "docs/deploying.md lists the permissions that a deployment needs".to_owned(),
            ),
            ErrorKind::Unreachable => (
                format!("AWS cannot be reached for `{action}`: {message}"),
                "look at the network, the proxy, and `AWS_ENDPOINT_URL` if it is set; what AWS has begun goes on by itself".to_owned(),
            ),
            ErrorKind::Throttled => (
                format!("AWS throttles `{action}`: {message}"),
                "somebody calls CloudFormation very often in this account; run the same command again in a minute".to_owned(),
            ),
            ErrorKind::Busy => (
                format!("somebody else's operation came first: {message}"),
                "run the same command again: it watches that operation to its end and plans against what it leaves".to_owned(),
            ),
            ErrorKind::NotFound | ErrorKind::Other => {
                return Stop::world(format!("`{action}` failed: {message}"));
            }
        };
        Stop::world(said).help(help)
    }
}
