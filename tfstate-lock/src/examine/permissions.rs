//! Whether the role may do what a lock needs, by what it was seen to do.
//!
//! The writes were seen at the probe object, the reads at the lock and the state themselves: a policy that speaks of one key and not of
//! the other is not seen.

use super::Observations;
use super::finding::{Check, Finding};
use super::seen::{Seen, Unseen};
use crate::encryption::Encryption;
use crate::protocol::Answer;
use crate::request::Target;

pub(super) fn examine(seen: &Observations, target: &Target) -> Vec<Finding> {
    let probe = &seen.probe;
    let key = target.state.lock_key();
    let probed = format!("at {key}-probe-*");
    let mut findings = vec![
        finding("s3:PutObject", &probed, &[written(&probe.created)]),
        finding("s3:DeleteObject", &probed, &[written(&probe.deleted)]),
        finding("s3:GetObject", &format!("at {key}"), &[said(&seen.locks.own)]),
        finding("s3:GetObject", &format!("at {}", target.state.state_key()), &[said(&seen.state)]),
        finding("s3:ListBucket", "at the bucket", &[said(&seen.locks.others)]),
    ];
    if let Encryption::Kms { .. } = &target.settings.encryption {
        findings.push(finding("kms:GenerateDataKey", &probed, &[written(&probe.created)]));
        findings.push(finding("kms:Decrypt", &probed, &[said(&probe.read)]));
    }
    if let Some(table) = &seen.table {
        let place = format!("at table {}", table.name);
        findings.extend([
            finding("dynamodb:GetItem", &place, &[said(&table.lock), said(&table.digest)]),
            finding("dynamodb:PutItem", &place, &[written(&table.replaced_wrongly)]),
            finding("dynamodb:DeleteItem", &place, &[written(&table.deleted_wrongly)]),
        ]);
    }
    findings
}

fn said<T>(seen: &Seen<T>) -> Result<(), Unseen> {
    seen.as_ref().map(drop).map_err(Clone::clone)
}

/// A condition that does not hold is looked at after the permission.
fn written(seen: &Seen<Answer>) -> Result<(), Unseen> {
    match seen {
        Ok(Answer::Unclear(Some(call))) => Err(Unseen::Failed(call.clone())),
        Ok(Answer::Unclear(None)) => Err(Unseen::NotTried),
        other => said(other),
    }
}

fn finding(action: &str, place: &str, evidence: &[Result<(), Unseen>]) -> Finding {
    let check = Check::Permissions;
    let unseen = evidence.iter().find_map(|evidence| evidence.as_ref().err());
    let finding = match unseen {
        None => check.passes(format!("seen {place}")),
        Some(unseen) if unseen.is_denied() => check.fails(
            format!("{place}: {unseen}"),
            format!("allow {action} for this role; `policy` of the document is the least that is needed"),
        ),
        Some(unseen) => check.is_unknown(format!("{place}: {unseen}"), unseen.hint()),
    };
    finding.about(action)
}

#[cfg(test)]
mod tests {
    use contract::aws::{CallError, CallErrorKind};

    use super::super::finding::Verdict::{Fail, Pass, Unknown};
    use super::*;

    fn failed(kind: CallErrorKind) -> Unseen {
        let (code, message, request_id, status) = (None, "no".to_owned(), None, None);
        CallError { operation: "s3:PutObject", code, message, request_id, status, kind }.into()
    }

    #[test]
    fn what_was_done_is_allowed_and_what_was_denied_is_not() {
        let cases = [
            (Ok(Answer::Deleted), Pass),
            (Ok(Answer::Differs), Pass),
            (Ok(Answer::Missing), Pass),
            (Err(failed(CallErrorKind::AccessDenied)), Fail),
            (Err(failed(CallErrorKind::Refused)), Unknown),
            (Err(Unseen::DryRun), Unknown),
            (Ok(Answer::Unclear(None)), Unknown),
        ];
        for (answer, expected) in cases {
            let finding = finding("s3:PutObject", "at k", &[written(&answer)]);
            assert_eq!(finding.verdict, expected, "{answer:?}");
            assert_eq!(finding.title(), "permissions s3:PutObject");
        }
    }

    #[test]
    fn one_denial_is_enough() {
        let evidence = [Ok(()), Err(failed(CallErrorKind::AccessDenied))];
        assert_eq!(finding("dynamodb:GetItem", "at table locks", &evidence).verdict, Fail);
    }
}
