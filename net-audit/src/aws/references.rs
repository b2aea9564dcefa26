//! What has to be asked next, as the members that were listed first tell it.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::value::RawValue;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RouteTable {
    #[serde(default)]
    routes: Vec<Route>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Route {
    destination_prefix_list_id: Option<String>,
    gateway_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SecurityGroup {
    #[serde(default)]
    ip_permissions: Vec<Permission>,
    #[serde(default)]
    ip_permissions_egress: Vec<Permission>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Permission {
    #[serde(default)]
    prefix_list_ids: Vec<PrefixListId>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct PrefixListId {
    prefix_list_id: String,
}

/// The prefix lists that routes send to, by id. The entries of a list that leads to a gateway endpoint decide nothing.
pub(super) fn prefix_lists_of_routes(route_tables: &RawValue) -> BTreeSet<String> {
    let tables: Vec<RouteTable> = serde_json::from_str(route_tables.get()).unwrap_or_default();
    let routes = tables.into_iter().flat_map(|table| table.routes);
    let leads_on = |route: &Route| !route.gateway_id.as_deref().is_some_and(|id| id.starts_with("vpce-"));
    routes.filter(leads_on).filter_map(|route| route.destination_prefix_list_id).collect()
}

/// The prefix lists that rules of security groups name, by id.
pub(super) fn prefix_lists_of_rules(security_groups: &RawValue) -> BTreeSet<String> {
    let groups: Vec<SecurityGroup> = serde_json::from_str(security_groups.get()).unwrap_or_default();
    let rules =
        groups.into_iter().flat_map(|group| group.ip_permissions.into_iter().chain(group.ip_permissions_egress));
    rules.flat_map(|rule| rule.prefix_list_ids).map(|list| list.prefix_list_id).collect()
}

/// A NAT gateway whose traffic is asked for.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct NatGateway {
    #[serde(rename = "NatGatewayId")]
    pub(super) id: String,
    pub(super) create_time: Option<String>,
    #[serde(default)]
    state: String,
}

/// The NAT gateways that carry traffic, or did until a moment ago.
pub(super) fn nat_gateways(nat_gateways: &RawValue) -> Vec<NatGateway> {
    let mut gateways: Vec<NatGateway> = serde_json::from_str(nat_gateways.get()).unwrap_or_default();
    gateways.retain(|gateway| !matches!(gateway.state.as_str(), "deleted" | "failed"));
    gateways
}

/// A hosted zone.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct HostedZone {
    id: String,
    config: Option<ZoneConfig>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ZoneConfig {
    #[serde(default)]
    private_zone: bool,
}

/// The ids of the zones that all the world can ask.
pub(super) fn public_zones(hosted_zones: &RawValue) -> Vec<String> {
    let zones: Vec<HostedZone> = serde_json::from_str(hosted_zones.get()).unwrap_or_default();
    let is_public = |zone: &HostedZone| !zone.config.as_ref().is_some_and(|config| config.private_zone);
    let id = |zone: HostedZone| zone.id.rsplit('/').next().unwrap_or_default().to_owned();
    zones.into_iter().filter(is_public).map(id).collect()
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Owned {
    owner_id: Option<String>,
}

/// The account that owns something of a list.
pub(super) fn owner(resources: &RawValue) -> Option<String> {
    let owned: Vec<Owned> = serde_json::from_str(resources.get()).unwrap_or_default();
    owned.into_iter().find_map(|one| one.owner_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(json: &str) -> Box<RawValue> {
        RawValue::from_string(json.to_owned()).unwrap()
    }

    fn ids(found: impl IntoIterator<Item = String>) -> Vec<String> {
        found.into_iter().collect()
    }

    #[test]
    fn prefix_lists_are_asked_for_once_and_not_for_gateway_endpoints() {
        let tables = raw(
            r#"[{"Routes":[{"DestinationPrefixListId":"pl-1","TransitGatewayId":"tgw-1"},{"DestinationPrefixListId":"pl-2","GatewayId":"vpce-1"}]},
                {"Routes":[{"DestinationPrefixListId":"pl-1","GatewayId":"igw-1"},{"DestinationCidrBlock":"10.0.0.0/8","GatewayId":"local"}]}]"#,
        );
        assert_eq!(ids(prefix_lists_of_routes(&tables)), ["pl-1"]);
        let groups = raw(
            r#"[{"IpPermissions":[{"PrefixListIds":[{"PrefixListId":"pl-3"}]}],"IpPermissionsEgress":[{"PrefixListIds":[{"PrefixListId":"pl-4"}]},{"IpProtocol":"-1"}]}]"#,
        );
        assert_eq!(ids(prefix_lists_of_rules(&groups)), ["pl-3", "pl-4"]);
    }

    #[test]
    fn gateways_that_are_gone_are_not_asked_for() {
        let gateways = raw(
            r#"[{"NatGatewayId":"nat-1","State":"available"},{"NatGatewayId":"nat-2","State":"deleted"},{"NatGatewayId":"nat-3","State":"deleting"}]"#,
        );
        assert_eq!(ids(nat_gateways(&gateways).into_iter().map(|gateway| gateway.id)), ["nat-1", "nat-3"]);
    }

    #[test]
    fn private_zones_are_passed_over() {
        let zones = raw(
            r#"[{"Id":"/hostedzone/Z1","Config":{"PrivateZone":false}},{"Id":"/hostedzone/Z2","Config":{"PrivateZone":true}},{"Id":"Z3"}]"#,
        );
        assert_eq!(ids(public_zones(&zones)), ["Z1", "Z3"]);
    }

    #[test]
    fn an_owner_is_found() {
        assert_eq!(owner(&raw(r#"[{"VpcId":"v"},{"OwnerId":"1"}]"#)).as_deref(), Some("1"));
        assert_eq!(owner(&raw("[]")), None);
    }
}
