//! All shapes, from a folder, a file and a stream.

mod platforms;
mod properties;
mod refusals;
mod shapes;

use std::collections::BTreeMap;

use contract::Fault;

use super::fixture::Tar;
use super::*;

/// What a source holds, without where it lies: a line for each of its parts.
fn summary(source: &Source, passed: &BTreeMap<String, Vec<u8>>) -> Vec<String> {
    let bytes = |location: &Location| match location {
        Location::Passed { name, .. } => passed[name].clone(),
        other => {
            let mut bytes = Vec::new();
            other.open().unwrap().read_to_end(&mut bytes).unwrap();
            bytes
        }
    };
    let part = |kind: &str, location: &Location, size: u64, more: String| {
        let bytes = bytes(location);
        assert_eq!(bytes.len() as u64, size);
        format!("{kind} {} {more}", digest_of(&bytes))
    };
    match source {
        Source::Image(image) => {
            let blobs = image.blobs.iter().map(|blob| part("blob", &blob.location, blob.size, blob.digest.to_string()));
            let manifests = image.manifests.iter().map(|manifest| format!("manifest {}", manifest.digest));
            let named = format!("image {} {:?} {:?}", image.digest, image.platforms, image.config_digests);
            blobs.chain(manifests).chain([named]).collect()
        }
        Source::Draft(draft) => {
            let layers = draft.layers.iter();
            let layers = layers.map(|Layer { diff_id, size, compression, location }| {
                part("layer", location, *size, format!("{diff_id} {compression:?}"))
            });
            let named = format!("draft {} {:?} {:?}", draft.config_digest, draft.platform, draft.tags);
            layers.chain([named]).collect()
        }
    }
}

fn of_file(bytes: &[u8], choice: &Choice) -> Result<Vec<String>, SourceError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("archive");
    std::fs::write(&path, bytes).unwrap();
    open(&path, choice).map(|source| summary(&source, &BTreeMap::new()))
}

fn of_folder(tar: &Tar, choice: &Choice) -> Result<Vec<String>, SourceError> {
    let folder = tempfile::tempdir().unwrap();
    tar.write(folder.path());
    open(folder.path(), choice).map(|source| summary(&source, &BTreeMap::new()))
}

/// Reads a stream and keeps what goes by.
fn of_stream(bytes: &[u8], choice: &Choice) -> Result<Vec<String>, SourceError> {
    let mut members = Members::of_stream(unpacked(bytes).map_err(SourceError::Read)?);
    let mut seen = Seen::default();
    let mut passed = BTreeMap::new();
    while let Some(mut member) = members.advance()? {
        if seen.note(&mut member)? == Sight::Content {
            let mut content = Vec::new();
            member.read_to_end(&mut content).map_err(SourceError::Read)?;
            passed.insert(member.name.clone(), content);
        }
    }
    members.finish()?;
    seen.resolve(choice).map(|source| summary(&source, &passed))
}

/// Reads it in every way there is: the result is the same.
fn read(tar: &Tar, choice: &Choice) -> Result<Vec<String>, String> {
    let said = |result: Result<_, SourceError>| result.map_err(|error| error.code());
    let bytes = tar.bytes();
    let found = said(of_file(&bytes, choice));
    assert_eq!(said(of_stream(&bytes, choice)), found, "as a stream");
    assert_eq!(said(of_file(&fixture::gzip(&bytes), choice)), found, "packed by gzip");
    assert_eq!(said(of_file(&fixture::zstd(&bytes), choice)), found, "packed by zstd");
    assert_eq!(said(of_stream(&fixture::gzip(&bytes), choice)), found, "as a packed stream");
    found
}

fn called(name: &str) -> Choice {
    Choice { name: Some(name.to_owned()), platform: None }
}

fn on(platform: &str) -> Choice {
    Choice { name: None, platform: Some(platform.parse().unwrap()) }
}

#[test]
fn a_blob_is_what_its_descriptor_says_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("blob");
    std::fs::write(&path, "hello").unwrap();
    let digest = |text: &str| digest_of(text.as_bytes());
    let check = |text: &str, size| {
        Blob { digest: digest(text), size, location: Location::File(path.clone()), is_checked: false }.check()
    };
    assert!(check("hello", 5).is_ok());
    assert!(matches!(check("hello", 4), Err(SourceError::Size { found: 5, expected: 4, .. })));
    assert!(matches!(check("jello", 5), Err(SourceError::Content { found, .. }) if found == digest("hello")));
    std::fs::remove_file(&path).unwrap();
    assert!(matches!(check("hello", 5), Err(SourceError::Missing { .. })));
}
