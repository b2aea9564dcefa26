use super::*;
use crate::source::fixture::{bazel, config, docker, gzip, hex, kaniko, layer, layers, list, oci, old_docker, podman};

fn none() -> Choice {
    Choice::default()
}

/// The lines of a draft of the three layers, as they are stored.
fn draft(stored: impl Fn(&[u8]) -> Vec<u8>, compression: &str, tag: &str) -> Vec<String> {
    let line = |layer: &Vec<u8>| format!("layer {} {} {compression}", digest_of(&stored(layer)), digest_of(layer));
    let config = digest_of(&config("amd64", &layers()));
    let named = format!("draft {config} Named(\"linux/amd64\") [\"{tag}\"]");
    layers().iter().map(line).chain([named]).collect()
}

#[test]
fn bare_layers_are_read_from_every_shape() {
    for (tar, tag) in [(old_docker(), "web:1.0.0"), (podman(), "localhost/web:1.0.0"), (docker(false), "web:1.0.0")] {
        let expected = draft(<[u8]>::to_vec, "None", tag);
        assert_eq!(read(&tar, &none()).unwrap(), expected);
        assert_eq!(of_folder(&tar, &none()).unwrap(), expected);
    }
}

#[test]
fn packed_layers_without_digests_are_read_from_every_shape() {
    for tar in [kaniko(), bazel()] {
        assert_eq!(read(&tar, &none()).unwrap(), draft(gzip, "Gzip", "web:1.0.0"));
    }
    let layer_tar = format!("{}/layer.tar", "a".repeat(64));
    let packed = old_docker().change(&layer_tar, |layer| *layer = gzip(layer));
    let found = read(&packed, &none()).unwrap();
    assert!(found[0].ends_with("Gzip") && found[1].ends_with("None") && found[2].ends_with("Gzip"), "{found:?}");
}

#[test]
fn digests_that_come_with_the_image_are_kept() {
    let manifest = fixture::Oci::new().manifest(
        &config("amd64", &layers()),
        &layers().iter().map(|layer| gzip(layer)).collect::<Vec<_>>(),
        "application/vnd.oci.image.layer.v1.tar+gzip",
    );
    let digest = manifest["digest"].as_str().unwrap();
    let config = digest_of(&config("amd64", &layers()));
    for tar in [oci(), docker(true)] {
        let found = read(&tar, &none()).unwrap();
        assert_eq!(found[found.len() - 1], format!("image {digest} [\"linux/amd64\"] [{config:?}]"));
        assert_eq!(found[found.len() - 2], format!("manifest {digest}"));
        assert_eq!(found.iter().filter(|line| line.starts_with("blob")).count(), 3);
        assert_eq!(of_folder(&tar, &none()).unwrap(), found);
    }
}

#[test]
fn a_bare_layer_of_a_layout_alone_stays_bare() {
    let tar = docker(false).without("manifest.json");
    assert!(read(&tar, &none()).unwrap()[0].starts_with("blob"));
}

#[test]
fn the_order_of_the_layers_is_that_of_the_list() {
    let mut other = fixture::Oci::new();
    let mut turned = layers();
    turned.rotate_left(1);
    let image = other.manifest(&config("amd64", &layers()), &turned, "application/vnd.oci.image.layer.v1.tar");
    other.images.push(image);
    let list = docker(false).0.into_iter().find(|(name, _)| name == "manifest.json").unwrap();
    let mut tar = other.layout();
    tar.0.push(list);
    assert_eq!(read(&tar, &none()).unwrap(), draft(<[u8]>::to_vec, "None", "web:1.0.0"));
}

#[test]
fn one_image_of_several_is_found_by_its_tag_or_id() {
    let (one, two) = (config("amd64", &[layer("1")]), config("amd64", &[layer("2")]));
    let items =
        serde_json::json!([list("1.json", "web:1", &["1.tar".into()]), list("2.json", "web:2", &["2.tar".into()])]);
    let tar = Tar::new().file("1.json", &one).file("2.json", &two).file("1.tar", layer("1")).file("2.tar", layer("2"));
    let tar = tar.file("manifest.json", items.to_string());
    for name in ["web:2", "docker.io/library/web:2", digest_of(&two).as_str()] {
        let found = read(&tar, &called(name)).unwrap();
        assert!(found[1].starts_with(&format!("draft {}", digest_of(&two))), "{name}: {found:?}");
    }
    assert_eq!(read(&tar, &none()).unwrap_err(), "layout.several_images");
    assert_eq!(read(&tar, &called("web:3")).unwrap_err(), "image.not_found");
    let error = of_file(&tar.bytes(), &none()).unwrap_err().to_string();
    let (one, two) = (digest_of(&one), digest_of(&two));
    assert_eq!(error, format!("it holds 2 images, and it is not said which one: {one} (web:1), {two} (web:2)"));
}

#[test]
fn an_image_of_a_layout_is_found_by_either_of_its_names() {
    for name in ["web:1.0.0", "1.0.0", "docker.io/library/web:1"] {
        assert!(read(&docker(true), &called(name)).is_ok(), "{name}");
    }
    assert_eq!(read(&docker(true), &called("web:2")).unwrap_err(), "image.not_found");
}

#[test]
fn what_tar_makes_of_a_folder_is_the_same() {
    let mut tar = oci();
    for (name, _) in &mut tar.0 {
        *name = format!("./{name}");
    }
    assert_eq!(read(&tar, &none()).unwrap(), read(&oci(), &none()).unwrap());
}

#[test]
fn a_layer_of_a_draft_is_checked_where_it_lies() {
    for tar in [old_docker(), podman(), kaniko(), bazel(), docker(false)] {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a"), tar.bytes()).unwrap();
        let Source::Draft(draft) = open(&folder.path().join("a"), &none()).unwrap() else { panic!() };
        let packed = draft.layers.iter().map(|layer| (layer.diff_id.clone(), layer.check().unwrap())).collect();
        let image = draft.finish(&packed, Format::Oci).unwrap();
        assert_eq!(image.blobs.len(), 3);
        for layer in &draft.layers {
            let Packed { digest, size, .. } = packed[&layer.diff_id].clone();
            Blob { digest, size, location: layer.location.clone(), is_checked: false }.check().unwrap();
        }
    }
}

#[test]
fn small_layers_of_a_stream_are_kept_and_large_ones_go_by() {
    let tar = kaniko().file("large", "x".repeat(5 << 20)).bytes();
    let mut members = Members::of_stream(tar.as_slice());
    let mut seen = Seen::default();
    let mut sights = Vec::new();
    while let Some(mut member) = members.advance().unwrap() {
        sights.push((member.name.clone(), seen.note(&mut member).unwrap()));
    }
    let content: Vec<&str> =
        sights.iter().filter(|(_, sight)| *sight == Sight::Content).map(|(name, _)| name.as_str()).collect();
    assert_eq!(content, ["large"]);
    assert!(sights.iter().any(|(name, _)| *name == format!("{}.tar.gz", hex(&gzip(&layer("one"))))));
}
