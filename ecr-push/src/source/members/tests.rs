use std::io::{Cursor, Read};

use tar::{EntryType, Header};

use super::*;
use crate::source::fixture::Tar;

fn list(bytes: &[u8]) -> Result<Vec<(String, Kind, String)>, SourceError> {
    let mut members = Members::of_stream(Cursor::new(bytes));
    let mut list = Vec::new();
    while let Some(mut member) = members.advance()? {
        let mut text = String::new();
        member.read_to_string(&mut text).map_err(SourceError::Read)?;
        list.push((member.name.clone(), member.kind.clone(), text));
    }
    Ok(list)
}

/// A tar of one member whose header is made by hand.
fn raw(kind: EntryType, name: &[u8], content: &[u8], change: impl FnOnce(&mut Header)) -> Vec<u8> {
    let mut header = Header::new_ustar();
    header.as_old_mut().name[..name.len()].copy_from_slice(name);
    header.set_entry_type(kind);
    header.set_size(content.len() as u64);
    header.set_mode(0o644);
    change(&mut header);
    header.set_cksum();
    let mut bytes = header.as_bytes().to_vec();
    bytes.extend_from_slice(content);
    bytes.resize(bytes.len().next_multiple_of(BLOCK) + 2 * BLOCK, 0);
    bytes
}

#[test]
fn files_folders_and_links_are_listed_with_their_bytes() {
    let long = format!("{}/layer.tar", "a".repeat(180));
    let tar = Tar::new().folder("b/").file("./b/one", "1").file(&long, "22").link("c/layer.tar", "../b/one");
    let file = |name: &str, text: &str| (name.to_owned(), Kind::File, text.to_owned());
    let expected = [
        ("b".to_owned(), Kind::Folder, String::new()),
        file("b/one", "1"),
        file(&long, "22"),
        ("c/layer.tar".to_owned(), Kind::Link("b/one".to_owned()), String::new()),
    ];
    assert_eq!(list(&tar.bytes()).unwrap(), expected);
}

#[test]
fn the_first_bytes_can_be_looked_at_before_they_are_read() {
    let text = "x".repeat(700);
    let tar = Tar::new().file("one", &text).file("two", "2").bytes();
    let mut members = Members::of_stream(Cursor::new(tar));
    let mut one = members.advance().unwrap().unwrap();
    assert_eq!(one.head().unwrap(), &text.as_bytes()[..512]);
    assert_eq!(io::read_to_string(&mut one).unwrap(), text);
    let mut two = members.advance().unwrap().unwrap();
    assert_eq!((two.position, two.size), (512 + 1024 + 512, 1));
    assert_eq!(two.head().unwrap(), b"2");
    assert!(members.advance().unwrap().is_none());
    assert!(members.advance().unwrap().is_none());
}

#[test]
fn a_digest_is_claimed_by_the_place_of_a_blob() {
    let hex = "a".repeat(64);
    for (name, is_claimed) in [(format!("blobs/sha256/{hex}"), true), (format!("{hex}.tar"), false)] {
        let tar = Tar::new().file(&name, "1").bytes();
        let mut members = Members::of_stream(tar.as_slice());
        let claimed = members.advance().unwrap().unwrap().claimed_digest();
        assert_eq!(claimed.map(|digest| digest.hex() == hex), is_claimed.then_some(true), "{name}");
    }
}

#[test]
fn what_follows_the_end_mark_is_read_but_means_nothing() {
    let mut tar = Tar::new().file("one", "1").bytes();
    tar.extend(Tar::new().file("two", "2").bytes());
    let mut stream = Cursor::new(tar);
    assert_eq!(list(stream.get_ref()).unwrap().len(), 1);
    Members::of_stream(&mut stream).finish().unwrap();
    assert_eq!(stream.position(), stream.get_ref().len() as u64);
}

#[test]
fn every_prefix_is_cut_off() {
    let tar = Tar::new().file("one", "1").file("two", "2".repeat(600)).bytes();
    for length in 0..tar.len() - BLOCK {
        let found = list(&tar[..length]);
        let is_cut = match &found {
            Err(SourceError::Truncated { .. }) => true,
            Err(SourceError::Read(cause)) => cause.kind() == io::ErrorKind::UnexpectedEof,
            _ => false,
        };
        assert!(is_cut, "{length}: {found:?}");
    }
    assert_eq!(list(&tar).unwrap().len(), 2);
}

#[test]
fn the_member_that_is_not_whole_is_named() {
    let tar = Tar::new().file("one", "1".repeat(600)).bytes();
    let mut members = Members::of_stream(&tar[..1024]);
    assert!(members.advance().unwrap().is_some());
    let error = members.advance().unwrap_err();
    assert_eq!(error.to_string(), "the archive is cut off somewhere after byte 512, inside `one`");
}

#[test]
fn a_name_or_link_that_leads_out_is_refused() {
    for name in ["../x", "/etc/passwd", "a/../../x"] {
        let tar = raw(EntryType::Regular, name.as_bytes(), b"", |_| {});
        assert!(matches!(list(&tar), Err(SourceError::Name { .. })), "{name}");
    }
    for kind in [EntryType::Symlink, EntryType::Link] {
        for target in ["../x", "/etc/passwd"] {
            let tar = raw(kind, b"one", b"", |header| header.set_link_name_literal(target).unwrap());
            assert!(matches!(list(&tar), Err(SourceError::Link { .. })), "{target}");
        }
    }
    let pax = |record: &[u8]| {
        let mut tar = raw(EntryType::XHeader, b"x", record, |_| {});
        tar.truncate(2 * BLOCK);
        tar.extend(raw(EntryType::Regular, b"one", b"1", |_| {}));
        list(&tar)
    };
    assert!(matches!(pax(b"13 path=../x\n"), Err(SourceError::Name { .. })));
    assert_eq!(pax(b"12 path=two\n").unwrap()[0].0, "two");
}

#[test]
fn what_two_readers_would_see_differently_is_refused() {
    let huge = |header: &mut Header| header.set_size(u64::MAX - 4);
    let cases = [
        raw(EntryType::Directory, b"one", b"12", |_| {}),
        raw(EntryType::Link, b"one", b"12", |header| header.set_link_name_literal("two").unwrap()),
        raw(EntryType::Symlink, b"one", b"", |_| {}),
        raw(EntryType::Regular, b"one/", b"12", |_| {}),
        raw(EntryType::Regular, b"./", b"", |header| header.set_entry_type(EntryType::Continuous)),
        raw(EntryType::Regular, b"\xff", b"", |_| {}),
        raw(EntryType::GNUSparse, b"one", b"", |_| {}),
        raw(EntryType::Regular, b"one", b"", huge),
        raw(EntryType::GNULongName, b"one", b"", |header| header.set_size(1 << 40)),
        raw(EntryType::XHeader, b"one", b"no record", |_| {}),
        [&Tar::new().file("one", "1").bytes()[..1024], &[1; 512]].concat(),
    ];
    for (case, tar) in cases.iter().enumerate() {
        assert!(matches!(list(tar), Err(SourceError::Header { .. })), "{case}: {:?}", list(tar));
    }
}

#[test]
fn what_is_no_tar_is_told() {
    assert!(matches!(list(&[b'x'; 2048]), Err(SourceError::NotAnArchive)));
}
