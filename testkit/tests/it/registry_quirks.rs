//! Each way in which ECR departs from the OCI specification, on and off.

use std::time::Duration;

use serde_json::json;
use testkit::LocalAws;
use testkit::ecr::Quirks;

use crate::http::Client;
use crate::registry::{self, INDEX, MANIFEST, control, image, push, push_blob, push_blobs, put_manifest, with_digest};

const PART: usize = 5 * 1024 * 1024;

fn start(quirks: Quirks) -> (LocalAws, Client) {
    let cloud = LocalAws::start().unwrap();
    registry::create_repository(&cloud, "web");
    cloud.world().ecr.quirks = quirks;
    let client = registry::client(&cloud);
    (cloud, client)
}

fn sha256(bytes: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    let hex: Vec<String> = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{}", hex.concat())
}

#[test]
fn chunks_are_answered_201_with_a_range_that_stands_still_and_yet_all_is_stored() {
    for (quirks, status, second_range) in
        [(Quirks::ecr(), 201, format!("0-{}", PART - 1)), (Quirks::oci(), 202, format!("0-{}", 2 * PART - 1))]
    {
        let (_cloud, client) = start(quirks);
        let blob: Vec<u8> = (0..=255).cycle().take(2 * PART + 3).collect();
        let started = client.call("POST", "/v2/web/blobs/uploads/");
        let first = client.send("PATCH", started.header("location"), &[], &blob[..PART]);
        assert_eq!((first.status, first.header("range")), (status, format!("0-{}", PART - 1).as_str()));
        let second = client.send("PATCH", first.header("location"), &[], &blob[PART..2 * PART]);
        assert_eq!((second.status, second.header("range")), (status, second_range.as_str()));
        let digest = sha256(&blob);
        let done = client.send("PUT", &with_digest(second.header("location"), &digest), &[], &blob[2 * PART..]);
        assert_eq!(done.status, 201);
        assert_eq!(client.call("GET", &format!("/v2/web/blobs/{digest}")).body, blob);
    }
}

#[test]
fn a_chunk_out_of_order_is_told_where_to_go_on() {
    let (_cloud, client) = start(Quirks::ecr());
    let started = client.call("POST", "/v2/web/blobs/uploads/");
    let location = started.header("location");
    client.send("PATCH", location, &[("content-range", "0-3")], b"0123");
    let again = client.send("PATCH", location, &[("content-range", "0-3")], b"0123");
    assert_eq!((again.status, again.code().as_str()), (416, "BLOB_UPLOAD_INVALID"));
    assert_eq!(again.message(), "First byte of the layer part is 0 instead of 4");
    let digest = sha256(b"01234567");
    let rest = client.send("PUT", &with_digest(location, &digest), &[("content-range", "4-7")], b"4567");
    // The parts are far below 5 MiB, so ECR refuses the end; the order was right.
    assert_eq!((rest.status, rest.message().contains("at least 5MB")), (400, true));
}

#[test]
fn a_small_part_before_the_end_is_refused_by_ecr_alone() {
    for (quirks, status) in [(Quirks::ecr(), 400), (Quirks::oci(), 201)] {
        let (_cloud, client) = start(quirks);
        let started = client.call("POST", "/v2/web/blobs/uploads/");
        let first = client.send("PATCH", started.header("location"), &[], b"small");
        let end = with_digest(first.header("location"), &sha256(b"small end"));
        assert_eq!(client.send("PUT", &end, &[], b" end").status, status);
    }
}

#[test]
fn an_empty_blob_is_refused_by_ecr_alone() {
    for (quirks, status) in [(Quirks::ecr(), 400), (Quirks::oci(), 201)] {
        let (_cloud, client) = start(quirks);
        assert_eq!(push_blob(&client, "web", &sha256(b""), b"").status, status);
    }
}

#[test]
fn a_stale_address_of_an_upload_is_refused_where_addresses_carry_the_offset() {
    let (_cloud, client) = start(Quirks::oci());
    let started = client.call("POST", "/v2/web/blobs/uploads/");
    client.send("PATCH", started.header("location"), &[], b"bytes");
    assert_eq!(client.send("PATCH", started.header("location"), &[], b"more").status, 416);
    let (bare, _) = started.header("location").split_once('?').unwrap();
    assert_eq!(client.send("PATCH", bare, &[], b"more").status, 400);
}

#[test]
fn an_immutable_tag_stays_where_it_is() {
    for (quirks, same_image) in [(Quirks::ecr(), 400), (Quirks::oci(), 201)] {
        let (cloud, client) = start(quirks);
        let input = json!({ "repositoryName": "web", "imageTagMutability": "IMMUTABLE" });
        control(&cloud, "PutImageTagMutability", &input).unwrap();
        let (one, other) = (image("1"), image("2"));
        push(&client, "web", "v1", &one);
        push_blobs(&client, "web", &other);
        assert_eq!(put_manifest(&client, "web", "v1", &one.manifest, MANIFEST).status, same_image);
        let moved = put_manifest(&client, "web", "v1", &other.manifest, MANIFEST);
        assert_eq!((moved.status, moved.code().as_str()), (400, "TAG_INVALID"));
        assert!(moved.message().contains("The image tag 'v1' already exists in the 'web' repository"));
        assert_eq!(client.call("HEAD", "/v2/web/manifests/v1").header("docker-content-digest"), one.digest);
    }
}

#[test]
fn a_manifest_lags_behind_its_blobs_for_as_long_as_is_said() {
    let (cloud, client) = start(Quirks { manifest_lag: Duration::from_millis(300), ..Quirks::ecr() });
    let image = image("1");
    push_blobs(&client, "web", &image);
    let put = || put_manifest(&client, "web", "v1", &image.manifest, MANIFEST);
    let early = put();
    assert_eq!((early.status, early.code().as_str()), (404, "BLOB_UPLOAD_UNKNOWN"));
    assert!(early.message().starts_with(&format!("Layers with digests '[{}", image.config_digest)));
    cloud.clock().advance(Duration::from_millis(300));
    assert_eq!(put().status, 201);
}

#[test]
fn a_blob_is_mounted_only_where_ecr_allows_it() {
    let (cloud, client) = start(Quirks::ecr());
    registry::create_repository(&cloud, "other");
    let image = image("1");
    push_blobs(&client, "web", &image);
    let mount = || {
        let path = format!("/v2/other/blobs/uploads/?mount={}&from=web", image.config_digest);
        client.call("POST", &path).status
    };
    assert_eq!(mount(), 202, "not opted in");
    control(&cloud, "PutAccountSetting", &json!({ "name": "BLOB_MOUNTING", "value": "ENABLED" })).unwrap();
    assert_eq!(mount(), 202, "no image is made of it");
    assert_eq!(put_manifest(&client, "web", "v1", &image.manifest, MANIFEST).status, 201);
    assert_eq!(mount(), 201);
    assert_eq!(client.call("HEAD", &format!("/v2/other/blobs/{}", image.config_digest)).status, 200);
}

#[test]
fn the_eleventh_manifest_in_a_second_is_too_many() {
    let (cloud, client) = start(Quirks { rate_limits: true, ..Quirks::ecr() });
    let image = image("1");
    push_blobs(&client, "web", &image);
    let put = |tag: usize| put_manifest(&client, "web", &format!("v{tag}"), &image.manifest, MANIFEST);
    assert!((0..10).all(|tag| put(tag).status == 201));
    let refused = put(10);
    assert_eq!((refused.status, refused.code().as_str()), (429, "TOOMANYREQUESTS"));
    cloud.clock().advance(Duration::from_secs(1));
    assert_eq!(put(10).status, 201);
}

#[test]
fn what_is_missing_is_said_in_the_words_of_ecr() {
    let (_cloud, client) = start(Quirks::ecr());
    let image = image("1");
    push_blobs(&client, "web", &image);
    let descriptor = json!({ "mediaType": MANIFEST, "digest": image.digest, "size": image.manifest.len() });
    let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [descriptor] }).to_string();
    let cases = [
        (client.call("POST", "/v2/nowhere/blobs/uploads/"), 404, "NAME_UNKNOWN", "with name 'nowhere' does not exist"),
        (
            put_manifest(&client, "web", "v1", index.as_bytes(), INDEX),
            404,
            "MANIFEST_BLOB_UNKNOWN",
            "Images with digests '[",
        ),
        (
            put_manifest(&client, "web", "v1", b"{", MANIFEST),
            405,
            "UNSUPPORTED",
            "Invalid parameter at 'ImageManifest'",
        ),
        (client.call("GET", "/v2/web/manifests/v1"), 404, "MANIFEST_UNKNOWN", "Requested image not found"),
        (push_blob(&client, "web", &sha256(b"other"), b"bytes"), 400, "BLOB_UPLOAD_INVALID", "None of the provided"),
        (client.call("GET", "/v2/_catalog"), 404, "NAME_UNKNOWN", "_catalog"),
    ];
    for (answer, status, code, message) in cases {
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{}", answer.message());
        assert!(answer.message().contains(message), "{}", answer.message());
    }
}

#[test]
fn what_is_attached_to_an_image_is_listed_with_it() {
    let (_cloud, client) = start(Quirks::ecr());
    let image = image("1");
    push(&client, "web", "v1", &image);
    let subject = json!({ "mediaType": MANIFEST, "digest": image.digest, "size": image.manifest.len() });
    let mut attachment: serde_json::Value = serde_json::from_slice(&image.manifest).unwrap();
    attachment["artifactType"] = json!("application/spdx+json");
    attachment["subject"] = subject;
    attachment["annotations"] = json!({ "made.by": "test" });
    let attachment = attachment.to_string();
    let put = put_manifest(&client, "web", &sha256(attachment.as_bytes()), attachment.as_bytes(), MANIFEST);
    assert_eq!((put.status, put.header("oci-subject")), (201, image.digest.as_str()));
    let list = |filter: &str| client.call("GET", &format!("/v2/web/referrers/{}{filter}", image.digest));
    let all = list("");
    assert_eq!(all.header("content-type"), INDEX);
    assert_eq!(all.json()["manifests"][0]["digest"], sha256(attachment.as_bytes()));
    assert_eq!(all.json()["manifests"][0]["artifactType"], "application/spdx+json");
    assert_eq!(all.json()["manifests"][0]["annotations"]["made.by"], "test");
    let filtered = list("?artifactType=application/other");
    assert_eq!(filtered.header("oci-filters-applied"), "artifactType");
    assert_eq!(filtered.json()["manifests"], json!([]));
}

#[test]
fn tags_come_in_order_and_page_by_page() {
    let (_cloud, client) = start(Quirks::ecr());
    let image = image("1");
    for tag in ["b", "c", "a"] {
        push(&client, "web", tag, &image);
    }
    let tags = |query: &str| client.call("GET", &format!("/v2/web/tags/list{query}"));
    assert_eq!(tags("").json()["tags"], json!(["a", "b", "c"]));
    let first = tags("?n=2");
    assert_eq!(first.json()["tags"], json!(["a", "b"]));
    let next = first.header("link").split(['<', '>']).nth(1).unwrap();
    let second = client.call("GET", next);
    assert_eq!((second.json()["tags"].clone(), second.header("link")), (json!(["c"]), ""));
}
