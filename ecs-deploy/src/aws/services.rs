//! Services and task definitions: read raw, written raw.

use aws_sdk_ecs::operation::update_service::UpdateServiceOutput;
use aws_sdk_ecs::types::TaskDefinitionField;
use aws_smithy_types::body::SdkBody;
use contract::aws::{CallError, RawAnswer};
use contract::raw::RawObject;
use serde_json::value::to_raw_value;

use super::Aws;
use crate::error::Error;
use crate::service::{Described, Service};
use crate::task_definition::TaskDefinition;

/// So many services are described in one call. Source: ECS API reference, `DescribeServices`.
const SERVICES_PER_CALL: usize = 10;

/// A service that was looked for.
#[derive(Clone, Debug)]
pub enum Lookup {
    /// It is there.
    Found(Box<Service>),
    /// It is not, in ECS's word for it.
    Missing(String),
}

impl Lookup {
    /// The service.
    ///
    /// # Errors
    /// It is not there.
    pub fn found(self, cluster: &str, service: &str) -> Result<Service, Error> {
        match self {
            Self::Found(service) => Ok(*service),
            Self::Missing(reason) => {
                Err(Error::NoService { cluster: cluster.to_owned(), service: service.to_owned(), reason })
            }
        }
    }
}

impl Aws {
    /// Looks at services of the cluster, in the order in which they are named.
    ///
    /// # Errors
    /// A call failed, or its answer is not understood.
    pub async fn describe_services(&self, names: &[String]) -> Result<Vec<Lookup>, Error> {
        self.describe_services_in(&self.cluster, names).await
    }

    /// Looks at services of any cluster.
    ///
    /// # Errors
    /// A call failed, or its answer is not understood.
    pub async fn describe_services_in(&self, cluster: &str, names: &[String]) -> Result<Vec<Lookup>, Error> {
        let mut lookups = Vec::new();
        for chunk in names.chunks(SERVICES_PER_CALL) {
            let answer = RawAnswer::default();
            let call = self.ecs.describe_services().cluster(cluster).set_services(Some(chunk.to_vec()));
            let call = call.customize().interceptor(answer.clone()).send().await;
            call.map_err(|error| CallError::new("ecs:DescribeServices", &error))?;
            let described: Described = serde_json::from_slice(&answer.take())
                .map_err(|cause| Error::Answer { operation: "ecs:DescribeServices", cause: cause.to_string() })?;
            lookups.extend(chunk.iter().map(|name| lookup(name, &described)));
        }
        Ok(lookups)
    }

    /// Reads a task definition as raw JSON.
    ///
    /// # Errors
    /// The call failed, or its answer is not understood.
    pub async fn describe_task_definition(&self, arn: &str) -> Result<TaskDefinition, Error> {
        let answer = RawAnswer::default();
        let call = self.ecs.describe_task_definition().task_definition(arn).include(TaskDefinitionField::Tags);
        let call = call.customize().interceptor(answer.clone()).send().await;
        call.map_err(|error| CallError::new("ecs:DescribeTaskDefinition", &error))?;
        Ok(TaskDefinition::of_description(&answer.take())?)
    }

    /// Registers a task definition given as the raw JSON of the whole input, and says its ARN.
    ///
    /// # Errors
    /// The call failed.
    pub async fn register_task_definition(&self, input: String) -> Result<String, Error> {
        let call = self.ecs.register_task_definition().customize().mutate_request(move |request| {
            let length = input.len().to_string();
            *request.body_mut() = SdkBody::from(input.as_str());
            request.headers_mut().insert("content-length", length);
        });
        let answer = call.send().await.map_err(|error| CallError::new("ecs:RegisterTaskDefinition", &error))?;
        let arn = answer.task_definition().and_then(|definition| definition.task_definition_arn());
        arn.map(str::to_owned)
            .ok_or_else(|| Error::Answer { operation: "ecs:RegisterTaskDefinition", cause: "it has no ARN".to_owned() })
    }

    /// Updates a service to a task definition, or its deployment configuration, or both. Nothing else is sent, so nothing else is changed.
    ///
    /// # Errors
    /// The call failed.
    pub async fn update_service(
        &self,
        service: &str,
        task_definition: Option<&str>,
        configuration: Option<&RawObject>,
        force: bool,
    ) -> Result<(), CallError> {
        let input = update_input(&self.cluster, service, task_definition, configuration, force);
        // The SDK demands what it would put into the body that is replaced here.
        let call = self.ecs.update_service().service(service).customize().mutate_request(move |request| {
            let length = input.len().to_string();
            *request.body_mut() = SdkBody::from(input.as_str());
            request.headers_mut().insert("content-length", length);
        });
        let answer = call.send().await;
        answer.map(|_: UpdateServiceOutput| ()).map_err(|error| CallError::new("ecs:UpdateService", &error))
    }

    /// Takes a revision of a task definition out of use. What runs it goes on.
    ///
    /// # Errors
    /// The call failed.
    pub async fn deregister_task_definition(&self, arn: &str) -> Result<(), CallError> {
        let call = self.ecs.deregister_task_definition().task_definition(arn).send().await;
        call.map(|_| ()).map_err(|error| CallError::new("ecs:DeregisterTaskDefinition", &error))
    }
}

/// The input of `UpdateService`.
#[must_use]
fn update_input(
    cluster: &str,
    service: &str,
    task_definition: Option<&str>,
    configuration: Option<&RawObject>,
    force: bool,
) -> String {
    let mut input = RawObject::default();
    let texts = [("cluster", Some(cluster)), ("service", Some(service)), ("taskDefinition", task_definition)];
    for (name, text) in texts {
        // A text is always JSON.
        if let Some(raw) = text.and_then(|text| to_raw_value(text).ok()) {
            input.set(name, raw);
        }
    }
    if let Some(raw) = configuration.and_then(|configuration| to_raw_value(configuration).ok()) {
        input.set("deploymentConfiguration", raw);
    }
    if let Some(raw) = to_raw_value(&force).ok().filter(|_| force) {
        input.set("forceNewDeployment", raw);
    }
    input.to_json()
}

fn lookup(name: &str, described: &Described) -> Lookup {
    let short = |text: &str| text.rsplit('/').next().unwrap_or(text).to_owned();
    let found = described.services.iter().find(|service| service.name == short(name));
    match found {
        Some(service) if service.status == "ACTIVE" => Lookup::Found(Box::new(service.clone())),
        Some(service) => Lookup::Missing(service.status.clone()),
        None => {
            let failures = &mut described.failures.iter();
            let of_it = failures.find(|failure| failure.arn.as_deref().map(short) == Some(short(name)));
            Lookup::Missing(of_it.and_then(|failure| failure.reason.clone()).unwrap_or_else(|| "MISSING".to_owned()))
        }
    }
}
