//! Docker Scout's report (`docker scout cves --format sarif`): SARIF, of which only the driver's name says that it is Docker Scout's. So the reader of SARIF
//! finds it, and this format, which claims nothing, is there to be named.
//!
//! The level is `error` for everything, and the score of a rule may be missing; the severity that Docker Scout means is the rule's `cvssV3_severity`, whatever the
//! version of CVSS. Package and fix of a result stand only in its message: those of the rule are of one package of several.
//!
//! Source: reports of Docker Scout 1.6 to 1.18, as its documentation has no schema (docs.docker.com, `docker scout cves`).

use super::sarif::{self, Lines};
use super::{Format, ReadError};
use crate::finding::{Finding, Fix, Pool};
use crate::inspection::Inspection;
use crate::json::{Json, Outline};
use crate::severity::Rating;

/// Docker Scout's reports.
pub const FORMAT: Format = Format { name: SCANNER, claims: |_| false, read };

/// Its driver's name, as scanners are named.
pub(super) const SCANNER: &str = "docker-scout";

fn read(json: &mut Json, outline: &Outline, inspection: &mut Inspection) -> Result<(), ReadError> {
    sarif::read(json, outline, inspection)?;
    if inspection.format == FORMAT.name {
        return Ok(());
    }
    Err(ReadError::NoProof(format!("it is SARIF of {}, not of Docker Scout alone", inspection.scanner)))
}

/// The severity by the rule, else by the message. `UNSPECIFIED` is a word that is no severity.
pub(super) fn rating(rule: Option<Rating>, message: Option<Rating>) -> Rating {
    rule.or(message).unwrap_or(Rating::Unknown)
}

/// Tells what the message says.
pub(super) fn tell(lines: &Lines, finding: &mut Finding, pool: &mut Pool) {
    if let Some(purl) = lines.package.as_deref() {
        let (name, version) = name_and_version(purl);
        finding.package = pool.text(&name);
        finding.version = pool.text(&version);
        finding.purl = purl.into();
    }
    finding.fix = match lines.fixed.as_deref() {
        Some("" | "not fixed") => Fix::None,
        Some(version) => Fix::Version(pool.text(version)),
        None => Fix::Unsaid,
    };
    finding.epss = lines.epss;
}

/// The name as other scanners give it, and the version: a distribution is no part of the name.
///
/// Source: package-url/purl-spec.
fn name_and_version(purl: &str) -> (String, String) {
    let Some((kind, path)) = purl.strip_prefix("pkg:").and_then(|rest| rest.split_once('/')) else {
        return (purl.to_owned(), String::new());
    };
    let path = path.split(['?', '#']).next().unwrap_or_default();
    // The first character of a segment is a scope's, not a version's.
    let versioned = path.rsplit_once('@').filter(|(before, _)| !before.is_empty() && !before.ends_with('/'));
    let (path, version) = versioned.unwrap_or((path, ""));
    let name = match (kind, path.rsplit_once('/')) {
        ("deb" | "apk" | "rpm", Some((_, name))) => name.to_owned(),
        ("maven", Some((group, name))) => format!("{group}:{name}"),
        _ => path.to_owned(),
    };
    (decoded(&name), decoded(version))
}

/// Undoes what is encoded in package URLs that scanners write.
fn decoded(text: &str) -> String {
    [
        ("%40", "@"),
        ("%2B", "+"),
        ("%2b", "+"),
        ("%3A", ":"),
        ("%3a", ":"),
        ("%7E", "~"),
        ("%7e", "~"),
        ("%2F", "/"),
        ("%2f", "/"),
    ]
    .into_iter()
    .fold(text.to_owned(), |text, (code, character)| text.replace(code, character))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reader::{fixture, tampering};
    use crate::severity::Severity;

    const RULES: &str = r#"[{"id":"CVE-1","shortDescription":{"text":"t"},"properties":{"cvssV3_severity":"LOW","cvssV3":7.3,
        "cvssV3_vector":"CVSS:4.0/AV:N","security-severity":"7.3","fixed_version":"9","purls":["pkg:npm/x@1"]}},
        {"id":"GHSA-2","properties":{"cvssV3_severity":"UNSPECIFIED","security-severity":"7.1"}},{"id":"CVE-3"}]"#;

    fn result(rule: &str, index: u8, lines: &str) -> String {
        format!(
            r#"{{"ruleId":"{rule}","ruleIndex":{index},"kind":"fail","level":"error","message":{{"text":"{lines}"}}}}"#
        )
    }

    fn report(driver: &str, results: &str) -> String {
        format!(
            r#"{{"version":"2.1.0","runs":[{{"tool":{{"driver":{{"name":"{driver}","version":"1.18","rules":{RULES}}}}},"results":[{results}]}}]}}"#
        )
    }

    #[test]
    fn the_driver_says_that_it_is_docker_scouts() {
        let inspection = fixture::read(&report("docker scout", ""));
        assert_eq!((inspection.format, inspection.scanner.as_str()), ("docker-scout", "docker-scout"));
        assert_eq!(inspection.scanner_version.as_deref(), Some("1.18"));
    }

    #[test]
    fn it_is_rated_by_its_own_word_and_told_by_its_message() {
        let lines = r"  Severity        : LOW  \n  Package         : pkg:npm/%40a/b@1.0?x=y  \n  Fixed version   : 2.0  \n  EPSS Score      : 0.25  \n";
        let not_fixed =
            r" Severity : CRITICAL \n Package : pkg:deb/debian/tar@1.34%2Bdfsg-1 \n Fixed version : not fixed \n";
        let results = [
            result("CVE-1", 0, lines),
            result("GHSA-2", 1, not_fixed),
            result("CVE-3", 2, not_fixed),
            result("CVE-3", 2, ""),
        ];
        let inspection = fixture::read(&report("docker scout", &results.join(",")));
        let [first, second, third, last] = &inspection.findings[..] else { panic!() };
        assert_eq!((first.rating, first.epss), (Rating::Known(Severity::Low), Some(0.25)));
        assert_eq!((&*first.package, &*first.version, &first.fix), ("@a/b", "1.0", &Fix::Version("2.0".into())));
        assert_eq!((first.scores[0].version, first.scores[0].value), (4, 7.3));
        assert_eq!((second.rating, &second.fix), (Rating::Unknown, &Fix::None));
        assert_eq!((&*second.package, &*second.version), ("tar", "1.34+dfsg-1"));
        assert_eq!(third.rating, Rating::Known(Severity::Critical));
        assert_eq!((last.rating, &last.fix, &*last.package), (Rating::Unknown, &Fix::Unsaid, ""));
    }

    #[test]
    fn a_package_has_the_name_that_other_scanners_give_it() {
        for (purl, expected) in [
            ("pkg:pypi/pillow@9.4.0", ("pillow", "9.4.0")),
            ("pkg:npm/%40babel/core@7.0.0", ("@babel/core", "7.0.0")),
            ("pkg:npm/@babel/core", ("@babel/core", "")),
            ("pkg:maven/org.a/b@1?type=jar#x", ("org.a:b", "1")),
            ("pkg:golang/golang.org/x/net@0.1", ("golang.org/x/net", "0.1")),
            ("pkg:deb/ubuntu/gcc-12@12.3?os_name=ubuntu", ("gcc-12", "12.3")),
            ("stdlib", ("stdlib", "")),
        ] {
            let (name, version) = name_and_version(purl);
            assert_eq!((name.as_str(), version.as_str()), expected, "{purl}");
        }
    }

    #[test]
    fn a_format_that_is_named_refuses_other_tools() {
        for (driver, is_read) in [("docker scout", true), ("Docker Scout", true), ("Trivy", false)] {
            let read = tampering::read_forced(&FORMAT, &report(driver, ""));
            assert_eq!(read.is_ok(), is_read, "{driver}: {read:?}");
        }
        let run = |driver: &str| {
            let text = report(driver, "");
            let (_, runs) = text.split_once("\"runs\":[").unwrap();
            runs.strip_suffix("]}").unwrap().to_owned()
        };
        let mixed = format!(r#"{{"runs":[{},{}]}}"#, run("docker scout"), run("Trivy"));
        assert!(matches!(tampering::read_forced(&FORMAT, &mixed), Err(ReadError::NoProof(_))));
        assert_eq!(fixture::read(&mixed).format, "sarif");
    }

    #[test]
    fn a_report_that_was_tampered_with_loses_nothing() {
        let text = report("docker scout", &result("CVE-1", 0, "Package : pkg:npm/a@1"));
        tampering::is_refused_when_cut(&text);
        tampering::survives_any_broken_byte(&text);
        tampering::loses_nothing_when_spoilt(&text, &["runs", "driver", "results", "ruleId"]);
    }
}
