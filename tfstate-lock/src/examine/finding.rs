//! What an examination says: one finding a check, or several if it speaks of several things.

use schemars::JsonSchema;
use serde::Serialize;

/// What is examined. The names are stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// Whether the bucket answers.
    Reachable,
    /// Whether it is asked in its own region.
    Region,
    /// Whether our clock and the server's are close enough for signatures.
    Clock,
    /// Whether a PUT with `If-None-Match: *` keeps what is there.
    CreateIsConditional,
    /// Whether a PUT with `If-Match` writes over that object and no other.
    ReplaceIsConditional,
    /// Whether a DELETE with `If-Match` deletes that object and no other.
    DeleteIsConditional,
    /// Whether a PUT with `If-None-Match: *` is done where an object was deleted.
    CreateAfterDelete,
    /// Whether a read says what was written last.
    ReadAfterWrite,
    /// Whether each writing has an `ETag` of its own.
    EtagChanges,
    /// Whether old versions of the state are kept.
    Versioning,
    /// Whether versions can be removed with a second factor only. There only if it is on.
    MfaDelete,
    /// Whether objects are encrypted where they lie.
    Encryption,
    /// Whether the bucket can be made public.
    PublicAccessBlock,
    /// Whether the bucket can be asked without TLS.
    TlsOnlyPolicy,
    /// Whether the bucket's policy lets Terraform delete its own lock.
    PolicyAllowsUnlock,
    /// Whether the role may do what a lock needs. One finding an action.
    Permissions,
    /// Whether the state is one.
    StateObject,
    /// Whether the lock table is one.
    Table,
    /// Whether the digest in the table is that of the state.
    Digest,
    /// Whether Terraform in this folder locks, and as others do.
    Clients,
    /// Whether locks are left over. One finding a lock.
    Locks,
}

/// What a check came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It is as it should be.
    Pass,
    /// It is not.
    Fail,
    /// Nobody can say: never a pass.
    Unknown,
}

/// What was found out about one thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Finding {
    /// The check.
    pub check: Check,
    /// What of several things it is about: an IAM action, the key of a lock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// What it came to.
    pub verdict: Verdict,
    /// What was seen.
    pub detail: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl Check {
    /// The check's name, as the document has it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Reachable => "reachable",
            Self::Region => "region",
            Self::Clock => "clock",
            Self::CreateIsConditional => "create_is_conditional",
            Self::ReplaceIsConditional => "replace_is_conditional",
            Self::DeleteIsConditional => "delete_is_conditional",
            Self::CreateAfterDelete => "create_after_delete",
            Self::ReadAfterWrite => "read_after_write",
            Self::EtagChanges => "etag_changes",
            Self::Versioning => "versioning",
            Self::MfaDelete => "mfa_delete",
            Self::Encryption => "encryption",
            Self::PublicAccessBlock => "public_access_block",
            Self::TlsOnlyPolicy => "tls_only_policy",
            Self::PolicyAllowsUnlock => "policy_allows_unlock",
            Self::Permissions => "permissions",
            Self::StateObject => "state_object",
            Self::Table => "table",
            Self::Digest => "digest",
            Self::Clients => "clients",
            Self::Locks => "locks",
        }
    }

    pub(super) fn passes(self, detail: impl Into<String>) -> Finding {
        Finding { check: self, subject: None, verdict: Verdict::Pass, detail: detail.into(), hint: None }
    }

    pub(super) fn fails(self, detail: impl Into<String>, hint: impl Into<String>) -> Finding {
        Finding { verdict: Verdict::Fail, hint: Some(hint.into()), ..self.passes(detail) }
    }

    pub(super) fn is_unknown(self, detail: impl Into<String>, hint: Option<String>) -> Finding {
        Finding { verdict: Verdict::Unknown, hint, ..self.passes(detail) }
    }
}

impl Verdict {
    /// The word for people.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "FAIL",
            Self::Unknown => "unknown",
        }
    }
}

impl Finding {
    /// The check's name, and what it is about.
    #[must_use]
    pub fn title(&self) -> String {
        match &self.subject {
            Some(subject) => format!("{} {subject}", self.check.name()),
            None => self.check.name().to_owned(),
        }
    }

    pub(super) fn about(self, subject: impl Into<String>) -> Self {
        Self { subject: Some(subject.into()), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_has_one_name_everywhere() {
        for check in
            [Check::Reachable, Check::CreateIsConditional, Check::MfaDelete, Check::TlsOnlyPolicy, Check::Locks]
        {
            assert_eq!(serde_json::to_value(check).unwrap(), check.name());
        }
        let finding = Check::Locks.passes("free").about("a.tflock");
        assert_eq!(finding.title(), "locks a.tflock");
    }
}
