//! Endpoints that people set, without those that say nothing.

use aws_types::SdkConfig;
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};

/// An endpoint that is set and empty is none, as for the AWS CLI.
pub(super) fn with_said_endpoints(config: SdkConfig) -> SdkConfig {
    let mut builder = config.clone().into_builder();
    if config.endpoint_url() == Some("") {
        builder.set_endpoint_url(None);
    }
    builder.set_service_config(Some(SaidEndpoints(config)));
    builder.build()
}

/// The settings of single services, without those that say nothing.
#[derive(Debug)]
struct SaidEndpoints(SdkConfig);

impl LoadServiceConfig for SaidEndpoints {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        self.0.service_config()?.load_config(key).filter(|value| !value.is_empty())
    }
}
