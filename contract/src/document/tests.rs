use proptest::prelude::*;

use super::*;

fn step() -> Step {
    Step {
        tool: "scan-gate".to_owned(),
        version: "1.2.3".to_owned(),
        ok: true,
        started_at: "2026-01-01T00:00:00Z".to_owned(),
        seconds: 0.5,
        summary: "clean".to_owned(),
    }
}

#[test]
fn unknown_members_and_odd_numbers_survive_in_order() {
    let text = r#"{"x-team":"payments","schema":"deploy-aws-ecs/release/v1","big":123456789012345678901234567890,"ok":true,"price":1.10,"deep":{"b":1,"a":[1e400]}}"#;
    let document = Document::parse(text.as_bytes()).unwrap();
    assert_eq!(document.to_line(), format!("{text}\n"));
}

#[test]
fn a_new_section_stands_before_the_steps_and_an_old_one_keeps_its_place() {
    let mut document = Document::new();
    document.append_step(&step());
    document.set("scan", &1);
    document.set("error", &2);
    document.set("push", &3);
    document.set("scan", &4);
    let line = document.to_line();
    let order: Vec<usize> =
        ["\"scan\":4", "\"push\":3", "\"steps\"", "\"error\""].map(|text| line.find(text).unwrap()).into();
    assert!(order.is_sorted(), "{line}");
}

#[test]
fn layout_is_dropped_outside_of_strings_only() {
    let text = "{ \"schema\" : \"deploy-aws-ecs/release/v1\",\n \"ok\": true, \"note\": \"a \\\" b\\\\\" , \"list\" : [ 1 , 2 ] }";
    let line = Document::parse(text.as_bytes()).unwrap().to_line();
    assert_eq!(
        line,
        "{\"schema\":\"deploy-aws-ecs/release/v1\",\"ok\":true,\"note\":\"a \\\" b\\\\\",\"list\":[1,2]}\n"
    );
}

#[test]
fn what_is_no_release_document_is_refused_by_name() {
    let cases: [(&str, &str); 11] = [
        ("", "input.empty"),
        (" \n", "input.empty"),
        ("{", "input.truncated"),
        ("{\"schema\":\"deploy-aws-ecs/rel", "input.truncated"),
        ("nonsense", "input.not_json"),
        ("{} {}", "input.not_json"),
        ("{\"ok\":true}", "input.not_a_release_document"),
        ("{\"schema\":\"deploy-aws-ecs/release/v2\",\"ok\":true}", "input.other_version"),
        ("{\"schema\":\"deploy-aws-ecs/release/v1\"}", "input.invalid"),
        ("{\"schema\":\"deploy-aws-ecs/release/v1\",\"ok\":true,\"ok\":true}", "input.not_json"),
        ("{\"schema\":\"deploy-aws-ecs/release/v1\",\"ok\":true,\"error\":{}}", "input.invalid"),
    ];
    for (text, code) in cases {
        assert_eq!(Document::parse(text.as_bytes()).unwrap_err().code(), code, "{text}");
    }
}

#[test]
fn a_beginning_tells_a_release_document_from_a_report() {
    let cases = [
        ("{\"schema\":\"deploy-aws-ecs/release/v1\",\"push\":{\"dig", true),
        ("{\"image\":{},\"schema\":\"deploy-aws-ecs/release/v1\",\"pu", true),
        ("{\"SchemaVersion\":2,\"Results\":[{\"a\":\"", false),
        ("{\"schema\":\"deploy-aws", false),
        ("{\"schema\":\"15.0.0\",\"vulnerabilities\":[", false),
        ("[{\"schema\":\"deploy-aws-ecs/release/v1\"", false),
        ("\u{feff}", false),
    ];
    for (beginning, expected) in cases {
        assert_eq!(Document::begins(beginning.as_bytes()), expected, "{beginning}");
    }
}

#[test]
fn the_steps_of_others_stay_as_they_were() {
    let text = r#"{"schema":"deploy-aws-ecs/release/v1","ok":true,"steps":[{"tool":"other","custom":1.50}]}"#;
    let mut document = Document::parse(text.as_bytes()).unwrap();
    document.append_step(&step());
    assert!(document.to_line().contains(r#""steps":[{"tool":"other","custom":1.50},{"tool":"scan-gate""#));
}

proptest! {
    #[test]
    fn reading_and_writing_changes_no_byte(names in prop::collection::hash_set("[a-z]{1,8}", 0..6), text in "\\PC{0,20}") {
        let mut document = Document::new();
        for name in names.iter().filter(|name| !["schema", "ok", "steps", "error"].contains(&name.as_str())) {
            document.set(name, &text);
        }
        let line = document.to_line();
        prop_assert_eq!(Document::parse(line.as_bytes()).unwrap().to_line(), line);
    }

    #[test]
    fn garbage_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let _ = Document::parse(&bytes);
    }
}
