//! `CreateService`, `UpdateService`, `DeleteService`, `ListServices`.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::ecs::Ecs;
use crate::ecs::ids::{arn, name_of};
use crate::ecs::input::{invalid, page, required, text};
use crate::ecs::launch::Surroundings;
use crate::ecs::schedule::Scale;
use crate::ecs::service::{Deployment, Revision, Service, ServiceStatus, with_defaults};
use crate::ecs::service_deployment::ServiceDeployment;
use crate::ecs::status::Status;
use crate::ecs::strategy::Strategy;
use crate::ecs::traffic::Past;
use crate::ecs::validate;
use crate::wire::ServiceError;

/// The members of a request that are no settings of the service.
const NO_SETTINGS: [&str; 7] =
    ["cluster", "service", "serviceName", "taskDefinition", "desiredCount", "clientToken", "forceNewDeployment"];
/// The settings that belong to a revision.
///
/// Source: ECS API reference, `UpdateService`: the parameters that trigger a new service deployment.
const REVISION_SETTINGS: [&str; 7] = [
    "networkConfiguration",
    "platformVersion",
    "loadBalancers",
    "serviceRegistries",
    "serviceConnectConfiguration",
    "volumeConfigurations",
    "vpcLatticeConfigurations",
];

impl Ecs {
    pub(crate) fn create_service(
        &mut self,
        input: &Value,
        now: Timestamp,
        surroundings: &mut Surroundings<'_, '_>,
    ) -> Result<Value, ServiceError> {
        let cluster = self.clusters.named(input)?.to_owned();
        let name = required(input, "serviceName")?;
        if self.services.iter().any(|service| service.is_called(&cluster, name) && service.is_active()) {
            return Err(invalid("Creation of service was not idempotent."));
        }
        let drains = |service: &&Service| service.status == ServiceStatus::Draining;
        if self.services.iter().filter(drains).any(|service| service.is_called(&cluster, name)) {
            return Err(invalid("Unable to Start a service that is still Draining."));
        }
        let definition = surroundings.definitions.usable(required(input, "taskDefinition")?)?;
        let settings = Value::Object(settings_of_new(input));
        let desired = desired_count(input, &settings)?;
        validate::check(&settings)?;
        self.services.retain(|service| !service.is_called(&cluster, name));
        let mut service = Service {
            arn: arn(&format!("service/{cluster}/{name}")),
            cluster,
            name: name.to_owned(),
            status: ServiceStatus::Active,
            created_at: now,
            settings,
            desired,
            revisions: Vec::new(),
            deployments: Vec::new(),
            history: Vec::new(),
            tasks: Vec::new(),
            events: std::collections::VecDeque::new(),
            serving: None,
            proven: None,
            shifted: None,
            past: Past::default(),
        };
        if service.has_task_sets() {
            service.open_task_set(definition, now, surroundings);
        } else {
            service.deploy(definition, now, surroundings);
        }
        let answer = json!({ "service": service.rendered(now, &self.quirks) });
        self.services.push(service);
        Ok(answer)
    }

    pub(crate) fn update_service(
        &mut self,
        input: &Value,
        now: Timestamp,
        surroundings: &mut Surroundings<'_, '_>,
    ) -> Result<Value, ServiceError> {
        let quirks = self.quirks;
        let service = self.service_named(input)?;
        if !service.is_active() {
            return Err(ServiceError::bad_request("ServiceNotActiveException", "Service was not ACTIVE."));
        }
        let definition = match text(input, "taskDefinition") {
            Some(reference) => surroundings.definitions.usable(reference)?,
            None => service.task_definition().to_owned(),
        };
        if service.has_task_sets() {
            check_left_to_code_deploy(input)?;
        }
        let settings = Value::Object(overlaid(&service.settings, input));
        validate::check(&settings)?;
        if !input["desiredCount"].is_null() {
            service.desired = desired_count(input, &settings)?;
        }
        let changed = REVISION_SETTINGS.iter().any(|member| settings[*member] != service.settings[*member]);
        let starts = changed || definition != service.task_definition() || input["forceNewDeployment"] == json!(true);
        service.settings = settings;
        if starts && !service.has_task_sets() {
            service.deploy(definition, now, surroundings);
        }
        Ok(json!({ "service": service.rendered(now, &quirks) }))
    }

    pub(crate) fn delete_service(&mut self, input: &Value, now: Timestamp) -> Result<Value, ServiceError> {
        let quirks = self.quirks;
        let service = self.service_named(input)?;
        if service.desired > 0 && input["force"] != json!(true) {
            return Err(invalid("The service cannot be stopped while it is scaled above 0."));
        }
        service.desired = 0;
        service.status = ServiceStatus::Draining;
        let open: Vec<usize> =
            (0..service.history.len()).filter(|index| !service.history[*index].status.is_terminal()).collect();
        for index in open {
            service.end(index, Status::Stopped, now);
        }
        for deployment in &mut service.deployments {
            deployment.scale = Scale::Empty;
        }
        Ok(json!({ "service": service.rendered(now, &quirks) }))
    }

    pub(crate) fn list_services(&self, input: &Value) -> Result<Value, ServiceError> {
        let cluster = self.clusters.named(input)?;
        let listed = self.services.iter().filter(|service| service.cluster == cluster && service.is_active());
        page(input, "serviceArns", listed.map(|service| json!(service.arn)).collect(), 10, 100)
    }

    /// The service that a request names, active or not.
    pub(crate) fn service_named(&mut self, input: &Value) -> Result<&mut Service, ServiceError> {
        let name = name_of(required(input, "service")?);
        let cluster = self.clusters.named(input)?;
        let found = self.services.iter_mut().find(|service| service.is_called(cluster, name));
        found.ok_or_else(|| ServiceError::bad_request("ServiceNotFoundException", "Service not found."))
    }
}

/// What a request may not say, for CodeDeploy does: the member, and the beginning of the refusal.
const LEFT_TO_CODE_DEPLOY: [(&str, &str); 4] = [
    ("taskDefinition", "Unable to update task definition"),
    ("networkConfiguration", "Unable to update network parameters"),
    ("platformVersion", "Unable to update platform version"),
    ("loadBalancers", "Unable to update load balancers"),
];

fn check_left_to_code_deploy(input: &Value) -> Result<(), ServiceError> {
    let forced = (input["forceNewDeployment"] == json!(true)).then_some("Cannot force a new deployment");
    let named = LEFT_TO_CODE_DEPLOY.iter().find(|(member, _)| !input[*member].is_null()).map(|(_, refusal)| *refusal);
    let Some(refusal) = named.or(forced) else { return Ok(()) };
    Err(invalid(format!(
        "{refusal} on services with a CODE_DEPLOY deployment controller. Use AWS CodeDeploy to trigger a new deployment."
    )))
}

fn settings_of_new(input: &Value) -> Map<String, Value> {
    let mut settings = overlaid(&json!({}), input);
    let configuration = with_defaults(settings.get("deploymentConfiguration").unwrap_or(&Value::Null));
    settings.insert("deploymentConfiguration".to_owned(), configuration);
    let defaults = [
        ("launchType", json!("EC2")),
        ("schedulingStrategy", json!("REPLICA")),
        ("deploymentController", json!({ "type": "ECS" })),
        ("loadBalancers", json!([])),
        ("serviceRegistries", json!([])),
        ("placementConstraints", json!([])),
        ("placementStrategy", json!([])),
        ("enableECSManagedTags", json!(false)),
        ("propagateTags", json!("NONE")),
        ("enableExecuteCommand", json!(false)),
        ("availabilityZoneRebalancing", json!("ENABLED")),
    ];
    for (name, value) in defaults {
        let by_capacity_provider = name == "launchType" && settings.contains_key("capacityProviderStrategy");
        if !by_capacity_provider {
            settings.entry(name).or_insert(value);
        }
    }
    settings
}

/// The settings with what a request sends laid over them. Members that are not sent stay, within the deployment configuration too.
fn overlaid(settings: &Value, input: &Value) -> Map<String, Value> {
    let mut members = settings.as_object().cloned().unwrap_or_default();
    let sent = input.as_object().into_iter().flatten();
    for (name, value) in sent.filter(|(name, value)| !NO_SETTINGS.contains(&name.as_str()) && !value.is_null()) {
        match (name.as_str(), members.get_mut(name), value) {
            ("deploymentConfiguration", Some(Value::Object(known)), Value::Object(sent)) => {
                known.extend(sent.clone());
                *known = with_defaults(&Value::Object(known.clone())).as_object().cloned().unwrap_or_default();
            }
            _ => {
                members.insert(name.clone(), value.clone());
            }
        }
    }
    members
}

fn desired_count(input: &Value, settings: &Value) -> Result<u64, ServiceError> {
    match (&input["desiredCount"], settings["schedulingStrategy"].as_str()) {
        // One task for each container instance, of which there is one here.
        (_, Some("DAEMON")) => Ok(1),
        (Value::Null, _) => Err(invalid("desiredCount is required for the REPLICA scheduling strategy.")),
        (count, _) => count.as_u64().ok_or_else(|| invalid("desiredCount must not be negative.")),
    }
}

impl Service {
    pub(crate) fn is_called(&self, cluster: &str, name: &str) -> bool {
        self.cluster == cluster && self.name == name
    }

    /// Starts a service deployment to a new revision.
    fn deploy(&mut self, definition: String, now: Timestamp, surroundings: &mut Surroundings<'_, '_>) {
        self.supersede(now);
        self.deployments.retain(|deployment| {
            let is_wanted = Some(deployment.revision) == self.proven || Some(deployment.revision) == self.serving;
            is_wanted || self.tasks.iter().any(|task| task.revision == Some(deployment.revision) && !task.is_stopped())
        });
        let mut sources: Vec<usize> = self.deployments.iter().map(|deployment| deployment.revision).collect();
        sources.sort_by_key(|source| Some(*source) != self.serving);
        let target = self.revisions.len();
        let revision = self.new_revision(definition, now, surroundings);
        self.revisions.push(revision);
        let id = format!("ecs-svc/{}", surroundings.ids.digits());
        self.deployments.push(Deployment::new(id, target, now));
        let arn = arn(&format!("service-deployment/{}/{}/{}", self.cluster, self.name, surroundings.ids.letters()));
        let deployment = ServiceDeployment::new(arn, self.configuration().clone(), target, sources, now);
        self.history.push(deployment);
        self.await_start(self.history.len() - 1, now);
    }

    pub(crate) fn new_revision(
        &self,
        definition: String,
        now: Timestamp,
        surroundings: &mut Surroundings<'_, '_>,
    ) -> Revision {
        let settings = self.settings.as_object().into_iter().flatten();
        let settings = settings.filter(|(name, _)| REVISION_SETTINGS.contains(&name.as_str()));
        let arn = arn(&format!("service-revision/{}/{}/{}", self.cluster, self.name, surroundings.ids.digits()));
        let containers = surroundings.definitions.raw(&definition)["containerDefinitions"].as_array();
        let images = containers.into_iter().flatten().map(|container| {
            let image = container["image"].as_str().unwrap_or_default();
            let mut entry = json!({ "containerName": container["name"], "image": image });
            if let Some(digest) = surroundings.digest_of(image) {
                entry["imageDigest"] = json!(digest);
            }
            entry
        });
        Revision {
            arn,
            created_at: now,
            settings: settings.map(|(name, value)| (name.clone(), value.clone())).collect(),
            images: images.collect(),
            answering: surroundings.answering_of(&definition),
            task_definition: definition,
            load_balancers: self.resolved_load_balancers(),
        }
    }

    /// A deployment that shifts traffic takes the target group that the serving revision does not use.
    fn resolved_load_balancers(&self) -> Value {
        let shifts = Strategy::of(self.configuration()) != Some(Strategy::Rolling);
        let serving = self.serving.and_then(|serving| self.revisions.get(serving));
        let balancers = self.settings["loadBalancers"].as_array().into_iter().flatten();
        let resolved = balancers.enumerate().map(|(place, balancer)| {
            let advanced = &balancer["advancedConfiguration"];
            let (group, alternate) = (&balancer["targetGroupArn"], &advanced["alternateTargetGroupArn"]);
            let used = serving.map(|revision| &revision.load_balancers[place]["targetGroupArn"]);
            let alternate_is_used = used == Some(alternate) && alternate.is_string();
            let takes_alternate = match used {
                Some(_) if shifts => alternate.is_string() && !alternate_is_used,
                _ => alternate_is_used,
            };
            let mut entry = json!({ "targetGroupArn": if takes_alternate { alternate } else { group } });
            if advanced["productionListenerRule"].is_string() {
                entry["productionListenerRule"] = advanced["productionListenerRule"].clone();
            }
            entry
        });
        resolved.collect()
    }
}
