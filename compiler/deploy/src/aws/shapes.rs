//! The SDK's shapes as ours.

use aws_sdk_cloudformation::types as sdk;

use crate::cloud::{Difference, Drift, Event, Invalid, Output, ResourceChange, Stack, StackResource};

pub fn stack(stack: &sdk::Stack) -> Stack {
    let outputs = stack.outputs().iter().map(|output| {
        let value = output.output_value().unwrap_or_default().to_owned();
        let about = output.description().map(str::to_owned);
        (text(output.output_key()), Output { value, about })
    });
    let time = stack.deletion_time().or(stack.last_updated_time()).or(stack.creation_time());
    Stack {
        id: text(stack.stack_id()),
        name: text(stack.stack_name()),
        status: stack.stack_status().map(|status| status.as_str().to_owned()).unwrap_or_default(),
        reason: reason(stack.stack_status_reason()),
        parameters: stack
            .parameters()
            .iter()
            .map(|parameter| (text(parameter.parameter_key()), text(parameter.parameter_value())))
            .collect(),
        outputs: outputs.collect(),
        tags: stack.tags().iter().map(|tag| (text(tag.key()), text(tag.value()))).collect(),
        parent: stack.parent_id().map(str::to_owned),
        operated_at: time.and_then(|time| time.to_millis().ok()),
        protected: stack.enable_termination_protection().unwrap_or(false),
    }
}

pub fn resource(resource: &sdk::StackResourceSummary) -> StackResource {
    StackResource {
        logical_id: text(resource.logical_resource_id()),
        physical_id: physical(resource.physical_resource_id()),
        kind: text(resource.resource_type()),
        status: resource.resource_status().map(|status| status.as_str().to_owned()).unwrap_or_default(),
        reason: reason(resource.resource_status_reason()),
    }
}

pub fn event(event: &sdk::StackEvent) -> Event {
    Event {
        id: text(event.event_id()),
        stack: text(event.stack_id()),
        logical_id: text(event.logical_resource_id()),
        physical_id: physical(event.physical_resource_id()),
        kind: text(event.resource_type()),
        status: event.resource_status().map(|status| status.as_str().to_owned()).unwrap_or_default(),
        reason: reason(event.resource_status_reason()),
        at: event.timestamp().and_then(|time| time.to_millis().ok()).unwrap_or_default(),
    }
}

pub fn change(change: &sdk::ResourceChange) -> ResourceChange {
    ResourceChange {
        action: change.action().map(|action| action.as_str().to_owned()).unwrap_or_default(),
        logical_id: text(change.logical_resource_id()),
        kind: text(change.resource_type()),
        replacement: change.replacement().map(|replacement| replacement.as_str().to_owned()),
        policy: change.policy_action().map(|policy| policy.as_str().to_owned()),
        nested: physical(change.change_set_id()),
    }
}

/// A failed validation; `None` for mere warnings and other events.
pub fn invalid(event: &sdk::OperationEvent) -> Option<Invalid> {
    let path = event.validation_path()?;
    let fails = event.validation_failure_mode() != Some(&sdk::HookFailureMode::Warn);
    // /Resources/Bucket/Properties/BucketName
    let logical_id = path.strip_prefix("/Resources/")?.split('/').next()?;
    fails.then(|| Invalid {
        logical_id: logical_id.to_owned(),
        kind: text(event.resource_type()),
        reason: text(event.validation_status_reason()),
    })
}

pub fn drift(drift: &sdk::StackResourceDrift) -> Drift {
    let deleted = drift.stack_resource_drift_status() == Some(&sdk::StackResourceDriftStatus::Deleted);
    let differences = drift.property_differences().iter().map(|difference| Difference {
        path: text(difference.property_path()),
        expected: text(difference.expected_value()),
        present: text(difference.actual_value()),
    });
    Drift {
        logical_id: text(drift.logical_resource_id()),
        physical_id: physical(drift.physical_resource_id()),
        kind: text(drift.resource_type()),
        deleted,
        differences: differences.collect(),
    }
}

fn text(value: Option<&str>) -> String {
    value.unwrap_or_default().to_owned()
}

/// Absent and empty mean the same.
fn physical(value: Option<&str>) -> Option<String> {
    value.filter(|id| !id.is_empty()).map(str::to_owned)
}

fn reason(value: Option<&str>) -> Option<String> {
    value.map(str::trim).filter(|reason| !reason.is_empty()).map(str::to_owned)
}
