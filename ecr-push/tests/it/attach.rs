//! Files beside the image: SBOMs, provenance, signatures.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::{Value, json};
use testkit::LocalAws;
use testkit::image::write_index_layout;
use testkit::peer::{self, Server};
use testkit::sandbox::{Outcome, Sandbox};
use testkit::world::{Operation, Service};

use crate::{cloud, image, push, refused, write};

const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// What is attached in most tests.
const BOTH: [&str; 4] =
    ["--attach", "application/spdx+json=sbom.json", "--attach", "application/vnd.in-toto+json=out/provenance.json"];

/// What a registry answers to `GET`.
fn get(registry: &str, path: &str, authorization: &str) -> Vec<u8> {
    let mut stream = TcpStream::connect(registry).unwrap();
    let accept = format!("accept: {INDEX}, {MANIFEST}");
    let head =
        format!("GET {path} HTTP/1.1\r\nhost: {registry}\r\nconnection: close\r\n{accept}\r\n{authorization}\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 200"), "{path}: {}", String::from_utf8_lossy(&answer));
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    answer.split_off(end + 4)
}

fn json_of(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap()
}

/// The header that opens the local registry.
fn authorization(cloud: &LocalAws) -> String {
    let operation = Operation { service: Service::Ecr, name: "GetAuthorizationToken".to_owned() };
    let answer = cloud.world().call(&operation, &json!({}), cloud.endpoint(), cloud.clock().now()).unwrap();
    format!("authorization: Basic {}\r\n", answer["authorizationData"][0]["authorizationToken"].as_str().unwrap())
}

/// What is attached to an image, as type and content, sorted. The types are those of the list.
fn attached(registry: &str, list: &Value, authorization: &str) -> Vec<(String, String)> {
    let entries = list["manifests"].as_array().unwrap().iter();
    let mut attached: Vec<_> = entries
        .map(|entry| {
            let path = format!("/v2/web/manifests/{}", entry["digest"].as_str().unwrap());
            let manifest = json_of(&get(registry, &path, authorization));
            assert_eq!(manifest["artifactType"], entry["artifactType"]);
            let path = format!("/v2/web/blobs/{}", manifest["layers"][0]["digest"].as_str().unwrap());
            let content = get(registry, &path, authorization);
            (entry["artifactType"].as_str().unwrap().to_owned(), String::from_utf8(content).unwrap())
        })
        .collect();
    attached.sort();
    attached
}

/// What ECR lists as attached to an image.
fn referrers(cloud: &LocalAws, digest: &str) -> Vec<(String, String)> {
    let (registry, authorization) = (cloud.registry(), authorization(cloud));
    let list = json_of(&get(&registry, &format!("/v2/web/referrers/{digest}"), &authorization));
    attached(&registry, &list, &authorization)
}

fn both() -> Vec<(String, String)> {
    let one = |media_type: &str, content: &str| (media_type.to_owned(), content.to_owned());
    vec![one("application/spdx+json", "an SBOM"), one("application/vnd.in-toto+json", "a provenance")]
}

fn write_both(sandbox: &Sandbox) {
    sandbox.write("sbom.json", "an SBOM");
    sandbox.write("out/provenance.json", "a provenance");
}

/// What became of each attachment.
fn actions(outcome: &Outcome) -> Vec<String> {
    let document = outcome.json();
    let attachments = document["push"]["attachments"].as_array().unwrap().iter();
    attachments.map(|attachment| attachment["action"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn files_are_attached_to_an_image_and_found_there() {
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let layout = write(&sandbox, &image("one"));
    write_both(&sandbox);
    let outcome = push(&sandbox, &BOTH)
        .code(0)
        .says("/push/ok", true)
        .says("/push/nothing_to_do", false)
        .says("/push/attachments/0/media_type", "application/spdx+json")
        .says("/push/attachments/0/file", "sbom.json")
        .says("/push/attachments/0/size", 7)
        .says("/push/attachments/1/file", "out/provenance.json")
        .stderr_contains("3 of 3 blobs, 2 of 2 attachments, ");
    assert_eq!(actions(&outcome), ["uploaded", "uploaded"]);
    assert_eq!(referrers(&cloud, &layout.digest), both());
    let manifest = outcome.json()["push"]["attachments"][1]["digest"].as_str().unwrap().to_owned();
    let manifest = json_of(&get(&cloud.registry(), &format!("/v2/web/manifests/{manifest}"), &authorization(&cloud)));
    assert_eq!(manifest["subject"]["digest"], layout.digest.as_str());
    assert_eq!(manifest["layers"][0]["annotations"]["org.opencontainers.image.title"], "provenance.json");
    let document = outcome.json();
    let sizes = document["push"]["blobs"].as_array().unwrap().iter().map(|blob| blob["size"].as_u64().unwrap());
    let empty = 2;
    let content = 7 + 12;
    assert_eq!(document["push"]["bytes_sent"], sizes.sum::<u64>() + content + empty, "the empty blob goes once");
}

#[test]
fn files_are_attached_to_an_index_and_not_to_its_platforms() {
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let platforms = ["amd64", "arm64"].map(|architecture| image("one").architecture(architecture).build().unwrap());
    let layout = write_index_layout(&platforms, &sandbox.path().join("web"), "1.0.0").unwrap();
    write_both(&sandbox);
    let outcome = push(&sandbox, &[&BOTH[..], &["--tag", "1.0.0"]].concat()).code(0).says("/push/ok", true);
    assert_eq!(actions(&outcome), ["uploaded", "uploaded"]);
    assert_eq!(referrers(&cloud, &layout.digest), both());
    assert_eq!(referrers(&cloud, &layout.platforms[0].digest), []);
    let manifest = outcome.json()["push"]["attachments"][0]["digest"].as_str().unwrap().to_owned();
    let manifest = json_of(&get(&cloud.registry(), &format!("/v2/web/manifests/{manifest}"), &authorization(&cloud)));
    assert_eq!(manifest["subject"]["mediaType"], INDEX);
}

#[test]
fn what_is_attached_already_is_not_sent_again() {
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let layout = write(&sandbox, &image("one"));
    write_both(&sandbox);
    let arguments = [&BOTH[..], &["--tag", "1.0.0"]].concat();
    let _ = push(&sandbox, &arguments).code(0);
    cloud.clear_journal();
    let outcome = push(&sandbox, &arguments)
        .code(0)
        .says("/push/nothing_to_do", true)
        .says("/push/bytes_sent", 0)
        .stderr_contains("nothing to do");
    assert_eq!(actions(&outcome), ["exists", "exists"]);
    assert_eq!(cloud.writes(), Vec::<String>::new());
    assert_eq!(referrers(&cloud, &layout.digest), both());
}

#[test]
fn a_changed_file_is_attached_beside_the_old_one() {
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let layout = write(&sandbox, &image("one"));
    write_both(&sandbox);
    let _ = push(&sandbox, &BOTH).code(0);
    sandbox.write("sbom.json", "a new SBOM");
    let outcome = push(&sandbox, &BOTH)
        .code(0)
        .says("/push/ok", true)
        .says("/push/nothing_to_do", false)
        .says("/push/bytes_sent", "a new SBOM".len())
        .stderr_contains("0 of 3 blobs, 1 of 2 attachments, ");
    assert_eq!(actions(&outcome), ["uploaded", "exists"]);
    let mut expected = both();
    expected.insert(0, ("application/spdx+json".to_owned(), "a new SBOM".to_owned()));
    assert_eq!(referrers(&cloud, &layout.digest), expected);
}

#[test]
fn a_dry_run_says_what_is_not_attached_yet() {
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let layout = write(&sandbox, &image("one"));
    write_both(&sandbox);
    let outcome = push(&sandbox, &[&BOTH[..], &["--dry-run"]].concat()).code(0).says("/push/nothing_to_do", false);
    assert_eq!(actions(&outcome), ["missing", "missing"]);
    assert_eq!(cloud.writes(), Vec::<String>::new());
    let _ = push(&sandbox, &BOTH[..2]).code(0);
    cloud.clear_journal();
    let outcome = push(&sandbox, &[&BOTH[..], &["--dry-run"]].concat())
        .code(0)
        .says("/push/nothing_to_do", false)
        .stderr_contains("ecr-push: would push ")
        .stderr_contains("0 of 3 blobs, 1 of 2 attachments, 12 B");
    assert_eq!(actions(&outcome), ["exists", "missing"]);
    assert_eq!(cloud.writes(), Vec::<String>::new());
    assert_eq!(referrers(&cloud, &layout.digest), both()[..1]);
}

#[test]
fn a_file_that_is_not_there_is_said_before_anything_is_sent() {
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let _ = write(&sandbox, &image("one"));
    write_both(&sandbox);
    let outcome = push(&sandbox, &[&BOTH[..], &["--attach", "application/json=nowhere.json"]].concat());
    let _ = refused(outcome, 2, "source.unreadable").stderr_contains("`nowhere.json` cannot be read: No such file");
    let outcome = push(&sandbox, &["--attach", "application/json=out"]);
    let _ = refused(outcome, 2, "source.unreadable").stderr_contains("`out` cannot be read: ");
    for text in ["sbom.json", "spdx=sbom.json", "application/json="] {
        let outcome = push(&sandbox, &["--attach", text]).code(2).says("/error/code", "usage");
        let _ = outcome.stderr_contains("is not an attachment: write TYPE=FILE");
    }
    assert_eq!(cloud.journal().len(), 0);
}

#[test]
fn an_attachment_that_does_not_arrive_leaves_the_image_pushed_and_says_so() {
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let layout = write(&sandbox, &image("one"));
    write_both(&sandbox);
    cloud.arm("registry:PutManifest#3=error:405:UNSUPPORTED".parse().unwrap());
    let outcome = push(&sandbox, &[&BOTH[..], &["--tag", "1.0.0"]].concat())
        .code(3)
        .says("/ok", false)
        .says("/error/code", "aws.refused")
        .says("/push/ok", true)
        .says("/push/digest", layout.digest.as_str());
    assert_eq!(actions(&outcome), ["uploaded"]);
    let outcome = push(&sandbox, &[&BOTH[..], &["--tag", "1.0.0"]].concat()).code(0);
    assert_eq!(actions(&outcome), ["exists", "uploaded"]);
    assert_eq!(referrers(&cloud, &layout.digest), both());
}

/// Pushes `web` into a registry that does not list what is attached, with further arguments.
fn push_to(sandbox: &Sandbox, registry: &Server, arguments: &[&str]) -> Outcome {
    let address = registry.address();
    push(sandbox, &[&["--registry", address, "--plain-http", address], arguments].concat())
}

/// The list under the tag that stands for what the registry does not list.
fn listed(registry: &Server, digest: &str) -> Value {
    let tag = digest.replace(':', "-");
    json_of(&get(registry.address(), &format!("/v2/web/manifests/{tag}"), ""))
}

#[test]
fn a_registry_that_lists_nothing_has_a_list_under_a_tag() {
    let Some(registry) = peer::docker_registry() else { return };
    let sandbox = Sandbox::new();
    let layout = write(&sandbox, &image("one"));
    write_both(&sandbox);
    for expected in ["uploaded", "exists"] {
        let outcome = push_to(&sandbox, &registry, &BOTH).code(0).says("/push/ok", true);
        assert_eq!(actions(&outcome), [expected, expected]);
        let list = listed(&registry, &layout.digest);
        assert_eq!(list["mediaType"], INDEX);
        assert_eq!(attached(registry.address(), &list, ""), both());
    }
    sandbox.write("sbom.json", "a new SBOM");
    let _ = push_to(&sandbox, &registry, &BOTH).code(0);
    assert_eq!(attached(registry.address(), &listed(&registry, &layout.digest), "").len(), 3);
}

#[test]
fn what_is_under_the_tag_and_no_list_stays_as_it_is() {
    let Some(registry) = peer::docker_registry() else { return };
    let sandbox = Sandbox::new();
    let layout = write(&sandbox, &image("one"));
    let tag = layout.digest.replace(':', "-");
    let other = write(&sandbox, &image("two"));
    let _ = push_to(&sandbox, &registry, &["--tag", &tag]).code(0);
    let before = listed(&registry, &layout.digest);
    assert_eq!(before["config"]["digest"], other.config_digest.as_str());
    let _ = write(&sandbox, &image("one"));
    write_both(&sandbox);
    let outcome = push_to(&sandbox, &registry, &BOTH);
    let _ = refused(outcome, 3, "attachments.malformed")
        .says("/push/ok", true)
        .stderr_contains(&format!("`{tag}`, which should list what is attached to the image, is not understood"));
    assert_eq!(listed(&registry, &layout.digest), before);
}

#[test]
fn what_was_attached_and_never_listed_is_listed_by_the_next_run() {
    let Some(registry) = peer::docker_registry() else { return };
    let sandbox = Sandbox::new();
    let layout = write(&sandbox, &image("one"));
    write_both(&sandbox);
    let _ = push_to(&sandbox, &registry, &BOTH).code(0);
    let tag = layout.digest.replace(':', "-");
    let list = listed(&registry, &layout.digest);
    // Another run that began at the same time wrote its list over ours.
    let cut = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [list["manifests"][0]] }).to_string();
    put(registry.address(), &format!("/v2/web/manifests/{tag}"), &cut);
    let outcome = push_to(&sandbox, &registry, &BOTH).code(0);
    assert_eq!(actions(&outcome), ["exists", "exists"]);
    assert_eq!(attached(registry.address(), &listed(&registry, &layout.digest), ""), both());
}

/// Puts an index into a registry that asks for no credentials.
fn put(registry: &str, path: &str, index: &str) {
    let mut stream = TcpStream::connect(registry).unwrap();
    let length = index.len();
    let head = format!("PUT {path} HTTP/1.1\r\nhost: {registry}\r\nconnection: close\r\ncontent-type: {INDEX}\r\n");
    stream.write_all(format!("{head}content-length: {length}\r\n\r\n{index}").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
}
