//! Waivers as people write them: a TOML file of `[[waiver]]` tables.
//!
//! Each must say what it is about, why, and until when. A date holds through that whole day, in UTC. What narrows a waiver down is the tool's own;
//! whatever it does not know is refused: a narrowing that is not understood would be a wider waiver.

use std::ops::Range;

use jiff::Timestamp;
use thiserror::Error;
use toml::Spanned;
use toml::de::{DeTable, DeValue};
use toml::value::Datetime;

use crate::time::{end_of_day, moment};

/// One `[[waiver]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The ids of the findings that it is about; at least one.
    pub ids: Vec<String>,
    /// Why, on one line.
    pub reason: String,
    /// From when on it does not hold any more.
    pub expires: Timestamp,
    /// What else it says, in the order of the keys.
    pub narrowings: Vec<Narrowing>,
    /// Where it stands: `waiver 3 (line 12)`.
    pub place: String,
    at: String,
}

impl Entry {
    /// One of its keys says what cannot be followed.
    #[must_use]
    pub fn wrong(&self, key: &str, cause: &str) -> Refusal {
        Refusal::of(&self.at, &format!("`{key}`: {cause}"))
    }
}

/// A key that only some tools know, with its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Narrowing {
    /// One of those that the tool named.
    pub key: String,
    /// Its value without blanks around it, which is not empty.
    pub text: String,
    at: String,
}

impl Narrowing {
    /// Its value cannot be followed.
    #[must_use]
    pub fn wrong(&self, cause: &str) -> Refusal {
        Refusal::of(&self.at, &format!("`{}`: {cause}", self.key))
    }
}

/// Why a file of waivers is not followed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{place}: {cause}")]
pub struct Refusal {
    /// Where: `line 12, waiver 3`.
    pub place: String,
    /// What is wrong, on one line.
    pub cause: String,
}

impl Refusal {
    fn of(place: &str, cause: &str) -> Self {
        Self { place: place.to_owned(), cause: one_line(cause) }
    }
}

/// A text without line breaks.
#[must_use]
pub fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Reads a file's entries. `narrowings` are the keys that the tool knows beyond `id`, `reason` and `expires`.
///
/// # Errors
/// It is no TOML, has no `[[waiver]]`, or something else than that; an entry lacks a key, or has one that is not known or not understood.
pub fn read(text: &str, narrowings: &[&str]) -> Result<Vec<Entry>, Refusal> {
    let document = DeTable::parse(text)
        .map_err(|error| Refusal::of(&line(text, &error.span().unwrap_or_default()), error.message()))?;
    let mut entries = Vec::new();
    for (key, value) in document.get_ref() {
        let wrong = |cause: &str| Refusal::of(&line(text, &key.span()), cause);
        let DeValue::Array(tables) = value.get_ref() else {
            return Err(wrong("a waiver begins with [[waiver]]"));
        };
        if key.get_ref() != "waiver" {
            return Err(wrong(&format!("`{}` is not known: only [[waiver]] is", key.get_ref())));
        }
        for (index, table) in tables.iter().enumerate() {
            entries.push(Source { text, number: index + 1, narrowings }.entry(table)?);
        }
    }
    if entries.is_empty() {
        return Err(Refusal::of("document", "it has no [[waiver]]"));
    }
    Ok(entries)
}

fn line(text: &str, span: &Range<usize>) -> String {
    let above = text.bytes().take(span.start).filter(|byte| *byte == b'\n').count();
    format!("line {}", above + 1)
}

/// Where an entry is read from.
struct Source<'a> {
    text: &'a str,
    number: usize,
    narrowings: &'a [&'a str],
}

impl Source<'_> {
    fn at(&self, span: &Range<usize>) -> String {
        format!("{}, waiver {}", line(self.text, span), self.number)
    }

    fn entry(&self, entry: &Spanned<DeValue<'_>>) -> Result<Entry, Refusal> {
        let wrong = |span: Range<usize>, cause: &str| Refusal::of(&self.at(&span), cause);
        let DeValue::Table(table) = entry.get_ref() else {
            return Err(wrong(entry.span(), "a waiver begins with [[waiver]]"));
        };
        let (mut ids, mut reason, mut expires, mut narrowings) = (None, None, None, Vec::new());
        for (key, value) in table {
            let in_key = |cause: String| wrong(value.span(), &format!("`{}`: {cause}", key.get_ref()));
            match &**key.get_ref() {
                "id" => ids = Some(texts(value).map_err(in_key)?),
                "reason" => reason = Some(one_line(string(value).map_err(in_key)?)),
                "expires" => expires = Some(expiry(value).map_err(in_key)?),
                known if self.narrowings.contains(&known) => narrowings.push(Narrowing {
                    key: known.to_owned(),
                    text: string(value).map_err(in_key)?.to_owned(),
                    at: self.at(&value.span()),
                }),
                other => {
                    let keys = [&["id"], self.narrowings, &["reason", "expires"]].concat().join(", ");
                    return Err(wrong(key.span(), &format!("`{other}` is not known: {keys} are")));
                }
            }
        }
        let missing = |what: &str| wrong(entry.span(), &format!("`{what}` is missing"));
        Ok(Entry {
            ids: ids.ok_or_else(|| missing("id"))?,
            expires: expires.ok_or_else(|| missing("expires"))?,
            reason: reason.ok_or_else(|| missing("reason"))?,
            narrowings,
            place: format!("waiver {} ({})", self.number, line(self.text, &entry.span())),
            at: self.at(&entry.span()),
        })
    }
}

fn string<'a>(value: &'a Spanned<DeValue<'_>>) -> Result<&'a str, String> {
    match value.get_ref() {
        DeValue::String(text) if text.trim().is_empty() => Err("it is empty".to_owned()),
        DeValue::String(text) => Ok(text.trim()),
        _ => Err("a string must stand here".to_owned()),
    }
}

fn texts(value: &Spanned<DeValue<'_>>) -> Result<Vec<String>, String> {
    let owned = |value| string(value).map(str::to_owned);
    match value.get_ref() {
        DeValue::Array(texts) if texts.is_empty() => Err("it is empty".to_owned()),
        DeValue::Array(texts) => texts.iter().map(owned).collect(),
        _ => owned(value).map(|text| vec![text]),
    }
}

fn expiry(value: &Spanned<DeValue<'_>>) -> Result<Timestamp, String> {
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

    const FILE: &str = "# what we live with\r\n[[waiver]]\r\nid = [\"A-1\", \" B-1 \"]\r\nreason = \"\"\"not\r\nreachable\"\"\"\r\n\
        expires = 2026-06-01\r\n\r\n[[waiver]]\r\nid = \"A-2\"\r\nsize = \"large\"\r\nreason = \"r\"\r\nexpires = 2026-06-01T12:00:01+02:00\r\n";

    #[test]
    fn a_waiver_says_what_why_and_until_when() {
        let entries = read(FILE, &["colour", "size"]).unwrap();
        let [first, second] = &entries[..] else { panic!("{entries:?}") };
        assert_eq!((&first.ids[..], &*first.reason), (&["A-1".to_owned(), "B-1".to_owned()][..], "not reachable"));
        assert_eq!(
            (first.expires.to_string(), &*first.place),
            ("2026-06-02T00:00:00Z".to_owned(), "waiver 1 (line 2)")
        );
        assert_eq!(second.expires.to_string(), "2026-06-01T10:00:01Z");
        let narrowings: Vec<_> = second.narrowings.iter().map(|one| (&*one.key, &*one.text)).collect();
        assert_eq!((narrowings, first.narrowings.len()), (vec![("size", "large")], 0));
    }

    #[test]
    fn what_the_tool_refuses_is_told_with_its_line() {
        let entries = read(FILE, &["size"]).unwrap();
        let wrong = entries[1].narrowings[0].wrong("too\nlarge");
        assert_eq!(wrong.to_string(), "line 10, waiver 2: `size`: too large");
        assert_eq!(entries[1].wrong("id", "no").to_string(), "line 8, waiver 2: `id`: no");
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        let entry = |line: &str| format!("[[waiver]]\nid = \"A-1\"\nreason = \"r\"\nexpires = 2026-01-01\n{line}\n");
        let cases = [
            (entry("size = \"s\""), "line 5, waiver 1: `size` is not known: id, colour, reason, expires are"),
            (entry("colour = [\"red\"]"), "line 5, waiver 1: `colour`: a string must stand here"),
            (entry("colour = \" \""), "line 5, waiver 1: `colour`: it is empty"),
            (entry("").replace("\"A-1\"", "[]"), "line 2, waiver 1: `id`: it is empty"),
            (entry("").replace("\"A-1\"", "[\"a\", 1]"), "line 2, waiver 1: `id`: a string must stand here"),
            (entry("").replace("id = \"A-1\"", ""), "line 1, waiver 1: `id` is missing"),
            (entry("").replace("reason = \"r\"", ""), "line 1, waiver 1: `reason` is missing"),
            (entry("").replace("expires = 2026-01-01", ""), "line 1, waiver 1: `expires` is missing"),
            (
                entry("").replace("2026-01-01", "12:00:00"),
                "line 4, waiver 1: `expires`: a date, or a date and time with",
            ),
            (entry("").replace("2026-01-01", "\"never\""), "line 4, waiver 1: `expires`: a date without quotes"),
            (entry("id = \"twice\""), "line 5: duplicate key"),
            ("[waiver]\n".to_owned(), "line 1: a waiver begins with [[waiver]]"),
            ("[[waivers]]\n".to_owned(), "line 1: `waivers` is not known: only [[waiver]] is"),
            (String::new(), "document: it has no [[waiver]]"),
        ];
        for (text, expected) in cases {
            let error = read(&text, &["colour"]).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{text} gives {error}");
        }
    }
}
