use crate::finding::{Finding, Kind, Score};
use crate::severity::Rating;
use crate::waiver::file::WaiverFile;
use crate::waiver::file::fixture::{effect, no_mutation_panics, no_prefix_passes, read, refusal, silences};
use crate::waiver::{Ruling, Seen, rule};

const PURL: &str = "pkg:maven/org.x/a@1.2";

fn around(version: u8, rules: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<suppressions xmlns=\"https://jeremylong.github.io/DependencyCheck/\
         dependency-suppression.1.{version}.xsd\">\n{rules}\n</suppressions>\n"
    )
}

fn one(criteria: &str) -> WaiverFile {
    read("s.xml", &around(3, &format!("<suppress>{criteria}</suppress>")))
}

fn silenced(file: &WaiverFile, id: &str, place: &str) -> bool {
    silences(file, id, PURL, place, "")
}

fn silences_scores(file: &WaiverFile, scores: &[f32]) -> bool {
    let score = |value: &f32| Score { by: "nvd".into(), version: 3, value: *value };
    let finding = Finding {
        scores: scores.iter().map(score).collect(),
        purl: PURL.into(),
        ..Finding::new(Kind::Vulnerability, "CVE-9", Rating::Unknown)
    };
    let seen = Seen { finding: &finding, canonical: "CVE-9", scanner: "dependency-check", digests: &[] };
    rule(&file.waivers, seen, "2026-06-01T12:00:00Z".parse().unwrap()) != Ruling::Counts
}

#[test]
fn a_rule_is_narrowed_down_by_its_file() {
    let cve = "<cve>CVE-1</cve>";
    let cases = [
        ("", true),
        ("<packageUrl>PKG:maven/org.x/a@1.2</packageUrl>", true),
        ("<packageUrl>pkg:maven/org.x/a</packageUrl>", false),
        ("<packageUrl caseSensitive=\"true\">PKG:maven/org.x/a@1.2</packageUrl>", false),
        ("<packageUrl regex=\"true\">^pkg:maven/org\\.x/a@.*$</packageUrl>", true),
        ("<packageUrl regex=\"1\" caseSensitive=\"1\">^PKG:.*$</packageUrl>", false),
        ("<packageUrl regex=\"true\">maven</packageUrl>", false),
        ("<gav>org.x:a:1.2</gav>", true),
        ("<gav regex=\"true\">^org\\.x:a:.*$</gav>", true),
        ("<gav regex=\"true\">^org\\.x:b:.*$</gav>", false),
        ("<filePath>lib/a.jar</filePath>", true),
        ("<filePath regex=\"true\">.*\\ba\\.jar</filePath>", true),
        ("<filePath>a.jar</filePath>", false),
    ];
    for (file, expected) in cases {
        assert_eq!(silenced(&one(&format!("{file}{cve}")), "cve-1", "lib/a.jar"), expected, "{file}");
    }
    let file = one(cve);
    assert!(!silenced(&file, "CVE-11", ""));
    assert_eq!(file.waivers[0].scanner.as_deref(), Some("dependency-check"));
}

#[test]
fn each_of_what_a_rule_suppresses_stands_for_itself() {
    let both = one(
        "<cve>CVE-1</cve><cve>CVE-2</cve><vulnerabilityName regex=\"true\">CVE-3.*</vulnerabilityName><cvssBelow>4</cvssBelow>",
    );
    assert_eq!(both.waivers.len(), 2);
    assert!(["CVE-1", "CVE-2", "CVE-33"].iter().all(|id| silenced(&both, id, "")) && !silenced(&both, "CVE-4", ""));
    assert!(silences_scores(&both, &[3.9]) && !silences_scores(&both, &[4.0]) && !silences_scores(&both, &[]));
    let part = one("<cve>CVE-1</cve><cpe>cpe:/a:b</cpe><vulnerabilityName regex=\"true\">(?!x)</vulnerabilityName>");
    assert!(silenced(&part, "CVE-1", ""));
    assert!(part.notes[0].starts_with("line 3: followed only in part: not by cpe `cpe:/a:b`"), "{:?}", part.notes);
}

#[test]
fn scores_are_followed_no_wider_than_dependency_check_does() {
    let below = one("<cvssBelow>4</cvssBelow><cvssBelow>7</cvssBelow><cvssV3Below>9</cvssV3Below>");
    assert!(silences_scores(&below, &[6.9]) && !silences_scores(&below, &[6.9, 7.5]));
    let by_version =
        one("<packageUrl regex=\"true\">.*</packageUrl><cvssV2Below>7</cvssV2Below><cvssV4Below>5</cvssV4Below>");
    assert!(
        silences_scores(&by_version, &[4.9])
            && !silences_scores(&by_version, &[5.0])
            && !silences_scores(&by_version, &[])
    );
}

#[test]
fn what_no_finding_tells_makes_a_rule_void() {
    let cases = [
        (
            "<sha1>66734244CE86857018B023A8C56AE0635C56B6A1</sha1><cve>CVE-1</cve>",
            "void: it is about a file by its hash",
        ),
        ("<cpe>cpe:/a:b:c</cpe>", "void: it suppresses by cpe `cpe:/a:b:c`"),
        ("<filePath>a</filePath><cpe regex=\"true\">cpe:.*</cpe><cwe>79</cwe>", "void: it suppresses by cpe `cpe:.*`"),
        ("<packageUrl regex=\"true\">(?!a).*</packageUrl><cve>CVE-1</cve>", "void: `(?!a).*` is no regular expression"),
        ("<packageUrl regex=\"true\">a)|(?:b</packageUrl><cve>CVE-1</cve>", "void: `a)|(?:b` is no regular expression"),
    ];
    for (criteria, expected) in cases {
        let effect = effect(&one(criteria));
        assert!(effect.starts_with(expected), "{criteria} gives {effect}");
    }
}

#[test]
fn dates_and_notes_come_from_the_rule_or_its_group() {
    let text = around(
        4,
        "<suppressionGroup name=\"g\" until=\"2026-06-01Z\" base=\"true\"><notes>of all</notes>\
         <suppress><cve>CVE-1</cve></suppress>\
         <suppress until=\"2026-06-02\" base=\"0\"><notes><![CDATA[\n of\n one ]]></notes><cve>CVE-2</cve></suppress>\
         </suppressionGroup><suppress until=\"2026-06-01-13:00\"><notes/><cve>CVE-3</cve></suppress>",
    );
    let file = read("s.xml", &text);
    let told: Vec<_> =
        file.waivers.iter().map(|waiver| (&*waiver.reason, waiver.expires.unwrap().to_string())).collect();
    let expected = [
        ("of all", "2026-06-01T00:00:00Z"),
        ("of one", "2026-06-02T00:00:00Z"),
        ("none given", "2026-06-01T13:00:00Z"),
    ];
    assert_eq!(told, expected.map(|(reason, date)| (reason, date.to_owned())));
    assert!(!silenced(&file, "CVE-1", "") && silenced(&file, "CVE-2", "") && silenced(&file, "CVE-3", ""));
    assert_eq!(read("s.xml", &around(1, "<!-- none -->")).notes, ["it names nothing"]);
}

#[test]
fn what_is_not_known_is_refused() {
    let rule = |inner: &str| around(3, &format!("<suppress>{inner}</suppress>"));
    let cases = [
        (rule("<packageUrl>pkg:a/b</packageUrl>"), "line 3: it suppresses nothing"),
        (rule(""), "line 3: it suppresses nothing"),
        (rule("<package>a</package><cve>CVE-1</cve>"), "line 3: <package> is not known here"),
        (rule("<CVE>CVE-1</CVE>"), "line 3: <CVE> is not known here"),
        (rule("<filePath>a</filePath><gav>b</gav><cve>CVE-1</cve>"), "line 3: a rule has but one of filePath"),
        (rule("<cve regex=\"true\">CVE-.*</cve>"), "line 3: the attribute `regex` of <cve> is not known"),
        (rule("<cve/>"), "line 3: it is empty"),
        (rule("<cve>CVE-1<b/></cve>"), "line 3: <b> is not known here"),
        (rule("all <cve>CVE-1</cve>"), "line 3: a text stands here"),
        (rule("<cvssBelow>11</cvssBelow>"), "line 3: `11` is no CVSS score"),
        (rule("<cvssBelow>NaN</cvssBelow>"), "line 3: `NaN` is no CVSS score"),
        (rule("<filePath regex=\"yes\">a</filePath><cve>CVE-1</cve>"), "line 3: `regex` is `yes`"),
        (rule("<cve xmlns=\"x\">CVE-1</cve>"), "line 3: <cve> is not known here"),
        (around(3, "<suppress until=\"soon\"><cve>CVE-1</cve></suppress>"), "line 3: `until` is `soon`"),
        (around(3, "<suppress until=\"2026-13-01Z\"><cve>CVE-1</cve></suppress>"), "line 3: `until` is `2026-13-01Z`"),
        (around(3, "<suppress files=\"a\" checks=\"b\"/>"), "line 3: the attribute `files` of <suppress> is not known"),
        (around(3, "<ignore/>"), "line 3: <ignore> is not known here"),
        (around(5, ""), "line 2: <suppressions> of `https://jeremylong"),
        (
            "<suppressions><suppress files=\"a\"/></suppressions>".to_owned(),
            "line 1: <suppressions> of `` is not known",
        ),
        ("<html></html>".to_owned(), "line 1: <html> of `` is not known"),
        ("<!DOCTYPE a [<!ENTITY b \"c\">]>\n<a>&b;</a>".to_owned(), "line 1: "),
        ("<a>\n<b></a>".to_owned(), "line 2: "),
    ];
    for (text, expected) in cases {
        let error = refusal("s.xml", &text);
        assert!(error.starts_with(expected) && !error.contains('\n'), "{text} gives {error}");
    }
}

#[test]
fn a_file_that_is_cut_is_refused() {
    let text = around(
        4,
        "<suppress until=\"2026-06-02Z\"><notes>ä</notes><gav regex=\"true\">a:.*</gav><cve>CVE-1</cve></suppress>",
    );
    no_prefix_passes("s.xml", &text);
    no_mutation_panics("s.xml", &text);
    assert!(silenced(
        &read("s.xml", &format!("\u{feff}{}", around(2, "<suppress>\r\n<cve>CVE-1</cve>\r\n</suppress>"))),
        "CVE-1",
        ""
    ));
}
