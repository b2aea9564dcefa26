use serde_json::json;

use super::*;
use crate::source::fixture::{Oci, config, gzip, hex, layer, oci};

const GZIP: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// An index of images for these platforms and of an attestation; each platform is noted in the index, or not.
fn index(architectures: &[&str], is_noted: bool) -> (Tar, Vec<String>) {
    let mut oci = Oci::new();
    let mut children = Vec::new();
    for architecture in architectures {
        let layers = [layer(architecture)];
        let mut child = oci.manifest(&config(architecture, &layers), &layers.each_ref().map(|layer| gzip(layer)), GZIP);
        if is_noted {
            child["platform"] = json!({ "os": "linux", "architecture": architecture });
        }
        children.push(child);
    }
    let mut attestation =
        oci.manifest(&config("unknown", &[layer("-")]), &[layer("-")], "application/vnd.in-toto+json");
    attestation["platform"] = json!({ "os": "unknown", "architecture": "unknown" });
    attestation["annotations"] = json!({ "vnd.docker.reference.type": "attestation-manifest" });
    children.push(attestation);
    let digests = children.iter().map(|child| child["digest"].as_str().unwrap().to_owned()).collect();
    let document = json!({ "schemaVersion": 2, "manifests": children }).to_string();
    let root = oci.blob(INDEX, document.as_bytes());
    oci.images.push(root);
    (oci.layout(), digests)
}

fn path(digest: &str) -> String {
    digest.replace("sha256:", "blobs/sha256/")
}

#[test]
fn an_index_is_read_whole() {
    let (tar, digests) = index(&["amd64", "arm64"], true);
    let found = read(&tar, &Choice::default()).unwrap();
    let manifests: Vec<&String> = found.iter().filter(|line| line.starts_with("manifest")).collect();
    assert_eq!(manifests.len(), 4, "{found:?}");
    for (manifest, digest) in manifests.iter().zip(&digests) {
        assert_eq!(**manifest, format!("manifest {digest}"));
    }
    assert!(found.last().unwrap().contains(r#"["linux/amd64", "linux/arm64"]"#), "{found:?}");
}

#[test]
fn one_platform_of_an_index_is_an_image_of_its_own() {
    for is_noted in [true, false] {
        let (tar, digests) = index(&["amd64", "arm64"], is_noted);
        let found = read(&tar, &on("linux/arm64/v8")).unwrap();
        assert!(found.last().unwrap().starts_with(&format!("image {} [\"linux/arm64\"]", digests[1])), "{found:?}");
        assert_eq!(found.len(), 4, "a layer, a configuration, a manifest and the summary");
        assert_eq!(read(&tar, &on("linux/s390x")).unwrap_err(), "platform.not_found");
    }
}

#[test]
fn a_platform_that_the_image_is_not_for_is_refused() {
    assert!(read(&oci(), &on("linux/amd64")).is_ok());
    assert_eq!(read(&oci(), &on("linux/arm64")).unwrap_err(), "platform.not_found");
    assert!(read(&fixture::kaniko(), &on("linux/amd64")).is_ok());
    assert_eq!(read(&fixture::kaniko(), &on("linux/arm64")).unwrap_err(), "platform.not_found");
}

#[test]
fn platforms_and_attestations_that_are_absent_are_told_by_digest() {
    let (tar, digests) = index(&["amd64", "arm64"], true);
    let tar = tar.without(&path(&digests[1])).without(&path(&digests[2]));
    assert_eq!(read(&tar, &Choice::default()).unwrap_err(), "platform.missing");
    let error = of_file(&tar.bytes(), &Choice::default()).unwrap_err().to_string();
    let expected = format!("there is no linux/arm64 ({}), no attestation ({})", digests[1], digests[2]);
    assert!(error.ends_with(&expected), "{error}");
    let found = read(&tar, &on("linux/amd64")).unwrap();
    assert!(found.last().unwrap().starts_with(&format!("image {}", digests[0])), "{found:?}");
    assert_eq!(read(&tar, &on("linux/arm64")).unwrap_err(), "platform.missing");
}

#[test]
fn a_platform_whose_layers_are_absent_is_told_by_digest() {
    let (tar, digests) = index(&["amd64", "arm64"], true);
    let absent = hex(&gzip(&layer("arm64")));
    let tar = tar.without(&format!("blobs/sha256/{absent}"));
    let error = of_file(&tar.bytes(), &Choice::default()).unwrap_err().to_string();
    let expected = format!("there is no sha256:{absent} of linux/arm64 ({})", digests[1]);
    assert!(error.ends_with(&expected), "{error}");
    assert!(read(&tar, &on("linux/amd64")).is_ok());
    assert_eq!(read(&tar, &on("linux/arm64")).unwrap_err(), "platform.missing");
}

#[test]
fn an_index_in_an_index_is_refused() {
    let mut oci = Oci::new();
    let inner = oci.blob(INDEX, br#"{"manifests":[]}"#);
    let outer = oci.blob(INDEX, json!({ "manifests": [inner] }).to_string().as_bytes());
    oci.images.push(outer);
    assert_eq!(read(&oci.layout(), &Choice::default()).unwrap_err(), "layout.unsupported");
}
