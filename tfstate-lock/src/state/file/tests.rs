use std::fmt::Write as _;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;

/// As Terraform 1.11.4 wrote them: a state with nested members called serial and lineage, and the next one but one of the same state.
const FULL: &[u8] = include_bytes!("../../../tests/fixtures/terraform-1.11.4.tfstate");
const DESTROYED: &[u8] = include_bytes!("../../../tests/fixtures/terraform-1.11.4-destroyed.tfstate");
const LINEAGE: &str = "735ba461-de7b-53a9-5009-816d1db4f35f";
const SECRET: &str = "battery";

/// As OpenTofu writes it. Source: opentofu/opentofu, `internal/encryption/state.go`, `EncryptState`.
const ENCRYPTED: &str = r#"{"serial":3,"lineage":"735ba461-de7b-53a9-5009-816d1db4f35f","meta":{"key_provider.pbkdf2.main":"eyJzYWx0Ijoi"},"encrypted_data":"c2VhbGVk","encryption_version":"v0"}"#;

const SMALL: &str = r#"{"version":4,"serial":1,"lineage":"a"}"#;

fn error(text: &str) -> String {
    StateFile::parse(text.as_bytes()).unwrap_err().to_string()
}

fn with_serial(bytes: &[u8], serial: u64) -> String {
    String::from_utf8(StateFile::with_serial(bytes, serial).unwrap()).unwrap()
}

#[test]
fn what_terraform_wrote_is_read() {
    let state = StateFile::parse(FULL).unwrap();
    assert_eq!((state.serial, state.lineage.as_str(), state.size), (2, LINEAGE, FULL.len() as u64));
    let version = Some("1.11.4".to_owned());
    assert_eq!(state.form, Form::Plain { terraform_version: version.clone(), resources: 1 });
    // Source: md5sum and sha256sum of the file.
    assert_eq!(state.md5.as_str(), "8cca621f9b2d208da98324af8377df9f");
    assert_eq!(state.digest.hex(), "64e2def1a79430035a5d80978cb81cdaa110df1f8465c37767985d425e6c1ac1");
    assert_eq!(state.to_string(), format!("serial 2 of lineage {LINEAGE}"));
    let destroyed = StateFile::parse(DESTROYED).unwrap();
    assert_eq!((destroyed.serial, destroyed.lineage), (4, state.lineage));
    assert_eq!(destroyed.form, Form::Plain { terraform_version: version, resources: 0 });
}

#[test]
fn serial_and_lineage_of_an_encrypted_state_are_read() {
    let state = StateFile::parse(ENCRYPTED.as_bytes()).unwrap();
    assert_eq!((state.serial, state.lineage.as_str(), state.form), (3, LINEAGE, Form::Encrypted));
}

#[test]
fn contents_are_never_shown() {
    let shown = format!("{:?} {:?}", StateFile::parse(FULL), StateFile::parse(ENCRYPTED.as_bytes()));
    assert!(!shown.contains(SECRET) && !shown.contains("c2VhbGVk"), "{shown}");
    let cut = &FULL[..FULL.len() / 2];
    let misplaced = format!("\"{SECRET}\"");
    let in_serial = SMALL.replace('1', &misplaced);
    for bytes in [cut, misplaced.as_bytes(), in_serial.as_bytes(), &[cut, b"]"].concat()] {
        let error = StateFile::parse(bytes).unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains(SECRET), "{shown}");
    }
}

#[test]
fn what_terraform_tolerates_is_tolerated() {
    let cases = [
        format!(" \t{SMALL}\r\n"),
        SMALL.replace("serial", "SERIAL"),
        SMALL.replace("serial", "\u{17f}erial"),
        SMALL.replace("serial", "ser\\u0069al"),
        SMALL.replace("{\"v", "{\"x\":[1e400,-0.10,\"\\ud800\"],\"x\":{\"serial\":9},\"v"),
        SMALL.replace('}', ",\"resources\":null,\"terraform_version\":\"\",\"encryption_version\":null}"),
        SMALL.replace('}', ",\"resources\":[],\"check_results\":null}"),
    ];
    for text in cases {
        let state = StateFile::parse(text.as_bytes()).unwrap();
        assert_eq!((state.serial, state.lineage.as_str()), (1, "a"), "{text}");
        assert_eq!(state.form, Form::Plain { terraform_version: None, resources: 0 }, "{text}");
    }
    let greatest = SMALL.replace('1', &u64::MAX.to_string());
    assert_eq!(StateFile::parse(greatest.as_bytes()).unwrap().serial, u64::MAX);
}

#[test]
fn what_is_no_state_is_named_precisely() {
    let not_whole = "its `serial` is not a whole number from 0 to 18446744073709551615";
    let cases = [
        ("", "it is empty"),
        (" \n", "it is cut off"),
        (&SMALL[..SMALL.len() - 1], "it is cut off"),
        ("state", "it is not JSON: line 1, column 1"),
        ("{\n\"version\": 04}", "it is not JSON: line 2, column 13"),
        ("\u{feff}{}", "it is not JSON: line 1, column 1"),
        ("[1]", "it is JSON but not an object"),
        ("7", "it is JSON but not an object"),
        ("{\"version\":4} {}", "something stands behind its end"),
        ("{}", "it has no `version`"),
        ("{\"version\":null}", "it has no `version`"),
        ("{\"version\":\"4\"}", "its `version` is not a whole number"),
        ("{\"version\":4.0}", "its `version` is not a whole number"),
        ("{\"version\":3}", "its format version 3 is older than 4"),
        ("{\"version\":0}", "its format version 0 is older than 4"),
        ("{\"version\":5}", "its format version 5 is newer than 4"),
        ("{\"version\":4}", "it has no `serial`"),
        ("{\"version\":4,\"serial\":1}", "it has no `lineage`"),
        (&SMALL.replace('1', "null"), "it has no `serial`"),
        (&SMALL.replace('1', "1.0"), not_whole),
        (&SMALL.replace('1', "1e0"), not_whole),
        (&SMALL.replace('1', "-1"), not_whole),
        (&SMALL.replace('1', "-0"), not_whole),
        (&SMALL.replace('1', "\"1\""), not_whole),
        (&SMALL.replace('1', "18446744073709551616"), not_whole),
        (&SMALL.replace("\"a\"", "7"), "its `lineage` is not a string of one line"),
        (&SMALL.replace("\"a\"", "\"\""), "its `lineage` is not a string of one line"),
        (&SMALL.replace("\"a\"", "\"\\n\""), "its `lineage` is not a string of one line"),
        (&SMALL.replace('}', ",\"terraform_version\":1}"), "its `terraform_version` is not a version"),
        (&SMALL.replace('}', ",\"terraform_version\":\"x y\"}"), "its `terraform_version` is not a version"),
        (&SMALL.replace('}', ",\"resources\":{}}"), "its `resources` is not a list"),
        (&SMALL.replace('}', ",\"serial\":1}"), "its `serial` stands there twice"),
        (&SMALL.replace('}', ",\"Lineage\":\"a\"}"), "its `lineage` stands there twice"),
        (&SMALL.replace('}', ",\"resources\":[],\"resources\":[]}"), "its `resources` stands there twice"),
        (&ENCRYPTED.replacen('{', "{\"version\":4,", 1), "it has `version` and `encryption_version`"),
        (&ENCRYPTED.replace("v0", "v1"), "its `encryption_version` is not v0"),
        (&ENCRYPTED.replace("\"serial\":3,", ""), "it has no `serial`"),
        (&ENCRYPTED.replace("\"c2VhbGVk\"", "7"), "its `encrypted_data` is not a string"),
        (&ENCRYPTED.replace("\"encrypted_data\"", "\"data\""), "it has no `encrypted_data`"),
        (&ENCRYPTED.replace(",\"encryption_version\":\"v0\"", ""), "it has no `encryption_version`"),
    ];
    for (text, expected) in cases {
        let error = error(text);
        assert!(error.starts_with(expected), "{text}: {error}");
    }
}

#[test]
fn what_is_no_utf_8_is_no_json() {
    let at = |bytes: &[u8]| StateFile::parse(bytes).unwrap_err();
    assert_eq!(at(b"{\n\"a\":\"\xff\"}"), StateFileError::NotJson { line: 2, column: 6 });
    assert_eq!(at(b"\xff"), StateFileError::NotJson { line: 1, column: 1 });
    assert_eq!(at(b"{\"a\":\"\xc3"), StateFileError::Truncated);
}

#[test]
fn deep_contents_do_not_exhaust_the_stack() {
    let deep = format!("{}{}", "[".repeat(1_000_000), "]".repeat(1_000_000));
    let text = SMALL.replace('}', &format!(",\"outputs\":{deep},\"resources\":[{deep}]}}"));
    let state = StateFile::parse(text.as_bytes()).unwrap();
    assert_eq!(state.form, Form::Plain { terraform_version: None, resources: 1 });
}

#[test]
fn only_the_digits_of_the_serial_are_replaced() {
    let full = std::str::from_utf8(FULL).unwrap();
    assert_eq!(with_serial(FULL, 4711), full.replacen("\"serial\": 2", "\"serial\": 4711", 1));
    assert_eq!(with_serial(FULL, 2), full);
    assert_eq!(with_serial(SMALL.as_bytes(), u64::MAX), SMALL.replace('1', "18446744073709551615"));
}

#[test]
fn the_serial_of_an_encrypted_state_stays() {
    assert_eq!(StateFile::with_serial(ENCRYPTED.as_bytes(), 4), Err(StateFileError::Sealed));
    assert_eq!(StateFile::with_serial(b"{}", 4), Err(StateFileError::Missing("version")));
}

#[test]
fn content_is_everything_but_the_serial() {
    let read = |text: &str| StateFile::parse(text.as_bytes()).unwrap();
    let small = read(SMALL);
    assert!(small.same_content(&read(&SMALL.replace('1', "22"))));
    assert!(!small.same_content(&read(&format!("{SMALL}\n"))));
    assert!(!small.same_content(&read(r#"{"version":4,"lineage":"a","serial":1}"#)));
    let encrypted = read(ENCRYPTED);
    assert!(encrypted.same_content(&encrypted.clone()));
    assert!(!encrypted.same_content(&read(&ENCRYPTED.replace(":3,", ":4,"))));
}

/// White space of JSON.
fn space() -> impl Strategy<Value = String> {
    "[ \t\r\n]{0,3}"
}

/// Members that mean nothing or hold things that look like the serial.
fn other_member() -> impl Strategy<Value = String> {
    select(vec![
        r#""resources":[{"serial":9,"x":1.10},{ "SERIAL" : 1e400 }]"#,
        r#""outputs":{"serial":{"value":7,"type":"number"},"q":"\"serial\": 5,\\"}"#,
        r#""terraform_version":"1.11.4""#,
        r#""check_results" : null"#,
        r#""serials":[-0.0,"é\ud83d\ude00"]"#,
        r#""":{"serial":{"serial":[]}}"#,
    ])
    .prop_map(str::to_owned)
}

prop_compose! {
    /// A state in two parts: what stands before and behind the digits of its serial.
    fn split_state()(
        others in vec(other_member(), 0..6),
        place in any::<prop::sample::Index>(),
        spaces in vec(space(), 12),
        name in select(vec!["serial", "Serial", "\\u0073erial"]),
    ) -> (String, String) {
        let mut members = vec!["\"version\":4".to_owned(), "\"lineage\" : \"a\"".to_owned()];
        for other in others {
            if !members.contains(&other) {
                members.push(other);
            }
        }
        let (before, after) = members.split_at(place.index(members.len() + 1));
        let mut spaces = spaces.iter().cycle();
        let mut space = || spaces.next().cloned().unwrap_or_default();
        let mut head = format!("{}{{{}", space(), space());
        for member in before {
            let _ = write!(head, "{member}{},{}", space(), space());
        }
        let _ = write!(head, "\"{name}\"{}:{}", space(), space());
        let mut tail = space();
        for member in after {
            let _ = write!(tail, ",{}{member}{}", space(), space());
        }
        let _ = write!(tail, "}}{}", space());
        (head, tail)
    }
}

proptest! {
    #[test]
    fn another_serial_changes_nothing_else((head, tail) in split_state(), old in any::<u64>(), new in any::<u64>()) {
        let bytes = format!("{head}{old}{tail}");
        let state = StateFile::parse(bytes.as_bytes()).unwrap();
        prop_assert_eq!(state.serial, old);
        let changed = with_serial(bytes.as_bytes(), new);
        prop_assert_eq!(&changed, &format!("{head}{new}{tail}"));
        let changed = StateFile::parse(changed.as_bytes()).unwrap();
        prop_assert_eq!(changed.serial, new);
        prop_assert!(changed.same_content(&state));
        prop_assert_eq!((changed.lineage, changed.form), (state.lineage, state.form));
    }

    #[test]
    fn a_state_that_was_cut_off_is_never_read(length in 0..FULL.len() - 2) {
        let error = StateFile::parse(&FULL[..length]).unwrap_err();
        prop_assert!(matches!(error, StateFileError::Empty | StateFileError::Truncated), "{}", error);
    }

    #[test]
    fn no_bytes_break_the_reader(bytes in any::<Vec<u8>>(), place in 0..FULL.len(), byte in any::<u8>()) {
        let _ = StateFile::parse(&bytes);
        let mut damaged = FULL.to_vec();
        damaged[place] = byte;
        let _ = StateFile::parse(&damaged);
        let _ = StateFile::with_serial(&damaged, 1);
    }
}
