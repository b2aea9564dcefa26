//! Clusters.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::ecs::ids::{arn, name_of};
use crate::ecs::input::{page, text, texts};
use crate::wire::ServiceError;

/// All clusters, each with the members it was created with.
#[derive(Debug, Default)]
pub(crate) struct Clusters(BTreeMap<String, Map<String, Value>>);

/// What is counted in a cluster.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) running: usize,
    pub(crate) pending: usize,
    pub(crate) services: usize,
}

impl Clusters {
    /// `CreateCluster`. To create one that is there is no error.
    pub(crate) fn create(&mut self, input: &Value) -> Value {
        let name = text(input, "clusterName").unwrap_or("default");
        let mut given = input.as_object().cloned().unwrap_or_default();
        given.shift_remove("clusterName");
        self.0.entry(name.to_owned()).or_insert(given);
        json!({ "cluster": self.rendered(name, Counts::default()) })
    }

    /// `DescribeClusters`.
    pub(crate) fn describe(&self, input: &Value, counts: impl Fn(&str) -> Counts) -> Value {
        let mut wanted = texts(input, "clusters");
        if wanted.is_empty() {
            wanted.push("default");
        }
        let (found, missing): (Vec<&str>, Vec<&str>) =
            wanted.into_iter().partition(|wanted| self.0.contains_key(name_of(wanted)));
        let found: Vec<Value> = found.into_iter().map(name_of).map(|name| self.rendered(name, counts(name))).collect();
        let missing = missing.into_iter().map(|wanted| arn(&format!("cluster/{}", name_of(wanted))));
        let failures: Vec<Value> = missing.map(|arn| json!({ "arn": arn, "reason": "MISSING" })).collect();
        json!({ "clusters": found, "failures": failures })
    }

    /// `ListClusters`.
    pub(crate) fn list(&self, input: &Value) -> Result<Value, ServiceError> {
        let arns = self.0.keys().map(|name| json!(arn(&format!("cluster/{name}"))));
        page(input, "clusterArns", arns.collect(), 100, 100)
    }

    /// The name of the cluster that a request means.
    pub(crate) fn named<'a>(&self, input: &'a Value) -> Result<&'a str, ServiceError> {
        let name = name_of(text(input, "cluster").unwrap_or("default"));
        if self.0.contains_key(name) {
            return Ok(name);
        }
        Err(ServiceError::bad_request("ClusterNotFoundException", "Cluster not found."))
    }

    fn rendered(&self, name: &str, counts: Counts) -> Value {
        let mut cluster = json!({
            "clusterArn": arn(&format!("cluster/{name}")),
            "clusterName": name,
            "status": "ACTIVE",
            "registeredContainerInstancesCount": 0,
            "runningTasksCount": counts.running,
            "pendingTasksCount": counts.pending,
            "activeServicesCount": counts.services,
            "statistics": [],
            "tags": [],
            "settings": [{ "name": "containerInsights", "value": "disabled" }],
            "capacityProviders": [],
            "defaultCapacityProviderStrategy": [],
        });
        if let (Some(cluster), Some(given)) = (cluster.as_object_mut(), self.0.get(name)) {
            cluster.extend(given.clone());
        }
        cluster
    }
}
