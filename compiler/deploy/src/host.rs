//! What a deployment tells and asks whoever started it.

use serde::Serialize;

use crate::cloud::{Caller, StackResource};
use crate::plan::Plan;

/// Shows progress and answers questions: a terminal, a script, a test.
pub trait Host {
    /// Something happened.
    fn tell(&self, news: &News<'_>);
    /// Whether to go on.
    fn ask(&self, question: &Question<'_>) -> bool;
}

/// Something that happened.
#[derive(Debug, Serialize)]
#[serde(tag = "news", rename_all = "snake_case")]
pub enum News<'a> {
    /// Where everything goes.
    Place {
        /// The caller.
        #[serde(flatten)]
        caller: &'a Caller,
        /// The region.
        region: &'a str,
    },
    /// The plan.
    Plan {
        /// It.
        plan: &'a Plan,
    },
    /// An operation on a stack began here.
    Started {
        /// The stack's name.
        stack: &'a str,
        /// `create`, `update`, `delete`, …
        operation: &'static str,
    },
    /// An operation that somebody else began is watched to its end.
    Attached {
        /// The stack's name.
        stack: &'a str,
        /// The stack's status.
        status: &'a str,
    },
    /// Files were uploaded.
    Uploaded {
        /// How many files are in the bucket by now.
        done: usize,
        /// How many there will be.
        of: usize,
        /// How many of those had to be sent.
        sent: usize,
    },
    /// CloudFormation looks at what shall change.
    Checking {
        /// The stack's name.
        stack: &'a str,
    },
    /// A resource changed its state.
    Working {
        /// The root stack's name.
        stack: &'a str,
        /// The nested stack's logical id; none for the root itself.
        nested: Option<&'a str>,
        /// The resource; the stack itself has its own name.
        resource: &'a str,
        /// `AWS::SQS::Queue`
        #[serde(rename = "type")]
        kind: &'a str,
        /// `CREATE_IN_PROGRESS`, …
        status: &'a str,
        /// Why, where CloudFormation says.
        reason: Option<&'a str>,
        /// When, in milliseconds since 1970.
        at: i64,
    },
    /// A resource left its stack and could not be deleted: it stays in the account.
    Stays {
        /// The stack's name.
        stack: &'a str,
        /// `AWS::SQS::Queue`
        #[serde(rename = "type")]
        kind: &'a str,
        /// The resource's name at AWS.
        name: &'a str,
        /// Why it could not be deleted.
        why: &'a str,
    },
    /// An operation came to its end.
    Ended {
        /// The stack's name.
        stack: &'a str,
        /// The stack's status.
        status: &'a str,
    },
    /// A call fails for now and is tried again.
    Waiting {
        /// What fails.
        why: &'a str,
    },
}

/// A question, asked before something is done.
#[derive(Debug)]
pub enum Question<'a> {
    /// Carry the plan out?
    Plan(&'a Plan),
    /// The stack's creation failed and was rolled back: nothing is left in it but its name, which must be freed.
    FreeName {
        /// The stack's name.
        stack: &'a str,
        /// Resources that were kept and stay.
        kept: &'a [StackResource],
    },
    /// The rollback of an update failed at these resources: go on with it?
    ContinueRollback {
        /// The stack's name.
        stack: &'a str,
        /// What failed: the name for `--skip`, and why.
        stuck: &'a [(String, String)],
        /// Those that will be skipped.
        skip: &'a [String],
    },
    /// Delete these stacks?
    Destroy(&'a Plan),
}
