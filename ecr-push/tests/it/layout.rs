//! A layout that is not whole never reaches the registry.

use std::fs;

use testkit::sandbox::Sandbox;

use crate::{blob, cloud, flip, image, push, write};

/// Something that happens to a file.
type Damage = fn(&std::path::Path);

#[test]
fn a_blob_that_is_not_what_it_should_be_is_never_whole_in_the_registry() {
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let damages: [(Damage, &str); 4] = [
        (flip, "blob.corrupt"),
        (|file| fs::write(file, &fs::read(file).unwrap()[1..]).unwrap(), "blob.corrupt"),
        (|file| fs::write(file, [fs::read(file).unwrap(), vec![0]].concat()).unwrap(), "blob.corrupt"),
        (|file| fs::remove_file(file).unwrap(), "blob.missing"),
    ];
    for (damage, code) in damages {
        for part in ["layer", "config", "manifest"] {
            let layout = write(&sandbox, &image("one"));
            let digest = match part {
                "layer" => &layout.layers[1],
                "config" => &layout.config_digest,
                _ => &layout.digest,
            };
            damage(&blob(&sandbox, digest));
            cloud.clear_journal();
            let outcome = push(&sandbox, &["--tag", "1.0.0"]).code(2).says("/ok", false).says("/error/code", code);
            let named = cloud.journal().into_iter().filter(|call| call.path.contains(digest.as_str()));
            assert!(named.into_iter().all(|call| call.status != 201), "{part} was taken");
            assert!(!cloud.writes().contains(&"registry:PutManifest".to_owned()));
            assert!(outcome.json()["error"]["message"].as_str().unwrap().contains(digest.as_str()), "{part}");
            let _ = push(&sandbox, &["--dry-run"]).code(2).says("/error/code", code);
        }
    }
}

#[test]
fn what_is_no_layout_is_refused_without_asking_aws() {
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let layout = write(&sandbox, &image("one"));
    let index = fs::read_to_string(sandbox.path().join("web/index.json")).unwrap();
    let entry = &serde_json::from_str::<serde_json::Value>(&index).unwrap()["manifests"][0];
    let twice = serde_json::json!({ "schemaVersion": 2, "manifests": [entry, entry] }).to_string();
    let mut alien = serde_json::json!({ "manifests": [entry] });
    alien["manifests"][0]["mediaType"] = "application/vnd.oci.image.index.v1+json".into();
    let cases = [
        ("index.json", "", "layout.malformed"),
        ("index.json", "{}", "layout.malformed"),
        ("index.json", "[]", "layout.malformed"),
        ("index.json", &index[..index.len() / 2], "layout.malformed"),
        ("index.json", r#"{"manifests":[]}"#, "layout.empty"),
        ("index.json", &twice, "layout.several_images"),
        ("index.json", &alien.to_string(), "layout.malformed"),
        ("index.json", &index.replace(&layout.digest, "sha256:../../../etc/passwd"), "layout.malformed"),
        ("index.json", &index.replace(&layout.digest, &format!("sha256:{}", "0".repeat(64))), "blob.missing"),
        ("oci-layout", "", "layout.malformed"),
        ("oci-layout", r#"{"imageLayoutVersion":"2.0.0"}"#, "layout.unsupported"),
    ];
    for (file, content, code) in cases {
        let _ = write(&sandbox, &image("one"));
        sandbox.write(&format!("web/{file}"), content);
        let _ = push(&sandbox, &["--tag", "1.0.0"]).code(2).says("/error/code", code);
    }
    assert_eq!(cloud.journal().len(), 0);
}

#[test]
fn several_images_are_named() {
    let sandbox = Sandbox::new();
    let layout = write(&sandbox, &image("one"));
    let index = fs::read_to_string(sandbox.path().join("web/index.json")).unwrap();
    let entry = &serde_json::from_str::<serde_json::Value>(&index).unwrap()["manifests"][0];
    sandbox.write("web/index.json", serde_json::json!({ "manifests": [entry, entry] }).to_string());
    let _ = push(&sandbox, &[])
        .code(2)
        .stderr_contains(&format!("holds 2 images, and it is not said which one: {} (1.0.0), ", layout.digest));
}

#[test]
fn what_is_not_there_or_no_layout_is_named() {
    let sandbox = Sandbox::new();
    let _ = push(&sandbox, &[])
        .code(2)
        .says("/error/code", "source.unreadable")
        .stderr_contains("ecr-push: error: `web` cannot be read: No such file");
    sandbox.write("web/index.json", "{}");
    let _ = push(&sandbox, &[])
        .code(2)
        .says("/error/code", "layout.unreadable")
        .stderr_contains("ecr-push: error: `web` is not an OCI layout: `oci-layout` cannot be read: No such file");
}
