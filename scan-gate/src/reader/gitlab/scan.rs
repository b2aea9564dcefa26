//! What a report says of its scan.

use serde::Deserialize;

use super::kind;
use crate::inspection::Inspection;
use crate::reader::ReadError;

/// The report's `scan`.
#[derive(Deserialize)]
pub(super) struct Scan {
    status: Option<String>,
    #[serde(rename = "type")]
    category: Option<String>,
    scanner: Option<Scanner>,
    start_time: Option<String>,
    end_time: Option<String>,
    messages: Option<Vec<Message>>,
    #[serde(rename = "partial_scan")]
    partial: Option<Partial>,
}

/// A scanner.
#[derive(Deserialize)]
pub(super) struct Scanner {
    id: Option<String>,
    version: Option<String>,
}

#[derive(Deserialize)]
struct Message {
    level: Option<String>,
    value: Option<String>,
}

#[derive(Deserialize)]
struct Partial {
    mode: Option<String>,
}

impl Scanner {
    /// Its name in lower case, with `-` for a space.
    pub(super) fn name(&self) -> Option<String> {
        let name = self.id.as_deref().unwrap_or_default().trim().to_lowercase().replace(' ', "-");
        Some(name).filter(|name| !name.is_empty())
    }
}

impl Scan {
    /// Tells it all, unless the scan was not finished.
    pub(super) fn tell(self, inspection: &mut Inspection) -> Result<(), ReadError> {
        match self.status.as_deref() {
            Some("success") => {}
            None if !inspection.findings.is_empty() => {}
            status => {
                let status = status.unwrap_or("missing");
                return Err(ReadError::NoProof(format!("its `scan.status` is {status}, not success")));
            }
        }
        for message in self.messages.into_iter().flatten() {
            let text = message.value.unwrap_or_default();
            match message.level.as_deref() {
                Some("fatal") => return Err(ReadError::NoProof(format!("its scan was broken off: {text}"))),
                Some("warn") => inspection.notes.push(text),
                _ => {}
            }
        }
        if let Some(partial) = self.partial {
            inspection.filters.push(format!("{} scan of a part", partial.mode.as_deref().unwrap_or("partial")));
        }
        if let Some(category) = self.category {
            for finding in &mut inspection.findings {
                finding.kind = kind(Some(&category));
            }
        }
        if let Some(scanner) = self.scanner {
            inspection.scanner = scanner.name().unwrap_or_else(|| inspection.scanner.clone());
            inspection.scanner_version = scanner.version;
        }
        inspection.created_at = self.end_time.or(self.start_time).map(|time| in_utc(&time));
        Ok(())
    }
}

/// The schema has times without a zone, and says that they are in UTC.
fn in_utc(time: &str) -> String {
    let has_zone = time.len() != "2026-01-02T03:04:05".len();
    if has_zone { time.to_owned() } else { format!("{time}Z") }
}
