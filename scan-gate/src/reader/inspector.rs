//! Amazon Inspector's answer to `ListFindings` (`aws inspector2 list-findings`), also as Inspector exports it to S3.
//!
//! It lists what was found, not what was looked at: without a finding it is `{"findings":[]}`, and so it is for a filter that fits nothing. Such an
//! answer is not recognised, for many tools write the same; who knows what it is can name the format. `UNTRIAGED` is no severity yet.
//! `exploitAvailable` is told to people only: that an exploit exists does not say that it is used.
//!
//! Source: the API's model, `inspector2/2020-06-08`, `ListFindingsResponse` and `Finding`.

pub(super) mod finding;

use self::finding::InspectorFinding;
use super::aws::{self, Common};
use super::{Format, ReadError};
use crate::inspection::{Inspection, Part};
use crate::json::{Json, Outline};

/// Inspector's findings.
pub const FORMAT: Format = Format { name: "inspector", claims, read };

/// `NextToken` is what the AWS CLI writes where it was told to stop early.
const ANSWER: [&str; 3] = ["findings", "nextToken", "NextToken"];

fn claims(outline: &Outline) -> bool {
    outline.has_list_of("findings", &["findingArn"])
}

fn read(json: &mut Json, _: &Outline, inspection: &mut Inspection) -> Result<(), ReadError> {
    let mut common = Common::default();
    let mut count = None;
    let mut more = false;
    json.object(|json, name| {
        match name {
            "findings" => {
                let mut listed = 0;
                json.list_or_null(|json| {
                    let found: InspectorFinding = json.value()?;
                    found.add_to(&mut common);
                    inspection.findings.push(found.finding(&mut inspection.pool)?);
                    listed += 1;
                    Ok(())
                })?;
                count = Some(listed);
            }
            "nextToken" | "NextToken" => more |= aws::follows(json.value::<Option<String>>()?.as_ref()),
            _ => json.skip_unknown(name, &ANSWER)?,
        }
        Ok(())
    })?;
    let count = count.ok_or_else(|| ReadError::NoProof("it has no `findings`".to_owned()))?;
    common.tell(inspection);
    if count == 0 && !more {
        inspection
            .notes
            .push("it lists nothing: Inspector answers so also if its filter names what was never scanned".to_owned());
        return Ok(());
    }
    let list = format!("findings of {}", inspection.target.as_deref().unwrap_or("several resources"));
    inspection.part = Part::Chain { list, more, count, total: None };
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::{Fix, Kind};
    use crate::reader::{fixture, tampering};

    const PACKAGE: &str = r#"{"findingArn":"arn:f/1","awsAccountId":"1","type":"PACKAGE_VULNERABILITY","severity":"HIGH","status":"ACTIVE",
        "title":"CVE-2024-1 - openssl","inspectorScore":7.5,"inspectorScoreDetails":{"adjustedCvss":{"version":"3.1","score":7.5}},
        "fixAvailable":"YES","exploitAvailable":"YES","epss":{"score":0.25},"firstObservedAt":1.5,
        "packageVulnerabilityDetails":{"vulnerabilityId":"CVE-2024-1","source":"NVD","vendorSeverity":"Medium","relatedVulnerabilities":[],
            "cvss":[{"baseScore":8.1,"version":"3.1","source":"NVD"},{"baseScore":0.0,"version":"2.0","source":"NVD"}],
            "vulnerablePackages":[{"name":"openssl","version":"3.0.2","release":"1","epoch":0,"fixedInVersion":"3.0.3"}]},
        "resources":[{"id":"i-1","type":"AWS_EC2_INSTANCE"}]}"#;

    fn answer(findings: &[&str]) -> String {
        format!(r#"{{"findings":[{}]}}"#, findings.join(","))
    }

    fn of_kind(kind: &str, details: &str) -> String {
        format!(r#"{{"findingArn":"arn:f/2","type":"{kind}","severity":"LOW","resources":[{{"id":"i-2"}}]{details}}}"#)
    }

    #[test]
    fn a_vulnerability_tells_all_it_knows() {
        let inspection = fixture::read(&answer(&[PACKAGE]));
        assert_eq!((inspection.scanner.as_str(), inspection.target.as_deref()), ("inspector", Some("i-1")));
        let part = Part::Chain { list: "findings of i-1".to_owned(), more: false, count: 1, total: None };
        assert_eq!(inspection.part, part);
        let finding = &inspection.findings[0];
        assert_eq!((finding.kind, &*finding.id, finding.rating.word()), (Kind::Vulnerability, "CVE-2024-1", "high"));
        assert_eq!((&*finding.package, &*finding.version, &*finding.place), ("openssl", "3.0.2-1", "i-1"));
        assert_eq!((&finding.fix, finding.epss), (&Fix::Version("3.0.3".into()), Some(0.25)));
        assert_eq!(&*finding.title, "CVE-2024-1 - openssl (an exploit is known)");
        assert!(!finding.known_exploited && finding.suppressed.is_none());
        let scores: Vec<(&str, u8, f32)> =
            finding.scores.iter().map(|score| (&*score.by, score.version, score.value)).collect();
        assert_eq!(scores, [("inspector", 3, 7.5), ("nvd", 3, 8.1)]);
        assert_eq!((&*finding.said[0].by, finding.said[0].rating.word()), ("nvd", "medium"));
    }

    #[test]
    fn findings_in_code_and_in_the_network_are_read() {
        let code = of_kind(
            "CODE_VULNERABILITY",
            r#","codeVulnerabilityDetails":{"detectorId":"python/x@v1.0","ruleId":"r","filePath":{"fileName":"a.py","filePath":"src/a.py","startLine":6}}"#,
        );
        let network = of_kind(
            "NETWORK_REACHABILITY",
            r#","networkReachabilityDetails":{"openPortRange":{"begin":22,"end":22},"protocol":"TCP"}"#,
        );
        let ports = of_kind(
            "NETWORK_REACHABILITY",
            r#","networkReachabilityDetails":{"openPortRange":{"begin":1,"end":99},"protocol":"UDP"}"#,
        );
        let inspection = fixture::read(&answer(&[&code, &network, &ports, &of_kind("NEW_KIND", "")]));
        let found: Vec<(Kind, &str, &str, Option<u32>)> =
            inspection.findings.iter().map(|found| (found.kind, &*found.id, &*found.place, found.line)).collect();
        let expected = [
            (Kind::Code, "python/x@v1.0", "src/a.py", Some(6)),
            (Kind::Misconfiguration, "NETWORK_REACHABILITY TCP 22", "i-2", None),
            (Kind::Misconfiguration, "NETWORK_REACHABILITY UDP 1-99", "i-2", None),
            (Kind::Vulnerability, "arn:f/2", "i-2", None),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_severity_that_is_none_is_unknown() {
        for (severity, expected) in [
            (r#""UNTRIAGED""#, "unknown"),
            (r#""INFORMATIONAL""#, "info"),
            (r#""critical ""#, "critical"),
            (r#""SEVERE""#, "unknown"),
            ("null", "unknown"),
        ] {
            let inspection = fixture::read(&answer(&[&PACKAGE.replace(r#""HIGH""#, severity)]));
            assert_eq!(inspection.findings[0].rating.word(), expected, "{severity}");
        }
    }

    #[test]
    fn what_is_suppressed_or_closed_is_told_and_an_alien_status_counts() {
        for (status, expected) in [
            ("ACTIVE", None),
            ("SUPPRESSED", Some("its status is SUPPRESSED")),
            ("CLOSED", Some("its status is CLOSED")),
            ("NEW", None),
        ] {
            let inspection = fixture::read(&answer(&[&PACKAGE.replace("ACTIVE", status)]));
            assert_eq!(inspection.findings[0].suppressed.as_deref(), expected, "{status}");
        }
    }

    #[test]
    fn a_list_about_one_image_names_it() {
        let hash = format!("sha256:{}", "a".repeat(64));
        let image = format!(
            r#"{{"id":"arn:aws:ecr:r:1:repository/web/{hash}","details":{{"awsEcrContainerImage":{{"repositoryName":"web","imageHash":"{hash}"}}}}}}"#
        );
        let of_image = PACKAGE.replace(r#"{"id":"i-1","type":"AWS_EC2_INSTANCE"}"#, &image);
        let digests = |text: &str| fixture::read(text).digests.len();
        assert_eq!(digests(&answer(&[&of_image, &of_image])), 1);
        assert_eq!(digests(&answer(&[&of_image, PACKAGE])), 0);
    }

    #[test]
    fn a_token_says_that_another_page_follows() {
        for (token, expected) in [
            (r#","nextToken":"x""#, true),
            (r#","NextToken":"x""#, true),
            (r#","nextToken":null"#, false),
            (r#","nextToken":"""#, false),
        ] {
            let text = answer(&[PACKAGE]).replace("]}]}", &format!("]}}]{token}}}"));
            let Part::Chain { more, count: 1, .. } = fixture::read(&text).part else { panic!("{text}") };
            assert_eq!(more, expected, "{text}");
        }
    }

    #[test]
    fn an_empty_list_is_recognised_only_if_the_format_is_named() {
        let empty = r#"{"findings":[]}"#;
        assert_eq!(fixture::refusal(empty), "Alien");
        let inspections = tampering::read_forced(&FORMAT, empty).unwrap();
        assert_eq!((inspections[0].findings.len(), inspections[0].notes.len()), (0, 1));
        assert!(tampering::read_forced(&FORMAT, "{}").is_err());
    }

    #[test]
    fn what_would_lose_a_finding_is_refused() {
        for (text, expected) in [
            (answer(&[r#"{"findingArn":""}"#]), "NoProof"),
            (answer(&[PACKAGE]).replace("]}]}", r#"]}],"Findings":[]}"#), "Misspelled"),
            (answer(&[PACKAGE]).replace("vulnerabilityId", "vulnerabilityID"), "Malformed"),
            (answer(&[PACKAGE]).replace("\"severity\"", "\"Severity\""), "Malformed"),
            (answer(&[PACKAGE, "7"]), "Malformed"),
            (answer(&[PACKAGE]).replace("]}]}", r#"]}],"findings":[]}"#), "Malformed"),
        ] {
            assert_eq!(fixture::refusal(&text), expected, "{text}");
        }
    }

    #[test]
    fn tampering_loses_nothing() {
        let text = answer(&[PACKAGE, &of_kind("CODE_VULNERABILITY", "")]);
        tampering::is_refused_when_cut(&text);
        tampering::survives_any_broken_byte(&text);
        tampering::loses_nothing_when_spoilt(&text, &["findings", "severity", "status", "vulnerabilityId", "type"]);
    }
}
