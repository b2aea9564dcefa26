//! Route 53 as the AWS CLI writes it.

use serde::Deserialize;

use super::Described;
use crate::inventory;

/// Names end with a point in Route 53 and without one everywhere else.
fn without_point(name: &str) -> String {
    name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()
}

fn zone_id(id: &str) -> String {
    id.strip_prefix("/hostedzone/").unwrap_or(id).to_owned()
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::snapshot) struct HostedZone {
    id: String,
    name: String,
    config: Option<ZoneConfig>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ZoneConfig {
    #[serde(default)]
    private_zone: bool,
}

impl Described for HostedZone {
    type Resource = inventory::HostedZone;

    fn resources(self) -> Result<Vec<(String, inventory::HostedZone)>, String> {
        let zone = inventory::HostedZone {
            id: zone_id(&self.id),
            name: without_point(&self.name),
            is_private: self.config.is_some_and(|config| config.private_zone),
        };
        Ok(vec![(zone.id.clone(), zone)])
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::snapshot) struct RecordSet {
    hosted_zone_id: Option<String>,
    name: String,
    #[serde(rename = "Type")]
    kind: String,
    set_identifier: Option<String>,
    resource_records: Option<Vec<Record>>,
    alias_target: Option<Alias>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Record {
    value: String,
}

#[derive(Deserialize)]
struct Alias {
    #[serde(rename = "DNSName")]
    name: String,
}

impl Described for RecordSet {
    type Resource = inventory::RecordSet;

    fn resources(self) -> Result<Vec<(String, inventory::RecordSet)>, String> {
        let values = self.resource_records.unwrap_or_default().into_iter().map(|record| record.value);
        let record = inventory::RecordSet {
            zone: self.hosted_zone_id.as_deref().map(zone_id),
            name: without_point(&self.name),
            kind: self.kind,
            set: self.set_identifier,
            values: values.collect(),
            alias: self.alias_target.map(|alias| without_point(&alias.name)),
        };
        let zone = record.zone.as_deref().unwrap_or_default();
        // A weighted or regional record is one of several of the same name and type.
        let id = format!("{zone} {} {} {}", record.name, record.kind, record.set.as_deref().unwrap_or_default());
        Ok(vec![(id, record)])
    }
}
