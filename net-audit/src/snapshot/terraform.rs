//! Reads `terraform show -json` of a state or of a plan as what the AWS CLI would write of the same network. Pure.
//!
//! A resource that is not made yet has its address for an id. What is known only after apply, and cannot be told from the
//! configuration, is written as `(known after apply)` in place of an id or a block: unknown, neither absent nor a guess.
//! What a service puts into subnets is written as one interface for each of them, with the tag `net-audit:planned`. Where the document does not tell
//! whether such a thing has a public address, it is written so that nobody can tell whether the internet reaches it: attached to an instance that
//! is not described, and in an unknown security group if it names none.
//! Only members that say something about the network are copied: these documents hold secrets.

mod acl;
mod address;
mod database;
mod dns;
mod document;
mod elimination;
mod gateway;
mod hidden;
mod interface;
mod launch;
mod load_balancer;
mod members;
mod origin;
mod prefix_list;
mod reference;
mod resolve;
mod route;
mod route_table;
mod security_group;
mod service;
mod vpc;
mod world;

use serde_json::{Map, Value};
use thiserror::Error;

use document::Document;
use members::Members;
use world::World;

/// Why a document of Terraform's cannot be translated.
#[derive(Debug, Error)]
pub enum TerraformError {
    /// It is not of the shape that Terraform writes.
    #[error("this is not what `terraform show -json` writes: {0}")]
    Shape(String),
}

/// A document of Terraform's in the words of the AWS CLI.
#[derive(Debug)]
pub struct Translation {
    /// What `aws … --output json` would write, all commands in one object. A member holds what the document knows of, no more.
    pub members: Map<String, Value>,
    /// The region, if it is one.
    pub region: Option<String>,
    /// The account, if it is one.
    pub account: Option<String>,
    /// What may matter and could not be translated, and why.
    pub notes: Vec<String>,
}

/// Whether an object with these members is Terraform's: a state or a plan.
pub fn recognises<'a>(members: impl IntoIterator<Item = &'a str>) -> bool {
    let (mut has_version, mut has_values) = (false, false);
    for member in members {
        has_version |= member == "format_version";
        has_values |= matches!(member, "values" | "planned_values");
    }
    has_version && has_values
}

/// Translates a state or a plan.
///
/// # Errors
/// It is no JSON, or not of Terraform's shape.
pub fn translate(document: &[u8]) -> Result<Translation, TerraformError> {
    let world = World::new(Document::read(document)?);
    let mut members = Members::new();
    vpc::translate(&world, &mut members);
    route_table::translate(&world, &mut members);
    gateway::translate(&world, &mut members);
    prefix_list::translate(&world, &mut members);
    security_group::translate(&world, &mut members);
    acl::translate(&world, &mut members);
    address::translate(&world, &mut members);
    interface::translate(&world, &mut members);
    load_balancer::translate(&world, &mut members);
    service::translate(&world, &mut members);
    database::translate(&world, &mut members);
    launch::translate(&world, &mut members);
    hidden::translate(&world, &mut members);
    dns::translate(&world, &mut members);
    let origin = origin::of(&world, &mut members);
    let (members, notes) = members.finish();
    Ok(Translation { members, region: origin.region, account: origin.account, notes })
}

#[cfg(test)]
mod tests;
