//! The bytes of a lock against the encoder that Terraform writes its locks with.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use testkit::peer;
use testkit::sandbox::Sandbox;
use tfstate_lock::lock::info::LockInfo;

use crate::LOCK_KEY;
use crate::workbench::Workbench;

/// How many texts go through one run of Terraform.
const TEXTS: usize = 400;

/// Terraform's `jsonencode` is Go's `json.Marshal`, as its locks are. Source: zclconf/go-cty, `cty/json/marshal.go`.
const ENCODER: &str = r#"
variable "texts" { type = list(string) }
output "encoded" { value = [for text in var.texts : jsonencode(text)] }
"#;

/// Characters that an encoder may treat in its own way, and some that it may not. None of them combines with another: Terraform would normalise
/// them before it encodes anything.
fn character() -> impl Strategy<Value = char> {
    prop_oneof![
        4 => prop::char::range('\0', '\u{1f}'),
        4 => prop::sample::select(vec!['<', '>', '&', '"', '\\', '/', '\'', '\u{7f}', '\u{2028}', '\u{2029}', 'u']),
        2 => prop::char::range(' ', '~'),
        1 => prop::char::range('\u{80}', '\u{ff}'),
        1 => prop::sample::select(vec!['\u{200b}', '\u{200d}', '\u{2027}', '\u{202a}', '\u{202e}', '\u{2060}', '\u{d7ff}']),
        1 => prop::sample::select(vec!['\u{feff}', '\u{fffc}', '\u{fffd}', '\u{fffe}', '\u{ffff}', '\u{e000}']),
        1 => prop::char::range('\u{4e00}', '\u{9fff}'),
        1 => prop::char::range('\u{1f300}', '\u{1f64f}'),
        1 => prop::sample::select(vec!['\u{10000}', '\u{1fffe}', '\u{10fffd}', '\u{10ffff}']),
    ]
}

fn texts() -> Vec<String> {
    let text = prop::collection::vec(character(), 0..40).prop_map(String::from_iter);
    let mut runner = TestRunner::default();
    let random = (0..TEXTS).map(|_| text.new_tree(&mut runner).unwrap().current());
    // What looks like an escape, or like the half of a pair, but is text.
    let known =
        ["\\u003c", "\\ud800", "\\\\u2028", "\u{ff}\u{fe}", "\\x00", "%00", "\u{c0}\u{80}", "\u{ed}\u{a0}\u{80}"];
    let ascii = (0_u8..=0x7f).map(|byte| char::from(byte).to_string());
    known.map(str::to_owned).into_iter().chain(ascii).chain(random).collect()
}

#[test]
fn every_text_is_written_as_terraform_writes_it() {
    let Some(terraform) = peer::find("terraform") else {
        return;
    };
    let texts = texts();
    let sandbox = Sandbox::new().env("CHECKPOINT_DISABLE", "1");
    sandbox.write("main.tf", ENCODER);
    sandbox.write("terraform.tfvars.json", json!({ "texts": texts }).to_string());
    let run = |args: &[&str]| sandbox.program(&terraform).args(args).run().code(0);
    let _ = run(&["apply", "-auto-approve", "-input=false", "-no-color"]);
    let encoded = run(&["output", "-json", "encoded"]).json();
    let encoded = encoded.as_array().unwrap().iter().map(|text| text.as_str().unwrap());
    assert_eq!(encoded.len(), texts.len());
    for (text, encoded) in texts.iter().zip(encoded) {
        let lock = LockInfo::parse(br#"{"ID":"by hand"}"#).unwrap();
        let lock = LockInfo {
            operation: text.clone(),
            info: text.clone(),
            who: text.clone(),
            version: text.clone(),
            path: text.clone(),
            ..lock
        };
        let expected = format!(
            r#"{{"ID":"by hand","Operation":{encoded},"Info":{encoded},"Who":{encoded},"Version":{encoded},"Created":"0001-01-01T00:00:00Z","Path":{encoded}}}"#
        );
        assert_eq!(String::from_utf8(lock.to_bytes()).unwrap(), expected, "{text:?}");
        assert_eq!(LockInfo::parse(expected.as_bytes()).unwrap(), lock, "{text:?}");
    }
}

#[test]
fn every_lock_that_terraform_takes_has_the_bytes_that_we_would_write() {
    let Some(bench) = Workbench::start(false) else {
        return;
    };
    let address = "terraform_data.example";
    let commands: [&[&str]; 8] = [
        &["apply", "-auto-approve", "-input=false"],
        &["plan", "-input=false"],
        &["refresh", "-input=false"],
        &["taint", address],
        &["untaint", address],
        &["state", "mv", address, "terraform_data.other"],
        &["state", "rm", "terraform_data.other"],
        &["destroy", "-auto-approve", "-input=false"],
    ];
    bench.cloud.clear_journal();
    for command in commands {
        let _ = bench.terraform(command).code(0);
    }
    let journal = bench.cloud.journal();
    let locks = journal.iter().filter(|call| call.operation == "s3:PutObject" && call.path.contains(LOCK_KEY));
    let mut operations = BTreeSet::new();
    for call in locks {
        let lock = LockInfo::parse(&call.body).unwrap();
        assert_eq!(lock.to_bytes(), call.body.to_vec());
        // Go trims the zeros at the end of a time: nine times in ten there is none.
        let document: Value = serde_json::from_slice(&call.body).unwrap();
        assert_eq!(document["Created"], lock.created.to_string());
        operations.insert(lock.operation);
    }
    let operations = operations.into_iter().collect::<Vec<_>>().join(" ");
    assert_eq!(operations, "OperationTypeApply OperationTypePlan OperationTypeRefresh state-mv state-rm taint untaint");
}
