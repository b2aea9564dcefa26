//! The components of a bill, as far as a vulnerability may point at them.
//!
//! A vulnerability points at a `bom-ref`, at one of another document (`urn:cdx:SERIAL/VERSION#bom-ref`), or at a package URL.

use std::collections::HashMap;

use crate::finding::{Finding, Pool, Text};
use crate::json::Json;
use crate::reader::ReadError;

/// How deep components may lie in each other.
const DEEPEST: usize = 64;

/// How many of the packages that a vulnerability affects are named.
const NAMED: usize = 4;

/// What is kept of a component.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Component {
    pub(super) name: Text,
    pub(super) version: Text,
    pub(super) purl: Text,
}

/// The components by their `bom-ref`.
#[derive(Default)]
pub(super) struct Components(HashMap<Text, Component>);

/// Takes a member of a component that is not kept.
pub(super) type Other<'a> = &'a mut dyn FnMut(&mut Json, &str) -> Result<(), ReadError>;

impl Components {
    /// Reads a list of them.
    ///
    /// # Errors
    /// It is no list of components.
    pub(super) fn read_list(&mut self, json: &mut Json, pool: &mut Pool) -> Result<(), ReadError> {
        self.read_nested(json, pool, 1)
    }

    /// Reads one, and all that lie in it.
    ///
    /// # Errors
    /// It is no component.
    pub(super) fn read(&mut self, json: &mut Json, pool: &mut Pool, other: Other) -> Result<Component, ReadError> {
        self.read_one(json, pool, 1, other)
    }

    fn read_nested(&mut self, json: &mut Json, pool: &mut Pool, depth: usize) -> Result<(), ReadError> {
        if depth > DEEPEST {
            return Err(ReadError::NoProof(format!("its components lie more than {DEEPEST} deep in each other")));
        }
        json.list_or_null(|json| self.read_one(json, pool, depth, &mut |json, _| json.skip()).map(drop))
    }

    fn read_one(
        &mut self,
        json: &mut Json,
        pool: &mut Pool,
        depth: usize,
        other: Other,
    ) -> Result<Component, ReadError> {
        let mut reference = None;
        let mut group = None;
        let mut name = None;
        let mut version = None;
        let mut purl = None;
        json.object(|json, member| {
            match member {
                "bom-ref" => reference = json.value::<Option<String>>()?,
                "group" => group = json.value::<Option<String>>()?,
                "name" => name = json.value::<Option<String>>()?,
                "version" => version = json.value::<Option<String>>()?,
                "purl" => purl = json.value::<Option<String>>()?,
                "components" | "services" => self.read_nested(json, pool, depth + 1)?,
                _ => other(json, member)?,
            }
            Ok(())
        })?;
        let purl = purl.unwrap_or_default();
        let component = Component {
            name: pool.text(&package(kind(&purl), group.as_deref().unwrap_or_default(), &name.unwrap_or_default())),
            version: pool.text(&version.unwrap_or_default()),
            purl: purl.into(),
        };
        if let Some(reference) = reference {
            self.0.entry(reference.into()).or_insert_with(|| component.clone());
        }
        Ok(component)
    }

    /// Tells a finding which package it is about. `serial` is the serial number of this document.
    ///
    /// One that affects several packages is named after them all, and has a version and a package URL only if they have the same: whoever accepts it for
    /// one of them has not accepted it for the others.
    pub(super) fn resolve(&self, finding: &mut Finding, refs: &[Text], serial: Option<&str>, pool: &mut Pool) {
        let found: Vec<Component> =
            refs.iter().map(|reference| self.find(reference, serial).unwrap_or_default()).collect();
        let (Some(first), Some(reference)) = (found.first(), refs.first()) else { return };
        let mut names: Vec<&Text> = Vec::new();
        for (component, reference) in found.iter().zip(refs) {
            let name = if component.name.is_empty() { reference } else { &component.name };
            if !names.contains(&name) {
                names.push(name);
            }
        }
        if names.len() > 1 {
            let others = names.len().saturating_sub(NAMED);
            let told: Vec<&str> = names[..names.len() - others].iter().map(|name| &***name).collect();
            let more = if others > 0 { format!(" and {others} more") } else { String::new() };
            finding.package = pool.text(&format!("{}{more}", told.join(", ")));
        } else if first.name.is_empty() {
            finding.place = reference.clone();
        } else {
            finding.package = first.name.clone();
        }
        if found.iter().all(|component| component.version == first.version) {
            finding.version = first.version.clone();
        }
        if found.iter().all(|component| component.purl == first.purl) {
            finding.purl = first.purl.clone();
        }
    }

    fn find(&self, reference: &str, serial: Option<&str>) -> Option<Component> {
        if let Some(component) = self.0.get(reference) {
            return Some(component.clone());
        }
        let Some((document, fragment)) = reference.strip_prefix("urn:").and_then(|link| link.split_once('#')) else {
            return of_purl(reference);
        };
        let fragment = decoded(fragment);
        let id = serial.and_then(|serial| serial.rsplit(':').next()).filter(|id| !id.is_empty());
        let is_here = id.is_some_and(|id| document.split([':', '/']).any(|part| part == id));
        let here = is_here.then(|| self.0.get(fragment.as_str())).flatten();
        here.cloned().or_else(|| of_purl(&fragment))
    }
}

/// The package in the words that scanners use: with its group, unless that is only the name of a distribution.
fn package(kind: &str, group: &str, name: &str) -> String {
    match kind {
        _ if group.is_empty() => name.to_owned(),
        "apk" | "deb" | "rpm" | "alpm" => name.to_owned(),
        "maven" => format!("{group}:{name}"),
        _ => format!("{group}/{name}"),
    }
}

/// `maven` of `pkg:maven/org.example/name@1`.
fn kind(purl: &str) -> &str {
    purl.strip_prefix("pkg:").and_then(|rest| rest.split('/').next()).unwrap_or_default()
}

/// Source: package-url/purl-spec, `PURL-SPECIFICATION.rst`.
fn of_purl(purl: &str) -> Option<Component> {
    let rest = purl.strip_prefix("pkg:")?;
    let path = rest.split(['?', '#']).next()?;
    let (kind, path) = path.split_once('/')?;
    let (group, name) = path.rsplit_once('/').unwrap_or(("", path));
    let (name, version) = name.split_once('@').unwrap_or((name, ""));
    Some(Component {
        name: package(kind, &decoded(group), &decoded(name)).into(),
        version: decoded(version).into(),
        purl: purl.into(),
    })
}

/// Undoes percent encoding.
pub(super) fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [byte, behind @ ..] = rest {
        let hex = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        if let (b'%', [high, low, behind @ ..]) = (byte, behind)
            && let (Some(high), Some(low)) = (hex(*high), hex(*low))
        {
            bytes.push(high * 16 + low);
            rest = behind;
        } else {
            bytes.push(*byte);
            rest = behind;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Kind;
    use crate::severity::Rating;

    const SERIAL: &str = "urn:uuid:11111111-2222-3333-4444-555555555555";

    fn components() -> Components {
        let text = br#"[{"bom-ref":"a","name":"ssl","version":"3","purl":"pkg:apk/alpine/ssl@3"},
            {"bom-ref":"b","name":"crypto","version":"3"},{"bom-ref":"c","name":"crypto","version":"4"},
            {"bom-ref":"pkg:npm/d@1","group":"@x","name":"d","version":"1"},{"bom-ref":"a","name":"other"}]"#;
        let mut components = Components::default();
        let mut json = Json::new(Box::new(&text[..]));
        components.read_list(&mut json, &mut Pool::default()).unwrap();
        components
    }

    /// Package, version, package URL and place.
    fn resolved(refs: &[&str]) -> [String; 4] {
        let mut finding = Finding::new(Kind::Vulnerability, "A", Rating::Unknown);
        let refs: Vec<Text> = refs.iter().map(|reference| Text::from(*reference)).collect();
        components().resolve(&mut finding, &refs, Some(SERIAL), &mut Pool::default());
        [&finding.package, &finding.version, &finding.purl, &finding.place].map(ToString::to_string)
    }

    #[test]
    fn a_reference_leads_to_its_package() {
        let cases: [(&[&str], [&str; 4]); 12] = [
            (&[], ["", "", "", ""]),
            (&["a"], ["ssl", "3", "pkg:apk/alpine/ssl@3", ""]),
            (&["pkg:npm/d@1"], ["@x/d", "1", "", ""]),
            (&["pkg:maven/org.a/b@1.0?type=jar#x"], ["org.a:b", "1.0", "pkg:maven/org.a/b@1.0?type=jar#x", ""]),
            (&["pkg:deb/debian/libc6@2%3A1"], ["libc6", "2:1", "pkg:deb/debian/libc6@2%3A1", ""]),
            (&["urn:cdx:11111111-2222-3333-4444-555555555555/1#b"], ["crypto", "3", "", ""]),
            (
                &["urn:cdx:99999999-2222-3333-4444-555555555555/1#b"],
                ["", "", "", "urn:cdx:99999999-2222-3333-4444-555555555555/1#b"],
            ),
            (&["urn:cdx:9/1#pkg%3Anpm%2F%40x%2Fy%402"], ["@x/y", "2", "pkg:npm/@x/y@2", ""]),
            (&["product"], ["", "", "", "product"]),
            (&["a", "b"], ["ssl, crypto", "3", "", ""]),
            (&["b", "c"], ["crypto", "", "", ""]),
            (&["a", "product"], ["ssl, product", "", "", ""]),
        ];
        for (refs, expected) in cases {
            assert_eq!(resolved(refs), expected, "{refs:?}");
        }
        assert_eq!(resolved(&["1", "2", "3", "4", "5", "6"])[0], "1, 2, 3, 4 and 2 more");
    }

    #[test]
    fn percent_encoding_is_undone_where_it_is_some() {
        for (text, expected) in
            [("a%40b", "a@b"), ("%", "%"), ("%4", "%4"), ("%zz", "%zz"), ("%C3%A4", "ä"), ("%ff", "\u{fffd}")]
        {
            assert_eq!(decoded(text), expected);
        }
    }
}
