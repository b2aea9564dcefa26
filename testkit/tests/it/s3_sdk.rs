//! The real SDK against the local AWS.

#![expect(clippy::unwrap_used, reason = "what cannot be asked or read ends the test")]

use aws_sdk_s3::Client;
use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{BucketVersioningStatus, ChecksumAlgorithm, ChecksumMode, Delete, ObjectIdentifier};
use aws_sdk_s3::types::{MetadataDirective, VersioningConfiguration};
use testkit::LocalAws;

fn client(cloud: &LocalAws) -> Client {
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .endpoint_url(cloud.endpoint())
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .force_path_style(true)
        .build();
    Client::from_conf(config)
}

async fn with_bucket(cloud: &LocalAws, versioned: bool) -> Client {
    let client = client(cloud);
    client.create_bucket().bucket("bucket").send().await.unwrap();
    if versioned {
        let enabled = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
        let put = client.put_bucket_versioning().bucket("bucket");
        put.versioning_configuration(enabled).send().await.unwrap();
    }
    client
}

async fn put(client: &Client, key: &str, body: &'static str) -> Option<String> {
    let put = client.put_object().bucket("bucket").key(key);
    let answer = put.body(ByteStream::from_static(body.as_bytes())).send().await.unwrap();
    answer.version_id
}

async fn get(client: &Client, key: &str) -> String {
    let answer = client.get_object().bucket("bucket").key(key).send().await.unwrap();
    String::from_utf8(answer.body.collect().await.unwrap().to_vec()).unwrap()
}

#[tokio::test]
async fn an_object_comes_back_with_all_that_was_said_of_it() {
    let cloud = LocalAws::start().unwrap();
    let client = with_bucket(&cloud, false).await;
    let put = client.put_object().bucket("bucket").key("env:/prod/app.tfstate");
    put.body(ByteStream::from_static(b"{}"))
        .content_type("application/json")
        .metadata("serial", "7")
        .tagging("team=platform%20one&lock")
        .checksum_algorithm(ChecksumAlgorithm::Sha256)
        .send()
        .await
        .unwrap();
    let get = client.get_object().bucket("bucket").key("env:/prod/app.tfstate");
    let got = get.checksum_mode(ChecksumMode::Enabled).send().await.unwrap();
    assert_eq!(got.content_type(), Some("application/json"));
    assert_eq!(got.metadata().unwrap()["serial"], "7");
    assert_eq!(got.tag_count(), Some(2));
    assert_eq!(got.checksum_sha256(), Some("RBNvo1WzZ4oRRq0W9+hknpT7T8If536DEMBg9hyq/4o="));
    assert_eq!(got.last_modified().unwrap().secs(), cloud.clock().now().as_second());
    assert_eq!(got.body.collect().await.unwrap().to_vec(), b"{}");
    let tags = client.get_object_tagging().bucket("bucket").key("env:/prod/app.tfstate");
    let tags = tags.send().await.unwrap();
    let tags: Vec<(&str, &str)> = tags.tag_set().iter().map(|tag| (tag.key(), tag.value())).collect();
    assert_eq!(tags, [("team", "platform one"), ("lock", "")]);
}

#[tokio::test]
async fn a_streamed_body_arrives_without_its_chunks() {
    let cloud = LocalAws::start().unwrap();
    let client = with_bucket(&cloud, false).await;
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "streamed".repeat(10_000)).unwrap();
    let body = ByteStream::from_path(file.path()).await.unwrap();
    client.put_object().bucket("bucket").key("big").body(body).send().await.unwrap();
    assert_eq!(get(&client, "big").await, "streamed".repeat(10_000));
}

#[tokio::test]
async fn pages_and_common_prefixes_together_list_every_key_once() {
    let cloud = LocalAws::start().unwrap();
    let client = with_bucket(&cloud, false).await;
    for key in ["a", "env:/dev/x", "env:/dev/y", "env:/prod/x", "z"] {
        put(&client, key, "").await;
    }
    for page in 1..=5 {
        let mut pages = client.list_objects_v2().bucket("bucket").max_keys(page).into_paginator().send();
        let mut keys = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.unwrap();
            keys.extend(page.contents().iter().map(|object| object.key().unwrap().to_owned()));
        }
        assert_eq!(keys, ["a", "env:/dev/x", "env:/dev/y", "env:/prod/x", "z"], "pages of {page}");
    }
    let workspaces = client.list_objects_v2().bucket("bucket").prefix("env:/").delimiter("/").max_keys(1);
    let mut pages = workspaces.into_paginator().send();
    let mut prefixes = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.unwrap();
        prefixes.extend(page.common_prefixes().iter().map(|common| common.prefix().unwrap().to_owned()));
    }
    assert_eq!(prefixes, ["env:/dev/", "env:/prod/"]);
    let after = client.list_objects_v2().bucket("bucket").start_after("env:/dev/y").send().await.unwrap();
    let after: Vec<&str> = after.contents().iter().filter_map(|object| object.key()).collect();
    assert_eq!(after, ["env:/prod/x", "z"]);
}

#[tokio::test]
async fn versions_stay_under_a_delete_marker_and_come_back_without_it() {
    let cloud = LocalAws::start().unwrap();
    let client = with_bucket(&cloud, true).await;
    let first = put(&client, "k", "first").await.unwrap();
    let second = put(&client, "k", "second").await.unwrap();
    assert_ne!(first, second);
    let old = client.get_object().bucket("bucket").key("k").version_id(&first).send().await.unwrap();
    assert_eq!(old.body.collect().await.unwrap().to_vec(), b"first");

    let deleted = client.delete_object().bucket("bucket").key("k").send().await.unwrap();
    assert_eq!(deleted.delete_marker(), Some(true));
    let marker = deleted.version_id().unwrap();
    let gone = client.get_object().bucket("bucket").key("k").send().await.unwrap_err();
    assert!(gone.as_service_error().unwrap().is_no_such_key());
    let named = client.get_object().bucket("bucket").key("k").version_id(marker).send().await.unwrap_err();
    assert_eq!(named.code(), Some("MethodNotAllowed"));

    let listed = client.list_object_versions().bucket("bucket").send().await.unwrap();
    let versions: Vec<_> = listed.versions().iter().map(|version| version.version_id().unwrap()).collect();
    assert_eq!(versions, [second.as_str(), first.as_str()]);
    assert_eq!(listed.delete_markers()[0].is_latest(), Some(true));

    let undelete = client.delete_object().bucket("bucket").key("k").version_id(marker);
    assert_eq!(undelete.send().await.unwrap().delete_marker(), Some(true));
    assert_eq!(get(&client, "k").await, "second");
}

#[tokio::test]
async fn versions_are_listed_page_by_page() {
    let cloud = LocalAws::start().unwrap();
    let client = with_bucket(&cloud, true).await;
    for (key, body) in [("a", "1"), ("a", "2"), ("b", "1"), ("b", "2"), ("b", "3")] {
        put(&client, key, body).await;
    }
    let mut listed = Vec::new();
    let (mut key, mut id) = (None, None);
    loop {
        let list = client.list_object_versions().bucket("bucket").max_keys(2);
        let page = list.set_key_marker(key).set_version_id_marker(id).send().await.unwrap();
        listed.extend(
            page.versions().iter().map(|version| (version.key().unwrap().to_owned(), version.is_latest().unwrap())),
        );
        if page.is_truncated() != Some(true) {
            break;
        }
        (key, id) = (page.next_key_marker.clone(), page.next_version_id_marker.clone());
    }
    let expected = [("a", true), ("a", false), ("b", true), ("b", false), ("b", false)];
    assert_eq!(listed, expected.map(|(key, latest)| (key.to_owned(), latest)));
}

#[tokio::test]
async fn many_objects_are_deleted_each_on_its_own_condition() {
    let cloud = LocalAws::start().unwrap();
    let client = with_bucket(&cloud, false).await;
    for key in ["plain&", "guarded", "other"] {
        put(&client, key, "x").await;
    }
    let named = |key: &str, etag: Option<&str>| {
        let named = ObjectIdentifier::builder().key(key).set_e_tag(etag.map(str::to_owned));
        named.build().unwrap()
    };
    let delete = Delete::builder()
        .objects(named("plain&", None))
        .objects(named("guarded", Some("\"00\"")))
        .objects(named("absent", Some("\"00\"")))
        .build()
        .unwrap();
    let answer = client.delete_objects().bucket("bucket").delete(delete).send().await.unwrap();
    let deleted: Vec<_> = answer.deleted().iter().map(|deleted| deleted.key().unwrap()).collect();
    assert_eq!(deleted, ["plain&"]);
    let errors: Vec<_> = answer.errors().iter().map(|error| (error.key().unwrap(), error.code().unwrap())).collect();
    assert_eq!(errors, [("guarded", "PreconditionFailed"), ("absent", "NoSuchKey")]);
    assert_eq!(cloud.world().s3.keys("bucket"), ["guarded", "other"]);
}

#[tokio::test]
async fn a_copy_takes_bytes_and_metadata_along() {
    let cloud = LocalAws::start().unwrap();
    let client = with_bucket(&cloud, true).await;
    let first = put(&client, "env:/a b", "first").await.unwrap();
    put(&client, "env:/a b", "second").await;
    let source = format!("bucket/env%3A/a%20b?versionId={first}");
    let copy = |source: &str| client.copy_object().bucket("bucket").key("backup").copy_source(source);
    let answer = copy(&source).send().await.unwrap();
    assert_eq!(answer.copy_source_version_id(), Some(first.as_str()));
    assert_eq!(get(&client, "backup").await, "first");
    let again = copy(&source).if_none_match("*").send().await.unwrap_err();
    assert_eq!(again.code(), Some("PreconditionFailed"));
    let itself = copy("bucket/backup").send().await.unwrap_err();
    assert_eq!(itself.code(), Some("InvalidRequest"));
    let changed = copy("bucket/backup").metadata_directive(MetadataDirective::Replace).metadata("a", "b");
    changed.send().await.unwrap();
    let head = client.head_object().bucket("bucket").key("backup").send().await.unwrap();
    assert_eq!(head.metadata().unwrap()["a"], "b");
    let absent = copy("bucket/absent").send().await.unwrap_err();
    assert_eq!(absent.code(), Some("NoSuchKey"));
}
