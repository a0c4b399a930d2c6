//! The statuses of a stack, and the way on from each.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html>

/// The way on from a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// No stack, or one that holds nothing yet: a change set creates it.
    Create,
    /// The stack is whole: a change set updates it.
    Update,
    /// An operation is running: it is watched to its end.
    Watch,
    /// The creation was rolled back: only the name is left, and it must be freed.
    FreeName,
    /// A rollback failed half-way and can go on.
    ContinueRollback,
    /// CloudFormation takes nothing but a deletion, and resources may be left: that is never done unasked.
    DeleteOnly,
}

/// The way on from a status.
#[must_use]
pub fn way(status: &str) -> Way {
    match status {
        "REVIEW_IN_PROGRESS" | "DELETE_COMPLETE" => Way::Create,
        "ROLLBACK_COMPLETE" => Way::FreeName,
        "UPDATE_ROLLBACK_FAILED" => Way::ContinueRollback,
        "ROLLBACK_FAILED" | "DELETE_FAILED" | "IMPORT_ROLLBACK_FAILED" => Way::DeleteOnly,
        _ if is_running(status) => Way::Watch,
        // `CREATE_FAILED` and `UPDATE_FAILED`: somebody turned rollback off, and an update goes on from there.
        _ => Way::Update,
    }
}

/// Whether an operation is running.
#[must_use]
pub fn is_running(status: &str) -> bool {
    status.ends_with("_IN_PROGRESS") && status != "REVIEW_IN_PROGRESS"
}

/// Whether there is no such stack or resource any more; by its ARN, CloudFormation still knows a stack for a while.
#[must_use]
pub fn is_gone(status: &str) -> bool {
    status == "DELETE_COMPLETE"
}

/// Whether the last operation did what it should.
#[must_use]
pub fn is_good(status: &str) -> bool {
    matches!(status, "CREATE_COMPLETE" | "UPDATE_COMPLETE" | "DELETE_COMPLETE" | "IMPORT_COMPLETE")
}

/// Whether CloudFormation searches such a stack for drift.
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-drift.html>
#[must_use]
pub fn can_be_searched(status: &str) -> bool {
    matches!(
        status,
        "CREATE_COMPLETE" | "UPDATE_COMPLETE" | "UPDATE_ROLLBACK_COMPLETE" | "UPDATE_ROLLBACK_FAILED"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_a_way_on() {
        for (status, expected) in [
            ("CREATE_COMPLETE", Way::Update),
            ("CREATE_FAILED", Way::Update),
            ("CREATE_IN_PROGRESS", Way::Watch),
            ("DELETE_COMPLETE", Way::Create),
            ("DELETE_FAILED", Way::DeleteOnly),
            ("DELETE_IN_PROGRESS", Way::Watch),
            ("IMPORT_COMPLETE", Way::Update),
            ("IMPORT_IN_PROGRESS", Way::Watch),
            ("IMPORT_ROLLBACK_COMPLETE", Way::Update),
            ("IMPORT_ROLLBACK_FAILED", Way::DeleteOnly),
            ("IMPORT_ROLLBACK_IN_PROGRESS", Way::Watch),
            ("REVIEW_IN_PROGRESS", Way::Create),
            ("ROLLBACK_COMPLETE", Way::FreeName),
            ("ROLLBACK_FAILED", Way::DeleteOnly),
            ("ROLLBACK_IN_PROGRESS", Way::Watch),
            ("UPDATE_COMPLETE", Way::Update),
            ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", Way::Watch),
            ("UPDATE_FAILED", Way::Update),
            ("UPDATE_IN_PROGRESS", Way::Watch),
            ("UPDATE_ROLLBACK_COMPLETE", Way::Update),
            ("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", Way::Watch),
            ("UPDATE_ROLLBACK_FAILED", Way::ContinueRollback),
            ("UPDATE_ROLLBACK_IN_PROGRESS", Way::Watch),
        ] {
            assert_eq!(way(status), expected, "{status}");
        }
    }
}
