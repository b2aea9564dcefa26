//! Registries that are not ECR: how they are opened, and by what means they are reached.

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use testkit::LocalAws;
use testkit::ecr::Quirks;
use testkit::image::write_index_layout;
use testkit::peer;
use testkit::sandbox::{Outcome, Sandbox};

use crate::saved::old_docker;
use crate::{cloud, control, counts, image, log_in, write};

/// Pushes `source` into the repository `web` of a registry without TLS.
fn push(sandbox: &Sandbox, source: &str, registry: &str, arguments: &[&str]) -> Outcome {
    let run = sandbox.tool("ecr-push").args([source, "--repository", "web", "--registry", registry]);
    run.args(["--plain-http", registry]).args(arguments).run()
}

#[test]
fn a_layout_goes_into_any_registry_under_several_tags() {
    let Some(registry) = peer::docker_registry() else { return };
    let sandbox = Sandbox::new();
    let layout = write(&sandbox, &image("one"));
    let (host, tags) = (registry.address(), ["--tag", "1.0.0", "--tag", "latest"]);
    let uri = format!("{host}/web@{}", layout.digest);
    let _ = push(&sandbox, "web", host, &tags)
        .code(0)
        .says("/image/registry", host)
        .says("/image/uri", uri.as_str())
        .says("/image/digest", layout.digest.as_str())
        .says("/push/ok", true)
        .stderr_contains(&format!("ecr-push: pushed {uri}, tagged 1.0.0, latest: 3 of 3 blobs"));
    let _ = push(&sandbox, "web", host, &tags)
        .code(0)
        .says("/push/nothing_to_do", true)
        .says("/push/bytes_sent", 0)
        .stderr_is(&format!("ecr-push: nothing to do: {uri} is there, tagged 1.0.0, latest\n"));
    let moved = write(&sandbox, &image("two"));
    let _ = push(&sandbox, "web", host, &["--tag", "latest"])
        .code(0)
        .says("/push/tags/0/previous", layout.digest.as_str())
        .says("/image/digest", moved.digest.as_str());
}

#[test]
fn what_docker_saved_and_an_index_go_into_any_registry() {
    let Some(registry) = peer::docker_registry() else { return };
    let sandbox = Sandbox::new();
    let built = image("one").build().unwrap();
    sandbox.write("web.tar", old_docker(&built).tar());
    let host = registry.address();
    let saved = push(&sandbox, "web.tar", host, &["--tag", "saved"]).code(0).says("/push/ok", true);
    let _ = saved.says("/image/config_digests/0", built.config_digest.as_str());
    let _ = push(&sandbox, "web.tar", host, &["--tag", "saved"]).code(0).says("/push/nothing_to_do", true);
    let platforms = ["amd64", "arm64"].map(|name| image("one").architecture(name).build().unwrap());
    let index = write_index_layout(&platforms, &sandbox.path().join("index"), "1.0.0").unwrap();
    let _ = push(&sandbox, "index", host, &["--tag", "1.0.0"])
        .code(0)
        .says("/image/digest", index.digest.as_str())
        .says("/push/media_type", "application/vnd.oci.image.index.v1+json");
    let _ = push(&sandbox, "index", host, &["--tag", "1.0.0"]).code(0).says("/push/nothing_to_do", true);
}

#[test]
fn what_is_ecrs_alone_is_refused_elsewhere() {
    let sandbox = Sandbox::new();
    for flag in [&["--create"][..], &["--wait-scan", "found.json"]] {
        let _ = push(&sandbox, "web", "127.0.0.1:1", flag)
            .code(2)
            .says("/error/code", "usage")
            .stderr_contains(&format!("ecr-push: error: {} is for ECR only, and another registry is named", flag[0]));
    }
}

/// A registry behind Bearer tokens, with the repository `web`.
fn bearer() -> (LocalAws, Sandbox) {
    let cloud = cloud();
    cloud.world().ecr.quirks = Quirks::oci();
    cloud.world().ecr.bearer = true;
    let sandbox = Sandbox::new();
    let _ = write(&sandbox, &image("one"));
    (cloud, sandbox)
}

#[test]
fn what_docker_login_left_opens_a_registry() {
    let (cloud, sandbox) = bearer();
    log_in(&sandbox, &cloud.registry(), "local:local");
    let _ = push(&sandbox, "web", &cloud.registry(), &["--tag", "1.0.0"]).code(0).says("/push/ok", true);
    assert_eq!(counts(&cloud)["registry:GetToken"], 1, "one token for all");
    assert!(!counts(&cloud).contains_key("ecr:GetAuthorizationToken"), "AWS has no part in it");
}

#[test]
fn a_credential_helper_opens_a_registry() {
    let (cloud, sandbox) = bearer();
    let host = cloud.registry();
    let config = serde_json::json!({ "credHelpers": { &host: "test" } });
    sandbox.write(".docker/config.json", config.to_string());
    let script = format!(
        "#!/bin/sh\nread -r server\n[ \"$1 $server\" = 'get {host}' ] || exit 1\n\
         echo '{{\"ServerURL\":\"{host}\",\"Username\":\"local\",\"Secret\":\"local\"}}'\n"
    );
    let program = sandbox.write("helpers/docker-credential-test", script);
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:/usr/bin:/bin", sandbox.path().join("helpers").display());
    let run = sandbox.tool("ecr-push").args(["web", "--repository", "web", "--tag", "1.0.0", "--registry", &host]);
    let run = run.args(["--plain-http", &host]).env("PATH", &path);
    let _ = run.run().code(0).says("/push/ok", true);
    std::fs::remove_file(&program).unwrap();
    let _ = push(&sandbox, "web", &host, &[])
        .code(3)
        .says("/error/code", "credentials.helper")
        .stderr_contains("ecr-push: hint: install docker-credential-test, or take it out of the file");
}

#[test]
fn a_token_that_ends_in_the_middle_of_a_push_is_renewed_once_for_all() {
    let (cloud, sandbox) = bearer();
    log_in(&sandbox, &cloud.registry(), "local:local");
    let host = cloud.registry();
    cloud.arm("registry:StartUpload#2=latency:300".parse().unwrap());
    let arguments = ["web", "--repository", "web", "--tag", "1.0.0", "--registry", &host, "--plain-http", &host];
    let running = sandbox.tool("ecr-push").args(arguments).start();
    while !cloud.arrivals().contains(&"registry:StartUpload".to_owned()) {
        std::thread::yield_now();
    }
    // A token lives for a minute of AWS time.
    cloud.clock().advance(Duration::from_secs(61));
    let _ = running.wait().code(0).says("/push/ok", true);
    assert_eq!(counts(&cloud)["registry:GetToken"], 2);
}

#[test]
fn a_password_that_is_wrong_is_said_with_what_to_do() {
    let (cloud, sandbox) = bearer();
    log_in(&sandbox, &cloud.registry(), "local:wrong");
    let outcome = push(&sandbox, "web", &cloud.registry(), &["--tag", "1.0.0"])
        .code(3)
        .says("/ok", false)
        .says("/error/code", "registry.credentials")
        .stderr_contains("ecr-push: hint: docker login");
    assert!(!outcome.stderr().contains("wrong"), "a password is told to nobody");
    assert_eq!(cloud.writes(), Vec::<String>::new());
}

#[test]
fn who_is_not_logged_in_may_not_push() {
    let (cloud, sandbox) = bearer();
    let outcome = push(&sandbox, "web", &cloud.registry(), &["--tag", "1.0.0"]).code(3);
    let code = outcome.json()["error"]["code"].as_str().unwrap().to_owned();
    assert!(["registry.credentials", "registry.access_denied"].contains(&code.as_str()), "{code}");
    let _ = outcome.stderr_contains("ecr-push: hint: docker login");
    assert!(cloud.journal().iter().all(|call| !call.write || call.status == 401));
}

#[test]
fn a_repository_that_is_missing_elsewhere_is_said_too() {
    let (cloud, sandbox) = bearer();
    log_in(&sandbox, &cloud.registry(), "local:local");
    let _ = control(&cloud, "DeleteRepository", &serde_json::json!({ "repositoryName": "web", "force": true }));
    let _ = push(&sandbox, "web", &cloud.registry(), &["--tag", "1.0.0"])
        .code(3)
        .says("/error/code", "repository.missing")
        .stderr_contains(&format!("there is no repository `web` in {}; nothing was sent", cloud.registry()));
}
