//! The audit trail: what each tool of the pipe did.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// One entry of `steps`.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Step {
    /// The tool that ran.
    pub tool: String,
    /// Its version.
    pub version: String,
    /// Whether the answer was yes.
    pub ok: bool,
    /// When it began, RFC 3339 in UTC.
    pub started_at: String,
    /// How long it took, in seconds.
    pub seconds: f64,
    /// One line for people.
    pub summary: String,
}

/// Whether this entry is of this tool.
pub(crate) fn is_of(entry: &RawValue, tool: &str) -> bool {
    #[derive(Deserialize)]
    struct Signature {
        tool: String,
    }
    serde_json::from_str::<Signature>(entry.get()).is_ok_and(|signature| signature.tool == tool)
}
