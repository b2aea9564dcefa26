//! What the remedies of several rules are made of: commands with their region, names in Terraform.

pub(super) mod group;
pub(super) mod route;
pub(super) mod table;

use std::fmt::Display;

use crate::facts::Facts;
use crate::inventory::{Database, NetworkInterface};

/// A command of the AWS CLI, with the region behind it if it is known: `aws(facts, "ec2 delete-nat-gateway …")`.
pub(super) fn aws(facts: &Facts<'_>, command: impl Display) -> String {
    aws_in(facts.inventory.region.as_deref(), command)
}

/// A command of the AWS CLI for another region than the one that is looked at.
pub(super) fn aws_in(region: Option<&str>, command: impl Display) -> String {
    match region {
        Some(region) => format!("aws {command} --region {region}"),
        None => format!("aws {command}"),
    }
}

/// A command whose answer the commands after it know as `"$VARIABLE"`.
pub(super) fn keep(facts: &Facts<'_>, variable: &str, command: impl Display, query: &str) -> String {
    format!("{variable}=$({})", aws(facts, format_args!("{command} --query \"{query}\" --output text")))
}

/// A name as Terraform takes it.
pub(super) fn terraform_name(text: &str) -> String {
    let plain = |character: char| if character.is_ascii_alphanumeric() { character.to_ascii_lowercase() } else { '_' };
    text.chars().map(plain).collect()
}

/// Takes the public addresses of an interface away, and gives back those that are Elastic IP addresses.
pub(super) fn without_public_addresses(facts: &Facts<'_>, interface: &NetworkInterface) -> Vec<String> {
    let mut cli = Vec::new();
    for allocation in interface.public_addresses.iter().filter_map(|public| public.allocation.as_deref()) {
        let describe = format_args!("ec2 describe-addresses --allocation-ids {allocation}");
        cli.push(keep(facts, "association", describe, "Addresses[0].AssociationId"));
        cli.push(aws(facts, "ec2 disassociate-address --association-id \"$association\""));
        cli.push(aws(facts, format_args!("ec2 release-address --allocation-id {allocation}")));
    }
    if interface.public_addresses.iter().any(|public| public.allocation.is_none()) {
        let (id, option) = (&interface.id, "--no-associate-public-ip-address");
        cli.push(aws(
            facts,
            format_args!("ec2 modify-network-interface-attribute --network-interface-id {id} {option}"),
        ));
    }
    cli
}

/// Lets the tasks of a service stand in these subnets, with these groups and with or without public addresses: what a command leaves out, AWS would change.
pub(super) fn place_service(
    facts: &Facts<'_>,
    (cluster, service): (&str, &str),
    subnets: &[&str],
    groups: &[String],
    has_public_addresses: bool,
) -> String {
    let (subnets, groups) = (subnets.join(","), groups.join(","));
    let public = if has_public_addresses { "ENABLED" } else { "DISABLED" };
    let network =
        format!("awsvpcConfiguration={{subnets=[{subnets}],securityGroups=[{groups}],assignPublicIp={public}}}");
    let update = format!("ecs update-service --cluster {cluster} --service {service}");
    aws(facts, format_args!("{update} --network-configuration '{network}'"))
}

/// Takes the flag of a database away by which it may have a public address. That is done at once; `--apply-immediately` would only do with it what
/// waits for the next maintenance window. Source: Amazon RDS API Reference, `ModifyDBInstance`, `PubliclyAccessible`.
pub(super) fn close_database(facts: &Facts<'_>, database: &Database) -> String {
    let (id, options) = (&database.id, "--no-publicly-accessible");
    aws(facts, format_args!("rds modify-db-instance --db-instance-identifier {id} {options}"))
}

/// The kind of resource that a database is in Terraform.
pub(super) fn terraform_database(database: &Database) -> &'static str {
    if database.cluster.is_some() { "aws_rds_cluster_instance" } else { "aws_db_instance" }
}
