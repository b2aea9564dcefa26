use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::finding::Verdict::{self, Fail, Pass, Unknown};
use super::super::seen::Unseen;
use super::examine;
use crate::request::Target;

fn target() -> Option<Target> {
    let state = "s3://states/prod/app.tfstate".parse().ok()?;
    Some(Target { state, table: None, settings: crate::object_settings::ObjectSettings::default() })
}

fn verdicts(policy: &str) -> Option<[Verdict; 2]> {
    Some(examine(&Ok(Some(policy.to_owned())), &target()?).map(|finding| finding.verdict))
}

/// A policy whose only statement is AWS's own, with members changed or, by `null`, left out.
fn tls_policy(changes: &Value) -> String {
    let mut statement = json!({
        "Sid": "AllowSSLRequestsOnly",
        "Action": "s3:*",
        "Effect": "Deny",
        "Resource": ["arn:aws:s3:::states", "arn:aws:s3:::states/*"],
        "Condition": { "Bool": { "aws:SecureTransport": "false" } },
        "Principal": "*"
    });
    if let (Some(statement), Some(changes)) = (statement.as_object_mut(), changes.as_object()) {
        for (name, value) in changes {
            statement.insert(name.clone(), value.clone());
        }
        statement.retain(|_, value| !value.is_null());
    }
    json!({ "Id": "ExamplePolicy", "Version": "2012-10-17", "Statement": [statement] }).to_string()
}

#[test]
fn policies_as_they_are_in_the_world_are_understood() {
    let resources = || json!(["arn:aws:s3:::states", "arn:aws:s3:::states/*"]);
    let statement = |sid: &str, principal: Value, condition: Value| {
        json!({
            "Sid": sid, "Effect": "Deny", "Principal": principal, "Action": "s3:*",
            "Resource": resources(), "Condition": condition
        })
    };
    let of_objects = |action: &str, null: &str| {
        json!({
            "Sid": action, "Effect": "Deny", "Principal": "*", "Action": action,
            "Resource": "arn:aws:s3:::states/*", "Condition": { "Null": { null: "true" } }
        })
    };
    let secure = || json!({ "Bool": { "aws:SecureTransport": "false" } });
    let newer = || json!({ "NumericLessThan": { "s3:TlsVersion": 1.2 } });
    let both = json!({ "Bool": { "aws:SecureTransport": false }, "NumericLessThan": { "s3:TlsVersion": 1.2 } });
    let root = json!({
        "Sid": "RootAccess", "Effect": "Allow", "Action": "s3:*", "Resource": resources(),
        "Principal": { "AWS": "arn:aws:iam::123456789012:root" }
    });
    let allowed = json!({
        "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": resources(),
        "Condition": { "Bool": { "aws:SecureTransport": "true" } }
    });
    let everyone = || json!({ "AWS": "*" });
    let cases = [
        ("AWS Config", json!([statement("AllowSSLRequestsOnly", json!("*"), secure())]), [Pass, Pass]),
        ("the AWS CDK's enforceSSL", json!([statement("", everyone(), secure())]), [Pass, Pass]),
        ("Terragrunt", json!([root, statement("EnforcedTLS", json!("*"), secure())]), [Pass, Pass]),
        (
            "a module for state buckets: unencrypted uploads are refused too",
            json!([
                of_objects("s3:PutObject", "s3:x-amz-server-side-encryption"),
                statement("EnforceTlsRequestsOnly", everyone(), secure())
            ]),
            [Pass, Pass],
        ),
        (
            "the S3 user guide: TLS 1.2 at least, beside the rule for TLS at all",
            json!([statement("Tls", json!("*"), secure()), statement("Version", everyone(), newer())]),
            [Pass, Pass],
        ),
        ("a version is asked for, TLS itself is not", json!([statement("Version", json!("*"), newer())]), [Fail, Pass]),
        (
            "both conditions have to hold, and without TLS one does not",
            json!([statement("", json!("*"), both)]),
            [Unknown, Pass],
        ),
        ("what is secure is allowed, and nothing is denied", json!([allowed]), [Fail, Pass]),
        (
            "the S3 user guide: conditional writes",
            json!([of_objects("s3:PutObject", "s3:if-none-match")]),
            [Fail, Pass],
        ),
        ("the same of deletes", json!([of_objects("s3:DeleteObject", "s3:if-match")]), [Fail, Fail]),
    ];
    for (name, statements, expected) in cases {
        let policy = json!({ "Version": "2012-10-17", "Statement": statements }).to_string();
        assert_eq!(verdicts(&policy).unwrap(), expected, "{name}: {policy}");
    }
}

#[test]
fn tls_is_asked_for_only_if_all_is_covered() {
    let both = json!(["arn:aws-cn:s3:::states", "arn:aws-cn:s3:::states/*"]);
    let secure = |operator: &str, value: Value| json!({ "Condition": { operator: { "AWS:securetransport": value } } });
    let cases = [
        (json!({}), Pass),
        (json!({ "Action": ["S3:*"] }), Pass),
        (json!({ "Action": "*" }), Pass),
        (json!({ "Resource": "arn:aws:s3:::states*" }), Pass),
        (json!({ "Resource": "*" }), Pass),
        (json!({ "Resource": both }), Pass),
        (json!({ "Principal": { "AWS": ["*"] } }), Pass),
        (secure("bool", json!([false])), Pass),
        (secure("BoolIfExists", json!("False")), Pass),
        (json!({ "Effect": "Allow" }), Fail),
        (json!({ "Action": "s3:GetObject" }), Fail),
        (json!({ "Action": ["s3:Get*", "s3:Put*"] }), Fail),
        (json!({ "Principal": { "AWS": "arn:aws:iam::1:root" } }), Fail),
        (json!({ "Principal": { "Service": "*" } }), Fail),
        (json!({ "Resource": "arn:aws:s3:::states" }), Fail),
        (json!({ "Resource": "arn:aws:s3:::states/*" }), Fail),
        (json!({ "Resource": ["arn:aws:s3:::states", "arn:aws:s3:::states/prod/*"] }), Fail),
        (json!({ "Resource": ["arn:aws:s3:::other", "arn:aws:s3:::other/*"] }), Fail),
        (json!({ "Condition": null }), Fail),
        (secure("Bool", json!("true")), Unknown),
        (secure("Bool", json!(["false", "true"])), Unknown),
        (secure("StringEquals", json!("false")), Unknown),
        (secure("ForAllValues:Bool", json!("false")), Unknown),
        (json!({ "NotPrincipal": { "AWS": "arn:aws:iam::1:root" }, "Principal": null }), Unknown),
        (json!({ "NotAction": "s3:GetObject", "Action": null }), Unknown),
        (json!({ "NotResource": "arn:aws:s3:::other", "Resource": null }), Unknown),
    ];
    for (changes, expected) in cases {
        assert_eq!(verdicts(&tls_policy(&changes)).unwrap()[0], expected, "{changes}");
    }
}

#[test]
fn two_statements_may_cover_what_one_does_not() {
    let statement = |resource: &str| {
        let condition = r#"{"Bool":{"aws:SecureTransport":"false"}}"#;
        format!(
            r#"{{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"{resource}","Condition":{condition}}}"#
        )
    };
    let (bucket, objects) = (statement("arn:aws:s3:::states"), statement("arn:aws:s3:::states/*"));
    assert_eq!(verdicts(&format!(r#"{{"Statement":[{bucket},{objects}]}}"#)).unwrap()[0], Pass);
    assert_eq!(verdicts(&format!(r#"{{"Statement":{bucket}}}"#)).unwrap()[0], Fail);
}

#[test]
fn terraform_has_to_be_able_to_delete_its_lock() {
    let lock = "arn:aws:s3:::states/prod/app.tfstate.tflock";
    let unmatched = json!({ "Null": { "s3:if-match": "true" } });
    let deny = |changes: Value| {
        let mut statement =
            json!({ "Effect": "Deny", "Principal": "*", "Action": "s3:DeleteObject", "Resource": lock });
        if let (Some(statement), Value::Object(changes)) = (statement.as_object_mut(), changes) {
            statement.extend(changes);
            statement.retain(|_, value| !value.is_null());
        }
        json!({ "Statement": statement }).to_string()
    };
    let cases = [
        (deny(json!({})), Fail),
        (deny(json!({ "Condition": {} })), Fail),
        (deny(json!({ "Condition": unmatched, "Action": "s3:*" })), Fail),
        (deny(json!({ "Condition": unmatched, "Resource": "arn:aws:s3:::states/*.tflock" })), Fail),
        (deny(json!({ "Condition": { "null": { "S3:If-Match": [true] } } })), Fail),
        (deny(json!({ "NotAction": "s3:GetObject", "Action": null })), Fail),
        (deny(json!({ "NotResource": "arn:aws:s3:::states/archive/*", "Resource": null })), Fail),
        (deny(json!({ "Condition": unmatched, "Principal": { "AWS": "arn:aws:iam::1:role/ci" } })), Unknown),
        (deny(json!({ "NotPrincipal": { "AWS": "arn:aws:iam::1:role/ci" }, "Principal": null })), Unknown),
        (deny(json!({ "Condition": { "Null": { "s3:if-match": "false" } } })), Unknown),
        (deny(json!({ "Condition": { "StringEquals": { "s3:if-match": "e" } } })), Unknown),
        (deny(json!({ "Resource": "arn:aws:s3:::states/${aws:username}/*" })), Unknown),
        (deny(json!({ "Condition": { "StringNotEquals": { "aws:SourceVpce": "vpce-1" } } })), Pass),
        (deny(json!({ "Action": "s3:DeleteObjectVersion" })), Pass),
        (deny(json!({ "Resource": "arn:aws:s3:::states/prod/app.tfstate" })), Pass),
        (deny(json!({ "Effect": "Allow" })), Pass),
    ];
    for (policy, expected) in cases {
        assert_eq!(verdicts(&policy).unwrap()[1], expected, "{policy}");
    }
}

#[test]
fn a_policy_that_is_not_understood_is_no_pass() {
    let condition = r#"{"Bool":{"aws:SecureTransport":"false"},"bool":{"aws:SecureTransport":"true"}}"#;
    let twice = format!(
        r#"{{"Statement":{{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*","Condition":{condition}}}}}"#
    );
    let unknown_member = tls_policy(&json!({ "Unless": {} }));
    let wrong_effect = tls_policy(&json!({ "Effect": "deny" }));
    for policy in ["", "{}", "[]", "deny", &twice, &unknown_member, &wrong_effect] {
        assert_eq!(verdicts(policy).unwrap(), [Unknown, Unknown], "{policy}");
    }
}

#[test]
fn without_a_policy_nothing_is_denied() {
    let found = |policy| examine(&policy, &target().unwrap()).map(|finding| finding.verdict);
    assert_eq!(found(Ok(None)), [Fail, Pass]);
    assert_eq!(found(Err(Unseen::NotReached)), [Unknown, Unknown]);
}

proptest! {
    #[test]
    fn no_text_breaks_the_reader(text in any::<String>()) {
        let _ = verdicts(&text);
    }

    #[test]
    fn no_statement_breaks_the_reader(
        effect in "(Allow|Deny|deny)",
        principal in r#"("\*"|\{"AWS":"[*a]"\}|\{"AWS":\["\*","a"\]\}|null|1)"#,
        action in r#"("s3:[*A-Za-z]{0,8}"|\["\*"\]|\[\]|null)"#,
        resource in r#""[arn:ws3*?/$\{\}]{0,12}""#,
        condition in r#"\{("(Bool|Null|x)":\{("(aws:SecureTransport|s3:if-match)":("true"|"false"|false|\[\]|1))?\})?\}"#,
    ) {
        let who = format!(r#""Effect":"{effect}","Principal":{principal},"Action":{action}"#);
        let _ = verdicts(&format!(r#"{{"Statement":[{{{who},"Resource":{resource},"Condition":{condition}}}]}}"#));
    }

    /// Whatever stands beside a statement that asks for TLS, it is asked for; and nothing that only allows makes it so.
    #[test]
    fn only_a_denial_asks_for_tls(action in "s3:[A-Za-z*]{1,10}", value in any::<bool>()) {
        let condition = json!({ "Bool": { "aws:SecureTransport": value } });
        let allowed = tls_policy(&json!({ "Effect": "Allow", "Action": action, "Condition": condition }));
        prop_assert_eq!(verdicts(&allowed).map(|found| found[0]), Some(Fail));
    }
}
