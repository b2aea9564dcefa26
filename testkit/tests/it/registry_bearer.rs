//! The registry behind Bearer tokens, as registries that are not ECR are.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use testkit::ecr::Quirks;
use testkit::{Fault, FaultKind, LocalAws};

use crate::http::{Answer, Client};
use crate::registry::{self, image, push};

fn cloud() -> LocalAws {
    let cloud = LocalAws::start().unwrap();
    for name in ["team/web", "api"] {
        registry::create_repository(&cloud, name);
    }
    cloud.world().ecr.quirks = Quirks::oci();
    cloud.world().ecr.bearer = true;
    cloud
}

fn client(cloud: &LocalAws, authorization: String) -> Client {
    Client { endpoint: cloud.endpoint().to_owned(), authorization }
}

fn basic(credentials: &str) -> String {
    format!("Basic {}", STANDARD.encode(credentials))
}

fn ask(cloud: &LocalAws, authorization: &str, scopes: &[&str]) -> Answer {
    let scopes: Vec<String> = scopes.iter().map(|scope| format!("&scope={scope}")).collect();
    let target = format!("/token?service=registry{}", scopes.concat());
    client(cloud, authorization.to_owned()).call("GET", &target)
}

/// A client with a token for the scopes.
fn opened(cloud: &LocalAws, authorization: &str, scopes: &[&str]) -> Client {
    let answer = ask(cloud, authorization, scopes);
    let token = answer.json()["token"].as_str().unwrap().to_owned();
    assert_eq!((answer.status, answer.json()["expires_in"].as_u64()), (200, Some(60)));
    client(cloud, format!("Bearer {token}"))
}

#[test]
fn without_a_token_the_answer_says_where_to_get_one_and_for_what() {
    let cloud = cloud();
    let realm = format!("Bearer realm=\"{}/token\",service=\"registry\"", cloud.endpoint());
    let mount = "/v2/team/web/blobs/uploads/?mount=sha256:00&from=api";
    for authorization in [String::new(), basic("local:local"), basic(&format!("AWS:{}", registry::password(&cloud)))] {
        for (method, path, scope) in [
            ("GET", "/v2/", ""),
            ("GET", "/v2/team/web/manifests/v1", ",scope=\"repository:team/web:pull\""),
            ("HEAD", "/v2/team/web/blobs/sha256:00", ",scope=\"repository:team/web:pull\""),
            ("POST", "/v2/team/web/blobs/uploads/", ",scope=\"repository:team/web:pull,push\""),
            ("POST", mount, ",scope=\"repository:team/web:pull,push repository:api:pull\""),
            ("DELETE", "/v2/api/manifests/v1", ",scope=\"repository:api:delete\""),
            ("PUT", "/v2/nowhere/manifests/v1", ",scope=\"repository:nowhere:pull,push\""),
        ] {
            let answer = client(&cloud, authorization.clone()).call(method, path);
            assert_eq!((answer.status, answer.header("www-authenticate")), (401, format!("{realm}{scope}").as_str()));
            assert!(method == "HEAD" || answer.code() == "UNAUTHORIZED", "{method} {path}");
        }
    }
}

#[test]
fn a_token_opens_what_it_is_for() {
    let cloud = cloud();
    let user = opened(&cloud, &basic("local:local"), &["repository:team/web:pull,push"]);
    let anonymous = opened(&cloud, "", &["repository:team/web:pull,push", "repository:api:pull"]);
    push(&user, "team/web", "v1", &image("1"));
    for (client, method, path, status) in [
        (&user, "GET", "/v2/", 200),
        (&anonymous, "GET", "/v2/", 200),
        (&anonymous, "HEAD", "/v2/team/web/manifests/v1", 200),
        (&anonymous, "HEAD", "/v2/api/manifests/v1", 404),
        (&user, "HEAD", "/v2/api/manifests/v1", 401),
        (&anonymous, "POST", "/v2/team/web/blobs/uploads/", 401),
    ] {
        let answer = client.call(method, path);
        assert_eq!(answer.status, status, "{method} {path}");
        assert_eq!(answer.header("www-authenticate").ends_with(",error=\"insufficient_scope\""), status == 401);
    }
}

#[test]
fn wrong_credentials_get_no_token() {
    let cloud = cloud();
    for authorization in [basic("local:wrong"), basic("AWS:local"), "Basic ?".to_owned(), "Bearer x".to_owned()] {
        let answer = ask(&cloud, &authorization, &["repository:team/web:pull"]);
        assert_eq!((answer.status, answer.code().as_str()), (401, "UNAUTHORIZED"), "{authorization}");
        assert!(answer.header("www-authenticate").starts_with("Basic realm="), "{authorization}");
    }
}

#[test]
fn a_token_ends_after_a_minute_or_at_once_and_a_new_one_works() {
    let cloud = cloud();
    let open = || opened(&cloud, &basic("local:local"), &["repository:team/web:pull,push"]);
    let start = |client: &Client| client.call("POST", "/v2/team/web/blobs/uploads/");
    let invalid = ",scope=\"repository:team/web:pull,push\",error=\"invalid_token\"";
    let ways: [&dyn Fn(); 2] =
        [&|| cloud.clock().advance(Duration::from_mins(1)), &|| cloud.world().ecr.expire_tokens()];
    for end in ways {
        let client = open();
        assert_eq!(start(&client).status, 202);
        end();
        let answer = start(&client);
        assert_eq!(answer.status, 401);
        assert!(answer.header("www-authenticate").ends_with(invalid), "{}", answer.header("www-authenticate"));
        assert_eq!(start(&open()).status, 202);
    }
}

#[test]
fn a_token_is_a_read_in_the_journal_and_fails_as_a_fault_says() {
    let cloud = cloud();
    cloud.arm(Fault::new("registry:GetToken", FaultKind::Error { status: 503, code: "UNAVAILABLE".to_owned() }));
    assert_eq!(ask(&cloud, "", &[]).status, 503);
    assert_eq!(ask(&cloud, "", &[]).status, 200);
    let journal = cloud.journal();
    let calls: Vec<_> = journal.iter().map(|call| (call.operation.as_str(), call.write, call.status)).collect();
    assert_eq!(calls, [("registry:GetToken", false, 503), ("registry:GetToken", false, 200)]);
}

#[test]
fn the_token_server_is_there_only_where_tokens_are_wanted_and_not_in_the_way_of_a_bucket() {
    let cloud = cloud();
    cloud.world().ecr.bearer = false;
    assert_eq!(ask(&cloud, "", &[]).status, 404);
    assert_eq!(registry::client(&cloud).call("GET", "/v2/").status, 200);
    cloud.world().ecr.bearer = true;
    let signed =
        "AWS4-HMAC-SHA256 Credential=test/20260101/eu-central-1/s3/aws4_request, SignedHeaders=host, Signature=0";
    let bucket = client(&cloud, signed.to_owned());
    assert_eq!((bucket.call("PUT", "/token").status, bucket.call("GET", "/token?list-type=2").status), (200, 200));
    let operations: Vec<String> = cloud.journal().into_iter().map(|call| call.operation).collect();
    assert_eq!(operations[2..], ["s3:CreateBucket", "s3:ListObjectsV2"]);
}
