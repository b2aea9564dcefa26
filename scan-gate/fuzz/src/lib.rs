//! What must hold whatever bytes come: no reader panics or hangs, and no report that is cut off passes with fewer findings.

use std::io::Cursor;

use scan_gate::inspection::Inspection;
use scan_gate::reader::{self, FORMATS, Format};
use scan_gate::waiver::file;

/// Reads in one format.
pub fn read(bytes: &[u8], name: &str) {
    let format = FORMATS.iter().find(|format| format.name == name).expect("a format of that name");
    check(bytes, Some(format));
}

/// Reads in whatever format is recognised.
pub fn recognise(bytes: &[u8]) {
    check(bytes, None);
}

/// Reads as every format of waivers.
pub fn waivers(bytes: &[u8]) {
    for name in ["waivers.toml", ".trivyignore", ".trivyignore.yaml", "suppression.xml", "vex.json"] {
        let _ = file::read(name, bytes);
    }
}

fn inspections(bytes: &[u8], format: Option<&Format>) -> Option<Vec<Inspection>> {
    reader::read(Box::new(Cursor::new(bytes.to_vec())), format).ok()
}

fn check(bytes: &[u8], format: Option<&Format>) {
    let Some(whole) = inspections(bytes, format) else { return };
    // The place of the cut follows from the bytes, so that a finding can be played again.
    let cut = bytes.iter().fold(bytes.len(), |sum, byte| sum.wrapping_mul(31).wrapping_add(usize::from(*byte))) % bytes.len();
    let Some(part) = inspections(&bytes[..cut], format) else { return };
    assert!(part.len() <= whole.len(), "a part has no more documents than the whole");
    for (part, whole) in part.iter().zip(&whole) {
        assert_eq!(part.findings.len(), whole.findings.len(), "a document that is cut off passes with fewer findings");
    }
}
