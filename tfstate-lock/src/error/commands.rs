//! The next command to type.

use contract::Fault;
use contract::aws::CallError;

use crate::lock::id::LockId;
use crate::lock::lease::Liveness;
use crate::protocol::Found;
use crate::request::Target;

/// The command that gives a lock back, wherever it was left.
pub(crate) fn release_command(target: &Target, id: &LockId) -> String {
    format!("tfstate-lock release {} --id {}", on_state(target), quoted(id.as_str()))
}

/// What to do about a lock of another: the command that takes exactly that lock away, and when it may be typed.
pub(super) fn break_hint(target: &Target, found: &Found) -> String {
    let process = found.lease().and_then(|lease| lease.process);
    if found.is_expired() || Liveness::of(process.as_ref()) == Liveness::Gone {
        return format!("its holder is gone: tfstate-lock break {}", on_state(target));
    }
    format!("wait for the holder; if it is surely dead: {}", break_command(target, found))
}

/// The command that takes exactly this lock away. An item without a text has nothing that would name it.
pub(crate) fn break_command(target: &Target, found: &Found) -> String {
    let which = match (&found.lock, &target.table) {
        (Ok(lock), _) => format!("--id {}", quoted(lock.id.as_str())),
        (Err(_), Some(table)) if found.token.0.is_empty() => {
            let key = serde_json::json!({ "LockID": { "S": target.state.path() } }).to_string();
            return format!("aws dynamodb delete-item --table-name {} --key {}", quoted(table), quoted(&key));
        }
        (Err(_), _) => format!("--etag {}", quoted(&found.token.0)),
    };
    format!("tfstate-lock break {} {which} --reason WHY", on_state(target))
}

/// The arguments that name a state.
pub(crate) fn on_state(target: &Target) -> String {
    format!("{}{}", quoted(&target.state.to_string()), table_flag(target))
}

pub(super) fn table_flag(target: &Target) -> String {
    target.table.as_ref().map(|table| format!(" --dynamodb-table {}", quoted(table))).unwrap_or_default()
}

/// A word as a shell reads it back.
pub(crate) fn quoted(word: &str) -> String {
    let plain = |character: char| character.is_ascii_alphanumeric() || "-_./:=@+".contains(character);
    if word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

/// What to do about a call that failed.
pub(crate) fn call_hint(error: &CallError) -> Option<String> {
    match (error.code.as_deref(), error.status, error.operation) {
        (Some("NoSuchBucket"), _, _) => Some("check the bucket's name and the account: aws s3 ls".to_owned()),
        (Some("PermanentRedirect" | "AuthorizationHeaderMalformed" | "IllegalLocationConstraintException"), _, _)
        | (_, Some(301), _) => Some("the bucket is in another region: name it with --region".to_owned()),
        (Some("InvalidRequest"), Some(400), "s3:GetObject") => {
            Some("it may be encrypted with a key of your own: set AWS_SSE_CUSTOMER_KEY".to_owned())
        }
        (_, Some(403), "s3:GetObject") => {
            Some("allow s3:GetObject, and s3:ListBucket: without that S3 says 403 for what is not there".to_owned())
        }
        _ => error.hint(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_can_be_pasted_into_a_shell() {
        assert_eq!(quoted("01682d0f-aea8"), "01682d0f-aea8");
        assert_eq!(quoted("it's; rm"), "'it'\\''s; rm'");
    }
}
