use super::*;
use crate::source::fixture::{config, gzip, layers, zstd};

fn draft() -> Draft {
    let config: Bytes = config("amd64", &layers()).into();
    let layer = |bytes: &Vec<u8>| Layer {
        diff_id: digest_of(bytes),
        size: bytes.len() as u64,
        compression: Compression::None,
        location: Location::Memory(bytes.clone().into()),
    };
    Draft {
        config_digest: digest_of(&config),
        config,
        platform: Platform::Named("linux/amd64".to_owned()),
        tags: Vec::new(),
        layers: layers().iter().map(layer).collect(),
    }
}

/// The layers under digests and sizes that no compressor has a say in.
fn packed(draft: &Draft, compression: Compression) -> BTreeMap<Digest, Packed> {
    let packed = |(size, layer): (u64, &Layer)| {
        let digest = digest_of(layer.diff_id.as_str().as_bytes());
        (layer.diff_id.clone(), Packed { digest, size, compression })
    };
    (1..).zip(&draft.layers).map(packed).collect()
}

#[test]
fn the_same_layers_make_the_same_manifest() {
    let draft = draft();
    let golden = [
        (Format::Docker, Compression::Gzip, "68148c7dfa2bedad827a4eae292d62043ee00a45424679681b0c586468844ef1"),
        (Format::Oci, Compression::Gzip, "cb5fa64833266ce3734b3d275b1634b6811c1e3cda83b4d885da5fc54bd1157e"),
        (Format::Oci, Compression::Zstd, "749fe9cd9fda22efdcd7325ddcb2dd9eb39c90bc064018ca72617c74974a42f8"),
    ];
    for (format, compression, expected) in golden {
        let image = draft.finish(&packed(&draft, compression), format).unwrap();
        assert_eq!(image.digest.hex(), expected, "{}", String::from_utf8_lossy(&image.manifests[0].bytes));
        assert_eq!(image.manifests.len(), 1);
        assert_eq!(image.manifests[0].digest, image.digest);
        assert_eq!(image.platforms, ["linux/amd64"]);
        assert_eq!(image.blobs.len(), 3, "two layers and the configuration");
    }
}

#[test]
fn the_manifest_names_every_layer_in_its_place() {
    let draft = draft();
    let image = draft.finish(&packed(&draft, Compression::Gzip), Format::Docker).unwrap();
    let read = crate::manifest::read(&image.media_type, &image.manifests[0].bytes).unwrap();
    let crate::manifest::Manifest::Image { config, layers } = read else { panic!("{read:?}") };
    assert_eq!(config.digest, draft.config_digest);
    assert_eq!(layers.len(), 3);
    assert_eq!(layers[0], layers[2]);
    assert_ne!(layers[0], layers[1]);
}

/// What skopeo 1.9.3 wrote for an image of Docker 20.10: `skopeo copy --dest-compress docker-archive:FILE dir:FOLDER`.
#[test]
fn the_manifest_is_the_one_that_skopeo_writes() {
    let digest = |hex: &str| format!("sha256:{hex}").parse::<Digest>().unwrap();
    let blobs = [
        ("52d51920eb7e944292996c86481cf229c627adc167477d48a86ee1d6d6fa9307", 302_642),
        ("4499b386b7032d135feb9c48e3814bb0500b2d8c95b34bfa4f2afccced768316", 153),
    ];
    let mut draft = draft();
    draft.config = vec![0; 1825].into();
    draft.config_digest = digest("b181962d86c874c7fd10292d0108d5ded31f9ad24663c7dc7b8ccb13248e3b13");
    draft.layers.truncate(2);
    let mut packed = packed(&draft, Compression::Gzip);
    for (layer, (hex, size)) in draft.layers.iter().zip(blobs) {
        let packed = packed.get_mut(&layer.diff_id).unwrap();
        (packed.digest, packed.size) = (digest(hex), size);
    }
    let image = draft.finish(&packed, Format::Docker).unwrap();
    assert_eq!(image.digest, digest("9eeca92f00e104d9c9c1cfd3e9a086e97dac55a3c7d6d76b47f7cd2168254c09"));
}

#[test]
fn zstd_needs_a_manifest_of_oci() {
    let draft = draft();
    assert_eq!(draft.finish(&packed(&draft, Compression::Zstd), Format::Docker), Err(DraftError::Zstd));
}

#[test]
fn a_layer_that_is_not_packed_is_told() {
    let draft = draft();
    let mut packed = packed(&draft, Compression::Gzip);
    packed.remove(&draft.layers[1].diff_id);
    let expected = DraftError::NotPacked(draft.layers[1].diff_id.clone());
    assert_eq!(draft.finish(&packed, Format::Oci), Err(expected));
}

#[test]
fn a_layer_is_checked_however_it_is_packed() {
    let bare = layers().remove(0);
    for stored in [bare.clone(), gzip(&bare), zstd(&bare)] {
        let layer = |bytes: &[u8], diff_id| Layer {
            diff_id,
            size: bytes.len() as u64,
            compression: Compression::of(bytes),
            location: Location::Memory(bytes.to_vec().into()),
        };
        let packed = layer(&stored, digest_of(&bare)).check().unwrap();
        assert_eq!((packed.digest, packed.size), (digest_of(&stored), stored.len() as u64));
        let other = layer(&stored, digest_of(b"other")).check();
        assert!(matches!(other, Err(SourceError::Content { found, .. }) if found == digest_of(&bare)));
        let cut = layer(&stored[..stored.len() - 1], digest_of(&bare)).check();
        assert!(matches!(cut, Err(SourceError::Content { .. } | SourceError::Layer { .. })), "{cut:?}");
    }
}
