//! Calls of S3 and API Gateway.

use aws_sdk_apigateway::Client as ApiGateway;
use aws_sdk_s3::Client as S3;
use aws_sdk_s3::primitives::ByteStream;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_runtime_api::http::Response;

use super::failure::{failure, needed};
use crate::cloud::{Bucket, CloudError, ErrorKind, Object, Result};

/// The header that tells where a bucket is, in refusals too.
const REGION_HEADER: &str = "x-amz-bucket-region";

pub async fn bucket(s3: &S3, name: &str, owner: &str, here: &str) -> Result<Bucket> {
    let answer = s3.head_bucket().bucket(name).expected_bucket_owner(owner).send().await;
    let elsewhere = |at: Option<String>| at.filter(|at| at != here).map(Bucket::Elsewhere);
    match answer {
        Ok(found) => Ok(elsewhere(found.bucket_region().map(str::to_owned)).unwrap_or(Bucket::Here)),
        // A HEAD has no body: the status is all that is said. Credentials that expired are a 400, too.
        // https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html
        Err(error) => match status(&error) {
            Some(404) => Ok(Bucket::Missing),
            Some(403) => Ok(Bucket::Closed),
            Some(301 | 400) => elsewhere(region(&error)).ok_or_else(|| failure("s3:ListBucket", &error)),
            _ => Err(failure("s3:ListBucket", &error)),
        },
    }
}

pub async fn has_object(s3: &S3, object: Object<'_>) -> Result<bool> {
    let call = s3.head_object().bucket(object.bucket).key(object.key).expected_bucket_owner(object.owner);
    match call.send().await {
        Ok(_) => Ok(true),
        Err(error) => match status(&error) {
            Some(404) => Ok(false),
            Some(403) => Err(denied("s3:GetObject", object)),
            _ => Err(failure("s3:GetObject", &error)),
        },
    }
}

pub async fn put_object(s3: &S3, object: Object<'_>, bytes: &[u8]) -> Result<()> {
    let call = s3
        .put_object()
        .bucket(object.bucket)
        .key(object.key)
        .expected_bucket_owner(object.owner)
        .body(ByteStream::from(bytes.to_vec()));
    call.send().await.map(drop).map_err(|error| failure("s3:PutObject", &error))
}

pub async fn logging_role(client: &ApiGateway) -> Result<Option<String>> {
    let account = client.get_account().send().await.map_err(|error| failure("apigateway:GET", &error))?;
    Ok(account.cloudwatch_role_arn().filter(|arn| !arn.is_empty()).map(str::to_owned))
}

pub async fn api_key(client: &ApiGateway, id: &str) -> Result<String> {
    let call = client.get_api_key().api_key(id).include_value(true);
    let key = call.send().await.map_err(|error| failure("apigateway:GET", &error))?;
    needed("apigateway:GET", key.value())
}

fn status<E>(error: &SdkError<E, Response>) -> Option<u16> {
    error.raw_response().map(|response| response.status().as_u16())
}

fn region<E>(error: &SdkError<E, Response>) -> Option<String> {
    error.raw_response()?.headers().get(REGION_HEADER).map(str::to_owned)
}

fn denied(action: &'static str, object: Object<'_>) -> CloudError {
    let message = format!("the bucket `{}` does not let the caller see `{}`", object.bucket, object.key);
    CloudError { kind: ErrorKind::Denied, action, message }
}
