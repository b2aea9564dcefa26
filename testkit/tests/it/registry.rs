//! What the tests of the registry share: a way in, and one image.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use testkit::LocalAws;
use testkit::image::{Image, ImageSource, Layer};
use testkit::wire::ServiceError;
use testkit::world::{Operation, Service};

use crate::http::{Answer, Client};

/// Calls the control plane without the network.
pub(crate) fn control(cloud: &LocalAws, name: &str, input: &Value) -> Result<Value, ServiceError> {
    let operation = Operation { service: Service::Ecr, name: name.to_owned() };
    cloud.world().call(&operation, input, cloud.endpoint(), cloud.clock().now())
}

pub(crate) fn create_repository(cloud: &LocalAws, name: &str) {
    control(cloud, "CreateRepository", &json!({ "repositoryName": name })).unwrap();
}

/// What comes after `AWS:`.
pub(crate) fn password(cloud: &LocalAws) -> String {
    let answer = control(cloud, "GetAuthorizationToken", &json!({})).unwrap();
    let token = answer["authorizationData"][0]["authorizationToken"].as_str().unwrap();
    let token = String::from_utf8(STANDARD.decode(token).unwrap()).unwrap();
    token.strip_prefix("AWS:").unwrap().to_owned()
}

/// A client with a fresh token.
pub(crate) fn client(cloud: &LocalAws) -> Client {
    Client {
        endpoint: cloud.endpoint().to_owned(),
        authorization: format!("Basic {}", STANDARD.encode(format!("AWS:{}", password(cloud)))),
    }
}

/// Two layers, labels, a few hundred bytes.
pub(crate) fn image(version: &str) -> Image {
    ImageSource::new()
        .layer(Layer::new().file("srv/www/index.html", "<h1>Hello</h1>"))
        .layer(Layer::new().file("srv/www/version.txt", version))
        .label("org.opencontainers.image.version", version)
        .port("80/tcp")
        .build()
        .unwrap()
}

pub(crate) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub(crate) const INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// POST, then PUT with the whole blob.
pub(crate) fn push_blob(client: &Client, repository: &str, digest: &str, bytes: &[u8]) -> Answer {
    let started = client.call("POST", &format!("/v2/{repository}/blobs/uploads/"));
    let location = with_digest(started.header("location"), digest);
    client.send("PUT", &location, &[], bytes)
}

pub(crate) fn with_digest(location: &str, digest: &str) -> String {
    let joint = if location.contains('?') { '&' } else { '?' };
    format!("{location}{joint}digest={digest}")
}

pub(crate) fn push_blobs(client: &Client, repository: &str, image: &Image) {
    for (digest, bytes) in image.blobs() {
        assert_eq!(push_blob(client, repository, &digest, &bytes).status, 201);
    }
}

pub(crate) fn put_manifest(client: &Client, repository: &str, reference: &str, bytes: &[u8], kind: &str) -> Answer {
    let path = format!("/v2/{repository}/manifests/{reference}");
    client.send("PUT", &path, &[("content-type", kind)], bytes)
}

/// Pushes an image whole.
pub(crate) fn push(client: &Client, repository: &str, tag: &str, image: &Image) {
    push_blobs(client, repository, image);
    assert_eq!(put_manifest(client, repository, tag, &image.manifest, MANIFEST).status, 201);
}
