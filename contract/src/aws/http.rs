//! The HTTP client of every SDK client: TLS is set up for who is asked over TLS, and not before.
//!
//! The SDK's own client reads all root certificates of the machine when it is made, which takes longer than the whole rest of a short run, also
//! for an endpoint that is asked in the clear.

use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::{Builder, Connector, tls};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::shared::IntoShared;

/// Variables of a proxy for requests in the clear. To the proxy itself they may have to go over TLS.
const PROXIES: [&str; 4] = ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"];

/// A client that sets TLS up when it is needed.
pub(super) fn client() -> SharedHttpClient {
    let secured = Builder::new().build_with_connector_fn(|settings, components| {
        let provider = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring);
        connector(settings, components).tls_provider(provider).build()
    });
    if PROXIES.iter().any(|name| std::env::var_os(name).is_some()) {
        return secured;
    }
    let plain =
        Builder::new().build_with_connector_fn(|settings, components| connector(settings, components).build_http());
    LateTls { plain, secured }.into_shared()
}

fn connector(
    settings: Option<&HttpConnectorSettings>,
    components: Option<&RuntimeComponents>,
) -> aws_smithy_http_client::ConnectorBuilder {
    let mut connector = Connector::builder();
    connector.set_connector_settings(settings.cloned());
    connector.set_sleep_impl(components.and_then(RuntimeComponents::sleep_impl));
    connector.proxy_config(ProxyConfig::from_env())
}

#[derive(Debug)]
struct LateTls {
    plain: SharedHttpClient,
    secured: SharedHttpClient,
}

impl HttpClient for LateTls {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(ByScheme {
            plain: self.plain.clone(),
            secured: self.secured.clone(),
            settings: settings.clone(),
            components: components.clone(),
        })
    }
}

/// Each of the two clients keeps its connectors, and their connections, by itself.
#[derive(Debug)]
struct ByScheme {
    plain: SharedHttpClient,
    secured: SharedHttpClient,
    settings: HttpConnectorSettings,
    components: RuntimeComponents,
}

impl HttpConnector for ByScheme {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let client = if request.uri().starts_with("http://") { &self.plain } else { &self.secured };
        client.http_connector(&self.settings, &self.components).call(request)
    }
}
