//! AWS services of which a tool needs one call or two: called with the SDK's own signing, retries and timeouts, without a crate of generated
//! types for each.

mod answer;

use aws_credential_types::provider::SharedCredentialsProvider;
use aws_runtime::auth::sigv4::{SCHEME_ID, SigV4AuthScheme};
use aws_runtime::auth::{SigV4OperationSigningConfig, SigningOptions};
use aws_runtime::retries::classifiers::AwsErrorCodeClassifier;
use aws_smithy_runtime::client::identity::IdentityCache;
use aws_smithy_runtime::client::orchestrator::operation::{Operation, OperationBuilder};
use aws_smithy_runtime::client::retries::classifiers::{HttpStatusCodeClassifier, TransientErrorClassifier};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::auth::static_resolver::StaticAuthSchemeOptionResolver;
use aws_smithy_runtime_api::client::auth::{AuthSchemeOptionResolverParams, SharedAuthScheme};
use aws_smithy_runtime_api::client::identity::SharedIdentityResolver;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponentsBuilder;
use aws_smithy_runtime_api::client::runtime_plugin::{RuntimePlugin, StaticRuntimePlugin};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::Layer;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::region::{Region, SigningRegion};
use aws_types::service_config::ServiceConfigKey;
use aws_types::{SdkConfig, SigningName};

pub(super) use self::answer::REQUEST_ID;
use self::answer::{ServiceFault, read};
use super::{CallError, CallErrorKind, CallLog, Hopeless};
use crate::session::Session;
use crate::uri;

/// What a service is called, and how it is spoken to.
#[derive(Clone, Copy, Debug)]
pub struct ServiceModel {
    /// The name in errors and in IAM actions, for example `logs`.
    pub name: &'static str,
    /// The service id, which names the variable of its own endpoint: `CloudWatch Logs` makes `AWS_ENDPOINT_URL_CLOUDWATCH_LOGS`.
    pub id: &'static str,
    /// The name in signatures.
    pub signing_name: &'static str,
    /// The first label of its endpoint's host.
    pub endpoint_prefix: &'static str,
    /// Its protocol.
    pub protocol: Protocol,
    /// Whether it has one endpoint for all regions of a partition.
    pub is_global: bool,
}

/// The protocols without types.
#[derive(Clone, Copy, Debug)]
pub enum Protocol {
    /// AWS JSON.
    Json {
        /// What is before the point in `X-Amz-Target`.
        target: &'static str,
        /// `1.0` or `1.1`.
        version: &'static str,
    },
    /// The query protocol: a form goes out, XML comes back.
    Query {
        /// The API's version, for example `2015-12-01`.
        version: &'static str,
    },
    /// REST with XML. Only what reads is spoken: a path and its query go out, XML comes back.
    RestXml,
}

/// A client of one service.
#[derive(Clone, Debug)]
pub struct Service {
    model: &'static ServiceModel,
    config: SdkConfig,
    log: CallLog,
    agent: String,
}

impl Service {
    /// A client with the configuration that every client of a run has.
    #[must_use]
    pub fn new(model: &'static ServiceModel, config: &SdkConfig, session: &Session) -> Self {
        let agent = format!("{}/{}", session.tool, session.version);
        Self { model, config: config.clone(), log: CallLog::new(session), agent }
    }

    /// The same service in another region.
    #[must_use]
    pub fn in_region(mut self, region: &str) -> Self {
        self.config = self.config.into_builder().region(Region::new(region.to_owned())).build();
        self
    }

    /// Calls an operation that speaks JSON: `operation` is `service:Operation`, the name of its IAM action.
    ///
    /// # Errors
    /// The call failed.
    pub async fn json(&self, operation: &'static str, input: &serde_json::Value) -> Result<Vec<u8>, CallError> {
        self.post(operation, input.to_string()).await
    }

    /// Calls an operation of the query protocol with these parameters, and says the XML that came back.
    ///
    /// # Errors
    /// The call failed.
    pub async fn query(&self, operation: &'static str, parameters: &[(&str, &str)]) -> Result<String, CallError> {
        let Protocol::Query { version } = self.model.protocol else {
            return Err(self.impossible(operation, "it does not speak the query protocol"));
        };
        let own = [("Action", name_of(operation)), ("Version", version)];
        let answer = self.post(operation, form(own.iter().chain(parameters))).await?;
        self.text(operation, answer)
    }

    /// Calls an operation of a REST-XML service that reads: a path from the root on, in which nothing needs to be encoded, and the query behind it.
    ///
    /// # Errors
    /// The call failed.
    pub async fn get(&self, operation: &'static str, path: &str, query: &[(&str, &str)]) -> Result<String, CallError> {
        let Protocol::RestXml = self.model.protocol else {
            return Err(self.impossible(operation, "it does not speak REST with XML"));
        };
        let target = if query.is_empty() { path.to_owned() } else { format!("{path}?{}", form(query)) };
        let agent = self.agent.clone();
        let answer = self.signed(operation, move || get(&target, &agent)).await?;
        self.text(operation, answer)
    }

    fn text(&self, operation: &'static str, answer: Vec<u8>) -> Result<String, CallError> {
        String::from_utf8(answer).map_err(|error| self.impossible(operation, &error.to_string()))
    }

    /// Fetches what an operation gave a signed address of: nothing is signed again.
    ///
    /// # Errors
    /// The address is none, or the call failed.
    pub async fn download(&self, operation: &'static str, url: &str) -> Result<Vec<u8>, CallError> {
        let authority = url.find("://").map_or(0, |scheme| scheme + 3);
        let end = url[authority..].find('/').map_or(url.len(), |path| authority + path);
        let (origin, path) = url.split_at(end);
        let (path, agent, protocol) = (path.to_owned(), self.agent.clone(), self.model.protocol);
        let call = self.prepared(operation, origin)?.no_auth();
        let call = call.serializer(move |()| get(&path, &agent)).deserializer(move |response| read(protocol, response));
        call.build().invoke(()).await.map_err(|error| CallError::new(operation, &error))
    }

    async fn post(&self, operation: &'static str, body: String) -> Result<Vec<u8>, CallError> {
        let (model, agent) = (self.model, self.agent.clone());
        self.signed(operation, move || request(model, name_of(operation), &agent, body.clone())).await
    }

    async fn signed(
        &self,
        operation: &'static str,
        request: impl Fn() -> Result<HttpRequest, BoxError> + Send + Sync + 'static,
    ) -> Result<Vec<u8>, CallError> {
        let (endpoint, region) = self.endpoint(operation)?;
        let protocol = self.model.protocol;
        let call = self.prepared(operation, &endpoint)?.runtime_plugin(self.signing(region));
        let call = call.serializer(move |()| request()).deserializer(move |response| read(protocol, response));
        call.build().invoke(()).await.map_err(|error| CallError::new(operation, &error))
    }

    /// A call to an endpoint with everything that every call of a run has: its retries, its time limits, its log.
    fn prepared(&self, operation: &'static str, endpoint: &str) -> Result<OperationBuilder, CallError> {
        let Some(http_client) = self.config.http_client() else {
            return Err(self.impossible(operation, "there is no HTTP client"));
        };
        let limits = self.config.timeout_config().cloned().unwrap_or_else(TimeoutConfig::disabled);
        let mut call = Operation::builder()
            .service_name(self.model.name)
            .operation_name(name_of(operation))
            .http_client(http_client)
            .endpoint_url(endpoint)
            .timeout_config(limits)
            .interceptor(self.log.clone())
            .retry_classifier(Hopeless)
            .retry_classifier(HttpStatusCodeClassifier::default())
            .retry_classifier(TransientErrorClassifier::<ServiceFault>::new())
            .retry_classifier(AwsErrorCodeClassifier::<ServiceFault>::new());
        if let Some(retry) = self.config.retry_config() {
            call = call.standard_retry(retry);
        }
        if let Some(sleep) = self.config.sleep_impl() {
            call = call.sleep_impl(sleep);
        }
        if let Some(time) = self.config.time_source() {
            call = call.time_source(time);
        }
        Ok(call)
    }

    /// Where the service is, and the region that requests are signed for.
    fn endpoint(&self, operation: &'static str) -> Result<(String, Region), CallError> {
        let Some(region) = self.config.region().cloned() else {
            let kind = CallErrorKind::Region;
            return Err(CallError { kind, ..self.impossible(operation, "no region is known") });
        };
        let (host, signed_for) = host(self.model, region.as_ref(), self.config.use_fips() == Some(true));
        let own = ServiceConfigKey::builder().service_id(self.model.id).env("AWS_ENDPOINT_URL").profile("endpoint_url");
        let own = own.build().ok().and_then(|key| self.config.service_config()?.load_config(key));
        let given = own.or_else(|| self.config.endpoint_url().map(str::to_owned));
        Ok((given.unwrap_or_else(|| format!("https://{host}")), Region::new(signed_for)))
    }

    fn signing(&self, region: Region) -> impl RuntimePlugin + 'static {
        let mut layer = Layer::new("signing");
        layer.store_put(AuthSchemeOptionResolverParams::new(()));
        let signing = SigV4OperationSigningConfig {
            region: Some(SigningRegion::from(region)),
            region_set: None,
            name: Some(SigningName::from_static(self.model.signing_name)),
            signing_options: SigningOptions::default(),
        };
        layer.store_put(signing);
        let cache = self.config.identity_cache().unwrap_or_else(|| IdentityCache::lazy().build());
        let mut components = RuntimeComponentsBuilder::new("signing")
            .with_auth_scheme(SharedAuthScheme::new(SigV4AuthScheme::new()))
            .with_auth_scheme_option_resolver(Some(StaticAuthSchemeOptionResolver::new(vec![SCHEME_ID])))
            .with_identity_cache(Some(cache));
        if let Some(provider) = self.config.credentials_provider() {
            components.set_identity_resolver(SCHEME_ID, identities(provider));
        }
        StaticRuntimePlugin::new().with_config(layer.freeze()).with_runtime_components(components)
    }

    fn impossible(&self, operation: &'static str, message: &str) -> CallError {
        let message = format!("{}: {message}", self.model.id);
        let (code, request_id, status) = (None, None, None);
        CallError { operation, code, message, request_id, status, kind: CallErrorKind::Refused }
    }
}

fn identities(provider: SharedCredentialsProvider) -> SharedIdentityResolver {
    SharedIdentityResolver::new(provider)
}

/// The host of a service's endpoint, and the region that it signs for.
///
/// Source: AWS General Reference, service endpoints; IAM user guide, endpoints of the partitions.
fn host(model: &ServiceModel, region: &str, fips: bool) -> (String, String) {
    let suffix = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
    let prefix = if fips { format!("{}-fips", model.endpoint_prefix) } else { model.endpoint_prefix.to_owned() };
    if !model.is_global {
        return (format!("{prefix}.{region}.{suffix}"), region.to_owned());
    }
    match region.split('-').next() {
        Some("cn") => (format!("{prefix}.cn-north-1.{suffix}"), "cn-north-1".to_owned()),
        Some("us") if region.starts_with("us-gov-") => {
            (format!("{prefix}.us-gov.{suffix}"), "us-gov-west-1".to_owned())
        }
        _ => (format!("{prefix}.{suffix}"), "us-east-1".to_owned()),
    }
}

fn request(model: &ServiceModel, operation: &str, agent: &str, body: String) -> Result<HttpRequest, BoxError> {
    let length = body.len().to_string();
    let mut request = HttpRequest::new(SdkBody::from(body));
    request.set_method("POST")?;
    request.set_uri("/")?;
    let headers = request.headers_mut();
    headers.insert("content-length", length);
    headers.insert("user-agent", agent.to_owned());
    match model.protocol {
        Protocol::Json { target, version } => {
            headers.insert("content-type", format!("application/x-amz-json-{version}"));
            headers.insert("x-amz-target", format!("{target}.{operation}"));
        }
        Protocol::Query { .. } => {
            headers.insert("content-type", "application/x-www-form-urlencoded");
        }
        Protocol::RestXml => {}
    }
    Ok(request)
}

fn get(path: &str, agent: &str) -> Result<HttpRequest, BoxError> {
    let mut request = HttpRequest::new(SdkBody::empty());
    request.set_method("GET")?;
    request.set_uri(path)?;
    request.headers_mut().insert("user-agent", agent.to_owned());
    Ok(request)
}

fn name_of(operation: &'static str) -> &'static str {
    operation.split_once(':').map_or(operation, |(_, name)| name)
}

/// Names and values as a query string, or as the body of a form.
fn form<'a>(pairs: impl IntoIterator<Item = &'a (&'a str, &'a str)>) -> String {
    let pairs = pairs.into_iter().map(|(name, value)| format!("{}={}", uri::component(name), uri::component(value)));
    pairs.collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    const IAM: ServiceModel = ServiceModel {
        name: "iam",
        id: "IAM",
        signing_name: "iam",
        endpoint_prefix: "iam",
        protocol: Protocol::Query { version: "2010-05-08" },
        is_global: true,
    };

    #[test]
    fn every_partition_has_its_endpoint() {
        let regional = ServiceModel { is_global: false, endpoint_prefix: "logs", ..IAM };
        let cases = [
            (&regional, "eu-central-1", "logs.eu-central-1.amazonaws.com", "eu-central-1"),
            (&regional, "cn-north-1", "logs.cn-north-1.amazonaws.com.cn", "cn-north-1"),
            (&IAM, "eu-central-1", "iam.amazonaws.com", "us-east-1"),
            (&IAM, "us-gov-east-1", "iam.us-gov.amazonaws.com", "us-gov-west-1"),
            (&IAM, "cn-northwest-1", "iam.cn-north-1.amazonaws.com.cn", "cn-north-1"),
        ];
        for (model, region, expected, signed_for) in cases {
            assert_eq!(host(model, region, false), (expected.to_owned(), signed_for.to_owned()), "{region}");
        }
    }

    #[test]
    fn a_form_is_its_pairs() {
        assert_eq!(form(&[("name", "a.b&c"), ("type", "A")]), "name=a.b%26c&type=A");
        assert_eq!(form(&[]), "");
    }
}
