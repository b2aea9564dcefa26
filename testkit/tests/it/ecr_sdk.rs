//! The real SDK against the control plane.

use aws_sdk_ecr::Client;
use aws_sdk_ecr::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_ecr::error::ProvideErrorMetadata;
use aws_sdk_ecr::primitives::Blob;
use aws_sdk_ecr::types::{
    EncryptionConfiguration, EncryptionType, ImageIdentifier, ImageScanningConfiguration, ImageTagMutability,
    ImageTagMutabilityExclusionFilter, ImageTagMutabilityExclusionFilterType, LayerAvailability, LayerFailureCode,
    ScanStatus, Tag, TagStatus,
};
use serde_json::json;
use testkit::LocalAws;
use testkit::world::REGION;

use crate::registry::{self, image, push};

fn client(cloud: &LocalAws) -> Client {
    client_in(cloud, REGION)
}

/// A client that signs for a region.
pub(crate) fn client_in(cloud: &LocalAws, region: &'static str) -> Client {
    let config = aws_sdk_ecr::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(region))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .endpoint_url(cloud.endpoint())
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build();
    Client::from_conf(config)
}

#[tokio::test]
async fn a_token_opens_the_registry_that_it_names() {
    let cloud = LocalAws::start().unwrap();
    let answer = client(&cloud).get_authorization_token().send().await.unwrap();
    let data = &answer.authorization_data()[0];
    assert_eq!(data.proxy_endpoint(), Some(cloud.endpoint()));
    assert_eq!(data.expires_at().unwrap().secs(), cloud.clock().now().as_second() + 12 * 60 * 60);
    let client = crate::http::Client {
        endpoint: cloud.endpoint().to_owned(),
        authorization: format!("Basic {}", data.authorization_token().unwrap()),
    };
    assert_eq!(client.call("GET", "/v2/").status, 200);
}

#[tokio::test]
async fn a_repository_is_created_with_all_that_was_said_of_it_and_described_so() {
    let cloud = LocalAws::start().unwrap();
    let client = client(&cloud);
    let filter = ImageTagMutabilityExclusionFilter::builder()
        .filter_type(ImageTagMutabilityExclusionFilterType::Wildcard)
        .filter("dev-*");
    let created = client
        .create_repository()
        .repository_name("team/web")
        .tags(Tag::builder().key("team").value("web").build().unwrap())
        .image_tag_mutability(ImageTagMutability::ImmutableWithExclusion)
        .image_tag_mutability_exclusion_filters(filter.build().unwrap())
        .image_scanning_configuration(ImageScanningConfiguration::builder().scan_on_push(true).build())
        .encryption_configuration(
            EncryptionConfiguration::builder()
                .encryption_type(EncryptionType::Kms)
                .kms_key("alias/images")
                .build()
                .unwrap(),
        )
        .send()
        .await
        .unwrap();
    let described = client.describe_repositories().repository_names("team/web").send().await.unwrap();
    let repository = &described.repositories()[0];
    assert_eq!(created.repository(), Some(repository));
    assert_eq!(repository.repository_uri(), Some(format!("{}/team/web", cloud.registry()).as_str()));
    assert_eq!(repository.image_tag_mutability_exclusion_filters()[0].filter(), "dev-*");
    assert!(repository.image_scanning_configuration().unwrap().scan_on_push());
    assert_eq!(repository.encryption_configuration().unwrap().kms_key(), Some("alias/images"));
    let tags = client.list_tags_for_resource().resource_arn(repository.repository_arn().unwrap()).send().await.unwrap();
    assert_eq!((tags.tags()[0].key(), tags.tags()[0].value()), ("team", "web"));
    let again = client.create_repository().repository_name("team/web").send().await.unwrap_err();
    assert!(again.into_service_error().is_repository_already_exists_exception());
}

#[tokio::test]
async fn what_is_not_there_has_an_exception_of_its_own() {
    let cloud = LocalAws::start().unwrap();
    registry::create_repository(&cloud, "web");
    let client = client(&cloud);
    let missing =
        client.describe_repositories().repository_names("nowhere").send().await.unwrap_err().into_service_error();
    assert!(missing.is_repository_not_found_exception());
    let message = "The repository with name 'nowhere' does not exist in the registry with id '123456789012'";
    assert_eq!(missing.message(), Some(message));
    let policy = client.get_lifecycle_policy().repository_name("web").send().await.unwrap_err();
    assert!(policy.into_service_error().is_lifecycle_policy_not_found_exception());
    let tag = ImageIdentifier::builder().image_tag("v1").build();
    let image = client.describe_images().repository_name("web").image_ids(tag.clone()).send().await.unwrap_err();
    assert!(image.into_service_error().is_image_not_found_exception());
    let scan = client.describe_image_scan_findings().repository_name("web").image_id(tag).send().await.unwrap_err();
    assert!(scan.into_service_error().is_image_not_found_exception());
}

#[tokio::test]
async fn a_batch_of_layers_says_of_each_whether_it_is_there() {
    let cloud = LocalAws::start().unwrap();
    registry::create_repository(&cloud, "web");
    let image = image("1");
    let (layer, bytes) = &image.blobs()[1];
    registry::push_blob(&registry::client(&cloud), "web", layer, bytes);
    let missing = format!("sha256:{}", "0".repeat(64));
    let check = client(&cloud).batch_check_layer_availability().repository_name("web");
    let answer = check.layer_digests(layer).layer_digests(&missing).layer_digests("short").send().await.unwrap();
    let seen: Vec<_> =
        answer.layers().iter().map(|layer| (layer.layer_availability().unwrap(), layer.layer_size())).collect();
    let size = i64::try_from(bytes.len()).unwrap();
    let expected = [(&LayerAvailability::Available, Some(size)), (&LayerAvailability::Unavailable, None)];
    assert_eq!(seen, expected);
    assert_eq!(answer.failures()[0].failure_code(), Some(&LayerFailureCode::InvalidLayerDigest));
}

#[tokio::test]
async fn an_image_can_be_pushed_through_the_control_plane_alone() {
    let cloud = LocalAws::start().unwrap();
    registry::create_repository(&cloud, "web");
    let client = client(&cloud);
    let image = image("1");
    let put = |tag: &str| {
        let manifest = String::from_utf8(image.manifest.to_vec()).unwrap();
        client.put_image().repository_name("web").image_manifest(manifest).image_tag(tag).send()
    };
    assert!(put("v1").await.unwrap_err().into_service_error().is_layers_not_found_exception());
    for (digest, bytes) in image.blobs() {
        let upload = client.initiate_layer_upload().repository_name("web").send().await.unwrap();
        let id = upload.upload_id().unwrap();
        let last = i64::try_from(bytes.len()).unwrap() - 1;
        let part = client.upload_layer_part().repository_name("web").upload_id(id).layer_part_blob(Blob::new(bytes));
        let part = part.part_first_byte(0).part_last_byte(last).send().await.unwrap();
        assert_eq!(part.last_byte_received(), Some(last));
        let complete = client.complete_layer_upload().repository_name("web").upload_id(id).layer_digests(&digest);
        assert_eq!(complete.send().await.unwrap().layer_digest(), Some(digest.as_str()));
    }
    let pushed = put("v1").await.unwrap();
    assert_eq!(pushed.image().unwrap().image_id().unwrap().image_digest(), Some(image.digest.as_str()));
    assert!(put("v1").await.unwrap_err().into_service_error().is_image_already_exists_exception());
    assert!(put("v2").await.is_ok());
    let reference = format!("{}/web:v2", cloud.registry());
    assert_eq!(cloud.world().ecr.digest_of(&reference), Some(image.digest));
}

#[tokio::test]
async fn an_immutable_tag_has_two_exceptions_one_for_the_same_image_and_one_for_another() {
    let cloud = LocalAws::start().unwrap();
    registry::create_repository(&cloud, "web");
    let (client, door) = (client(&cloud), registry::client(&cloud));
    let (one, other) = (image("1"), image("2"));
    push(&door, "web", "v1", &one);
    push(&door, "web", "v2", &other);
    let immutable = client.put_image_tag_mutability().repository_name("web");
    immutable.image_tag_mutability(ImageTagMutability::Immutable).send().await.unwrap();
    let put = |image: &testkit::image::Image| {
        let manifest = String::from_utf8(image.manifest.to_vec()).unwrap();
        client.put_image().repository_name("web").image_manifest(manifest).image_tag("v1").send()
    };
    assert!(put(&one).await.unwrap_err().into_service_error().is_image_already_exists_exception());
    assert!(put(&other).await.unwrap_err().into_service_error().is_image_tag_already_exists_exception());
}

#[tokio::test]
async fn images_are_described_listed_read_and_deleted() {
    let cloud = LocalAws::start().unwrap();
    registry::create_repository(&cloud, "web");
    let (client, door) = (client(&cloud), registry::client(&cloud));
    let (one, other) = (image("1"), image("2"));
    push(&door, "web", "v1", &one);
    push(&door, "web", "latest", &one);
    push(&door, "web", &other.digest, &other);
    let described = client.describe_images().repository_name("web").send().await.unwrap();
    let detail = described.image_details().iter().find(|detail| detail.image_digest() == Some(&one.digest)).unwrap();
    assert_eq!(detail.image_tags(), ["latest", "v1"]);
    assert_eq!(detail.image_manifest_media_type(), Some(registry::MANIFEST));
    let size: usize = one.blobs().iter().map(|(_, bytes)| bytes.len()).sum();
    assert_eq!(detail.image_size_in_bytes(), Some(i64::try_from(size).unwrap()));
    let untagged = aws_sdk_ecr::types::ListImagesFilter::builder().tag_status(TagStatus::Untagged).build();
    let listed = client.list_images().repository_name("web").filter(untagged).send().await.unwrap();
    assert_eq!(listed.image_ids()[0].image_digest(), Some(other.digest.as_str()));
    let id = |tag: &str| ImageIdentifier::builder().image_tag(tag).build();
    let read =
        client.batch_get_image().repository_name("web").image_ids(id("v1")).image_ids(id("v9")).send().await.unwrap();
    assert_eq!(read.images()[0].image_manifest().unwrap().as_bytes(), one.manifest);
    assert_eq!(read.failures()[0].failure_reason(), Some("Requested image not found"));
    client.batch_delete_image().repository_name("web").image_ids(id("v1")).send().await.unwrap();
    assert_eq!(door.call("HEAD", "/v2/web/manifests/latest").status, 200);
    client.batch_delete_image().repository_name("web").image_ids(id("latest")).send().await.unwrap();
    assert_eq!(door.call("HEAD", &format!("/v2/web/manifests/{}", one.digest)).status, 404);
    let full = client.delete_repository().repository_name("web").send().await.unwrap_err();
    assert!(full.into_service_error().is_repository_not_empty_exception());
    client.delete_repository().repository_name("web").force(true).send().await.unwrap();
    assert_eq!(door.call("HEAD", "/v2/web/manifests/v1").status, 404);
}

#[tokio::test]
async fn lists_come_page_by_page() {
    let cloud = LocalAws::start().unwrap();
    for name in ["app-a", "app-b", "app-c"] {
        registry::create_repository(&cloud, name);
    }
    let pages: Result<Vec<_>, _> =
        client(&cloud).describe_repositories().into_paginator().page_size(2).send().collect().await;
    let names: Vec<Vec<String>> = pages
        .unwrap()
        .iter()
        .map(|page| page.repositories().iter().filter_map(|one| one.repository_name().map(str::to_owned)).collect())
        .collect();
    assert_eq!(names, [vec!["app-a", "app-b"], vec!["app-c"]]);
}

#[tokio::test]
async fn a_scan_goes_as_the_test_says() {
    let cloud = LocalAws::start().unwrap();
    registry::create_repository(&cloud, "web");
    push(&registry::client(&cloud), "web", "v1", &image("1"));
    let client = client(&cloud);
    let ask = || {
        let id = ImageIdentifier::builder().image_tag("v1").build();
        client.describe_image_scan_findings().repository_name("web").image_id(id).send()
    };
    assert!(ask().await.unwrap_err().into_service_error().is_scan_not_found_exception());
    let findings = json!({
        "imageScanStatus": { "status": "COMPLETE" },
        "imageScanFindings": {
            "findings": [{ "name": "CVE-2026-1", "severity": "HIGH" }],
            "findingSeverityCounts": { "HIGH": 1 },
        },
    });
    let answers = [json!({ "imageScanStatus": { "status": "IN_PROGRESS" } }), findings];
    cloud.world().ecr.set_scans("web", "v1", answers).unwrap();
    let mut seen = Vec::new();
    for _ in 0..3 {
        let answer = ask().await.unwrap();
        let findings = answer.image_scan_findings().map_or(0, |findings| findings.findings().len());
        seen.push((answer.image_scan_status().unwrap().status().unwrap().clone(), findings));
    }
    assert_eq!(seen, [(ScanStatus::InProgress, 0), (ScanStatus::Complete, 1), (ScanStatus::Complete, 1)]);
}
