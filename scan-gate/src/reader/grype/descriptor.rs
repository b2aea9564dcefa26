//! What Grype says of itself: its version, how it was configured, how old its database is.

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::inspection::Inspection;
use crate::reader::ReadError;
use crate::reader::plain::Plain;

/// The report's `descriptor`.
#[derive(Deserialize)]
pub(super) struct Descriptor {
    name: Option<String>,
    version: Option<String>,
    timestamp: Option<Plain>,
    configuration: Option<Configuration>,
    db: Option<Database>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Configuration {
    only_fixed: Option<bool>,
    only_notfixed: Option<bool>,
    /// The states of fixes that were left out, in spite of its name: `wont-fix,unknown`.
    #[serde(default)]
    ignore_wontfix: Plain,
    exclude: Option<Vec<String>>,
}

/// Database schema 5 says it here, schema 6 one level below.
#[derive(Deserialize)]
struct Database {
    built: Option<Plain>,
    error: Option<IgnoredAny>,
    status: Option<Status>,
}

#[derive(Deserialize)]
struct Status {
    built: Option<Plain>,
    valid: Option<bool>,
    error: Option<IgnoredAny>,
}

impl Descriptor {
    /// Tells it all, unless the database was no good.
    pub(super) fn tell(self, inspection: &mut Inspection) -> Result<(), ReadError> {
        if let Some(name) = self.name.filter(|name| !name.trim().is_empty()) {
            inspection.scanner = name.trim().to_lowercase().replace(' ', "-");
        }
        inspection.scanner_version = self.version;
        inspection.created_at = self.timestamp.and_then(Plain::moment);
        if let Some(configuration) = self.configuration {
            inspection.filters = configuration.filters();
        }
        let Some(database) = self.db else { return Ok(()) };
        let is_invalid =
            database.status.as_ref().is_some_and(|status| status.valid == Some(false) || status.error.is_some());
        if is_invalid || database.error.is_some() {
            return Err(ReadError::NoProof("its `descriptor.db` says that the database was no good".to_owned()));
        }
        let built = database.built.or_else(|| database.status.and_then(|status| status.built));
        inspection.database_at = built.and_then(Plain::moment);
        Ok(())
    }
}

impl Configuration {
    fn filters(&self) -> Vec<String> {
        let states = self.ignore_wontfix.text();
        let paths = self.exclude.as_deref().unwrap_or_default().join(", ");
        let filters = [
            (self.only_fixed == Some(true), "only fixed".to_owned()),
            (self.only_notfixed == Some(true), "only not fixed".to_owned()),
            (!states.is_empty(), format!("fix state not {states}")),
            (!paths.is_empty(), format!("path not {paths}")),
        ];
        filters.into_iter().filter(|(is_set, _)| *is_set).map(|(_, filter)| filter).collect()
    }
}
