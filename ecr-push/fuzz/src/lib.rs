//! What must hold whatever bytes come: nothing panics or hangs, no archive is read as another image when it is cut off, and a layer that is packed
//! is what it was once it is unpacked.

use std::io::Read;
use std::num::NonZeroUsize;
use std::path::Path;

use ecr_push::compress::{Encoding, Settings, compress};
use ecr_push::image_name::ImageName;
use ecr_push::manifest;
use ecr_push::source::{Choice, Members, Seen, Sight, Source, unpacked};

/// Reads an archive in one pass, as a stream.
pub fn archive(bytes: &[u8]) {
    let Some(whole) = source(bytes) else { return };
    // The place of the cut follows from the bytes, so that a finding can be played again.
    let cut = bytes.iter().fold(bytes.len(), |sum, byte| sum.wrapping_mul(31).wrapping_add(usize::from(*byte))) % bytes.len();
    if let Some(part) = source(&bytes[..cut]) {
        assert_eq!(part, whole, "a part of an archive is another image");
    }
}

fn source(bytes: &[u8]) -> Option<Source> {
    let mut members = Members::of_stream(unpacked(bytes).ok()?);
    let mut seen = Seen::default();
    while let Some(mut member) = members.advance().ok()? {
        if seen.note(&mut member).ok()? == Sight::Content {
            std::io::copy(&mut member, &mut std::io::sink()).ok()?;
        }
    }
    members.finish().ok()?;
    seen.resolve(&Choice::default()).ok()
}

/// Reads what the documents of an image say.
pub fn documents(bytes: &[u8]) {
    for media_type in manifest::MEDIA_TYPES {
        let _ = manifest::read(media_type, bytes);
    }
    let _ = manifest::read_configuration(bytes);
    let _ = manifest::read_layout_index(bytes);
    let _ = ecr_push::scan::read(bytes);
}

/// Reads what is typed.
pub fn names(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let _ = ImageName::of(Some(Path::new(text)));
    let _ = text.parse::<ecr_push::byte_size::ByteSize>();
    let _ = text.parse::<ecr_push::attachment::AttachmentFile>();
    let _ = text.parse::<ecr_push::source::PlatformName>();
    if let Ok(tag) = text.parse::<ecr_push::tag::Tag>() {
        assert_eq!(tag.as_str(), text);
    }
}

/// Packs a layer and unpacks it.
pub fn packing(bytes: &[u8]) {
    for encoding in [Encoding::Gzip, Encoding::Zstd] {
        let settings = Settings { encoding, threads: NonZeroUsize::MIN, memory: 64 << 20 };
        let mut blob = Vec::new();
        compress(bytes, &mut blob, &settings).expect("memory takes all");
        let mut plain = Vec::new();
        unpacked(&blob[..]).and_then(|mut stream| stream.read_to_end(&mut plain)).expect("a blob of ours");
        assert_eq!(plain, bytes);
    }
}
