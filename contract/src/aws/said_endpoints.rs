//! Endpoints that people set, without those that say nothing, and those that a flag outdoes.

use aws_types::SdkConfig;
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};

/// An endpoint that is set and empty is none, as for the AWS CLI.
/// One that is typed wins over all variables and profiles, those of single services included.
pub(super) fn with_said_endpoints(config: SdkConfig, typed: bool) -> SdkConfig {
    let mut builder = config.clone().into_builder();
    if config.endpoint_url() == Some("") {
        builder.set_endpoint_url(None);
    }
    builder.set_service_config(Some(SaidEndpoints { config, typed }));
    builder.build()
}

/// The settings of single services, without those that do not hold.
#[derive(Debug)]
struct SaidEndpoints {
    config: SdkConfig,
    typed: bool,
}

impl LoadServiceConfig for SaidEndpoints {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        if self.typed && key.env() == "AWS_ENDPOINT_URL" {
            return None;
        }
        self.config.service_config()?.load_config(key).filter(|value| !value.is_empty())
    }
}
