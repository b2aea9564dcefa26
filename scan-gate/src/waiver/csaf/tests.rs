use crate::waiver::file::WaiverFile;
use crate::waiver::file::fixture::{effect, no_mutation_panics, no_prefix_passes, read, refusal, silences};

const OPENSSL: &str = "pkg:rpm/redhat/openssl@1.1.1k-8?arch=x86_64&distro=redhat-8.6";

fn digest() -> String {
    format!("sha256:{}", "a".repeat(64))
}

fn document(status: &str) -> String {
    let named = |id: &str, purl: &str| {
        format!(r#"{{"name":"{id}","product_id":"{id}","product_identification_helper":{{"purl":"{purl}"}}}}"#)
    };
    let part = |id: &str, part: &str, whole: &str| {
        format!(
            r#"{{"category":"default_component_of","full_product_name":{{"name":"{id}","product_id":"{id}"}},"product_reference":"{part}","relates_to_product_reference":"{whole}"}}"#
        )
    };
    let branches = format!(
        r#"[{{"category":"vendor","name":"v","branches":[{{"category":"x","name":"x","product":{}}},{{"category":"x","name":"y","product":{{"name":"os","product_id":"os","product_identification_helper":{{"cpe":"cpe:/o:x"}}}}}}]}}]"#,
        named("ssl", "pkg:rpm/redhat/openssl@1.1.1k-8?arch=x86_64")
    );
    let image = format!("pkg:oci/app@{}", digest());
    let products =
        [named("image", &image), named("any-ssl", "pkg:rpm/redhat/openssl"), named("tag", "pkg:oci/app?tag=1")];
    let parts = [
        part("os:ssl", "ssl", "os"),
        part("os:any-ssl", "any-ssl", "os"),
        part("image:ssl", "ssl", "image"),
        part("image:os", "os", "image"),
    ];
    format!(
        r#"{{"document":{{"category":"csaf_vex","csaf_version":"2.0","tracking":{{"current_release_date":"2026-01-02T00:00:00Z","status":"final"}}}},"product_tree":{{"branches":{branches},"full_product_names":[{}],"relationships":[{}]}},"vulnerabilities":[{{"cve":"CVE-1","ids":[{{"system_name":"b","text":"BUG-1"}}],"flags":[{{"label":"component_not_present","product_ids":["ssl"]}}],"threats":[{{"category":"impact","details":"not\n built"}},{{"category":"exploit_status","details":"x"}}],"product_status":{{{status}}}}}]}}"#,
        products.join(","),
        parts.join(",")
    )
}

fn of(status: &str) -> WaiverFile {
    read("x.json", &document(status))
}

#[test]
fn a_product_is_known_by_the_package_url_in_the_tree() {
    // Of that openssl in the image, that openssl elsewhere, another openssl elsewhere.
    let cases = [
        (r#""fixed":["ssl"]"#, [true, true, false]),
        (r#""known_not_affected":["ssl"]"#, [true, true, false]),
        (r#""known_not_affected":["any-ssl"]"#, [true, true, true]),
        (r#""known_not_affected":["image"]"#, [true, false, false]),
        (r#""known_not_affected":["image:ssl"]"#, [true, false, false]),
        (r#""known_not_affected":["os:ssl"]"#, [false; 3]),
        (r#""fixed":["os:ssl"]"#, [true, true, false]),
        (r#""fixed":["os:any-ssl"]"#, [false; 3]),
        (r#""fixed":["ssl"],"known_affected":["os:ssl"]"#, [false; 3]),
        (r#""fixed":["any-ssl"],"known_affected":["ssl"]"#, [false, false, true]),
        (r#""fixed":["any-ssl"],"known_affected":["image"]"#, [false, true, true]),
        (r#""fixed":["ssl"],"under_investigation":["ssl"]"#, [false; 3]),
        (r#""fixed":["ssl"],"last_affected":["ssl"]"#, [false; 3]),
        (r#""fixed":["ssl"],"recommended":["ssl"]"#, [true, true, false]),
    ];
    for (status, expected) in cases {
        let file = of(status);
        let silenced = |purl: &str, image: &str| silences(&file, "cve-1", purl, "", image);
        let other = OPENSSL.replace("k-8", "k-7");
        assert_eq!([silenced(OPENSSL, &digest()), silenced(OPENSSL, ""), silenced(&other, "")], expected, "{status}");
    }
}

#[test]
fn a_statement_tells_its_status_its_reason_and_its_date() {
    let file = of(r#""known_not_affected":["ssl"],"fixed":["ssl","os"],"first_affected":[]"#);
    let told: Vec<_> = file.waivers.iter().map(|waiver| (&*waiver.origin.place, &*waiver.reason)).collect();
    let expected = [
        ("vulnerability 1, known_not_affected", "known_not_affected: component_not_present, not built"),
        ("vulnerability 1, fixed", "fixed"),
    ];
    assert_eq!(told, expected);
    assert_eq!(file.waivers[0].stated_at.unwrap().to_string(), "2026-01-02T00:00:00Z");
    assert_eq!(file.notes, ["vulnerability 1, fixed: followed only in part: the product `os` has no package URL"]);
    assert!(silences(&file, "bug-1", OPENSSL, "", "") && !silences(&file, "CVE-2", OPENSSL, "", ""));
    assert_eq!(read("x.json", &document("").replace("product_status", "scores")).notes, ["it names nothing"]);
}

#[test]
fn what_cannot_be_told_makes_a_statement_void() {
    let cases = [
        (r#""fixed":["os"]"#, "void: the product `os` has no package URL"),
        (r#""fixed":["nothing"]"#, "void: the product `nothing` is not in the product tree"),
        (r#""fixed":["tag"]"#, "void: `pkg:oci/app?tag=1` names an image without"),
        (r#""fixed":["image:os"]"#, "void: the product `os` has no package URL"),
        (r#""known_not_affected":["os:ssl"]"#, "void: `os:ssl` is in `os`, and that this is what was scanned"),
        (r#""known_affected":["os:any-ssl"]"#, "void: `os:any-ssl` is in `os`, and that this is what was scanned"),
    ];
    for (status, expected) in cases {
        let effect = effect(&of(status));
        assert!(effect.starts_with(expected), "{status} gives {effect}");
    }
    let draft = |status: &str| effect(&read("x.json", &document(status).replace("\"final\"", "\"draft\"")));
    assert_eq!(draft(r#""fixed":["ssl"]"#), "void: the document is a draft");
    assert_eq!(draft(r#""known_affected":["ssl"]"#), "Affirms");
    let nameless = document(r#""fixed":["ssl"]"#).replace("\"cve\"", "\"title\"").replace("\"ids\"", "\"notes\"");
    assert_eq!(effect(&read("x.json", &nameless)), "void: it names no vulnerability");
}

#[test]
fn what_is_not_understood_is_refused() {
    let one = document(r#""fixed":["os:ssl"],"known_affected":["image"]"#);
    let cases = [
        (one.replace("\"2.0\"", "\"2.1\""), "document: its `csaf_version` is `2.1`: 2.0 is read"),
        (one.replace("\"vulnerabilities\"", "\"notes\""), "document: it has no `vulnerabilities`"),
        (one.replace("\"vulnerabilities\"", "\"vulnerabilitie\""), "its member `vulnerabilitie` is nearly"),
        (one.replace("\"tracking\"", "\"track\""), "document: it has no `tracking`"),
        (one.replace("2026-01-02T00:00:00Z", "today"), "document: `today` is no moment"),
        (
            one.replace("\"product_id\":\"os\"", "\"product_id\":\"ssl\""),
            "document: the product `ssl` is defined twice",
        ),
        (
            one.replace("\"product_id\":\"image:os\"", "\"product_id\":\"os:ssl\""),
            "document: the product `os:ssl` is defined twice",
        ),
        (one.replace("\"known_affected\"", "\"known_affectd\""), "it is no JSON at byte"),
        (one.replace("\"known_affected\"", "\"fixed\""), "it is no JSON at byte"),
        (one.replace("\"product_status\"", "\"Product_status\""), "it is no JSON at byte"),
        (one.clone() + "{}", "it is no JSON at byte"),
    ];
    for (text, expected) in cases {
        let error = refusal("x.json", &text);
        assert!(error.starts_with(expected), "{text} gives {error}");
    }
    no_prefix_passes("x.json", &one);
    no_mutation_panics("x.json", &one);
}
