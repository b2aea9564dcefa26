use crate::waiver::file::fixture::{effect, no_mutation_panics, no_prefix_passes, read, refusal, silences};

const OPENSSL: &str = "pkg:deb/debian/openssl@3.0?arch=amd64";

fn digest() -> String {
    format!("sha256:{}", "a".repeat(64))
}

fn document(statement: &str) -> String {
    let image = format!("pkg:oci/app@{}", digest());
    let head = "\"@context\":\"https://openvex.dev/ns/v0.2.0\",\"@id\":\"x\",\"author\":\"me\",\"version\":1";
    let statement = statement.replace("IMAGE", &image).replace("PURL", "pkg:deb/debian/openssl");
    format!("{{{head},\"timestamp\":\"2026-01-02T00:00:00Z\",\"statements\":[{statement}]}}")
}

fn statement(status: &str, products: &str) -> String {
    document(&format!(r#"{{"vulnerability":{{"name":"CVE-1","aliases":["GHSA-1"]}},"products":{products},{status}}}"#))
}

const NOT_AFFECTED: &str = r#""status":"not_affected","justification":"vulnerable_code_not_present""#;

#[test]
fn a_statement_is_about_an_image_a_package_or_a_package_in_an_image() {
    // Of openssl in that image, openssl in another image, zlib in that image.
    let cases = [
        (r#"[{"@id":"PURL"}]"#, [true, true, false]),
        (r#"["PURL"]"#, [true, true, false]),
        (r#"[{"@id":"IMAGE"}]"#, [true, false, true]),
        (r#"[{"@id":"IMAGE","subcomponents":[{"@id":"PURL"}]}]"#, [true, false, false]),
        (
            r#"[{"@id":"IMAGE","subcomponents":[{"@id":"x"},{"@id":"y","identifiers":{"purl":"PURL"}}]}]"#,
            [true, false, false],
        ),
        (r#"["IMAGE"],"subcomponents":["PURL"]"#, [true, false, false]),
        (r#"[{"identifiers":{"purl":"PURL","cpe23":"x"},"hashes":{"md5":"x"}}]"#, [true, true, false]),
        (r#"["nginx","PURL"]"#, [true, true, false]),
        (r#"[{"@id":"IMAGE","subcomponents":[{"@id":"openssl"}]}]"#, [false; 3]),
        (r#"["PURL"],"subcomponents":["pkg:deb/debian/openssl"]"#, [false; 3]),
    ];
    for (products, expected) in cases {
        let file = read("x.json", &statement(NOT_AFFECTED, products));
        let silenced = |purl: &str, image: &str| silences(&file, "CVE-1", purl, "", image);
        let found = [silenced(OPENSSL, &digest()), silenced(OPENSSL, ""), silenced("pkg:deb/debian/zlib@1", &digest())];
        assert_eq!(found, expected, "{products}");
    }
    let file = read("x.json", &statement(NOT_AFFECTED, r#"["PURL","nginx"]"#));
    assert!(silences(&file, "ghsa-1", OPENSSL, "", "") && !silences(&file, "CVE-2", OPENSSL, "", ""));
    assert!(
        file.notes[0].starts_with("statement 1: followed only in part: `nginx` is no package URL"),
        "{:?}",
        file.notes
    );
    assert_eq!(file.waivers[0].reason, "not_affected: vulnerable_code_not_present");
}

#[test]
fn every_status_has_its_effect() {
    let cases = [
        (NOT_AFFECTED, "Silences"),
        (r#""status":"not_affected","impact_statement":"never called""#, "Silences"),
        (r#""status":"not_affected","justification":"trust me""#, "void: it does not say why"),
        (r#""status":"not_affected","justification":"","impact_statement":" ""#, "void: it does not say why"),
        (r#""status":"fixed""#, "Silences"),
        (r#""status":"affected","action_statement":"update""#, "Affirms"),
        (r#""status":"under_investigation""#, "Affirms"),
    ];
    for (status, expected) in cases {
        let effect = effect(&read("x.json", &statement(status, r#"["PURL"]"#)));
        assert!(effect.starts_with(expected), "{status} gives {effect}");
    }
}

#[test]
fn a_product_that_may_be_another_one_makes_a_statement_void() {
    let cases = [
        ("[]", "void: it names no product"),
        ("null", "void: it names no product"),
        ("[{}]", "void: a product without a name"),
        (r#"["nginx"]"#, "void: `nginx` is no package URL"),
        (r#"["registry.k8s.io/kube-apiserver:v1"]"#, "void: `registry.k8s.io/kube-apiserver:v1` is no package URL"),
        (r#"["pkg:oci/kube-apiserver?tag=v1"]"#, "void: `pkg:oci/kube-apiserver?tag=v1` names an image without"),
        (r#"["pkg:oci/a@sha256%253Aaa"]"#, "void: `pkg:oci/a@sha256%253Aaa` names an image without"),
        (r#"["pkg:maven/a/b@1"],"subcomponents":["PURL"]"#, "void: that the product that contains it, package `b`"),
        (r#"[{"@id":"IMAGE","subcomponents":["openssl"]}]"#, "void: `openssl` is no package URL"),
        (r#"[{"@id":"IMAGE","subcomponents":["IMAGE"]}]"#, "void: an image (sha256"),
        (r#"[{"@id":"IMAGE","subcomponents":[{"@id":"PURL","subcomponents":["PURL"]}]}]"#, "void: a subcomponent in"),
    ];
    for (products, expected) in cases {
        let effect = effect(&read("x.json", &statement(NOT_AFFECTED, products)));
        assert!(effect.starts_with(expected), "{products} gives {effect}");
    }
    let without = document(&format!(r#"{{"vulnerability":"CVE-1",{NOT_AFFECTED}}}"#));
    assert_eq!(effect(&read("x.json", &without)), "void: it names no product");
}

#[test]
fn a_later_statement_takes_an_earlier_one_back() {
    let of = |status: &str, time: &str| {
        format!(r#"{{"vulnerability":"CVE-1","products":["PURL"],"timestamp":"{time}","status":"{status}"}}"#)
    };
    let silenced =
        |statements: &[String]| silences(&read("x.json", &document(&statements.join(","))), "CVE-1", OPENSSL, "", "");
    let fixed = of("fixed", "2026-01-01T00:00:00Z");
    assert!(silenced(std::slice::from_ref(&fixed)));
    assert!(!silenced(&[of("affected", "2026-01-01T00:00:01Z"), fixed.clone()]));
    assert!(silenced(&[of("affected", "2025-12-31T23:00:00-00:30"), fixed.clone()]));
    let of_document = r#"{"vulnerability":"CVE-1","products":["PURL"],"status":"under_investigation"}"#;
    assert!(!silenced(&[of_document.to_owned(), fixed]));
    let wide =
        r#"{"vulnerability":"CVE-1","products":[{"@id":"IMAGE","subcomponents":["openssl"]}],"status":"affected"}"#;
    let narrow = r#"{"vulnerability":"CVE-1","products":[{"@id":"IMAGE","subcomponents":["PURL"]}],"status":"fixed"}"#;
    let file = read("x.json", &document(&format!("{narrow},{wide}")));
    assert!(!silences(&file, "CVE-1", OPENSSL, "", &digest()), "what affirms is about the whole image");
}

#[test]
fn what_is_not_understood_is_refused() {
    let cases = [
        (document(""), "document: it has no statements"),
        (document("").replace("v0.2.0", "v1.0.0"), "document: its `@context`"),
        (document(r#"{"status":"fixed"}"#), "statement 1: it names no vulnerability"),
        (document(r#"{"vulnerability":" ","status":"fixed"}"#), "statement 1: it names no vulnerability"),
        (document(r#"{"vulnerability":{"@id":"x"},"status":"fixed"}"#), "it is no JSON at byte"),
        (document(r#"{"vulnerability":"CVE-1"}"#), "statement 1: it has no status"),
        (statement(r#""status":"Fixed""#, "[]"), "statement 1: its status `Fixed` is not known"),
        (statement(r#""status":"fixed","timestamp":"today""#, "[]"), "statement 1: `today` is no moment"),
        (
            statement(r#""status":"fixed","subcomponent":["a"]"#, "[]"),
            "its member `subcomponent` is nearly `subcomponents`",
        ),
        (statement(r#""status":"fixed","status":"affected""#, "[]"), "it is no JSON at byte"),
        (statement(NOT_AFFECTED, r#"[{"@id":"IMAGE","subComponents":["PURL"]}]"#), "it is no JSON at byte"),
        (statement(NOT_AFFECTED, r#"[{"@id":"PURL","@id":"IMAGE"}]"#), "it is no JSON at byte"),
        (statement(NOT_AFFECTED, "[1]"), "it is no JSON at byte"),
        (statement(NOT_AFFECTED, "[]").replace("2026-01-02T", "2026-01-02 "), "passed"),
        (statement(NOT_AFFECTED, "[]").replace("2026-01-02T00:00:00Z", "2026"), "document: `2026` is no moment"),
        (statement(NOT_AFFECTED, "[]") + "{}", "it is no JSON at byte"),
    ];
    for (text, expected) in cases {
        let error = refusal("x.json", &text);
        assert!(error.starts_with(expected), "{text} gives {error}");
    }
}

#[test]
fn a_file_that_is_cut_is_refused() {
    let text = format!(
        "\u{feff}{}",
        statement(NOT_AFFECTED, r#"[{"@id":"IMAGE","subcomponents":["PURL"]}]"#).replace(',', ",\r\n")
    );
    no_prefix_passes("x.json", &text);
    no_mutation_panics("x.json", &text);
    let untold = statement(NOT_AFFECTED, r#"["PURL"]"#).replace("https://openvex.dev/ns/v0.2.0", "");
    assert_eq!(effect(&read("x.json", &untold)), "Silences");
}
