//! Calls of CloudFormation and STS.

use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::operation::create_change_set::builders::CreateChangeSetFluentBuilder;
use aws_sdk_cloudformation::operation::describe_change_set::DescribeChangeSetOutput;
use aws_sdk_cloudformation::types as sdk;
use aws_sdk_sts::Client as Sts;
use aws_sdk_sts::config::Builder;
use aws_sdk_sts::config::retry::RetryConfig;

use super::failure::{failure, needed};
use super::shapes;
use crate::cloud::{
    Caller, ChangeSet, ChangeSetRequest, ChangeSetStatus, CloudError, Drift, DriftSearch, ErrorKind, Event,
    Invalid, Result, Stack, StackResource, TemplateSource,
};

pub async fn caller(sts: &Sts) -> Result<Caller> {
    // The first call of all: who has no network hears of it at once.
    let once_more = Builder::new().retry_config(RetryConfig::standard().with_max_attempts(2));
    let answer = sts.get_caller_identity().customize().config_override(once_more).send().await;
    let answer = answer.map_err(|error| failure("sts:GetCallerIdentity", &error))?;
    let action = "sts:GetCallerIdentity";
    Ok(Caller { account: needed(action, answer.account())?, arn: needed(action, answer.arn())? })
}

pub async fn stack(client: &Client, name: &str) -> Result<Option<Stack>> {
    let answer = client.describe_stacks().stack_name(name).send().await;
    match answer.map_err(|error| failure("cloudformation:DescribeStacks", &error)) {
        // That there is none is said by an error: an empty answer is a broken one.
        Ok(answer) => match answer.stacks().first() {
            Some(stack) => Ok(Some(shapes::stack(stack))),
            None => Err(CloudError {
                kind: ErrorKind::Unreachable,
                action: "cloudformation:DescribeStacks",
                message: "the answer is empty".to_owned(),
            }),
        },
        Err(error) if error.kind == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

pub async fn stacks(client: &Client) -> Result<Vec<Stack>> {
    let mut pages = client.describe_stacks().into_paginator().send();
    let mut all = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| failure("cloudformation:DescribeStacks", &error))?;
        all.extend(page.stacks().iter().map(shapes::stack).filter(|stack| stack.parent.is_none()));
    }
    Ok(all)
}

pub async fn resources(client: &Client, stack: &str) -> Result<Vec<StackResource>> {
    let mut pages = client.list_stack_resources().stack_name(stack).into_paginator().send();
    let mut all = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| failure("cloudformation:ListStackResources", &error))?;
        all.extend(page.stack_resource_summaries().iter().map(shapes::resource));
    }
    Ok(all)
}

pub async fn template(client: &Client, stack: &str) -> Result<String> {
    let call = client.get_template().stack_name(stack).template_stage(sdk::TemplateStage::Original);
    let answer = call.send().await.map_err(|error| failure("cloudformation:GetTemplate", &error))?;
    Ok(answer.template_body().unwrap_or_default().to_owned())
}

/// CloudFormation tells the newest first, so paging ends where the known begins.
pub async fn events(client: &Client, stack: &str, after: Option<&str>, since: i64) -> Result<Vec<Event>> {
    let mut pages = client.describe_stack_events().stack_name(stack).into_paginator().send();
    let mut fresh = Vec::new();
    'pages: while let Some(page) = pages.next().await {
        let page = page.map_err(|error| failure("cloudformation:DescribeStackEvents", &error))?;
        for event in page.stack_events().iter().map(shapes::event) {
            if after == Some(event.id.as_str()) || event.at < since {
                break 'pages;
            }
            fresh.push(event);
        }
    }
    fresh.reverse();
    Ok(fresh)
}

pub async fn create_change_set(client: &Client, request: &ChangeSetRequest) -> Result<String> {
    let kind = if request.create { sdk::ChangeSetType::Create } else { sdk::ChangeSetType::Update };
    let call = client
        .create_change_set()
        .stack_name(&request.stack)
        .change_set_name(&request.name)
        .change_set_type(kind)
        .client_token(&request.name)
        .include_nested_stacks(true)
        .set_capabilities(Some(
            request.capabilities.iter().map(|one| sdk::Capability::from(one.as_str())).collect(),
        ));
    let call = match &request.template {
        TemplateSource::Body(text) => call.template_body(text),
        TemplateSource::Url(url) => call.template_url(url),
    };
    let answer = values(call, request).send().await;
    let answer = answer.map_err(|error| failure("cloudformation:CreateChangeSet", &error))?;
    needed("cloudformation:CreateChangeSet", answer.id())
}

fn values(
    mut call: CreateChangeSetFluentBuilder,
    request: &ChangeSetRequest,
) -> CreateChangeSetFluentBuilder {
    for (key, value) in &request.parameters {
        let parameter = sdk::Parameter::builder().parameter_key(key);
        call = call.parameters(match value {
            Some(value) => parameter.parameter_value(value).build(),
            None => parameter.use_previous_value(true).build(),
        });
    }
    for (key, value) in &request.tags {
        call = call.tags(sdk::Tag::builder().key(key).value(value).build());
    }
    call
}

pub async fn change_set(client: &Client, id: &str) -> Result<ChangeSet> {
    let mut pages = client.describe_change_set().change_set_name(id).into_paginator().send();
    let mut found = ChangeSet::default();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| failure("cloudformation:DescribeChangeSet", &error))?;
        if is_over(&page) {
            let (action, message) =
                ("cloudformation:DescribeChangeSet", "the change set is no longer valid".to_owned());
            return Err(CloudError { kind: ErrorKind::Busy, action, message });
        }
        found.status = match (page.status(), page.execution_status()) {
            (Some(sdk::ChangeSetStatus::Failed), _) => ChangeSetStatus::Failed,
            (Some(sdk::ChangeSetStatus::CreateComplete), Some(sdk::ExecutionStatus::Available)) => {
                ChangeSetStatus::Ready
            }
            // A nested change set is never executed by itself.
            (Some(sdk::ChangeSetStatus::CreateComplete), _) if page.parent_change_set_id().is_some() => {
                ChangeSetStatus::Ready
            }
            _ => ChangeSetStatus::Pending,
        };
        found.reason = page.status_reason().filter(|reason| !reason.is_empty()).map(str::to_owned);
        found
            .changes
            .extend(page.changes().iter().filter_map(|change| change.resource_change()).map(shapes::change));
    }
    Ok(found)
}

/// Whether a change set is being deleted, or another one was executed since it was made.
fn is_over(page: &DescribeChangeSetOutput) -> bool {
    let gone = matches!(
        page.status(),
        Some(
            sdk::ChangeSetStatus::DeletePending
                | sdk::ChangeSetStatus::DeleteInProgress
                | sdk::ChangeSetStatus::DeleteComplete
                | sdk::ChangeSetStatus::DeleteFailed
        )
    );
    gone || page.execution_status() == Some(&sdk::ExecutionStatus::Obsolete)
}

/// What CloudFormation found before it began: names that are taken, properties that no schema has.
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/validate-stack-deployments.html>
pub async fn validation(client: &Client, change_set: &str) -> Result<Vec<Invalid>> {
    let filter = sdk::EventFilter::builder().failed_events(true).build();
    let mut pages =
        client.describe_events().change_set_name(change_set).filters(filter).into_paginator().send();
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| failure("cloudformation:DescribeEvents", &error))?;
        found.extend(page.operation_events().iter().filter_map(shapes::invalid));
    }
    Ok(found)
}

pub async fn delete_change_set(client: &Client, id: &str) -> Result<()> {
    let answer = client.delete_change_set().change_set_name(id).send().await;
    answer.map(drop).map_err(|error| failure("cloudformation:DeleteChangeSet", &error))
}

pub async fn execute_change_set(client: &Client, id: &str, rollback: bool, token: &str) -> Result<()> {
    // Rollback is said explicitly: the page of this call names another default than its siblings do.
    // https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ExecuteChangeSet.html
    let call = client
        .execute_change_set()
        .change_set_name(id)
        .client_request_token(token)
        .disable_rollback(!rollback)
        .retain_except_on_create(true);
    let answer = call.send().await;
    answer.map(drop).map_err(|error| failure("cloudformation:ExecuteChangeSet", &error))
}

pub async fn continue_rollback(client: &Client, stack: &str, skip: &[String], token: &str) -> Result<()> {
    let call = client.continue_update_rollback().stack_name(stack).client_request_token(token);
    let skip = Some(skip.to_vec()).filter(|skip| !skip.is_empty());
    let answer = call.set_resources_to_skip(skip).send().await;
    answer.map(drop).map_err(|error| failure("cloudformation:ContinueUpdateRollback", &error))
}

pub async fn delete_stack(client: &Client, stack: &str, token: &str) -> Result<()> {
    let answer = client.delete_stack().stack_name(stack).client_request_token(token).send().await;
    answer.map(drop).map_err(|error| failure("cloudformation:DeleteStack", &error))
}

pub async fn search_drift(client: &Client, stack: &str) -> Result<String> {
    let answer = client.detect_stack_drift().stack_name(stack).send().await;
    let answer = answer.map_err(|error| failure("cloudformation:DetectStackDrift", &error))?;
    needed("cloudformation:DetectStackDrift", answer.stack_drift_detection_id())
}

pub async fn drift_search(client: &Client, id: &str) -> Result<DriftSearch> {
    let answer = client.describe_stack_drift_detection_status().stack_drift_detection_id(id).send().await;
    let answer =
        answer.map_err(|error| failure("cloudformation:DescribeStackDriftDetectionStatus", &error))?;
    Ok(match answer.detection_status() {
        Some(sdk::StackDriftDetectionStatus::DetectionComplete) => DriftSearch::Done,
        Some(sdk::StackDriftDetectionStatus::DetectionFailed) => {
            DriftSearch::Failed(answer.detection_status_reason().unwrap_or("no reason given").to_owned())
        }
        _ => DriftSearch::Running,
    })
}

pub async fn drifts(client: &Client, stack: &str) -> Result<Vec<Drift>> {
    let mut all = Vec::new();
    let mut token = None;
    loop {
        let call = client
            .describe_stack_resource_drifts()
            .stack_name(stack)
            .stack_resource_drift_status_filters(sdk::StackResourceDriftStatus::Modified)
            .stack_resource_drift_status_filters(sdk::StackResourceDriftStatus::Deleted)
            .set_next_token(token);
        let page = call.send().await;
        let page = page.map_err(|error| failure("cloudformation:DescribeStackResourceDrifts", &error))?;
        all.extend(page.stack_resource_drifts().iter().map(shapes::drift));
        token = page.next_token().map(str::to_owned);
        if token.is_none() {
            return Ok(all);
        }
    }
}
