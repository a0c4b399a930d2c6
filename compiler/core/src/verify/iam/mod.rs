//! Policies and what they allow: the part of IAM's evaluation that decides whether an event gets through.
//!
//! The logic is that of <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html>
//! inside one account: an explicit deny wins; otherwise a statement of the identity or of the resource must allow; a
//! key's policy must allow in any case, or hand the decision to IAM.

mod condition;
mod evaluate;
mod gather;
mod statement;

pub use condition::Context;
pub use evaluate::{Actor, Request, Verdict, Why, arn, fits_action};
pub use gather::Policies;
pub use statement::{Condition, Statement, Who};

use super::world::At;

/// A statement that allows something: which policy, and where in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Grant {
    /// The resource that holds the policy.
    pub at: At,
    /// Its `Sid`, or its number in the policy, from 1.
    pub label: String,
}
