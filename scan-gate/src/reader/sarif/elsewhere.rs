//! What a log keeps in other files, or apart from its run.

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::reader::ReadError;

/// `externalPropertyFileReferences` of a run, or an element of the log's `inlineExternalProperties`.
#[derive(Default, Deserialize)]
pub(super) struct Elsewhere {
    results: Option<Vec<IgnoredAny>>,
    driver: Option<IgnoredAny>,
    extensions: Option<Vec<IgnoredAny>>,
}

impl Elsewhere {
    /// Refuses what results and rules lie apart from, for they would be lost.
    pub(super) fn check(self) -> Result<(), ReadError> {
        let has = |list: Option<Vec<IgnoredAny>>| list.is_some_and(|list| !list.is_empty());
        let lost = if has(self.results) {
            "results"
        } else if self.driver.is_some() || has(self.extensions) {
            "rules"
        } else {
            return Ok(());
        };
        Err(ReadError::NoProof(format!("its {lost} lie outside of its run, where they are not read")))
    }
}
