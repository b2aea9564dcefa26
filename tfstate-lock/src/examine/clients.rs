//! Whether Terraform in the folder locks, and whether all who write the state do so in the same way.
//!
//! Two clients of which one has `dynamodb_table` and the other has not: the one that has not writes the state without its digest, and the
//! other refuses to read it from then on. Measured with Terraform 1.11.4.

use super::finding::{Check, Finding};
use crate::backend::Backend;
use crate::request::Target;

pub(super) fn examine(backend: &Backend, target: &Target) -> Finding {
    let check = Check::Clients;
    let others = "every other client needs the same two settings";
    match (backend.use_lockfile, &backend.dynamodb_table) {
        (false, None) => check.fails(
            "Terraform in this folder does not lock at all: it has neither use_lockfile nor dynamodb_table",
            "set use_lockfile = true in the backend block, and run: terraform init -reconfigure",
        ),
        (_, of_block) if *of_block != target.table => check.fails(
            format!(
                "{} of the backend block is not {} of this command: each would write the state without the other's digest",
                table_named(of_block.as_deref()),
                table_named(target.table.as_deref())
            ),
            "give every client the same dynamodb_table, or none",
        ),
        (true, None) => check.passes(format!("Terraform in this folder locks by use_lockfile; {others}")),
        (true, Some(table)) => {
            check.passes(format!("Terraform in this folder locks by use_lockfile and in table {table}; {others}"))
        }
        (false, Some(table)) => check.passes(format!(
            "Terraform in this folder locks in table {table} alone, and does not see who locks by use_lockfile alone; {others}"
        )),
    }
}

fn table_named(table: Option<&str>) -> String {
    table.map_or_else(|| "no table".to_owned(), |table| format!("table {table}"))
}

#[cfg(test)]
mod tests {
    use super::super::finding::Verdict::{self, Fail, Pass};
    use super::*;

    fn verdict(block: &str, table: Option<&str>) -> Option<Verdict> {
        let record = format!(
            r#"{{"version":3,"backend":{{"type":"s3","config":{{"bucket":"states","key":"prod/app.tfstate"{block}}}}}}}"#
        );
        let backend = Backend::parse(record.as_bytes(), &"default".parse().ok()?).ok()?;
        let settings = crate::object_settings::ObjectSettings::default();
        let target = Target { state: backend.state.clone(), table: table.map(str::to_owned), settings };
        Some(examine(&backend, &target).verdict)
    }

    #[test]
    fn terraform_locks_if_the_backend_block_says_how() {
        let cases = [
            (r#","use_lockfile":true"#, None, Pass),
            (r#","use_lockfile":true,"dynamodb_table":"locks""#, Some("locks"), Pass),
            (r#","dynamodb_table":"locks""#, Some("locks"), Pass),
            ("", None, Fail),
            (r#","use_lockfile":false"#, None, Fail),
            (r#","use_lockfile":true"#, Some("locks"), Fail),
            (r#","dynamodb_table":"locks""#, Some("others"), Fail),
        ];
        for (block, table, expected) in cases {
            assert_eq!(verdict(block, table), Some(expected), "{block} {table:?}");
        }
    }
}
