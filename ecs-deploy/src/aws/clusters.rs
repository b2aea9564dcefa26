//! All of an account's services and revisions of a family: what a clean-up must not break.

use aws_sdk_ecs::types::{SortOrder, TaskDefinitionStatus};
use contract::aws::CallError;

use super::{Aws, Lookup};
use crate::error::Error;
use crate::service::Service;

impl Aws {
    /// The active revisions of a family, by ARN, the newest first.
    ///
    /// # Errors
    /// A call failed.
    pub async fn revisions_of(&self, family: &str) -> Result<Vec<String>, CallError> {
        let call = self.ecs.list_task_definitions().family_prefix(family).status(TaskDefinitionStatus::Active);
        let mut pages = call.sort(SortOrder::Desc).into_paginator().page_size(100).send();
        let mut arns = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| CallError::new("ecs:ListTaskDefinitions", &error))?;
            arns.extend(page.task_definition_arns.unwrap_or_default());
        }
        // A prefix names more families than one.
        let is_of_family = |arn: &String| {
            arn.rsplit('/').next().and_then(|name| name.rsplit_once(':')).is_some_and(|(name, _)| name == family)
        };
        arns.retain(is_of_family);
        Ok(arns)
    }

    /// All services of all clusters of the account in this region, with their clusters.
    ///
    /// # Errors
    /// A call failed.
    pub async fn all_services(&self) -> Result<Vec<Service>, Error> {
        let mut services = Vec::new();
        let mut clusters = self.ecs.list_clusters().into_paginator().page_size(100).send();
        while let Some(page) = clusters.next().await {
            let page = page.map_err(|error| CallError::new("ecs:ListClusters", &error))?;
            for cluster in page.cluster_arns() {
                services.extend(self.services_of(cluster).await?);
            }
        }
        Ok(services)
    }

    async fn services_of(&self, cluster: &str) -> Result<Vec<Service>, Error> {
        let mut names = Vec::new();
        let mut pages = self.ecs.list_services().cluster(cluster).into_paginator().page_size(100).send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| CallError::new("ecs:ListServices", &error))?;
            names.extend(page.service_arns.unwrap_or_default());
        }
        let found = self.describe_services_in(cluster, &names).await?.into_iter();
        let service = |lookup| match lookup {
            Lookup::Found(service) => Some(*service),
            Lookup::Missing(_) => None,
        };
        Ok(found.filter_map(service).collect())
    }
}
