//! Whether a policy lets Terraform give its lock back: it deletes the object without `If-Match`.
//!
//! Source: S3 user guide, "Enforce conditional writes on Amazon S3 buckets": a Deny if `s3:if-match` is null.

use super::statement::Statement;
use super::tls::PARTITIONS;
use super::{Ruling, named};
use crate::request::Target;

const ACTION: &str = "s3:DeleteObject";
const KEY: &str = "s3:if-match";

pub(super) fn judge(statements: &[Statement], target: &Target) -> Ruling {
    let lock = format!("{}/{}", target.state.bucket(), target.state.lock_key());
    let is_about_lock = |statement: &Statement| {
        PARTITIONS.iter().any(|partition| statement.may_be_about(&format!("{partition}{lock}")))
    };
    let denials = statements
        .iter()
        .enumerate()
        .filter(|(_, statement)| statement.denies() && statement.is_about_action(ACTION) && is_about_lock(statement));
    let mut unclear = None;
    for (nth, statement) in denials {
        let name = named(statement, nth);
        let needs_condition = statement.asks_only(&["Null"], KEY, "true");
        if !statement.is_unconditional() && !statement.looks_at(KEY) {
            // Who comes how and from where: that is not about unlocking, and we came through.
            continue;
        }
        let is_clear = statement.is_about_everyone() && !statement.resources().iter().any(|one| one.contains("${"));
        if is_clear && statement.is_unconditional() {
            return Ruling::No(format!("{name} of the bucket policy denies {ACTION} on the lock to everyone"));
        }
        if is_clear && needs_condition {
            return Ruling::No(format!("{name} of the bucket policy denies {ACTION} on the lock without If-Match"));
        }
        unclear.get_or_insert(format!(
            "{name} of the bucket policy denies {ACTION} on the lock in a way that is not understood here"
        ));
    }
    match unclear {
        Some(unclear) => Ruling::Unclear(unclear),
        None => Ruling::Yes("the bucket policy does not keep Terraform from deleting its lock".to_owned()),
    }
}
