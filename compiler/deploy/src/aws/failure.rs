//! The SDK's errors as ours.

use std::error::Error;

use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_runtime_api::http::Response;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use crate::cloud::{CloudError, ErrorKind, Result};

/// Error codes of AWS by what can be done about them.
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/CommonErrors.html>
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>
/// <https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html>
const CODES: &[(ErrorKind, &[&str])] = &[
    (
        ErrorKind::Throttled,
        &[
            "Throttling",
            "ThrottlingException",
            "ThrottledException",
            "RequestThrottled",
            "RequestThrottledException",
            "TooManyRequestsException",
            "RequestLimitExceeded",
            "BandwidthLimitExceeded",
            "SlowDown",
        ],
    ),
    (
        ErrorKind::Expired,
        &["ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"],
    ),
    (
        ErrorKind::BadCredentials,
        &[
            "InvalidClientTokenId",
            "UnrecognizedClientException",
            "InvalidAccessKeyId",
            "SignatureDoesNotMatch",
            "InvalidSignatureException",
            "IncompleteSignature",
            "AuthFailure",
            "InvalidToken",
            "OptInRequired",
        ],
    ),
    (
        // AWS's own bad minutes.
        ErrorKind::Unreachable,
        &[
            "InternalFailure",
            "InternalError",
            "InternalServerError",
            "ServiceUnavailable",
            "ServiceUnavailableException",
        ],
    ),
    (ErrorKind::Denied, &["AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "NotAuthorized"]),
    (
        ErrorKind::NotFound,
        &[
            "ChangeSetNotFound",
            "ChangeSetNotFoundException",
            "NotFoundException",
            "NoSuchBucket",
            "NoSuchKey",
            "NotFound",
        ],
    ),
    (
        ErrorKind::Busy,
        &[
            "OperationInProgressException",
            "AlreadyExistsException",
            "InvalidChangeSetStatus",
            "InvalidChangeSetStatusException",
        ],
    ),
];

/// Turns what a call ended with into what can be done about it.
pub fn failure<E>(action: &'static str, error: &SdkError<E, Response>) -> CloudError
where
    E: Error + ProvideErrorMetadata + 'static,
{
    let (kind, message) = match error {
        SdkError::ServiceError(service) => {
            let error = service.err();
            let code = error.code().unwrap_or_default();
            // An answer to a HEAD has no body, and so neither code nor message.
            let status = format!("AWS answered with status {}", service.raw().status().as_u16());
            let text = error.message().unwrap_or(&status);
            let message = if code.is_empty() { text.to_owned() } else { format!("{text} ({code})") };
            (of_code(code, text), message)
        }
        SdkError::TimeoutError(_) => (ErrorKind::Unreachable, "nobody answered in time".to_owned()),
        SdkError::ResponseError(_) => (ErrorKind::Unreachable, "the answer is no answer of AWS".to_owned()),
        other => of_chain(other),
    };
    CloudError { kind, action, message }
}

/// What an answer must have to go on with.
pub fn needed(action: &'static str, value: Option<&str>) -> Result<String> {
    let missing = || CloudError {
        kind: ErrorKind::Other,
        action,
        message: "the answer lacks what was asked for".to_owned(),
    };
    value.filter(|value| !value.is_empty()).map(str::to_owned).ok_or_else(missing)
}

fn of_code(code: &str, text: &str) -> ErrorKind {
    if let Some((kind, _)) = CODES.iter().find(|(_, codes)| codes.contains(&code)) {
        return *kind;
    }
    // CloudFormation says most things with one code.
    if text.contains("does not exist") {
        ErrorKind::NotFound
    } else if text.contains("_IN_PROGRESS state and can not be updated")
        || text.contains("is currently in progress")
        || text.contains("cannot be deleted while in status")
    {
        ErrorKind::Busy
    } else {
        ErrorKind::Other
    }
}

/// Failures before a service was reached: credentials, or the network.
fn of_chain(error: &dyn Error) -> (ErrorKind, String) {
    let mut texts: Vec<String> = Vec::new();
    let mut next = error.source();
    while let Some(cause) = next {
        texts.push(cause.to_string());
        next = cause.source();
    }
    // Each cause tells a part of it, and some tell all that those below them do.
    let mut told: Vec<String> = Vec::new();
    for text in texts {
        let says_nothing = text == "other" || text == "the credential provider was not enabled";
        if !says_nothing && !told.iter().any(|known| known.contains(&text)) {
            told.push(text);
        }
    }
    let all = told.join(": ");
    let lower = all.to_lowercase();
    let kind = if lower.contains("endpoint") {
        ErrorKind::Unreachable
    } else if lower.contains("expired") {
        ErrorKind::Expired
    } else if lower.contains("credential") || lower.contains("identity") || lower.contains("profile") {
        ErrorKind::NoCredentials
    } else {
        ErrorKind::Unreachable
    };
    let last = told.pop().unwrap_or_else(|| error.to_string());
    (kind, if kind == ErrorKind::Unreachable { last } else { all })
}
