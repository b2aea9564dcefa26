//! Whether the lock table is one.

use super::finding::{Check, Finding};
use super::locks::SeenLock;
use super::probe::is_beyond_it;
use super::seen::{Seen, Unseen};
use crate::error::quoted;
use crate::protocol::Answer;

/// The key that Terraform asks for.
const KEY: &str = "LockID";

/// What was seen of the table.
#[derive(Clone, Debug)]
pub struct TableSeen {
    /// Its name.
    pub name: String,
    /// What it is.
    pub description: Seen<TableDescription>,
    /// The lock in it.
    pub lock: SeenLock,
    /// The state's digest in it.
    pub digest: Seen<Option<String>>,
    /// What came of a write on a condition that does not hold.
    pub replaced_wrongly: Seen<Answer>,
    /// What came of a delete on a condition that does not hold.
    pub deleted_wrongly: Seen<Answer>,
}

/// What a table is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableDescription {
    /// `ACTIVE`, if it can be used.
    pub status: String,
    /// Its key: each attribute with its type, the partition key first.
    pub key: Vec<(String, Option<String>)>,
}

pub(super) fn examine(table: &TableSeen) -> Finding {
    let check = Check::Table;
    let name = &table.name;
    if is_missing(&table.description) || is_missing(&table.lock) {
        return check.fails(format!("there is no table {name}"), create_command(name));
    }
    if let Ok(description) = &table.description {
        if !is_lock_table(description) {
            let key: Vec<&str> = description.key.iter().map(|(attribute, _)| attribute.as_str()).collect();
            let detail = format!("the key of table {name} is {}, and not {KEY} alone, a string", key.join(", "));
            return check.fails(detail, create_command(name));
        }
        if !matches!(description.status.as_str(), "ACTIVE" | "UPDATING") {
            return check.is_unknown(format!("table {name} is {}", description.status), None);
        }
    }
    for answer in [&table.replaced_wrongly, &table.deleted_wrongly] {
        if matches!(answer, Ok(Answer::Stored(_) | Answer::Deleted)) {
            let detail =
                format!("table {name} wrote although the condition does not hold: two can hold the lock at once");
            return check.fails(detail, "keep the locks in DynamoDB itself");
        }
    }
    match (&table.lock, &table.digest) {
        (Ok(_), Ok(_)) => check.passes(format!("table {name} has the key that Terraform asks for, and can be read")),
        (Err(Unseen::Failed(call)), _) if is_beyond_it(call) => check.fails(call.to_string(), create_command(name)),
        (Err(unseen), _) | (_, Err(unseen)) => unseen.leaves_unknown(check),
    }
}

fn is_missing<T>(seen: &Seen<T>) -> bool {
    let code = match seen {
        Err(Unseen::Failed(call)) => call.code.as_deref(),
        _ => None,
    };
    code == Some("ResourceNotFoundException")
}

fn is_lock_table(description: &TableDescription) -> bool {
    match description.key.as_slice() {
        [(attribute, kind)] => attribute == KEY && kind.as_deref().is_none_or(|kind| kind == "S"),
        _ => false,
    }
}

fn create_command(name: &str) -> String {
    format!(
        "aws dynamodb create-table --table-name {} --billing-mode PAY_PER_REQUEST \
         --attribute-definitions AttributeName={KEY},AttributeType=S --key-schema AttributeName={KEY},KeyType=HASH",
        quoted(name)
    )
}

#[cfg(test)]
mod tests {
    use contract::aws::{CallError, CallErrorKind};

    use super::super::finding::Verdict::{Fail, Pass, Unknown};
    use super::*;
    use crate::protocol::Token;

    fn seen() -> TableSeen {
        TableSeen {
            name: "locks".to_owned(),
            description: Ok(described("ACTIVE", &[("LockID", "S")])),
            lock: Ok(None),
            digest: Ok(None),
            replaced_wrongly: Ok(Answer::Differs),
            deleted_wrongly: Ok(Answer::Differs),
        }
    }

    fn described(status: &str, key: &[(&str, &str)]) -> TableDescription {
        let key = key.iter().map(|(name, kind)| ((*name).to_owned(), Some((*kind).to_owned()))).collect();
        TableDescription { status: status.to_owned(), key }
    }

    fn failed(code: &str, kind: CallErrorKind) -> Unseen {
        let (code, message, request_id, status) = (Some(code.to_owned()), "no".to_owned(), None, Some(400));
        CallError { operation: "dynamodb:GetItem", code, message, request_id, status, kind }.into()
    }

    #[test]
    fn a_lock_table_has_terraforms_key_and_keeps_conditions() {
        let denied = || failed("AccessDeniedException", CallErrorKind::AccessDenied);
        let missing = || failed("ResourceNotFoundException", CallErrorKind::Refused);
        let schema = || failed("ValidationException", CallErrorKind::Refused);
        let cases = [
            (seen(), Pass),
            (TableSeen { description: Err(denied()), ..seen() }, Pass),
            (TableSeen { replaced_wrongly: Err(Unseen::DryRun), deleted_wrongly: Err(denied()), ..seen() }, Pass),
            (TableSeen { description: Ok(described("UPDATING", &[("LockID", "S")])), ..seen() }, Pass),
            (TableSeen { description: Ok(described("ACTIVE", &[("LockID", "B")])), ..seen() }, Fail),
            (TableSeen { description: Ok(described("ACTIVE", &[("lockId", "S")])), ..seen() }, Fail),
            (TableSeen { description: Ok(described("ACTIVE", &[("LockID", "S"), ("At", "N")])), ..seen() }, Fail),
            (TableSeen { description: Err(missing()), ..seen() }, Fail),
            (TableSeen { description: Err(denied()), lock: Err(missing()), ..seen() }, Fail),
            (TableSeen { description: Err(denied()), lock: Err(schema()), ..seen() }, Fail),
            (TableSeen { replaced_wrongly: Ok(Answer::Stored(Token(String::new()))), ..seen() }, Fail),
            (TableSeen { deleted_wrongly: Ok(Answer::Deleted), ..seen() }, Fail),
            (TableSeen { description: Ok(described("CREATING", &[("LockID", "S")])), ..seen() }, Unknown),
            (TableSeen { lock: Err(denied()), ..seen() }, Unknown),
            (TableSeen { digest: Err(denied()), ..seen() }, Unknown),
        ];
        for (table, expected) in cases {
            assert_eq!(examine(&table).verdict, expected, "{table:?}");
        }
    }
}
