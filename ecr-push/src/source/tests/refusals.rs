use serde_json::json;

use super::*;
use crate::source::fixture::{Oci, config, gzip, hex, kaniko, layer, layers, list, oci, old_docker, podman};

fn check(tar: &Tar, code: &str) {
    let found = read(tar, &Choice::default());
    assert_eq!(found, Err(code.to_owned()), "{:?}", tar.0.iter().map(|(name, _)| name).collect::<Vec<_>>());
}

/// An archive whose list names these files; `config.json` and `layer.tar` are there.
fn naming(config_name: &str, layer_name: &str) -> Tar {
    let tar = Tar::new().file("config.json", config("amd64", &[layer("one")])).file("layer.tar", layer("one"));
    tar.file("manifest.json", json!([list(config_name, "web", &[layer_name.to_owned()])]).to_string())
}

#[test]
fn a_list_that_names_other_files_is_refused() {
    assert!(read(&naming("./config.json", "layer.tar"), &Choice::default()).is_ok());
    check(&naming("config.json", "other.tar"), "blob.missing");
    check(&naming("other.json", "layer.tar"), "blob.missing");
    check(&naming("config.json", "../layer.tar"), "archive.unsafe");
    check(&naming("/etc/passwd", "layer.tar"), "archive.unsafe");
    check(&naming("config.json", "folder").folder("folder/"), "blob.missing");
}

#[test]
fn a_member_that_is_missing_or_there_twice_is_refused() {
    let blob = |bytes: &[u8]| format!("blobs/sha256/{}", hex(bytes));
    let config = config("amd64", &layers());
    check(&oci().without(&blob(&gzip(&layer("two")))), "blob.missing");
    check(&oci().without(&blob(&config)), "blob.missing");
    check(&oci().without("oci-layout"), "layout.unreadable");
    check(&oci().without("index.json"), "layout.unreadable");
    check(&kaniko().without("manifest.json"), "archive.no_image");
    check(&podman().without(&format!("{}.tar", hex(&layer("two")))), "blob.missing");
    check(&old_docker().without(&format!("{}/layer.tar", "a".repeat(64))), "blob.missing");
    check(&oci().file("index.json", "{}"), "archive.ambiguous");
    check(&oci().link("index.json", "other"), "archive.ambiguous");
    check(&oci().folder("blobs/").file("./blobs", ""), "archive.ambiguous");
}

#[test]
fn links_that_lead_nowhere_are_refused() {
    let list = json!([list("config.json", "web", &["a".to_owned()])]).to_string();
    let tar = || Tar::new().file("config.json", config("amd64", &[layer("one")])).file("manifest.json", &list);
    check(&tar().link("a", "b").link("b", "a"), "blob.missing");
    check(&tar().link("a", "b"), "blob.missing");
    check(&tar().link("a", "../b"), "archive.unsafe");
    check(&tar().link("a", "/b"), "archive.unsafe");
    assert!(read(&tar().link("a", "b/c").link("b/c", "d").file("b/d", layer("one")), &Choice::default()).is_ok());
}

#[test]
fn content_that_is_not_what_it_should_be_is_refused() {
    let config = config("amd64", &layers());
    let blob = format!("blobs/sha256/{}", hex(&config));
    check(&oci().change(&blob, |bytes| bytes[20] ^= 1), "blob.corrupt");
    check(&oci().change(&blob, |bytes| bytes.push(b' ')), "blob.corrupt");
    check(&kaniko().change(&format!("sha256:{}", hex(&config)), |bytes| bytes.push(b' ')), "blob.corrupt");
    check(&old_docker().change(&format!("{}.json", hex(&config)), |bytes| bytes.push(b' ')), "blob.corrupt");
    check(&oci().change(&format!("blobs/sha256/{}", hex(&gzip(&layer("two")))), |bytes| bytes.push(0)), "blob.corrupt");
}

#[test]
fn documents_that_are_not_understood_are_refused() {
    let with = |file: &str, text: &str| oci().change(file, |bytes| text.as_bytes().clone_into(bytes));
    check(&with("index.json", ""), "layout.malformed");
    check(&with("index.json", "[]"), "layout.malformed");
    check(&with("index.json", "{}"), "layout.malformed");
    check(&with("index.json", r#"{"manifests":[]}"#), "layout.empty");
    check(&with("oci-layout", "{}"), "layout.malformed");
    check(&with("oci-layout", r#"{"imageLayoutVersion":"2.0.0"}"#), "layout.unsupported");
    let list = |text: &str| kaniko().change("manifest.json", |bytes| text.as_bytes().clone_into(bytes));
    check(&list(""), "layout.malformed");
    check(&list("{}"), "layout.malformed");
    check(&list("[{}]"), "layout.malformed");
    check(&list("[]"), "layout.empty");
    check(&naming("layer.tar", "layer.tar"), "layout.malformed");
    check(
        &naming("config.json", "layer.tar").change("config.json", |bytes| *bytes = b"{}".to_vec()),
        "layout.malformed",
    );
}

#[test]
fn an_entry_that_is_there_twice_is_two_images() {
    let mut oci = Oci::new();
    let image = oci.manifest(&config("amd64", &[]), &[], "");
    oci.images = vec![image.clone(), image];
    check(&oci.layout(), "layout.several_images");
}

#[test]
fn a_number_of_layers_that_cannot_be_is_refused() {
    let one = |layers: usize, diff_ids: usize| {
        let config = config("amd64", &vec![layer("one"); diff_ids]);
        let items = json!([list("config.json", "web", &vec!["layer.tar".to_owned(); layers])]);
        let docker = Tar::new().file("config.json", &config).file("layer.tar", layer("one"));
        let mut oci = Oci::new();
        let image = oci.manifest(&config, &vec![gzip(&layer("one")); layers], "gzip");
        oci.images.push(image);
        [docker.file("manifest.json", items.to_string()), oci.layout()]
    };
    for tar in one(127, 127) {
        assert!(read(&tar, &Choice::default()).is_ok());
    }
    for (layers, diff_ids, code) in
        [(128, 128, "image.too_many_layers"), (2, 1, "image.malformed"), (0, 1, "image.malformed")]
    {
        for tar in one(layers, diff_ids) {
            check(&tar, code);
        }
    }
}

#[test]
fn documents_that_are_too_large_are_refused() {
    let large = |bytes: &mut Vec<u8>| bytes.resize(usize::try_from(DOCUMENT_LIMIT).unwrap() + 1, b' ');
    check(&oci().change("index.json", large), "layout.malformed");
    check(&kaniko().change("manifest.json", large), "layout.malformed");
    check(&naming("config.json", "layer.tar").change("config.json", large), "layout.malformed");
}

#[test]
fn what_is_no_archive_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let code = |path: &Path| open(path, &Choice::default()).unwrap_err().code();
    assert_eq!(code(&folder.path().join("absent")), "source.unreadable");
    assert_eq!(code(Path::new("/dev/null")), "source.unreadable");
    assert_eq!(code(folder.path()), "layout.unreadable");
    for (bytes, expected) in [
        (b"x".repeat(4096), "archive.unsupported"),
        (gzip(&b"x".repeat(4096)), "archive.unsupported"),
        (Vec::new(), "archive.truncated"),
        (gzip(b""), "archive.truncated"),
        (vec![0; 1024], "archive.no_image"),
    ] {
        assert_eq!(of_file(&bytes, &Choice::default()).unwrap_err().code(), expected);
    }
}

#[test]
fn a_pipe_in_the_place_of_a_blob_is_refused_and_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    oci().write(folder.path());
    let blob = folder.path().join("blobs/sha256").join(hex(&gzip(&layer("two"))));
    std::fs::remove_file(&blob).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&blob).status().unwrap().success());
    let error = open(folder.path(), &Choice::default()).unwrap_err();
    assert!(error.to_string().ends_with("it is a named pipe, not a file"), "{error}");
    std::fs::remove_file(&blob).unwrap();
    std::os::unix::fs::symlink("/dev/zero", &blob).unwrap();
    let error = open(folder.path(), &Choice::default()).unwrap_err();
    assert!(error.to_string().ends_with("it is a device, not a file"), "{error}");
}
