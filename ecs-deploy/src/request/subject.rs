//! Which deployment is meant.

use contract::Document;
use serde::Deserialize;

use crate::cli::Arguments;
use crate::error::Error;

/// A deployment that is there already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A service deployment of ECS.
    Deployment {
        /// Its ARN.
        arn: String,
        /// Its cluster.
        cluster: String,
        /// Its service.
        service: String,
        /// Why it goes back, if it is a way back and not the release.
        going_back: Option<String>,
    },
    /// A deployment of CodeDeploy.
    CodeDeploy {
        /// Its id.
        id: String,
        /// Its service.
        service: String,
        /// Why it goes back, if it is a way back and not the release.
        going_back: Option<String>,
    },
    /// The latest deployment of a service.
    LatestOf(String),
}

/// What the `deployment` section of an earlier run says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Section {
    cluster: String,
    services: Vec<Entry>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Entry {
    service: String,
    arn: Option<String>,
    going_back: Option<String>,
}

impl Subject {
    /// The one that is typed, else those of the document, else the latest one of the service; and their cluster.
    pub(super) fn resolve(
        given: Option<&str>,
        arguments: &Arguments,
        document: Option<&Document>,
    ) -> Result<(Vec<Self>, String), Error> {
        let service = match arguments.service.as_slice() {
            [] => None,
            [only] => Some(only.as_str()),
            _ => return Err(Error::Flags("one deployment at a time: name one --service".to_owned())),
        };
        if let Some(given) = given {
            if given.starts_with("d-") && (service.is_none() || arguments.cluster.is_none()) {
                return Err(Error::Flags(format!(
                    "the deployment {given} of CodeDeploy needs --cluster and --service"
                )));
            }
            let subject = Self::read(given, service).ok_or_else(|| Error::NotADeployment(given.to_owned()))?;
            let cluster = subject.cluster().or_else(|| arguments.cluster.clone()).ok_or(Error::NoSubject)?;
            return Ok((vec![subject], cluster));
        }
        let section: Section =
            document.and_then(|document| serde_json::from_str(document.raw("deployment")?).ok()).unwrap_or_default();
        // The document may be of an earlier release to another cluster.
        let fits =
            arguments.cluster.as_ref().is_none_or(|cluster| cluster.rsplit('/').next() == Some(&section.cluster));
        let of_service = |entry: &&Entry| service.is_none_or(|service| service == entry.service);
        let mut all = Vec::new();
        for entry in section.services.iter().filter(|_| fits).filter(of_service) {
            let Some(arn) = entry.arn.as_deref() else { continue };
            let Some(subject) = Self::read(arn, Some(&entry.service)) else { continue };
            if !subject.is_of(arguments.cluster.as_deref(), &section.cluster, &entry.service) {
                let cluster = arguments.cluster.clone().unwrap_or(section.cluster);
                return Err(Error::OtherDeployment { arn: arn.to_owned(), cluster, service: entry.service.clone() });
            }
            all.push(subject.with_way_back(entry.going_back.clone()));
        }
        if !all.is_empty() {
            return Ok((all, section.cluster));
        }
        let (service, cluster) = service.zip(arguments.cluster.clone()).ok_or(Error::NoSubject)?;
        Ok((vec![Self::LatestOf(service.to_owned())], cluster))
    }

    /// Reads an ARN or an id.
    fn read(text: &str, service: Option<&str>) -> Option<Self> {
        if text.starts_with("d-") {
            return Some(Self::CodeDeploy { id: text.to_owned(), service: service?.to_owned(), going_back: None });
        }
        let resource = text.strip_prefix("arn:")?.split_once(":service-deployment/")?.1;
        let parts: Vec<&str> = resource.split('/').collect();
        let [cluster, service, _] = parts.as_slice() else { return None };
        let (arn, cluster, service) = (text.to_owned(), (*cluster).to_owned(), (*service).to_owned());
        Some(Self::Deployment { arn, cluster, service, going_back: None })
    }

    /// Whether it is of this cluster and service, as far as it says. A cluster that is asked for by its ARN names region and account as well.
    fn is_of(&self, asked: Option<&str>, named: &str, expected: &str) -> bool {
        let Self::Deployment { arn, cluster, service, .. } = self else { return true };
        let place = asked.and_then(|asked| asked.split_once(":cluster/"));
        let is_there =
            place.is_none_or(|(place, _)| arn.split_once(":service-deployment/").is_some_and(|(of, _)| of == place));
        is_there && cluster == named && service == expected
    }

    fn with_way_back(mut self, why: Option<String>) -> Self {
        if let Self::Deployment { going_back, .. } | Self::CodeDeploy { going_back, .. } = &mut self {
            *going_back = why;
        }
        self
    }

    /// Why it goes back, if it is a way back and not the release.
    #[must_use]
    pub fn going_back(&self) -> Option<&String> {
        match self {
            Self::Deployment { going_back, .. } | Self::CodeDeploy { going_back, .. } => going_back.as_ref(),
            Self::LatestOf(_) => None,
        }
    }

    /// The cluster that it names.
    fn cluster(&self) -> Option<String> {
        match self {
            Self::Deployment { cluster, .. } => Some(cluster.clone()),
            Self::CodeDeploy { .. } | Self::LatestOf(_) => None,
        }
    }

    /// Its service.
    #[must_use]
    pub fn service(&self) -> &str {
        match self {
            Self::Deployment { service, .. } | Self::CodeDeploy { service, .. } | Self::LatestOf(service) => service,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_names_cluster_and_service() {
        let arn = "arn:aws:ecs:eu-central-1:123456789012:service-deployment/stage/web/abc";
        let subject = Subject::read(arn, None).unwrap();
        assert_eq!((subject.cluster().as_deref(), subject.service()), (Some("stage"), "web"));
        assert_eq!(Subject::read("d-ABCDEF123", Some("web")).unwrap().service(), "web");
        for text in
            ["d-ABCDEF123", "web", "arn:aws:ecs:r:1:service/stage/web", "arn:aws:ecs:r:1:service-deployment/web"]
        {
            assert_eq!(Subject::read(text, None), None, "{text}");
        }
    }
}
