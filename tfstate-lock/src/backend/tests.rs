use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Map, json};

use super::*;
use crate::encryption::EncryptionError;

/// Written by Terraform 1.11.4 from a block with all settings that do not exclude each other.
const EVERYTHING: &str = include_str!("../../tests/fixtures/backend/everything.tfstate");
/// With the settings of before 1.6, as far as 1.11.4 takes them.
const DEPRECATED: &str = include_str!("../../tests/fixtures/backend/deprecated.tfstate");
/// With keys to AWS and a customer's key.
const KEYS: &str = include_str!("../../tests/fixtures/backend/keys.tfstate");
/// With settings that `-backend-config` gave.
const PARTIAL: &str = include_str!("../../tests/fixtures/backend/partial.tfstate");
/// With `""` wherever that is allowed.
const EMPTY: &str = include_str!("../../tests/fixtures/backend/empty.tfstate");
/// With bucket, key and region.
const MINIMAL: &str = include_str!("../../tests/fixtures/backend/minimal.tfstate");
/// With a role for a web identity.
const WEB_IDENTITY: &str = include_str!("../../tests/fixtures/backend/web-identity.tfstate");
/// With the backend `local`.
const LOCAL: &str = include_str!("../../tests/fixtures/backend/local.tfstate");
/// Left by `init -migrate-state` after the backend block was taken out.
const NONE: &str = include_str!("../../tests/fixtures/backend/none.tfstate");

const MOTO: &str = "http://127.0.0.1:5599";

fn read(text: &str, workspace: &str) -> Result<Backend, BackendError> {
    Backend::parse(text.as_bytes(), &workspace.parse().unwrap())
}

fn of(text: &str) -> Backend {
    read(text, "default").unwrap()
}

/// A record whose settings are bucket, key and these.
fn with(settings: &Value) -> Result<Backend, BackendError> {
    let mut config = json!({ "bucket": "states", "key": "prod/app.tfstate" });
    for (name, value) in settings.as_object().unwrap() {
        config[name] = value.clone();
    }
    read(&json!({ "version": 3, "backend": { "type": "s3", "config": config, "hash": 7 } }).to_string(), "default")
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn every_setting_that_terraform_records_is_taken_or_named() {
    let role = AssumedRole {
        arn: "arn:aws:iam::123456789012:role/deploy".to_owned(),
        session_name: Some("terraform-web".into()),
        external_id: Some("team-42".into()),
        duration: Some(Duration::from_mins(90)),
        policy: Some(r#"{"Version":"2012-10-17","Statement":[]}"#.into()),
        policy_arns: vec![
            "arn:aws:iam::123456789012:policy/own".to_owned(),
            "arn:aws:iam::aws:policy/ReadOnlyAccess".to_owned(),
        ],
        tags: pairs(&[("cost", "7"), ("team", "web")]),
        sts_region: Some("eu-west-1".into()),
    };
    let key_id = "arn:aws:kms:eu-central-1:123456789012:key/12345678-1234-4234-8234-123456789012".to_owned();
    let unhonoured = [
        "allowed_account_ids",
        "assume_role.source_identity",
        "assume_role.transitive_tag_keys",
        "custom_ca_bundle",
        "ec2_metadata_service_endpoint",
        "ec2_metadata_service_endpoint_mode",
        "endpoints.sso",
        "http_proxy",
        "https_proxy",
        "insecure",
        "no_proxy",
    ];
    let expected = Backend {
        state: "s3://states/prod/app.tfstate".parse().unwrap(),
        workspace_key_prefix: "teams/web".parse().unwrap(),
        region: Some("eu-central-1".into()),
        profile: Some("team".into()),
        s3_endpoint: Some(MOTO.into()),
        dynamodb_endpoint: Some(MOTO.into()),
        sts_endpoint: Some(MOTO.into()),
        role: Some(role),
        keys: None,
        shared_credentials_files: vec!["/tmp/example/aws/credentials".into(), "/tmp/example/aws/more".into()],
        shared_config_files: vec!["/tmp/example/aws/config".into()],
        path_style: true,
        skip_s3_checksum: true,
        encryption: Encryption::Kms { key_id },
        acl: Some("bucket-owner-full-control".into()),
        dynamodb_table: Some("locks".into()),
        use_lockfile: true,
        lock_tags: Vec::new(),
        state_tags: Vec::new(),
        unhonoured: unhonoured.map(str::to_owned).to_vec(),
    };
    assert_eq!(of(EVERYTHING), expected);
}

#[test]
fn what_is_not_set_is_not_there() {
    let minimal = of(MINIMAL);
    let expected = Backend {
        state: "s3://states/prod/app.tfstate".parse().unwrap(),
        workspace_key_prefix: "env:".parse().unwrap(),
        region: Some("eu-central-1".into()),
        profile: None,
        s3_endpoint: None,
        dynamodb_endpoint: None,
        sts_endpoint: None,
        role: None,
        keys: None,
        shared_credentials_files: Vec::new(),
        shared_config_files: Vec::new(),
        path_style: false,
        skip_s3_checksum: false,
        encryption: Encryption::BucketDefault,
        acl: None,
        dynamodb_table: None,
        use_lockfile: false,
        lock_tags: Vec::new(),
        state_tags: Vec::new(),
        unhonoured: Vec::new(),
    };
    assert_eq!(minimal, expected);
    let expected = Backend {
        workspace_key_prefix: "".parse().unwrap(),
        region: None,
        s3_endpoint: Some(MOTO.into()),
        path_style: true,
        ..minimal
    };
    assert_eq!(of(EMPTY), expected);
}

#[test]
fn a_workspace_lies_where_the_prefix_says() {
    let cases = [
        (MINIMAL, "default", "prod/app.tfstate"),
        (MINIMAL, "blue", "env:/blue/prod/app.tfstate"),
        (EVERYTHING, "default", "prod/app.tfstate"),
        (EVERYTHING, "blue", "teams/web/blue/prod/app.tfstate"),
        (EMPTY, "blue", "blue/prod/app.tfstate"),
    ];
    for (text, workspace, key) in cases {
        let state = read(text, workspace).unwrap().state;
        assert_eq!((state.bucket(), state.state_key()), ("states", key), "{workspace}");
    }
}

#[test]
fn settings_of_before_count_where_those_of_today_are_not_set() {
    let deprecated = of(DEPRECATED);
    for endpoint in [deprecated.s3_endpoint, deprecated.dynamodb_endpoint, deprecated.sts_endpoint] {
        assert_eq!(endpoint.as_deref(), Some(MOTO));
    }
    assert_eq!(deprecated.shared_credentials_files, ["/tmp/example/aws/credentials"].map(PathBuf::from));
    assert!(deprecated.path_style);
    assert_eq!(deprecated.unhonoured, Vec::<String>::new());

    let both = json!({
        "use_path_style": false, "force_path_style": true,
        "endpoints": { "s3": "https://new.example" }, "endpoint": "https://old.example",
        "shared_credentials_files": ["new"], "shared_credentials_file": "old",
    });
    let both = with(&both).unwrap();
    assert_eq!((both.path_style, both.s3_endpoint.as_deref()), (false, Some("https://new.example")));
    assert_eq!(both.shared_credentials_files, ["new"].map(PathBuf::from));
}

#[test]
fn what_was_given_to_init_alone_is_in_the_record() {
    let partial = of(PARTIAL);
    assert_eq!(partial.state.to_string(), "s3://states/prod/app.tfstate");
    let keys = Keys { access_key: "AKIDINIT".to_owned(), secret_key: "init-secret".to_owned(), token: None };
    assert_eq!(partial.keys, Some(keys));
}

#[test]
fn secrets_are_read_and_shown_to_nobody() {
    let backend = of(KEYS);
    let keys = backend.keys.clone().unwrap();
    assert_eq!((keys.access_key.as_str(), keys.secret_key.as_str()), ("AKIDBLOCK", "block-secret"));
    assert_eq!(keys.token.as_deref(), Some("block-token"));
    let key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    assert_eq!(backend.encryption, Encryption::Customer { key: key.parse().unwrap() });
    let shown = format!("{backend:?}");
    for secret in ["block-secret", "block-token", key, "[0, 1, 2"] {
        assert!(!shown.contains(secret), "{shown}");
    }
    assert!(shown.contains("Keys { access_key: \"AKIDBLOCK\", .. }"), "{shown}");
}

#[test]
fn a_web_identity_is_not_taken_over_and_its_token_is_not_shown() {
    let backend = of(WEB_IDENTITY);
    assert_eq!(backend.unhonoured, ["assume_role_with_web_identity"]);
    assert_eq!(backend.role, None);
    assert!(!format!("{backend:?}").contains("made.up.token"));
}

#[test]
fn settings_that_only_opentofu_has_are_read() {
    let settings = json!({
        "lock_tags": { "kind": "lock" }, "state_tags": { "kind": "state", "team": "web" },
        "role_arn": "arn:aws:iam::123456789012:role/deploy", "session_name": "tofu", "external_id": "team-42",
        "assume_role_duration_seconds": 900, "assume_role_policy": "{}", "assume_role_policy_arns": ["arn"],
        "assume_role_tags": { "team": "web" }, "assume_role_transitive_tag_keys": ["team"],
        "endpoints": { "s3": "minio.example:9000", "iam": "https://iam.example", "sts": null },
    });
    let backend = with(&settings).unwrap();
    assert_eq!(backend.lock_tags, pairs(&[("kind", "lock")]));
    assert_eq!(backend.state_tags, pairs(&[("kind", "state"), ("team", "web")]));
    assert_eq!(backend.s3_endpoint.as_deref(), Some("https://minio.example:9000"));
    assert_eq!(backend.sts_endpoint, None);
    let role = AssumedRole {
        arn: "arn:aws:iam::123456789012:role/deploy".to_owned(),
        session_name: Some("tofu".into()),
        external_id: Some("team-42".into()),
        duration: Some(Duration::from_mins(15)),
        policy: Some("{}".into()),
        policy_arns: vec!["arn".to_owned()],
        tags: pairs(&[("team", "web")]),
        sts_region: None,
    };
    assert_eq!(backend.role, Some(role));
    assert_eq!(backend.unhonoured, ["assume_role_transitive_tag_keys"]);
}

#[test]
fn what_is_set_and_not_known_is_named() {
    let settings = json!({
        "a_later_setting": 7, "a_later_flag": false, "a_later_list": [], "a_later_block": { "a": null },
        "use_fips_endpoint": true, "use_dualstack_endpoint": true, "forbidden_account_ids": ["1"],
        "shared_config_files": ["$HOME/config"], "shared_credentials_file": "${HOME}/credentials",
        "endpoints": { "later": "https://later.example" },
        "assume_role": { "role_arn": "arn", "later": "x" }, "role_arn": "other",
    });
    let expected = [
        "a_later_setting",
        "assume_role.later",
        "endpoints.later",
        "forbidden_account_ids",
        "role_arn",
        "shared_config_files",
        "shared_credentials_files",
        "use_dualstack_endpoint",
        "use_fips_endpoint",
    ];
    assert_eq!(with(&settings).unwrap().unhonoured, expected);
}

#[test]
fn flags_in_quotes_are_flags_as_they_are_to_terraform() {
    for (value, expected) in [(json!("true"), true), (json!("1"), true), (json!("false"), false), (json!("0"), false)] {
        assert_eq!(with(&json!({ "use_lockfile": value })).unwrap().use_lockfile, expected, "{value}");
    }
}

#[test]
fn durations_are_read_as_go_writes_them() {
    let cases = [("1h30m", 5400), ("900s", 900), ("1.5h", 5400), ("90m0s", 5400), ("1h0m0s", 3600)];
    for (text, seconds) in cases {
        let role = with(&json!({ "assume_role": { "role_arn": "arn", "duration": text } })).unwrap().role;
        assert_eq!(role.unwrap().duration, Some(Duration::from_secs(seconds)), "{text}");
    }
}

#[test]
fn a_record_that_names_no_state_in_s3_is_refused_precisely() {
    let cases = [
        (LOCAL, "the state is kept by `local`, not by `s3`"),
        (NONE, "it names no backend: the state lies on this machine"),
        (r#"{"version":3,"backend":null}"#, "it names no backend"),
        (r#"{"version":3,"remote":{}}"#, "it names no backend"),
        (r#"{"version":3,"backend":{"type":"","config":null}}"#, "it names no backend"),
        (r#"{"version":3,"backend":{"type":"remote","config":{}}}"#, "the state is kept by `remote`"),
        (r#"{"version":3,"backend":{"type":"cloud","config":{}}}"#, "the state is kept by `cloud`"),
        (r#"{"version":3,"backend":{"type":"gcs"}}"#, "the state is kept by `gcs`"),
        (r#"{"version":3,"backend":{"type":"azurerm"}}"#, "the state is kept by `azurerm`"),
        (r#"{"version":3,"state_store":{"type":"aws_s3"}}"#, "the state is kept by `state_store`"),
        (r#"{"version":3,"backend":{"type":"s3"}}"#, "`bucket` is missing"),
        (r#"{"version":3,"backend":{"type":"s3","config":null}}"#, "`bucket` is missing"),
        (r#"{"version":3,"backend":{"type":7}}"#, "`backend.type` is not a string"),
        (r#"{"version":3,"backend":[]}"#, "`backend` is not a block"),
        (r#"{"version":4,"serial":1}"#, "it has version 4, a record of a backend has version 3"),
        (r#"{"version":3.5}"#, "it has version 3.5"),
        (r#"{"version":"3"}"#, "it has no version"),
        ("{}", "it has no version"),
        ("", "it is not one JSON object"),
        ("[]", "it is not one JSON object"),
        ("{\"version\":3", "it is not one JSON object"),
        ("{\"version\":3}{}", "it is not one JSON object"),
    ];
    for (text, expected) in cases {
        let error = read(text, "default").unwrap_err().to_string();
        assert!(error.starts_with(expected), "{text}: {error}");
    }
}

#[test]
fn settings_that_do_not_fit_are_refused_by_their_name() {
    let cases = [
        (json!({ "bucket": null }), "`bucket` is missing in the backend block"),
        (json!({ "bucket": "" }), "`bucket` is missing in the backend block"),
        (json!({ "key": null }), "`key` is missing in the backend block"),
        (json!({ "bucket": "a/b" }), "`a/b` is not the name of a bucket"),
        (json!({ "key": "/prod/app" }), "the key `/prod/app` begins or ends with a slash, which Terraform refuses"),
        (json!({ "key": "prod/app/" }), "the key `prod/app/` begins or ends with a slash, which Terraform refuses"),
        (json!({ "key": "a//b" }), "the key `a//b` has a segment that is empty, `.` or `..`"),
        (
            json!({ "workspace_key_prefix": "p/" }),
            "the workspace key prefix `p/` begins or ends with a slash, which Terraform refuses",
        ),
        (json!({ "workspace_key_prefix": 1 }), "`workspace_key_prefix` is not a string"),
        (json!({ "secret_key": 12_345 }), "`secret_key` is not a string"),
        (json!({ "use_lockfile": 1 }), "`use_lockfile` is not true or false"),
        (json!({ "encrypt": "yes" }), "`encrypt` is not true or false"),
        (json!({ "endpoints": "x" }), "`endpoints` is not a block"),
        (json!({ "endpoints": { "s3": [] } }), "`endpoints.s3` is not a string"),
        (json!({ "shared_config_files": "x" }), "`shared_config_files` is not a list of strings"),
        (json!({ "shared_config_files": [1] }), "`shared_config_files` is not a list of strings"),
        (json!({ "lock_tags": [] }), "`lock_tags` is not a map of strings"),
        (json!({ "lock_tags": { "a": 1 } }), "`lock_tags` is not a map of strings"),
        (json!({ "access_key": "AKID" }), "`access_key` and `secret_key` belong together, and one of them is missing"),
        (json!({ "token": "t" }), "`access_key` and `secret_key` belong together, and one of them is missing"),
        (json!({ "assume_role": {} }), "`assume_role.role_arn` is missing in the backend block"),
        (
            json!({ "assume_role": { "role_arn": "arn", "duration": "long" } }),
            "`assume_role.duration` is not a duration like 1h30m: `long`",
        ),
        (
            json!({ "role_arn": "arn", "assume_role_duration_seconds": -1 }),
            "`assume_role_duration_seconds` is not a number of seconds",
        ),
        (json!({ "sse_customer_key": "secret" }), "the customer's key is not 32 bytes in base64"),
    ];
    for (settings, expected) in cases {
        assert_eq!(with(&settings).unwrap_err().to_string(), expected, "{settings}");
    }
    let both = json!({ "kms_key_id": "alias/a", "sse_customer_key": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=" });
    assert_eq!(with(&both), Err(EncryptionError::TwoKeys.into()));
}

/// Any JSON, not deep.
fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[ -~]{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 12, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec(("[a-z_]{1,9}", inner), 0..4)
                .prop_map(|members| Value::Object(Map::from_iter(members))),
        ]
    })
}

proptest! {
    #[test]
    fn no_bytes_break_the_reader(bytes in any::<Vec<u8>>()) {
        let _ = Backend::parse(&bytes, &"blue".parse().unwrap());
    }

    #[test]
    fn no_cut_and_no_flipped_byte_break_the_reader(end in 0..EVERYTHING.len(), place in 0..EVERYTHING.len(), byte in any::<u8>()) {
        let mut bytes = EVERYTHING.as_bytes().to_vec();
        bytes[place] = byte;
        let _ = Backend::parse(&bytes, &"blue".parse().unwrap());
        let cut = Backend::parse(&EVERYTHING.as_bytes()[..end], &"blue".parse().unwrap());
        prop_assert!(matches!(cut, Err(BackendError::NotJson(_))));
    }

    #[test]
    fn no_value_of_a_setting_breaks_the_reader_or_is_passed_over(place in 0_usize..50, value in any_value()) {
        let mut record: Value = serde_json::from_str(MINIMAL).unwrap();
        let config = record["backend"]["config"].as_object_mut().unwrap();
        let name = config.keys().nth(place % config.len()).unwrap().clone();
        config[&name] = value.clone();
        let Ok(backend) = read(&record.to_string(), "default") else {
            return Ok(());
        };
        // Whatever is set changes what is read or is named, unless Terraform alone cares.
        let is_same = backend == of(MINIMAL);
        let says_nothing = json!([null, false, "", "0", "false", [], {}]).as_array().unwrap().contains(&value);
        let alone = WITHOUT_CONSEQUENCE.contains(&name.as_str());
        let without_effect = ["kms_key_id", "sts_region", "workspace_key_prefix", "endpoints"].contains(&name.as_str());
        prop_assert!(!is_same || says_nothing || alone || without_effect || value.is_object(), "{name}: {value}");
    }
}
