//! A search for security hotspots. They have no severity: the probability that one is a vulnerability stands for it.

use serde::Deserialize;

use super::page::{Page, Paging};
use crate::finding::{Finding, Kind, Pool};
use crate::inspection::Inspection;
use crate::json::Json;
use crate::reader::ReadError;
use crate::severity::Rating;

const ANSWER: [&str; 2] = ["paging", "hotspots"];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Hotspot {
    key: String,
    rule_key: Option<String>,
    security_category: Option<String>,
    vulnerability_probability: Option<String>,
    component: Option<String>,
    project: Option<String>,
    status: Option<String>,
    resolution: Option<String>,
    line: Option<u32>,
    message: Option<String>,
}

/// Reads the answer.
///
/// # Errors
/// It contradicts itself, or does not say how many hotspots there are.
pub(super) fn read(json: &mut Json, inspection: &mut Inspection) -> Result<(), ReadError> {
    let mut page = Page::default();
    let mut count = None;
    json.object(|json, name| {
        match name {
            "paging" => page.paging = Some(json.value::<Paging>()?),
            "hotspots" => {
                let mut listed = 0;
                json.list(|json| {
                    let hotspot: Hotspot = json.value()?;
                    inspection
                        .target
                        .get_or_insert_with(|| hotspot.project.clone().unwrap_or_else(|| "hotspots".to_owned()));
                    inspection.findings.push(hotspot.finding(&mut inspection.pool));
                    listed += 1;
                    Ok(())
                })?;
                count = Some(listed);
            }
            _ => json.skip_unknown(name, &ANSWER)?,
        }
        Ok(())
    })?;
    let count = count.ok_or_else(|| ReadError::NoProof("it has no `hotspots`".to_owned()))?;
    inspection.part = page.part("hotspots".to_owned(), count)?;
    inspection.declared = page.paging_total();
    Ok(())
}

impl Hotspot {
    fn finding(self, pool: &mut Pool) -> Finding {
        let component = self.component.as_deref().unwrap_or_default();
        let place = component.split_once(':').map_or(component, |(_, path)| path);
        let rating = Rating::of_word(self.vulnerability_probability.as_deref());
        // Whoever acknowledged it said that it is one.
        let is_over = self.status.as_deref() == Some("REVIEWED") && self.resolution.as_deref() != Some("ACKNOWLEDGED");
        let reason = || format!("REVIEWED {}", self.resolution.as_deref().unwrap_or_default());
        let id = self.rule_key.as_deref().or(self.security_category.as_deref()).unwrap_or(&self.key);
        Finding {
            place: pool.text(place),
            line: self.line,
            suppressed: is_over.then(|| pool.text(&reason())),
            title: pool.title(self.message.as_deref().unwrap_or_default(), rating),
            ..Finding::new(Kind::Code, pool.text(id), rating)
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::reader::{fixture, tampering};

    fn answer(hotspot: &str) -> String {
        format!(
            r#"{{"paging":{{"pageIndex":1,"pageSize":100,"total":1}},"hotspots":[{{"key":"k","component":"shop:src/A.java","project":"shop","securityCategory":"xss"{hotspot}}}]}}"#
        )
    }

    #[test]
    fn the_probability_stands_for_the_severity() {
        for (word, expected) in [("HIGH", "high"), ("MEDIUM", "medium"), ("LOW", "low"), ("SOME", "unknown")] {
            let text = answer(&format!(r#","vulnerabilityProbability":"{word}","status":"TO_REVIEW""#));
            let finding = &fixture::read(&text).findings[0];
            assert_eq!((finding.rating.word(), &*finding.id, finding.suppressed.is_none()), (expected, "xss", true));
        }
    }

    #[test]
    fn what_was_reviewed_does_not_count_unless_it_was_acknowledged() {
        let suppressed = |text: &str| fixture::read(&answer(text)).findings[0].suppressed.is_some();
        assert!(suppressed(r#","status":"REVIEWED","resolution":"SAFE""#));
        assert!(suppressed(r#","status":"REVIEWED","resolution":"FIXED""#));
        assert!(!suppressed(r#","status":"REVIEWED","resolution":"ACKNOWLEDGED""#));
    }

    #[test]
    fn tampering_loses_nothing() {
        let text = answer(r#","vulnerabilityProbability":"HIGH","status":"TO_REVIEW""#);
        tampering::is_refused_when_cut(&text);
        tampering::survives_any_broken_byte(&text);
        tampering::loses_nothing_when_spoilt(&text, &["hotspots", "paging", "total", "vulnerabilityProbability"]);
    }
}
