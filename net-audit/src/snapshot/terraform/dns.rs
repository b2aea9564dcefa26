//! Hosted zones and records.

use serde_json::{Value, json};

use super::members::{Members, each};
use super::world::{ANYTHING, UNKNOWN, View, World};

const ZONE: &[&str] = &["aws_route53_zone"];

pub(super) fn translate(world: &World, members: &mut Members) {
    for view in world.of(ZONE).filter(|view| view.instance.managed || view.known("zone_id").is_some()) {
        let is_private = view.flag("private_zone") == Some(true)
            || !view.blocks("vpc").is_empty()
            || view.is_unknown("vpc") && view.is_written("vpc");
        let zone = json!({
            "Id": format!("/hostedzone/{}", view.id()),
            "Name": view.known("name").map_or_else(|| UNKNOWN.to_owned(), |name| absolute(&name)),
            "Config": { "PrivateZone": is_private },
        });
        members.push("HostedZones", zone);
    }
    for view in world.managed(&["aws_route53_record"]) {
        members.push("ResourceRecordSets", record(&view));
    }
}

/// Route 53 writes names with their final dot.
fn absolute(name: &str) -> String {
    format!("{}.", name.trim_end_matches('.'))
}

fn record(view: &View<'_>) -> Value {
    let zone = view.text("zone_id", ZONE).unwrap_or_else(|| UNKNOWN.to_owned());
    let zone_name = view.world.find(&zone, ZONE).and_then(|zone| zone.known("name"));
    let full = |name: String| match (&zone_name, name.trim_end_matches('.')) {
        (Some(zone), "") => absolute(zone),
        // The provider adds the zone's name where it is left out.
        (Some(zone), name) if !name.ends_with(zone.trim_end_matches('.')) => absolute(&format!("{name}.{zone}")),
        (_, name) => absolute(name),
    };
    let name = view.known("fqdn").or_else(|| view.known("name"));
    let alias = view.blocks("alias");
    let alias = alias.first().map(|alias| {
        json!({
            "DNSName": alias.text("name", ANYTHING),
            "HostedZoneId": alias.text("zone_id", ANYTHING),
            "EvaluateTargetHealth": alias.flag("evaluate_target_health"),
        })
    });
    let kind = view.known("type");
    // Route 53 tells records apart by name, type and this; what validates a certificate has a name and a type only when that is made.
    let set = view.known("set_identifier");
    let set = set.or_else(|| (name.is_none() || kind.is_none()).then(|| view.instance.address.clone()));
    let values = if alias.is_some() { Vec::new() } else { view.texts("records", ANYTHING) };
    json!({
        "Name": name.map_or_else(|| UNKNOWN.to_owned(), full),
        "Type": kind.unwrap_or_else(|| UNKNOWN.to_owned()),
        "TTL": view.number("ttl"),
        "ResourceRecords": each("Value", values),
        "AliasTarget": alias,
        "HostedZoneId": format!("/hostedzone/{zone}"),
        "SetIdentifier": set,
    })
}
