//! The SDK's errors as ours.

use std::error::Error;

use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use crate::cloud::{CloudError, ErrorKind};

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
pub fn failure<E, R>(action: &'static str, error: &SdkError<E, R>) -> CloudError
where
    E: Error + ProvideErrorMetadata + 'static,
    R: std::fmt::Debug,
{
    let (kind, message) = match error {
        SdkError::ServiceError(service) => {
            let error = service.err();
            let code = error.code().unwrap_or_default();
            let text = error.message().unwrap_or("AWS gave no reason");
            (of_code(code, text), if code.is_empty() { text.to_owned() } else { format!("{text} ({code})") })
        }
        SdkError::TimeoutError(_) => (ErrorKind::Unreachable, "nobody answered in time".to_owned()),
        SdkError::ResponseError(_) => (ErrorKind::Unreachable, "the answer is no answer of AWS".to_owned()),
        other => of_chain(other),
    };
    CloudError { kind, action, message }
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
