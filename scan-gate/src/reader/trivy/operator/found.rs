//! What the lists of the operator's reports hold.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::finding::{Finding, Fix, Kind, Pool, Score};
use crate::reader::trivy::result::{Cvss, scores};
use crate::severity::Rating;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Vulnerability {
    #[serde(rename = "vulnerabilityID")]
    id: String,
    #[serde(default)]
    resource: String,
    installed_version: Option<String>,
    fixed_version: Option<String>,
    severity: Option<String>,
    title: Option<String>,
    target: Option<String>,
    #[serde(rename = "packagePath")]
    path: Option<String>,
    #[serde(rename = "packagePURL")]
    purl: Option<String>,
    score: Option<f32>,
    #[serde(rename = "cvsssource")]
    cvss_source: Option<String>,
    cvss: Option<BTreeMap<String, Cvss>>,
}

impl Vulnerability {
    pub(super) fn finding(self, pool: &mut Pool) -> Finding {
        let place = [self.path, self.target].into_iter().flatten().find(|place| !place.is_empty());
        // The one score is that of CVSS 3 of one of the sources.
        let score = self.score.filter(|score| *score > 0.0);
        let by = self.cvss_source.as_deref().filter(|source| !source.is_empty()).unwrap_or("trivy");
        let mut scores = scores(self.cvss.as_ref(), pool);
        if let Some(value) = score.filter(|_| scores.is_empty()) {
            scores.push(Score { by: pool.text(by), version: 3, value });
        }
        Finding {
            package: pool.text(&self.resource),
            version: pool.text(self.installed_version.as_deref().unwrap_or_default()),
            purl: self.purl.unwrap_or_default().into(),
            place: pool.text(&place.unwrap_or_default()),
            fix: Fix::of_version(self.fixed_version.map(|version| pool.text(&version))),
            scores: pool.scores(&scores),
            title: pool.text(self.title.as_deref().unwrap_or_default()),
            ..Finding::new(Kind::Vulnerability, self.id, Rating::of_word(self.severity.as_deref()))
        }
    }
}

#[derive(Deserialize)]
pub(super) struct Check {
    #[serde(rename = "checkID")]
    id: String,
    severity: Option<String>,
    title: Option<String>,
    success: Option<bool>,
}

impl Check {
    /// The finding, unless the check was passed.
    pub(super) fn finding(self, pool: &mut Pool) -> Option<Finding> {
        let title = pool.text(self.title.as_deref().unwrap_or_default());
        let rating = Rating::of_word(self.severity.as_deref());
        let is_failure = self.success != Some(true);
        is_failure.then(|| Finding { title, ..Finding::new(Kind::Misconfiguration, self.id, rating) })
    }
}

/// A secret. `match`, which shows it, is never read.
#[derive(Deserialize)]
pub(super) struct Secret {
    #[serde(rename = "ruleID")]
    id: String,
    severity: Option<String>,
    title: Option<String>,
    target: Option<String>,
}

impl Secret {
    pub(super) fn finding(self, pool: &mut Pool) -> Finding {
        Finding {
            place: pool.text(self.target.as_deref().unwrap_or_default()),
            title: pool.text(self.title.as_deref().unwrap_or_default()),
            ..Finding::new(Kind::Secret, self.id, Rating::of_word(self.severity.as_deref()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::severity::Severity;

    fn vulnerability(text: &str) -> Finding {
        serde_json::from_str::<Vulnerability>(text).unwrap().finding(&mut Pool::default())
    }

    #[test]
    fn a_vulnerability_tells_all_it_knows() {
        let found = vulnerability(
            r#"{"vulnerabilityID":"CVE-1","resource":"curl","installedVersion":"1","fixedVersion":"2","severity":"HIGH","target":"os",
                "packagePath":"","packagePURL":"pkg:apk/curl@1","cvss":{"nvd":{"V3Score":8.1,"V2Score":5}},"score":7}"#,
        );
        assert_eq!((&*found.package, &*found.place, &*found.purl), ("curl", "os", "pkg:apk/curl@1"));
        assert_eq!((found.rating, found.fix), (Rating::Known(Severity::High), Fix::Version("2".into())));
        let scores: Vec<(&str, u8, f32)> =
            found.scores.iter().map(|score| (&*score.by, score.version, score.value)).collect();
        assert_eq!(scores, [("nvd", 3, 8.1), ("nvd", 2, 5.0)]);
    }

    #[test]
    fn the_one_score_stands_in_for_those_of_the_sources() {
        let found = vulnerability(r#"{"vulnerabilityID":"CVE-1","score":7.5,"cvsssource":"redhat"}"#);
        assert_eq!(&*found.scores, [Score { by: "redhat".into(), version: 3, value: 7.5 }]);
        assert_eq!(found.fix, Fix::None);
        assert!(vulnerability(r#"{"vulnerabilityID":"CVE-1","score":0}"#).scores.is_empty());
    }

    #[test]
    fn a_check_that_does_not_say_so_was_not_passed() {
        for (success, expected) in
            [(",\"success\":true", 0), (",\"success\":false", 1), (",\"success\":null", 1), ("", 1)]
        {
            let check: Check = serde_json::from_str(&format!(r#"{{"checkID":"A"{success}}}"#)).unwrap();
            assert_eq!(check.finding(&mut Pool::default()).iter().len(), expected, "{success}");
        }
    }

    #[test]
    fn what_a_secret_is_is_not_read() {
        let secret: Secret =
            serde_json::from_str(r#"{"ruleID":"aws","match":"AKIA","target":"root/a","severity":"CRITICAL"}"#).unwrap();
        let found = secret.finding(&mut Pool::default());
        assert_eq!((&*found.id, &*found.place), ("aws", "root/a"));
        assert!(!format!("{found:?}").contains("AKIA"));
    }
}
