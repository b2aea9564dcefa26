//! Whether the state is one, and whether the table says the same of it.

use super::finding::{Check, Finding};
use super::seen::Seen;
use crate::error::{on_state, quoted, repair_command};
use crate::request::Target;
use crate::state::file::{Form, Reading};
use crate::state::table_digest::TableDigest;

/// What lies at the state's key.
#[derive(Clone, Debug)]
pub struct StateSeen {
    /// What it says about itself.
    pub reading: Reading,
    /// What the table has to say of its bytes.
    pub md5: TableDigest,
}

pub(super) fn state_object(state: &Seen<Option<StateSeen>>, target: &Target) -> Finding {
    let check = Check::StateObject;
    let state = match state {
        Ok(Some(state)) => state,
        Ok(None) => {
            let detail = "nothing lies there: no state was written yet, or the address is not the state's";
            return check.is_unknown(detail, Some(list_command(target)));
        }
        Err(unseen) => return unseen.leaves_unknown(check),
    };
    match &state.reading {
        Ok(file) => {
            let form = match &file.form {
                Form::Plain { resources: 1, .. } => "1 resource".to_owned(),
                Form::Plain { resources, .. } => format!("{resources} resources"),
                Form::Encrypted => "encrypted".to_owned(),
            };
            check.passes(format!("{file}, {form}, {} bytes", file.size))
        }
        Err(cause) => check.fails(
            format!("what lies there is no state: {cause}"),
            format!("put an older version back: tfstate-lock restore {} --version-id ID", on_state(target)),
        ),
    }
}

fn list_command(target: &Target) -> String {
    format!("look what is there: aws s3 ls {}", quoted(&format!("s3://{}/", target.state.bucket())))
}

/// Whether the digest in the table is that of the state. Without one, Terraform reads whatever is there; with another, nothing.
/// Source: hashicorp/terraform, `internal/backend/remote-state/s3/client.go`, `Get` and `getMD5`.
pub(super) fn digest(digest: &Seen<Option<String>>, state: &Seen<Option<StateSeen>>, target: &Target) -> Finding {
    let check = Check::Digest;
    let (digest, state) = match (digest, state) {
        (Ok(digest), Ok(state)) => (digest, state),
        (Err(unseen), _) | (_, Err(unseen)) => return unseen.leaves_unknown(check),
    };
    let repair = || format!("if what lies there is the right state: {}", repair_command(target));
    match (digest.as_deref(), state) {
        (None, None) => check.passes("there is neither a state nor a digest"),
        (Some(_), None) => check.fails(
            "the table has a digest, but there is no state: Terraform refuses to read",
            format!("if the state is meant to be gone: {}", delete_digest(target)),
        ),
        (None, Some(_)) => check.fails(
            "the table has no digest of this state: Terraform cannot tell whether it reads an old one",
            repair(),
        ),
        (Some(text), Some(state)) => match text.parse::<TableDigest>() {
            Ok(digest) if digest == state.md5 => check.passes("the table has the digest of this state"),
            Ok(digest) => check.fails(
                format!("the table has digest {digest}, the state {}: Terraform refuses to read it", state.md5),
                repair(),
            ),
            Err(cause) => check.fails(format!("the table has a digest that is none: {cause}"), repair()),
        },
    }
}

fn delete_digest(target: &Target) -> String {
    let key = format!("{{\"LockID\":{{\"S\":\"{}-md5\"}}}}", target.state.path());
    format!(
        "aws dynamodb delete-item --table-name {} --key {}",
        quoted(target.table.as_deref().unwrap_or_default()),
        quoted(&key)
    )
}

#[cfg(test)]
mod tests {
    use super::super::finding::Verdict::{Fail, Pass, Unknown};
    use super::super::seen::Unseen;
    use super::*;
    use crate::state::file::StateFile;

    const STATE: &str =
        r#"{"version":4,"terraform_version":"1.11.4","serial":3,"lineage":"f00d","outputs":{},"resources":[]}"#;

    fn target() -> Option<Target> {
        let state = "s3://states/prod/app.tfstate".parse().ok()?;
        let table = Some("locks".to_owned());
        Some(Target { state, table, settings: crate::object_settings::ObjectSettings::default() })
    }

    fn lying_there(text: &str) -> StateSeen {
        let (reading, md5) = (StateFile::parse(text.as_bytes()), TableDigest::of(text.as_bytes()));
        StateSeen { reading, md5 }
    }

    #[test]
    fn what_lies_there_has_to_be_a_state() {
        let there = |text| Ok(Some(lying_there(text)));
        let cases = [
            (there(STATE), Pass, "serial 3 of lineage f00d, 0 resources, 98 bytes"),
            (there(""), Fail, "what lies there is no state: it is empty"),
            (there("{}"), Fail, "what lies there is no state: "),
            (Ok(None), Unknown, "nothing lies there"),
            (Err(Unseen::NotReached), Unknown, "the bucket was not reached"),
        ];
        for (seen, expected, detail) in cases {
            let finding = state_object(&seen, &target().unwrap());
            assert_eq!(finding.verdict, expected, "{seen:?}");
            assert!(finding.detail.starts_with(detail), "{}", finding.detail);
        }
    }

    #[test]
    fn the_table_has_the_digest_of_the_state() {
        let there = |text| Ok(Some(lying_there(text)));
        let right = TableDigest::of(STATE.as_bytes()).to_string();
        let cases = [
            (Some(right.clone()), there(STATE), Pass, None),
            (Some(right.to_uppercase()), there(STATE), Pass, None),
            (None, Ok(None), Pass, None),
            (
                Some(right.replace('a', "b")),
                there(STATE),
                Fail,
                Some("restore s3://states/prod/app.tfstate --dynamodb-table locks --from s3://states/prod/app.tfstate"),
            ),
            (None, there(STATE), Fail, Some("tfstate-lock restore ")),
            (Some("none".to_owned()), there(STATE), Fail, Some("tfstate-lock restore ")),
            (Some(right.clone()), Ok(None), Fail, Some("'{\"LockID\":{\"S\":\"states/prod/app.tfstate-md5\"}}'")),
            (Some(right), Err(Unseen::NotReached), Unknown, None),
        ];
        for (text, seen, expected, hint) in cases {
            let finding = digest(&Ok(text.clone()), &seen, &target().unwrap());
            assert_eq!(finding.verdict, expected, "{text:?} {seen:?}");
            assert!(
                hint.is_none_or(|hint| finding.hint.as_ref().is_some_and(|found| found.contains(hint))),
                "{finding:?}"
            );
        }
        assert_eq!(digest(&Err(Unseen::NotReached), &there(STATE), &target().unwrap()).verdict, Unknown);
    }
}
