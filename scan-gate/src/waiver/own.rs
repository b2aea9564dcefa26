//! scan-gate's own waivers: a TOML file of `[[waiver]]` tables.
//!
//! Each must say why and until when. A date holds through that whole day, in UTC. Whatever is not known is refused: a narrowing that is not
//! understood would be a wider waiver.

use std::ops::Range;

use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{Error, StrDeserializer};
use toml::Spanned;
use toml::de::{DeTable, DeValue};
use toml::value::Datetime;

use super::file::{WaiverError, WaiverFile, one_line};
use super::product::purl;
use super::time::{end_of_day, moment};
use super::{Effect, Origin, Pattern, PurlPattern, Subject, Waiver};
use crate::finding::Kind;

const KEYS: &str = "id, package, version, purl, path, scanner, kind, reason, expires";

pub(super) fn read(name: &str, text: &str) -> Result<WaiverFile, WaiverError> {
    let lines = Lines(text);
    let document = DeTable::parse(text)
        .map_err(|error| WaiverError::wrong(lines.place(&error.span().unwrap_or_default()), error.message()))?;
    let mut waivers = Vec::new();
    for (key, value) in document.get_ref() {
        let place = lines.place(&key.span());
        let DeValue::Array(entries) = value.get_ref() else {
            return Err(WaiverError::wrong(place, "a waiver begins with [[waiver]]"));
        };
        if key.get_ref() != "waiver" {
            return Err(WaiverError::wrong(place, format!("`{}` is not known: only [[waiver]] is", key.get_ref())));
        }
        for (index, entry) in entries.iter().enumerate() {
            let number = index + 1;
            let origin = Origin {
                file: name.to_owned(),
                format: "waivers",
                place: format!("waiver {number} ({})", lines.place(&entry.span())),
            };
            let waiver = waiver(entry, origin).map_err(|(span, cause)| {
                WaiverError::wrong(format!("{}, waiver {number}", lines.place(&span)), cause)
            })?;
            waivers.push(waiver);
        }
    }
    if waivers.is_empty() {
        return Err(WaiverError::wrong("document", "it has no [[waiver]]"));
    }
    Ok(WaiverFile { waivers, notes: Vec::new() })
}

/// Where a span of the text lies.
struct Lines<'a>(&'a str);

impl Lines<'_> {
    fn place(&self, span: &Range<usize>) -> String {
        let above = self.0.bytes().take(span.start).filter(|byte| *byte == b'\n').count();
        format!("line {}", above + 1)
    }
}

type Wrong = (Range<usize>, String);

fn waiver(entry: &Spanned<DeValue<'_>>, origin: Origin) -> Result<Waiver, Wrong> {
    let DeValue::Table(table) = entry.get_ref() else {
        return Err((entry.span(), "a waiver begins with [[waiver]]".to_owned()));
    };
    let mut waiver = Waiver::at(origin);
    let mut subject = Subject::default();
    let mut reason = None;
    for (key, value) in table {
        let at = |cause: String| (value.span(), format!("`{}`: {cause}", key.get_ref()));
        match &**key.get_ref() {
            "id" => waiver.ids = ids(value).map_err(at)?,
            "package" => subject.package = Some(string(value).and_then(Pattern::glob_or_exact).map_err(at)?),
            "version" => subject.version = Some(string(value).map_err(at)?.to_owned()),
            "purl" => subject.purl = Some(string(value).and_then(purl).map(PurlPattern::Covering).map_err(at)?),
            "path" => subject.path = Some(string(value).and_then(Pattern::glob_or_exact).map_err(at)?),
            "scanner" => waiver.scanner = Some(string(value).map_err(at)?.to_owned()),
            "kind" => waiver.kinds = vec![string(value).and_then(kind).map_err(at)?],
            "reason" => reason = Some(one_line(string(value).map_err(at)?)),
            "expires" => waiver.expires = Some(expiry(value).map_err(at)?),
            other => return Err((key.span(), format!("`{other}` is not known: {KEYS} are"))),
        }
    }
    let missing = |what: &str| (entry.span(), format!("`{what}` is missing"));
    if waiver.ids.is_empty() {
        return Err(missing("id"));
    }
    if waiver.expires.is_none() {
        return Err(missing("expires"));
    }
    waiver.reason = reason.ok_or_else(|| missing("reason"))?;
    if table.keys().any(|key| ["package", "version", "purl", "path"].contains(&&**key.get_ref())) {
        waiver.subjects.push(subject);
    }
    waiver.effect = Effect::Silences;
    Ok(waiver)
}

fn string<'a>(value: &'a Spanned<DeValue<'_>>) -> Result<&'a str, String> {
    match value.get_ref() {
        DeValue::String(text) if text.trim().is_empty() => Err("it is empty".to_owned()),
        DeValue::String(text) => Ok(text.trim()),
        _ => Err("a string must stand here".to_owned()),
    }
}

fn ids(value: &Spanned<DeValue<'_>>) -> Result<Vec<Pattern>, String> {
    let exact = |value| string(value).map(|id| Pattern::Exact(id.to_owned()));
    match value.get_ref() {
        DeValue::Array(ids) if ids.is_empty() => Err("it is empty".to_owned()),
        DeValue::Array(ids) => ids.iter().map(exact).collect(),
        _ => exact(value).map(|id| vec![id]),
    }
}

fn kind(word: &str) -> Result<Kind, String> {
    let deserializer: StrDeserializer<'_, Error> = word.into_deserializer();
    Kind::deserialize(deserializer).map_err(|error| error.to_string())
}

fn expiry(value: &Spanned<DeValue<'_>>) -> Result<jiff::Timestamp, String> {
    match value.get_ref() {
        DeValue::Datetime(Datetime { date: Some(date), time: None, offset: None }) => end_of_day(&date.to_string()),
        DeValue::Datetime(full @ Datetime { date: Some(_), time: Some(_), offset: Some(_) }) => {
            moment(&full.to_string())
        }
        DeValue::Datetime(_) => Err("a date, or a date and time with an offset, must stand here".to_owned()),
        _ => Err("a date without quotes must stand here, such as 2026-01-31".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::waiver::file::fixture::{no_mutation_panics, read, refusal, silences};

    const FILE: &str = "\u{feff}# what we live with\r\n[[waiver]]\r\nid = [\"CVE-2024-1\", \"GHSA-1\"]\r\npurl = \"pkg:deb/debian/openssl\"\r\n\
        reason = \"\"\"not\r\nreachable\"\"\"\r\nexpires = 2026-06-01\r\n\r\n[[waiver]]\r\nid = \"CVE-2024-2\"\r\npath = \"app/**/*.jar\"\r\n\
        scanner = \"trivy\"\r\nkind = \"vulnerability\"\r\nreason = \"r\"\r\nexpires = 2026-06-01T12:00:01+00:00\r\n";

    #[test]
    fn a_waiver_says_what_why_and_until_when() {
        let file = read("w.toml", FILE);
        let [first, second] = &file.waivers[..] else { panic!("{file:?}") };
        assert_eq!((first.ids.len(), first.subjects.len(), &*first.reason), (2, 1, "not reachable"));
        assert_eq!(first.expires.unwrap().to_string(), "2026-06-02T00:00:00Z");
        assert_eq!(first.origin.place, "waiver 1 (line 2)");
        assert_eq!(second.expires.unwrap().to_string(), "2026-06-01T12:00:01Z");
        assert_eq!((second.scanner.as_deref(), &second.kinds[..]), (Some("trivy"), &[Kind::Vulnerability][..]));
        assert!(silences(&file, "ghsa-1", "pkg:deb/debian/openssl@3", "", ""));
        assert!(
            !silences(&file, "CVE-2024-1", "pkg:deb/debian/zlib@3", "", "")
                && !silences(&file, "CVE-2024-1", "", "", "")
        );
        assert!(!silences(&file, "CVE-2024-2", "", "app/x/y.jar", ""), "another scanner");
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        let entry = |line: &str| format!("[[waiver]]\nid = \"CVE-1\"\nreason = \"r\"\nexpires = 2026-01-01\n{line}\n");
        let cases = [
            (entry("ID = \"x\""), "line 5, waiver 1: `ID` is not known: id, package"),
            (entry("") + "[[waiver]]\nid = \"CVE-2\"\nexpires = 2026-01-01", "line 6, waiver 2: `reason` is missing"),
            ("[[waiver]]\nid = \"x\"\nreason = \"r\"".to_owned(), "line 1, waiver 1: `expires` is missing"),
            ("[[waiver]]\nreason = \"r\"\nexpires = 2026-01-01".to_owned(), "line 1, waiver 1: `id` is missing"),
            (entry("path = \"a**b\""), "line 5, waiver 1: `path`: `a**b` is no pattern"),
            (entry("purl = \"openssl\""), "line 5, waiver 1: `purl`: `openssl` is no package URL"),
            (entry("purl = \"pkg:golang/a@1#b\""), "line 5, waiver 1: `purl`: `pkg:golang/a@1#b` names a path"),
            (entry("kind = \"virus\""), "line 5, waiver 1: `kind`: unknown variant `virus`"),
            (entry("package = \" \""), "line 5, waiver 1: `package`: it is empty"),
            (entry("version = 3"), "line 5, waiver 1: `version`: a string must stand here"),
            (entry("id = \"twice\""), "line 5: duplicate key"),
            (entry("package ="), "line 5: "),
            (entry("").replace("\"r\"", "\"\""), "line 3, waiver 1: `reason`: it is empty"),
            (entry("").replace("\"CVE-1\"", "[]"), "line 2, waiver 1: `id`: it is empty"),
            (entry("").replace("\"CVE-1\"", "[\"a\", \"\"]"), "line 2, waiver 1: `id`: it is empty"),
            (entry("").replace("2026-01-01", "\"2026-01-01\""), "line 4, waiver 1: `expires`: a date without quotes"),
            (entry("").replace("2026-01-01", "2026-01-01T00:00:00"), "line 4, waiver 1: `expires`: a date, or"),
            (entry("").replace("2026-01-01", "2026-02-30"), "line 4: "),
            (entry("").replace("2026-01-01", "9999-12-31"), "line 4, waiver 1: `expires`: `9999-12-31` is too late"),
            (entry("[[waivers]]"), "line 5: `waivers` is not known"),
            (entry("[other]"), "line 5: "),
            ("[waiver]\nid = \"x\"".to_owned(), "line 1: a waiver begins with [[waiver]]"),
            ("waiver = [1]".to_owned(), "line 1, waiver 1: a waiver begins with [[waiver]]"),
            ("waiver = []".to_owned(), "document: it has no [[waiver]]"),
            ("# nothing".to_owned(), "document: it has no [[waiver]]"),
        ];
        for (text, expected) in cases {
            let error = refusal("w.toml", &text);
            assert!(error.starts_with(expected) && !error.contains('\n'), "{text} gives {error}");
        }
    }

    #[test]
    fn a_file_that_is_cut_says_no_other_thing() {
        let whole = read("w.toml", FILE).waivers;
        for cut in (0..FILE.len()).filter(|cut| FILE.is_char_boundary(*cut)) {
            let part = crate::waiver::file::read("w.toml", &FILE.as_bytes()[..cut]);
            let same =
                |part: WaiverFile| part.waivers.len() <= whole.len() && part.waivers[0].reason == whole[0].reason;
            assert!(part.map_or(true, same), "{}", &FILE[..cut]);
        }
        no_mutation_panics("w.toml", FILE);
    }
}
