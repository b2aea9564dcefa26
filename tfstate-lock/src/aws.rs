//! What is asked of AWS: the objects of the state's bucket, and the items of the table beside it.

mod bucket;
mod identity;
mod listing;
mod objects;
mod place;
mod refusal;
mod scan;
mod server_date;
mod states;
mod table;
mod table_description;
mod versions;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::{Builder, RequestChecksumCalculation};
use contract::Session;
use contract::arguments::AwsArguments;
use contract::aws::{CallLog, Hopeless, Service};

pub(crate) use self::objects::{Condition, Head, Object, Objects, Read, Stored, Written};
pub(crate) use self::place::{LockObject, Place};
pub(crate) use self::refusal::is_unclear;
pub(crate) use self::states::{StateObject, Versioning};
pub(crate) use self::table::LockItem;
pub(crate) use self::versions::NULL_VERSION;
use crate::backend::Backend;
use crate::request::Target;

/// Where a state and its locks lie.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    /// The state's bucket.
    pub(crate) objects: Objects,
    /// The state.
    pub(crate) state: StateObject,
    /// The lock in the bucket.
    pub(crate) lock: LockObject,
    /// The lock in the table, if there is one.
    pub(crate) item: Option<LockItem>,
}

impl Store {
    /// Connects as the command line says, and where that is silent as the backend block does.
    pub(crate) async fn connect(
        target: &Target,
        arguments: &AwsArguments,
        backend: Option<&Backend>,
        session: &Session,
    ) -> Self {
        let shared = identity::configuration(arguments, backend, session).await;
        let endpoint =
            backend.and_then(|backend| backend.s3_endpoint.clone()).filter(|_| arguments.endpoint_url.is_none());
        // Who names an endpoint has no DNS names for buckets there.
        let own_endpoint = shared.endpoint_url().is_some() || endpoint.is_some();
        let path_style = own_endpoint || backend.is_some_and(|backend| backend.path_style);
        let builder = || {
            let mut builder = Builder::from(&shared)
                .force_path_style(path_style)
                .interceptor(CallLog::new(session))
                .retry_classifier(Hopeless);
            if let Some(endpoint) = &endpoint {
                builder = builder.endpoint_url(endpoint);
            }
            if backend.is_some_and(|backend| backend.skip_s3_checksum) {
                builder = builder.request_checksum_calculation(RequestChecksumCalculation::WhenRequired);
            }
            builder
        };
        let objects = Objects {
            reading: Client::from_conf(builder().build()),
            writing: Client::from_conf(builder().retry_config(RetryConfig::disabled()).build()),
            bucket: target.state.bucket().to_owned(),
            settings: target.settings.clone(),
        };
        let state = StateObject { objects: objects.clone(), key: target.state.state_key().to_owned() };
        let lock = LockObject { objects: objects.clone(), key: target.state.lock_key() };
        let endpoint =
            backend.and_then(|backend| backend.dynamodb_endpoint.clone()).filter(|_| arguments.endpoint_url.is_none());
        let of_table = match endpoint {
            Some(endpoint) => shared.to_builder().endpoint_url(endpoint).build(),
            None => shared,
        };
        let once = of_table.to_builder().retry_config(RetryConfig::disabled()).build();
        let service = |config| Service::new(&table::DYNAMODB, config, session);
        let item =
            target.table.as_ref().map(|name| LockItem::of(service(&of_table), service(&once), name, &target.state));
        Self { objects, state, lock, item }
    }
}
