//! What is done to a record set, and to nothing beside it.

use std::collections::HashSet;

use crate::audit::finding::Remedy;
use crate::inventory::{HostedZone, RecordSet};

/// What is to become of a record set.
pub(super) enum Change {
    /// It is deleted.
    Deleted,
    /// It loses these values, and is deleted if it has no other.
    Without(Vec<String>),
    /// Somebody has to look at it first.
    Shown,
}

/// The words and commands by which a record set is mended. A name and type may have several record sets: only this one is touched.
pub(super) fn remedy(advice: &str, change: &Change, record: &RecordSet, zone: &HostedZone) -> Remedy {
    let (name, kind, id) = (&record.name, &record.kind, &zone.id);
    // Who writes any other character is not let into a shell.
    let is_plain = |set: &str| set.chars().all(|one| one.is_ascii_alphanumeric() || " ._:-".contains(one));
    // Route 53 writes the star of a wild card as a number.
    let written = name.replace('*', "\\052");
    let list = format!("aws route53 list-resource-record-sets --hosted-zone-id {id} --query");
    let same_name = format!("ResourceRecordSets[?Name=='{written}.' && Type=='{kind}'");
    let chosen = match record.set.as_deref() {
        None => Some(format!("{same_name}]")),
        Some(set) if is_plain(set) => Some(format!("{same_name} && SetIdentifier=='{set}']")),
        Some(_) => None,
    };
    let kept = kept(change, record);
    let action = match (&chosen, change) {
        (None, _) | (_, Change::Shown) => None,
        (Some(chosen), Change::Without(gone)) if !kept.is_empty() => {
            let others: Vec<String> = gone.iter().map(|value| format!("Value!='{value}'")).collect();
            let others = format!("ResourceRecords[?{}]", others.join(" && "));
            let set = format!("merge(@, {{ResourceRecords: {others}}})");
            Some(("change.json", format!("{{Changes: {chosen}.{{Action: 'UPSERT', ResourceRecordSet: {set}}}}}")))
        }
        (Some(chosen), Change::Deleted | Change::Without(_)) => {
            Some(("delete.json", format!("{{Changes: {chosen}.{{Action: 'DELETE', ResourceRecordSet: @}}}}")))
        }
    };
    let (cli, step) = if let Some((file, query)) = action {
        let write = format!("{list} \"{query}\" --output json > {file}");
        let send =
            format!("aws route53 change-resource-record-sets --hosted-zone-id {id} --change-batch file://{file}");
        (vec![write, send], format!(" See that {file} holds this record set alone before it is sent."))
    } else {
        let query = chosen.unwrap_or_else(|| format!("{same_name}]"));
        (vec![format!("{list} \"{query}\" --output json")], String::new())
    };
    Remedy { advice: format!("{advice}{step}"), cli, terraform: terraform(change, record, zone, &kept) }
}

/// The values that a record keeps.
fn kept<'r>(change: &Change, record: &'r RecordSet) -> Vec<&'r str> {
    let Change::Without(gone) = change else { return Vec::new() };
    let gone: HashSet<&str> = gone.iter().map(String::as_str).collect();
    record.values.iter().map(String::as_str).filter(|value| !gone.contains(value)).collect()
}

fn terraform(change: &Change, record: &RecordSet, zone: &HostedZone, kept: &[&str]) -> String {
    let (name, kind, id) = (record.name.replace("\\052", "*"), &record.kind, &zone.id);
    let what = match change {
        Change::Without(_) if !kept.is_empty() => "# leave the other values in",
        Change::Shown => "# when it is decided: remove this resource, or let it follow what it names",
        Change::Deleted | Change::Without(_) => "# remove this resource, or let it follow what it names",
    };
    let mut lines = vec![
        what.to_owned(),
        "resource \"aws_route53_record\" \"this\" {".to_owned(),
        format!("  zone_id = \"{id}\""),
        format!("  name    = \"{name}\""),
        format!("  type    = \"{kind}\""),
    ];
    lines.extend(record.set.as_ref().map(|set| format!("  set_identifier = {set:?}")));
    if !kept.is_empty() {
        let values: Vec<String> = kept.iter().map(|value| format!("\"{value}\"")).collect();
        lines.push(format!("  records = [{}]", values.join(", ")));
    }
    lines.push("}".to_owned());
    lines.join("\n")
}
