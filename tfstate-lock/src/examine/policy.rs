//! What a bucket's policy means for a lock, as far as it is understood: what is not understood is unknown, never a pass.

mod document;
mod pattern;
mod statement;
#[cfg(test)]
mod tests;
mod tls;
mod unlock;

use self::document::Document;
use self::statement::Statement;
use super::finding::{Check, Finding};
use super::seen::Seen;
use crate::request::Target;

/// What a policy comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Ruling {
    /// Yes, and why.
    Yes(String),
    /// No, and why not.
    No(String),
    /// It is not understood, and why.
    Unclear(String),
}

/// Says whether the bucket can be asked without TLS, and whether Terraform can give its lock back: what a policy means for both.
#[must_use]
pub fn examine(policy: &Seen<Option<String>>, target: &Target) -> [Finding; 2] {
    let (tls, unlock) = match policy {
        Err(unseen) => {
            return [Check::TlsOnlyPolicy, Check::PolicyAllowsUnlock].map(|check| unseen.leaves_unknown(check));
        }
        Ok(None) => (
            Ruling::No("there is no bucket policy: the bucket can be asked without TLS".to_owned()),
            Ruling::Yes("there is no bucket policy".to_owned()),
        ),
        Ok(Some(text)) => match Document::parse(text) {
            Ok(statements) => (tls::judge(&statements, target), unlock::judge(&statements, target)),
            Err(cause) => {
                let cause = format!("the bucket policy is not understood: {cause}");
                (Ruling::Unclear(cause.clone()), Ruling::Unclear(cause))
            }
        },
    };
    [tls_only(tls, target), allows_unlock(unlock, target)]
}

fn tls_only(ruling: Ruling, target: &Target) -> Finding {
    let bucket = target.state.bucket();
    let hint = format!(
        "add to the bucket policy: {{\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"s3:*\",\
         \"Resource\":[\"arn:aws:s3:::{bucket}\",\"arn:aws:s3:::{bucket}/*\"],\
         \"Condition\":{{\"Bool\":{{\"aws:SecureTransport\":\"false\"}}}}}}"
    );
    finding(Check::TlsOnlyPolicy, ruling, hint)
}

fn allows_unlock(ruling: Ruling, target: &Target) -> Finding {
    let hint = format!(
        "let s3:DeleteObject on {} be done without a condition: Terraform deletes its lock with none",
        target.state.lock_key()
    );
    finding(Check::PolicyAllowsUnlock, ruling, hint)
}

fn finding(check: Check, ruling: Ruling, hint: String) -> Finding {
    match ruling {
        Ruling::Yes(detail) => check.passes(detail),
        Ruling::No(detail) => check.fails(detail, hint),
        Ruling::Unclear(detail) => check.is_unknown(detail, Some(hint)),
    }
}

/// How a statement is named to people.
fn named(statement: &Statement, nth: usize) -> String {
    match &statement.sid {
        Some(sid) if !sid.is_empty() => format!("statement {sid}"),
        _ => format!("statement {}", nth + 1),
    }
}
