//! JUnit XML: a test case for each violation that fails, one that passes if there is none, one in error if the reports prove nothing.
//!
//! Source: the schema that Jenkins' JUnit plugin reads (`junit-10.xsd`).

use contract::Failure;

use super::{Scan, subject};

/// The section as JUnit XML.
pub(super) fn render(scan: Option<&Scan>, failure: Option<&Failure>) -> String {
    let mut cases = Vec::new();
    let mut failures = 0;
    for violation in scan.iter().flat_map(|scan| &scan.violations) {
        failures += 1;
        let name =
            format!("{} {} {}", violation.id, subject(violation), violation.version.as_deref().unwrap_or_default());
        let message = violation.reasons.join("; ");
        let title = violation.title.as_deref().unwrap_or_default();
        cases.push(format!(
            "    <testcase classname=\"scan-gate.{}\" name=\"{}\">\n      <failure type=\"{}\" message=\"{}\">{}</failure>\n    </testcase>\n",
            escaped(violation.scanners.first().map_or("scanner", String::as_str)),
            escaped(name.trim()),
            violation.severity,
            escaped(&message),
            escaped(title)
        ));
    }
    let doubts: Vec<String> = match (scan, failure) {
        (Some(scan), _) => scan.doubts.iter().map(|doubt| doubt.message.clone()).collect(),
        (None, failure) => {
            vec![failure.map_or_else(|| "nothing was judged".to_owned(), |failure| failure.message.clone())]
        }
    };
    for doubt in &doubts {
        cases.push(format!(
            "    <testcase classname=\"scan-gate\" name=\"the reports are proof\">\n      <error message=\"{}\"/>\n    </testcase>\n",
            escaped(doubt)
        ));
    }
    if failures + doubts.len() == 0 {
        cases.push("    <testcase classname=\"scan-gate\" name=\"gate open\"/>\n".to_owned());
    }
    let cases = cases.concat();
    let (tests, errors) = ((failures + doubts.len()).max(1), doubts.len());
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  \
         <testsuite name=\"scan-gate\" tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\">\n{cases}  </testsuite>\n</testsuites>\n"
    )
}

/// Text for an attribute or an element. Control characters, which XML 1.0 cannot hold, are gone already.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            '\u{fffe}' | '\u{ffff}' => escaped.push(char::REPLACEMENT_CHARACTER),
            _ if character.is_control() => escaped.push(' '),
            _ => escaped.push(character),
        }
    }
    escaped
}
