use proptest::prelude::*;

use super::*;
use crate::source::fixture::{bazel, docker, kaniko, oci, old_docker, podman};

fn shapes() -> Vec<Tar> {
    vec![old_docker(), podman(), kaniko(), bazel(), oci(), docker(true), docker(false)]
}

fn shape() -> impl Strategy<Value = Tar> {
    prop::sample::select(shapes())
}

#[test]
fn every_prefix_of_an_archive_is_refused_or_whole() {
    for tar in [kaniko(), docker(true)] {
        let bytes = tar.bytes();
        let whole = of_stream(&bytes, &Choice::default()).unwrap();
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), &bytes).unwrap();
        for length in (0..bytes.len()).rev() {
            let is_whole = length > bytes.len() - 1024 + 511;
            let found = of_stream(&bytes[..length], &Choice::default());
            match &found {
                Ok(found) => assert!(is_whole && *found == whole, "{length} of {}", bytes.len()),
                Err(error) => assert!(!is_whole && is_cut(error), "{length} of {}: {error}", bytes.len()),
            }
            if length % 64 == 0 {
                file.as_file().set_len(length as u64).unwrap();
                let found = open(file.path(), &Choice::default());
                assert_eq!(found.map_err(|error| error.code()).is_ok(), is_whole, "{length} of {}", bytes.len());
            }
        }
    }
}

fn is_cut(error: &SourceError) -> bool {
    match error {
        SourceError::Truncated { .. } => true,
        SourceError::Read(cause) => cause.kind() == io::ErrorKind::UnexpectedEof,
        _ => false,
    }
}

#[test]
fn every_prefix_of_a_packed_archive_is_refused() {
    for pack in [fixture::gzip, fixture::zstd] {
        let bytes = pack(&oci().bytes());
        for length in 0..bytes.len() {
            for found in
                [of_stream(&bytes[..length], &Choice::default()), of_file(&bytes[..length], &Choice::default())]
            {
                assert!(found.is_err(), "{length} of {}", bytes.len());
            }
        }
    }
}

proptest! {
    #[test]
    fn the_order_of_the_members_does_not_change_the_image(tar in shape(), seed in any::<u64>()) {
        let expected = of_stream(&tar.bytes(), &Choice::default()).unwrap();
        let mut shuffled = tar;
        let mut state = seed;
        for last in (1..shuffled.0.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let other = usize::try_from(state >> 33).unwrap() % (last + 1);
            shuffled.0.swap(last, other);
        }
        let bytes = shuffled.bytes();
        prop_assert_eq!(of_stream(&bytes, &Choice::default()).unwrap(), expected.clone());
        prop_assert_eq!(of_file(&bytes, &Choice::default()).unwrap(), expected);
    }

    #[test]
    fn changed_bytes_never_panic(tar in shape(), changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8)) {
        let mut bytes = tar.bytes();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let stream = of_stream(&bytes, &Choice::default());
        let file = of_file(&bytes, &Choice::default());
        prop_assert_eq!(stream.ok(), file.ok());
    }

    #[test]
    fn changed_documents_never_panic(tar in shape(), which in any::<prop::sample::Index>(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let names: Vec<String> = tar.0.iter().filter(|(_, piece)| matches!(piece, fixture::Piece::File(bytes) if !bytes.is_empty())).map(|(name, _)| name.clone()).collect();
        let name = which.get(&names);
        let tar = tar.clone().change(name, |bytes| { let at = at.index(bytes.len()); bytes[at] = byte; });
        let found = of_stream(&tar.bytes(), &Choice::default());
        let folder = of_folder(&tar, &Choice::default());
        prop_assert_eq!(found.ok(), folder.ok());
    }

    #[test]
    fn any_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..2048)) {
        let _ = of_stream(&bytes, &Choice::default());
    }
}
