//! Finds credentials and region as every AWS tool does.

use aws_config::environment::EnvironmentVariableRegionProvider;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::{ProfileFileCredentialsProvider, ProfileFileRegionProvider};
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region};
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::{Connector, tls};
use aws_smithy_runtime_api::client::http::HttpConnectorSettings;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

use super::{Aws, Choice, TRIES, TRY_TIMEOUT, UPLOAD_TIMEOUT};

impl Aws {
    /// Reads profiles, SSO sessions, `AWS_*` and so on; calls nobody yet.
    ///
    /// The region is that of `AWS_REGION`, `AWS_DEFAULT_REGION` or the profile, and else the choice's own.
    pub async fn connect(choice: &Choice) -> Aws {
        let mut profile = ProfileFileRegionProvider::builder();
        if let Some(name) = &choice.profile {
            profile = profile.profile_name(name);
        }
        // A machine at AWS knows its region too, but a deployment from there goes where the project says.
        let chain = RegionProviderChain::first_try(EnvironmentVariableRegionProvider::new())
            .or_else(profile.build())
            .or_else(choice.fallback_region.clone().map(Region::new));
        let region = chain.region().await.unwrap_or_else(|| Region::new("us-east-1"));
        let http = aws_smithy_http_client::Builder::new().build_with_connector_fn(connector);
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .region(region.clone())
            .http_client(http.clone())
            .retry_config(RetryConfig::standard().with_max_attempts(TRIES))
            .timeout_config(TimeoutConfig::builder().operation_attempt_timeout(TRY_TIMEOUT).build());
        if let Some(name) = &choice.profile {
            // A profile that is asked for wins over keys in the environment.
            let provider =
                ProviderConfig::without_region().with_region(Some(region.clone())).with_http_client(http);
            let profile = ProfileFileCredentialsProvider::builder().configure(&provider).profile_name(name);
            loader = loader.profile_name(name).credentials_provider(profile.build());
        }
        let config = loader.load().await;
        // An endpoint of one's own rarely has a host name for each bucket.
        let path_style = config.endpoint_url().is_some();
        let s3 = aws_sdk_s3::config::Builder::from(&config)
            .force_path_style(path_style)
            .timeout_config(TimeoutConfig::builder().operation_attempt_timeout(UPLOAD_TIMEOUT).build())
            .build();
        Aws {
            region: region.to_string(),
            cloudformation: aws_sdk_cloudformation::Client::new(&config),
            s3: aws_sdk_s3::Client::from_conf(s3),
            sts: aws_sdk_sts::Client::new(&config),
            apigateway: aws_sdk_apigateway::Client::new(&config),
        }
    }
}

/// HTTPS by rustls, through the proxy that `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` name.
fn connector(settings: Option<&HttpConnectorSettings>, components: Option<&RuntimeComponents>) -> Connector {
    let mut builder = Connector::builder().proxy_config(ProxyConfig::from_env());
    builder.set_connector_settings(settings.cloned());
    builder.set_sleep_impl(components.and_then(RuntimeComponents::sleep_impl));
    builder.tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring)).build()
}
