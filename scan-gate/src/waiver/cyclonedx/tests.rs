use crate::waiver::file::fixture::{effect, no_mutation_panics, no_prefix_passes, read, refusal, silences};

const LIBRARY: &str = "pkg:maven/org.x/a@1.2";
const SERIAL: &str = "3e671687-395b-41f5-a30f-a58921a69b79";

fn bom(vulnerabilities: &str) -> String {
    let image = format!("pkg:oci/app@sha256:{}", "a".repeat(64));
    let metadata = format!(
        r#"{{"timestamp":"2026-01-02T00:00:00Z","component":{{"type":"container","bom-ref":"app","name":"app","purl":"{image}"}}}}"#
    );
    let components = format!(
        r#"[{{"bom-ref":"lib","purl":"{LIBRARY}","components":[{{"bom-ref":"inner","purl":"pkg:maven/org.x/inner@1"}}]}},{{"bom-ref":"bare","name":"bare"}}]"#
    );
    format!(
        r#"{{"bomFormat":"CycloneDX","specVersion":"1.6","serialNumber":"urn:uuid:{SERIAL}","vulnerabilities":[{vulnerabilities}],"metadata":{metadata},"components":{components}}}"#
    )
}

fn vulnerability(state: &str, affects: &str) -> String {
    format!(
        r#"{{"id":"CVE-1","references":[{{"id":"SNYK-1","source":{{"name":"snyk"}}}}],"analysis":{{"state":"{state}","justification":"code_not_reachable","detail":"never\n called"}},"affects":[{affects}]}}"#
    )
}

fn to(reference: &str) -> String {
    format!(r#"{{"ref":"{reference}"}}"#)
}

#[test]
fn what_is_affected_is_a_package_or_the_image() {
    let digest = format!("sha256:{}", "a".repeat(64));
    // Of the library in that image, the library in another image, another package in that image.
    let cases = [
        (to("lib"), [true, true, false]),
        (to(LIBRARY), [true, true, false]),
        (to("pkg:maven/org.x/a"), [true, true, false]),
        (to(&format!("urn:cdx:{SERIAL}/1#lib")), [true, true, false]),
        (to("app"), [true, false, true]),
        (to("inner"), [false; 3]),
        (to("bare") + "," + &to("lib"), [true, true, false]),
        (r#"{"ref":"lib","versions":[{"version":"1.2","status":"unaffected"}]}"#.to_owned(), [false; 3]),
    ];
    for (affects, expected) in cases {
        let file = read("x.json", &bom(&vulnerability("not_affected", &affects)));
        let silenced = |purl: &str, image: &str| silences(&file, "cve-1", purl, "", image);
        let found = [silenced(LIBRARY, &digest), silenced(LIBRARY, ""), silenced("pkg:npm/b@1", &digest)];
        assert_eq!(found, expected, "{affects}");
    }
    let file = read("x.json", &bom(&vulnerability("resolved", &(to("lib") + "," + &to("bare")))));
    assert!(silences(&file, "SNYK-1", LIBRARY, "", "") && !silences(&file, "CVE-2", LIBRARY, "", ""));
    assert_eq!(file.notes, ["vulnerability 1: followed only in part: the component `bare` has no package URL"]);
    assert_eq!(file.waivers[0].reason, "resolved: code_not_reachable: never called");
}

#[test]
fn every_state_has_its_effect() {
    let cases = [
        ("not_affected", "Silences"),
        ("false_positive", "Silences"),
        ("resolved", "Silences"),
        ("resolved_with_pedigree", "Silences"),
        ("exploitable", "Affirms"),
        ("in_triage", "Affirms"),
    ];
    for (state, expected) in cases {
        assert_eq!(effect(&read("x.json", &bom(&vulnerability(state, &to("lib"))))), expected, "{state}");
    }
}

#[test]
fn what_cannot_be_told_makes_a_statement_void() {
    let versions = |versions: &str| format!(r#"{{"ref":"lib","versions":[{versions}]}}"#);
    let cases = [
        (String::new(), "void: it names no product"),
        (to("product"), "void: `product` is neither a component of the BOM nor a package URL"),
        (to("bare"), "void: the component `bare` has no package URL"),
        (to("urn:cdx:0e671687-395b-41f5-a30f-a58921a69b79/1#lib"), "void: `urn:cdx:0e671687"),
        (to("pkg:oci/app?tag=1"), "void: `pkg:oci/app?tag=1` names an image without"),
        (versions(r#"{"range":"vers:semver/<2","status":"affected"}"#), "void: the range `vers:semver/<2`"),
        (versions(r#"{"version":"1","range":"vers:semver/<2"}"#), "void: the range `vers:semver/<2`"),
        (versions(r#"{"version":"1","status":"unknown"}"#), "void: a version whose status is unknown"),
        (versions("{}"), "void: a version that is not named"),
    ];
    for (affects, expected) in cases {
        let effect = effect(&read("x.json", &bom(&vulnerability("not_affected", &affects))));
        assert!(effect.starts_with(expected), "{affects} gives {effect}");
    }
    let nameless = bom(r#"{"analysis":{"state":"not_affected"},"affects":[{"ref":"lib"}]}"#);
    assert_eq!(effect(&read("x.json", &nameless)), "void: it names no vulnerability");
}

#[test]
fn versions_narrow_down_what_silences_and_never_what_affirms_by_a_range() {
    let subjects = |state: &str, versions: &str| {
        let affects = format!(r#"{{"ref":"lib","versions":[{versions}]}}"#);
        let file = read("x.json", &bom(&vulnerability(state, &affects)));
        file.waivers[0].subjects.iter().map(|subject| subject.version.clone().unwrap_or_default()).collect::<Vec<_>>()
    };
    let single = r#"{"version":"1","status":"unaffected"},{"version":"2"}"#;
    assert_eq!(subjects("not_affected", single), ["1", "2"]);
    assert_eq!(subjects("exploitable", single), ["2"]);
    let range = r#"{"version":"1"},{"range":"vers:semver/<2"}"#;
    assert_eq!(subjects("not_affected", range), ["1"]);
    assert_eq!(subjects("exploitable", range), [""]);
}

#[test]
fn a_statement_is_as_old_as_its_analysis_else_as_the_bom() {
    let time = |members: &str, analysis: &str| {
        let text = bom(&format!(r#"{{"id":"CVE-1",{members}"analysis":{{{analysis}}},"affects":[{{"ref":"lib"}}]}}"#));
        let of_bom = r#""timestamp":"2026-01-02T00:00:00Z","#;
        let text = if members.contains("published") { text.replace(of_bom, "") } else { text };
        let time = read("x.json", &text).waivers[0].stated_at;
        time.map(|time| time.to_string()[..10].to_owned()).unwrap_or_default()
    };
    let resolved = r#""state":"resolved""#;
    let issued = format!(r#"{resolved},"firstIssued":"2026-02-01T00:00:00Z""#);
    assert_eq!(time("", &issued), "2026-02-01");
    assert_eq!(time("", &format!(r#"{issued},"lastUpdated":"2026-03-01T00:00:00.000Z""#)), "2026-03-01");
    assert_eq!(time(r#""updated":"2020-01-01T00:00:00Z","#, resolved), "2026-01-02");
    let published = r#""published":"2019-01-01T00:00:00Z","#;
    assert_eq!(time(published, resolved), "2019-01-01");
    assert_eq!(time(published, r#""state":"exploitable""#), "", "what affirms may be the latest");
}

#[test]
fn a_vulnerability_without_an_analysis_says_nothing() {
    let file = read(
        "x.json",
        &bom(&format!(
            r#"{{"id":"CVE-2"}},{{"id":"CVE-3","analysis":{{}}}},{}"#,
            vulnerability("resolved", &to("lib"))
        )),
    );
    assert_eq!(file.waivers.len(), 1);
    assert_eq!(file.notes, ["2 of its vulnerabilities have no analysis, which says nothing"]);
    assert_eq!(read("x.json", &bom("")).notes, ["it names nothing"]);
}

#[test]
fn what_is_not_understood_is_refused() {
    let one = bom(&vulnerability("resolved", &to("lib")));
    let cases = [
        (one.replace("\"1.6\"", "\"2.0\""), "document: its `specVersion` is `2.0`"),
        (one.replace("vulnerabilities", "dependencies"), "document: it has no `vulnerabilities`"),
        (one.replace("vulnerabilities", "vulnerabilitys"), "document: it has no `vulnerabilities`"),
        (one.replace("\"vulnerabilities\"", "\"Vulnerabilities\""), "its member `Vulnerabilities` is nearly"),
        (one.replace("\"resolved\"", "\"Resolved\""), "vulnerability 1: its state `Resolved` is not known"),
        (one.replace("\"bare\"", "\"lib\""), "document: two components have the `bom-ref` `lib`"),
        (one.replace("2026-01-02T00:00:00Z", "today"), "vulnerability 1: `today` is no moment"),
        (one.replace("\"affects\"", "\"Affects\""), "it is no JSON at byte"),
        (one.replace("\"state\"", "\"state\":\"exploitable\",\"state\""), "it is no JSON at byte"),
        (one.clone() + "[]", "it is no JSON at byte"),
    ];
    for (text, expected) in cases {
        let error = refusal("x.json", &text);
        assert!(error.starts_with(expected), "{text} gives {error}");
    }
    no_prefix_passes("x.json", &one);
    no_mutation_panics("x.json", &one);
}
