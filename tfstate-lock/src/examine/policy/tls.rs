//! Whether a policy keeps out whoever comes without TLS.
//!
//! Source: S3 user guide, "Security best practices for Amazon S3"; AWS Config, `s3-bucket-ssl-requests-only`: a Deny for everyone, of all
//! actions, on the bucket and on its objects, if `aws:SecureTransport` is false.

use super::pattern;
use super::statement::Statement;
use super::{Ruling, named};
use crate::request::Target;

const KEY: &str = "aws:SecureTransport";
/// The partitions of AWS: a bucket is in one of them, and its policy can name no other.
pub(super) const PARTITIONS: [&str; 3] = ["arn:aws:s3:::", "arn:aws-cn:s3:::", "arn:aws-us-gov:s3:::"];

pub(super) fn judge(statements: &[Statement], target: &Target) -> Ruling {
    let bucket = target.state.bucket();
    let (mut of_bucket, mut of_objects) = (false, false);
    let (mut partial, mut unclear) = (None, None);
    let denials = statements.iter().enumerate().filter(|(_, statement)| statement.denies() && statement.looks_at(KEY));
    for (nth, statement) in denials {
        let name = named(statement, nth);
        if statement.is_inverted() || !statement.asks_only(&["Bool", "BoolIfExists"], KEY, "false") {
            unclear.get_or_insert(format!("{name} asks for {KEY} in a way that is not understood here"));
        } else if !statement.is_about_everyone() {
            partial.get_or_insert(format!("{name} is not about everyone"));
        } else if !statement.is_about_all_actions() {
            partial.get_or_insert(format!("{name} is not about all actions"));
        } else {
            of_bucket |= statement.resources().iter().any(|resource| is_bucket(resource, bucket));
            of_objects |= statement.resources().iter().any(|resource| is_all_objects(resource, bucket));
        }
    }
    match (of_bucket, of_objects) {
        (true, true) => Ruling::Yes("the bucket policy refuses whatever comes without TLS".to_owned()),
        _ if unclear.is_some() => Ruling::Unclear(unclear.unwrap_or_default()),
        (true, false) => {
            Ruling::No("the bucket policy refuses what comes without TLS, but not for all objects".to_owned())
        }
        (false, true) => {
            Ruling::No("the bucket policy refuses what comes without TLS, but not for the bucket itself".to_owned())
        }
        (false, false) => {
            let why = partial.map(|partial| format!(": {partial}")).unwrap_or_default();
            Ruling::No(format!("the bucket policy does not refuse what comes without TLS{why}"))
        }
    }
}

fn is_bucket(resource: &str, bucket: &str) -> bool {
    PARTITIONS.iter().any(|partition| pattern::matches(resource, &format!("{partition}{bucket}")))
}

fn is_all_objects(resource: &str, bucket: &str) -> bool {
    PARTITIONS.iter().any(|partition| pattern::matches_all_below(resource, &format!("{partition}{bucket}/")))
}
