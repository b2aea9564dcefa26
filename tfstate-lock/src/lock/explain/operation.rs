//! What a lock's `Operation` means.
//!
//! Sources: locks that Terraform 1.11.4 wrote; hashicorp/terraform, `internal/backend/backendrun` (the operation types), `internal/command`
//! (`Lock` of the state locker) and `internal/backend/remote-state/s3`; opentofu/opentofu has the same.

/// The empty state of a new workspace is being written.
pub(super) const INIT: &str = "init";

/// What is being done, so that it stands behind "for".
pub(super) fn meaning(operation: &str) -> String {
    let known = match operation {
        "OperationTypePlan" => "a plan, which changes nothing",
        "OperationTypeApply" => "an apply or destroy, which changes resources and writes the state",
        "OperationTypeRefresh" => "a refresh, which writes the state and changes no resource",
        // Whatever has no type of its own.
        "OperationTypeInvalid" => "an import, a console or the like (it does not say which)",
        INIT => "the first, empty state of a new workspace",
        "state-mv" => "`state mv`, which gives resources other addresses in the state",
        "state-rm" => "`state rm`, which takes resources out of the state",
        "state-push" => "`state push`, which puts a file in place of the state",
        "state-replace-provider" => "`state replace-provider`, which writes the state",
        "taint" => "`taint`, which marks a resource in the state",
        "untaint" => "`untaint`, which takes a mark off a resource in the state",
        "workspace-new" => "`workspace new`, which writes a workspace's first state",
        "workspace_delete" => "`workspace delete`, which deletes the state",
        "backend from plan" => "an apply of a saved plan, which sets its backend up",
        "migration source state" => "`init`, which moves the state from here to another backend",
        "migration destination state" => "`init`, which moves a state from another backend to here",
        "tfstate-lock acquire" => "whatever is done until it is released",
        "tfstate-lock run" => "a command that runs under it",
        "tfstate-lock doctor" => "a check of the bucket",
        "tfstate-lock backup" => "a copy of the state",
        "tfstate-lock restore" => "a copy that is put in place of the state",
        "" => "something that it does not say",
        other => return format!("`{other}`"),
    };
    known.to_owned()
}

#[cfg(test)]
mod tests {
    use super::meaning;

    #[test]
    fn an_operation_that_is_not_known_is_shown_as_it_is() {
        assert_eq!(meaning("OperationTypePlan"), "a plan, which changes nothing");
        assert_eq!(meaning("schema migration"), "`schema migration`");
    }
}
