//! Prefix lists and their entries.

use serde_json::json;

use super::members::Members;
use super::world::{ANYTHING, PREFIX_LIST, UNKNOWN, View, World};

pub(super) fn translate(world: &World, members: &mut Members) {
    for view in world.of(&["aws_ec2_managed_prefix_list"]) {
        if !view.instance.managed && view.known("id").is_none() {
            members.note(format!("{} is looked up during apply: nothing is known of it", view.instance.address));
            continue;
        }
        let list = json!({
            "PrefixListId": view.id(),
            "PrefixListName": view.known("name"),
            "AddressFamily": view.known("address_family"),
            "OwnerId": view.known("owner_id"),
            "Entries": entries(&view).into_iter().map(|cidr| json!({ "Cidr": cidr })).collect::<Vec<_>>(),
            "Tags": view.tags(),
        });
        members.push("ManagedPrefixLists", list);
    }
    for view in world.of(&["aws_prefix_list"]).filter(|view| view.known("id").is_some()) {
        let list = json!({
            "PrefixListId": view.id(),
            "PrefixListName": view.known("name"),
            "Cidrs": view.texts("cidr_blocks", ANYTHING),
        });
        members.push("PrefixLists", list);
    }
}

fn entries(view: &View<'_>) -> Vec<String> {
    let id = view.id();
    let attribute = if view.instance.managed { "entry" } else { "entries" };
    let former = view.world.former(&["aws_ec2_managed_prefix_list_entry"]);
    let gone: Vec<&str> = former
        .filter(|former| former.values.get("prefix_list_id").and_then(serde_json::Value::as_str) == Some(&id))
        .filter_map(|former| former.values.get("cidr")?.as_str())
        .collect();
    let cidr = |view: &View<'_>| view.text("cidr", ANYTHING).unwrap_or_else(|| UNKNOWN.to_owned());
    let inline = view.blocks(attribute);
    let mut entries: Vec<String> = inline.iter().map(cidr).filter(|entry| !gone.contains(&entry.as_str())).collect();
    if view.is_unknown(attribute) && view.is_written(attribute) {
        entries.push(UNKNOWN.to_owned());
    }
    for entry in view.world.managed(&["aws_ec2_managed_prefix_list_entry"]) {
        match entry.text("prefix_list_id", PREFIX_LIST) {
            Some(list) if list == id => entries.push(cidr(&entry)),
            Some(list) if list == UNKNOWN => entries.push(list),
            _ => {}
        }
    }
    entries.sort();
    entries.dedup();
    entries
}
