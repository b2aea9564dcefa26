//! scan-gate's own waivers: the `[[waiver]]` tables of all tools, narrowed down by what a scanner finds.

use contract::waiver::{Entry, Refusal};
use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{Error, StrDeserializer};

use super::file::{WaiverError, WaiverFile};
use super::product::purl;
use super::{Effect, Origin, Pattern, PurlPattern, Subject, Waiver};
use crate::finding::Kind;

const NARROWINGS: [&str; 6] = ["package", "version", "purl", "path", "scanner", "kind"];

pub(super) fn read(name: &str, text: &str) -> Result<WaiverFile, WaiverError> {
    let entries = contract::waiver::read(text, &NARROWINGS)?;
    let waivers = entries.into_iter().map(|entry| waiver(name, entry)).collect::<Result<_, _>>()?;
    Ok(WaiverFile { waivers, notes: Vec::new() })
}

fn waiver(name: &str, entry: Entry) -> Result<Waiver, Refusal> {
    let mut waiver = Waiver {
        ids: entry.ids.into_iter().map(Pattern::Exact).collect(),
        effect: Effect::Silences,
        reason: entry.reason,
        expires: Some(entry.expires),
        ..Waiver::at(Origin { file: name.to_owned(), format: "waivers", place: entry.place })
    };
    let mut subject = Subject::default();
    for narrowing in &entry.narrowings {
        let text = narrowing.text.as_str();
        let wrong = |cause: String| narrowing.wrong(&cause);
        match narrowing.key.as_str() {
            "package" => subject.package = Some(Pattern::glob_or_exact(text).map_err(wrong)?),
            "version" => subject.version = Some(text.to_owned()),
            "purl" => subject.purl = Some(purl(text).map(PurlPattern::Covering).map_err(wrong)?),
            "path" => subject.path = Some(Pattern::glob_or_exact(text).map_err(wrong)?),
            "scanner" => waiver.scanner = Some(text.to_owned()),
            "kind" => waiver.kinds = vec![kind(text).map_err(wrong)?],
            _ => return Err(narrowing.wrong("it is not followed")),
        }
    }
    if entry.narrowings.iter().any(|narrowing| ["package", "version", "purl", "path"].contains(&&*narrowing.key)) {
        waiver.subjects.push(subject);
    }
    Ok(waiver)
}

fn kind(word: &str) -> Result<Kind, String> {
    let deserializer: StrDeserializer<'_, Error> = word.into_deserializer();
    Kind::deserialize(deserializer).map_err(|error| error.to_string())
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
