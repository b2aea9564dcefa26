//! A search for issues. In MQR mode an issue has impacts in place of, or beside, its severity.

use serde::Deserialize;

use super::page::{Page, Paging};
use crate::finding::{Finding, Kind, Pool, Said};
use crate::inspection::Inspection;
use crate::json::Json;
use crate::reader::ReadError;
use crate::severity::{Rating, Severity};

const ANSWER: [&str; 5] = ["total", "p", "ps", "paging", "issues"];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Issue {
    rule: String,
    severity: Option<String>,
    component: Option<String>,
    project: Option<String>,
    line: Option<u32>,
    status: Option<String>,
    resolution: Option<String>,
    #[serde(rename = "issueStatus")]
    simple_status: Option<String>,
    impacts: Option<Vec<Impact>>,
    message: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Impact {
    software_quality: Option<String>,
    severity: Option<String>,
}

/// Reads the answer.
///
/// # Errors
/// It contradicts itself, or does not say how many issues there are.
pub(super) fn read(json: &mut Json, inspection: &mut Inspection) -> Result<(), ReadError> {
    let mut page = Page::default();
    let mut count = None;
    let mut projects = Vec::new();
    json.object(|json, name| {
        match name {
            "total" => page.total = Some(json.value()?),
            "p" => page.number = Some(json.value()?),
            "paging" => page.paging = Some(json.value::<Paging>()?),
            "issues" => {
                let mut listed = 0;
                json.list(|json| {
                    let issue: Issue = json.value()?;
                    note_project(&mut projects, &issue);
                    inspection.findings.push(issue.finding(&mut inspection.pool));
                    listed += 1;
                    Ok(())
                })?;
                count = Some(listed);
            }
            _ => json.skip_unknown(name, &ANSWER)?,
        }
        Ok(())
    })?;
    let count = count.ok_or_else(|| ReadError::NoProof("it has no `issues`".to_owned()))?;
    let list = match &projects[..] {
        [project] => format!("issues of {project}"),
        _ => "issues".to_owned(),
    };
    inspection.target =
        Some(projects.first().filter(|_| projects.len() == 1).cloned().unwrap_or_else(|| "issues".to_owned()));
    inspection.part = page.part(list, count)?;
    inspection.declared = page.paging_total();
    Ok(())
}

/// Two are enough to know that there are several.
fn note_project(projects: &mut Vec<String>, issue: &Issue) {
    let of_component = || issue.component.as_deref().and_then(|component| component.split(':').next());
    let project = issue.project.as_deref().or_else(of_component).unwrap_or_default();
    if projects.len() < 2 && !projects.iter().any(|known| known == project) {
        projects.push(project.to_owned());
    }
}

impl Issue {
    fn finding(self, pool: &mut Pool) -> Finding {
        let suppressed = self.suppressed();
        let component = self.component.as_deref().unwrap_or_default();
        let place = component.split_once(':').map_or(component, |(_, path)| path);
        let impacts = self.impacts.unwrap_or_default();
        let worst =
            impacts.iter().map(|impact| of_impact(impact.severity.as_deref())).max_by_key(|rating| rating.badness());
        let rating = match self.severity.as_deref() {
            None | Some("") => worst.unwrap_or(Rating::Unknown),
            Some(word) => of_word(word),
        };
        let said = impacts.iter().map(|impact| {
            let quality = impact.software_quality.as_deref().unwrap_or_default();
            Said {
                by: pool.text(&format!("impact on {}", quality.to_lowercase())),
                rating: of_impact(impact.severity.as_deref()),
            }
        });
        let said: Vec<Said> = said.collect();
        Finding {
            place: pool.text(place),
            line: self.line,
            said: pool.said(&said),
            suppressed: suppressed.map(|reason| pool.text(&reason)),
            title: pool.title(self.message.as_deref().unwrap_or_default(), rating),
            ..Finding::new(Kind::Code, pool.text(&self.rule), rating)
        }
    }

    /// Why SonarQube does not count the issue any more.
    fn suppressed(&self) -> Option<String> {
        let is_over = matches!(self.status.as_deref(), Some("RESOLVED" | "CLOSED"));
        let is_accepted = matches!(self.simple_status.as_deref(), Some("ACCEPTED" | "FALSE_POSITIVE" | "FIXED"));
        let words = [&self.status, &self.resolution, &self.simple_status].into_iter().flatten();
        (is_over || is_accepted).then(|| words.cloned().collect::<Vec<_>>().join(" "))
    }
}

fn of_word(word: &str) -> Rating {
    match word.trim().to_ascii_uppercase().as_str() {
        "BLOCKER" => Rating::Known(Severity::Critical),
        "CRITICAL" => Rating::Known(Severity::High),
        "MAJOR" => Rating::Known(Severity::Medium),
        "MINOR" => Rating::Known(Severity::Low),
        "INFO" => Rating::Known(Severity::Info),
        _ => Rating::Unknown,
    }
}

fn of_impact(word: Option<&str>) -> Rating {
    match word.map(|word| word.trim().to_ascii_uppercase()).as_deref() {
        Some("BLOCKER") => Rating::Known(Severity::Critical),
        word => Rating::of_word(word),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspection::Part;
    use crate::reader::{fixture, tampering};

    fn answer(paging: &str, issues: &str) -> String {
        format!(r#"{{{paging}"issues":[{issues}],"components":[]}}"#)
    }

    const ONE: &str = r#""paging":{"pageIndex":1,"pageSize":100,"total":1},"#;

    fn issue(members: &str) -> String {
        format!(r#"{{"key":"k","rule":"java:S1","component":"shop:src/A.java","project":"shop","line":7{members}}}"#)
    }

    fn found(members: &str) -> Finding {
        fixture::read(&answer(ONE, &issue(members))).findings.remove(0)
    }

    #[test]
    fn a_severity_is_the_standard_one_or_else_the_worst_impact() {
        for (members, expected) in [
            (r#","severity":"BLOCKER""#, "critical"),
            (r#","severity":"CRITICAL""#, "high"),
            (r#","severity":"MAJOR","impacts":[{"softwareQuality":"SECURITY","severity":"HIGH"}]"#, "medium"),
            (r#","severity":"MINOR""#, "low"),
            (r#","severity":"INFO""#, "info"),
            (
                r#","impacts":[{"softwareQuality":"SECURITY","severity":"LOW"},{"softwareQuality":"RELIABILITY","severity":"BLOCKER"}]"#,
                "critical",
            ),
            (r#","severity":"SEVERE""#, "unknown"),
            ("", "unknown"),
        ] {
            assert_eq!(found(members).rating.word(), expected, "{members}");
        }
        let finding = found(r#","severity":"MAJOR","impacts":[{"softwareQuality":"SECURITY","severity":"HIGH"}]"#);
        assert_eq!((&*finding.said[0].by, finding.said[0].rating.word()), ("impact on security", "high"));
        assert_eq!((&*finding.place, finding.line), ("src/A.java", Some(7)));
    }

    #[test]
    fn what_is_over_or_accepted_does_not_count() {
        for members in [
            r#","status":"RESOLVED","resolution":"WONTFIX""#,
            r#","status":"CLOSED""#,
            r#","issueStatus":"ACCEPTED""#,
            r#","issueStatus":"FALSE_POSITIVE""#,
        ] {
            assert!(found(members).suppressed.is_some(), "{members}");
        }
        for members in [r#","status":"OPEN""#, r#","status":"REOPENED""#, r#","issueStatus":"CONFIRMED""#, ""] {
            assert_eq!(found(members).suppressed, None, "{members}");
        }
    }

    #[test]
    fn a_page_says_which_one_it_is() {
        let page = |paging: &str| fixture::read(&answer(paging, &issue(""))).part;
        assert_eq!(page(ONE), Part::Whole);
        assert_eq!(page(r#""total":1,"p":1,"ps":500,"#), Part::Whole);
        let expected = Part::Page { list: "issues of shop".to_owned(), number: 2, count: 1, total: 501 };
        assert_eq!(page(r#""paging":{"pageIndex":2,"pageSize":500,"total":501},"#), expected);
    }

    #[test]
    fn an_answer_that_contradicts_itself_proves_nothing() {
        for paging in [
            r#""total":42,"paging":{"pageIndex":1,"total":3},"#,
            r#""total":3,"p":2,"paging":{"pageIndex":1,"total":3},"#,
            r#""total":0,"#,
            r#""total":10000,"#,
            r#""paging":{"pageIndex":1},"#,
        ] {
            assert_eq!(fixture::refusal(&answer(paging, &issue(""))), "NoProof", "{paging}");
        }
    }

    #[test]
    fn tampering_loses_nothing() {
        let text = answer(ONE, &issue(r#","severity":"MAJOR","status":"OPEN""#));
        tampering::is_refused_when_cut(&text);
        tampering::survives_any_broken_byte(&text);
        tampering::loses_nothing_when_spoilt(&text, &["issues", "paging", "total", "severity", "rule"]);
    }
}
