//! A file of waivers: recognised by its name and its shape, and read.

use std::path::Path;

pub(super) use contract::waiver::one_line;
use thiserror::Error;

use super::{Waiver, csaf, cyclonedx, openvex, own, suppression, trivyignore};
use crate::json::{Json, Outline, Shape};
use crate::reader::{ReadError, whole_text};

/// What a file says.
#[derive(Clone, Debug, Default)]
pub struct WaiverFile {
    /// Its statements, in its order.
    pub waivers: Vec<Waiver>,
    /// What a person should know: a part of a statement that cannot be followed. Each names the file.
    pub notes: Vec<String>,
}

/// Why a file of waivers cannot be read.
#[derive(Debug, Error)]
pub enum WaiverError {
    /// Nothing is there.
    #[error("it is empty")]
    Empty,
    /// It is of no format that is read.
    #[error(
        "it is {0}; what is read: scan-gate's own waivers (.toml), .trivyignore, .trivyignore.yaml, Dependency-Check's suppressions (XML), OpenVEX, \
         CycloneDX and CSAF (JSON)"
    )]
    Alien(String),
    /// Something in it is wrong.
    #[error("{place}: {cause}")]
    Wrong {
        /// Where: `line 12`, `statement 3`.
        place: String,
        /// What is wrong.
        cause: String,
    },
    /// Something in a file of `[[waiver]]` is wrong.
    #[error(transparent)]
    Entry(#[from] contract::waiver::Refusal),
    /// Its bytes are not understood.
    #[error(transparent)]
    Unread(#[from] ReadError),
}

impl WaiverError {
    pub(super) fn wrong(place: impl Into<String>, cause: impl AsRef<str>) -> Self {
        Self::Wrong { place: place.into(), cause: one_line(cause.as_ref()) }
    }
}

/// Reads a file of waivers. Its name tells the formats apart whose shape does not.
///
/// # Errors
/// It is empty, of no format that is read, or not understood.
pub fn read(name: &str, bytes: &[u8]) -> Result<WaiverFile, WaiverError> {
    let WaiverFile { waivers, notes } = read_nameless(name, bytes)?;
    Ok(WaiverFile { waivers, notes: notes.into_iter().map(|note| format!("{name}: {note}")).collect() })
}

/// Its notes do not name the file.
fn read_nameless(name: &str, bytes: &[u8]) -> Result<WaiverFile, WaiverError> {
    let text = whole_text(bytes)?;
    let base = Path::new(name).file_name().map_or(name.to_owned(), |base| base.to_string_lossy().into_owned());
    let base = base.to_ascii_lowercase();
    let has_ending = |endings: &[&str]| endings.iter().any(|ending| base.ends_with(ending));
    match text.trim_start().bytes().next() {
        None => Err(WaiverError::Empty),
        _ if has_ending(&[".toml"]) => own::read(name, &text),
        _ if has_ending(&[".yaml", ".yml"]) => trivyignore::read_yaml(name, &text),
        _ if base.contains("trivyignore") => trivyignore::read_plain(name, &text),
        Some(b'<') => suppression::read(name, &text),
        Some(b'{') => read_json(name, text),
        Some(_) => Err(WaiverError::Alien("neither XML nor a JSON object, and its name says no more".to_owned())),
    }
}

fn read_json(name: &str, text: String) -> Result<WaiverFile, WaiverError> {
    let mut json = Json::new(Box::new(std::io::Cursor::new(text.into_bytes())));
    while json.look_further()? {}
    let outline = json.outline();
    let file = if outline.text("bomFormat") == Some("CycloneDX") {
        cyclonedx::read(name, &mut json)?
    } else if outline.has_object_with("document", &["csaf_version"]) {
        csaf::read(name, &mut json)?
    } else if is_openvex(&outline) {
        openvex::read(name, &mut json)?
    } else {
        json.skip()?;
        let names: Vec<&str> = outline.members.iter().take(8).map(|(name, _)| name.as_str()).collect();
        return Err(WaiverError::Alien(format!("a JSON object with {}", listed(&names))));
    };
    if json.is_at_end()? { Ok(file) } else { Err(json.malformed("something stands behind the document").into()) }
}

/// vexctl once wrote an empty context.
fn is_openvex(outline: &Outline) -> bool {
    match outline.get("@context") {
        Some(Shape::Text(context)) if context.trim().is_empty() => outline.has_list_of("statements", &["status"]),
        Some(Shape::Text(context)) => context.starts_with("https://openvex.dev/ns"),
        _ => false,
    }
}

/// A few names, and how many more.
pub(super) fn listed(names: &[impl AsRef<str>]) -> String {
    let mut shown: Vec<&str> = names.iter().take(8).map(AsRef::as_ref).collect();
    let more = format!("{} more", names.len() - shown.len());
    if names.len() > shown.len() {
        shown.push(&more);
    }
    if shown.is_empty() { "nothing in it".to_owned() } else { shown.join(", ") }
}

/// What the tests of all formats need.
#[cfg(test)]
pub(super) mod fixture {
    use proptest::test_runner::TestRunner;

    use super::*;
    use crate::finding::{Finding, Kind};
    use crate::severity::Rating;
    use crate::waiver::{Effect, Ruling, Seen, rule};

    pub(crate) fn read(name: &str, text: &str) -> WaiverFile {
        read_nameless(name, text.as_bytes()).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    pub(crate) fn refusal(name: &str, text: &str) -> String {
        super::read(name, text.as_bytes()).map_or_else(|error| error.to_string(), |_| "passed".to_owned())
    }

    /// Why the only statement is void, or what else it does.
    pub(crate) fn effect(file: &WaiverFile) -> String {
        match &file.waivers[..] {
            [waiver] => match &waiver.effect {
                Effect::Void(why) => format!("void: {why}"),
                other => format!("{other:?}"),
            },
            waivers => format!("{} statements", waivers.len()),
        }
    }

    /// Whether a finding of such a package is silenced.
    pub(crate) fn silences(file: &WaiverFile, id: &str, purl: &str, place: &str, image: &str) -> bool {
        let finding = Finding {
            purl: purl.into(),
            place: place.into(),
            ..Finding::new(Kind::Vulnerability, id, Rating::Unknown)
        };
        let digests: Vec<_> = image.parse().into_iter().collect();
        let seen = Seen { finding: &finding, canonical: id, scanner: "dependency-check", digests: &digests };
        rule(&file.waivers, seen, "2026-06-01T12:00:00Z".parse().unwrap()) != Ruling::Counts
    }

    pub(crate) fn no_prefix_passes(name: &str, text: &str) {
        let text = text.trim_end();
        read(name, text);
        for cut in (0..text.len()).filter(|cut| text.is_char_boundary(*cut)) {
            assert_ne!(refusal(name, &text[..cut]), "passed", "{}", &text[..cut]);
        }
    }

    pub(crate) fn no_mutation_panics(name: &str, text: &str) {
        let mutation = (0..text.len(), proptest::num::u8::ANY, 0..3_u8);
        let mut runner = TestRunner::default();
        runner
            .run(&mutation, |(at, byte, how)| {
                let mut bytes = text.as_bytes().to_vec();
                match how {
                    0 => bytes[at] = byte,
                    1 => bytes.insert(at, byte),
                    _ => bytes.truncate(at),
                }
                let _ = super::read(name, &bytes);
                Ok(())
            })
            .unwrap();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_file_of_waivers_is_refused() {
        let cases = [
            ("a.json", "", "it is empty"),
            ("a.json", " \r\n\u{feff}", "it is neither"),
            ("a.json", "\u{feff} \r\n", "it is empty"),
            ("a.toml", "\n", "it is empty"),
            ("a.json", "{}", "it is a JSON object with nothing in it"),
            ("a.json", "{\"SchemaVersion\":2,\"Results\":[]}", "it is a JSON object with SchemaVersion, Results"),
            ("a.json", "{\"SchemaVersion\":2", "it is cut off"),
            ("a.json", "[]", "it is neither XML nor"),
            ("notes.txt", "CVE-2024-1", "it is neither XML nor"),
            ("a.json", "{\"@context\":\"https://example.com\",\"statements\":[]}", "it is a JSON object with @context"),
        ];
        for (name, text, expected) in cases {
            let error = fixture::refusal(name, text);
            assert!(error.starts_with(expected), "{text:?} gives {error}");
        }
    }

    #[test]
    fn a_note_names_its_file() {
        assert_eq!(read("ci/.trivyignore", b"# none").unwrap().notes, ["ci/.trivyignore: it names nothing"]);
    }

    #[test]
    fn the_name_or_the_shape_tells_the_format() {
        let csaf = r#"{"document":{"csaf_version":"1"}}"#;
        let cases = [
            ("dir.json/waivers.TOML", "x", "line 1"),
            (".trivyignore", "CVE-1 2", "line 1"),
            ("ci/.trivyignore.prod", "CVE-1 2", "line 1"),
            (".trivyignore.yaml", "x: 1", "line 1"),
            ("x.json", "\r\n <a/>", "line 2"),
            ("x.json", csaf, "document"),
            ("x", r#"{"bomFormat":"CycloneDX","specVersion":"9"}"#, "document"),
            ("x", r#"{"@context":"https://openvex.dev/ns/v9.0.0"}"#, "document"),
            ("x", r#"{"@context":"","statements":[{"status":"x"}]}"#, "statement 1"),
        ];
        for (name, text, expected) in cases {
            let error = fixture::refusal(name, text);
            assert!(error.starts_with(expected), "{text:?} gives {error}");
        }
        assert!(fixture::refusal("x", &format!("{csaf} {{}}")).starts_with("document"));
    }
}
