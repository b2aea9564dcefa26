//! Routes and route tables, as the AWS CLI and Terraform name them.

use super::{aws, keep, terraform_name};
use crate::address::prefix::{Family, Prefix};
use crate::facts::Facts;
use crate::inventory::{Destination, Route};

/// The table that [`new_table`] makes, in the commands after it.
pub(in crate::audit::check) const NEW_TABLE: &str = "\"$table\"";

/// How the AWS CLI names a destination; `None` if it is not known yet.
pub(in crate::audit::check) fn destination_option(route: &Route) -> Option<String> {
    argument(route).map(|(name, value)| format!("--{} {value}", name.replace('_', "-")))
}

/// How the AWS CLI names a block as a destination.
pub(in crate::audit::check) fn block_option(block: Prefix) -> String {
    format!("--{} {block}", block_argument(block).replace('_', "-"))
}

/// How Terraform's `aws_route` names a destination, and the destination; `None` if it is not known yet.
pub(in crate::audit::check) fn argument(route: &Route) -> Option<(&'static str, String)> {
    match &route.destination {
        Destination::Block(block) => Some((block_argument(*block), block.to_string())),
        Destination::PrefixList(id) => Some(("destination_prefix_list_id", id.clone())),
        Destination::Unknown => None,
    }
}

/// How Terraform's `aws_route` names a block as a destination.
pub(in crate::audit::check) fn block_argument(block: Prefix) -> &'static str {
    match block.family() {
        Family::Ipv4 => "destination_cidr_block",
        Family::Ipv6 => "destination_ipv6_cidr_block",
    }
}

/// A route in Terraform: the table and the target are written as Terraform reads them, the resource is called by the name and the destination.
pub(in crate::audit::check) fn terraform_route(
    name: &str,
    table: &str,
    (argument, destination): (&str, &str),
    (target_argument, target): (&str, &str),
) -> String {
    let name = terraform_name(&format!("{name}_to_{destination}"));
    let destination = format!("\"{destination}\"");
    let rows = [("route_table_id", table), (argument, &destination), (target_argument, target)];
    let width = rows.iter().map(|(key, _)| key.len()).max().unwrap_or_default();
    let rows: Vec<String> = rows.iter().map(|(key, value)| format!("  {key:width$} = {value}\n")).collect();
    format!("resource \"aws_route\" \"{name}\" {{\n{}}}", rows.concat())
}

/// Makes a table, which the commands after it know as [`NEW_TABLE`].
pub(in crate::audit::check) fn new_table(facts: &Facts<'_>, vpc: &str) -> String {
    keep(facts, "table", format_args!("ec2 create-route-table --vpc-id {vpc}"), "RouteTable.RouteTableId")
}

/// Puts a subnet on a table. One that is on the main table has no association that could be replaced.
pub(in crate::audit::check) fn put_on(facts: &Facts<'_>, subnet: &str, table: &str) -> Vec<String> {
    if facts.inventory.index.table_of_subnet(subnet).is_none() {
        let command = format_args!("ec2 associate-route-table --subnet-id {subnet} --route-table-id {table}");
        return vec![aws(facts, command)];
    }
    let command = format_args!("ec2 describe-route-tables --filters Name=association.subnet-id,Values={subnet}");
    let query = format!("RouteTables[].Associations[?SubnetId=='{subnet}'].RouteTableAssociationId");
    let replace = "ec2 replace-route-table-association --association-id \"$association\" --route-table-id";
    vec![keep(facts, "association", command, &query), aws(facts, format_args!("{replace} {table}"))]
}

/// Puts a subnet on a table in Terraform; the table is written as Terraform reads it.
pub(in crate::audit::check) fn terraform_association(table: &str, subnet: &str) -> String {
    let name = terraform_name(subnet);
    format!(
        "resource \"aws_route_table_association\" \"{name}\" {{\n  subnet_id      = \"{subnet}\"\n  \
         route_table_id = {table}\n}}"
    )
}
