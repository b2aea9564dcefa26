//! OpenVEX, v0.0.1 (names as strings) and v0.2.0 (objects).
//!
//! `not_affected` and `fixed` silence, `affected` and `under_investigation` affirm. The document's timestamp stands for that of a statement
//! without one. In v0.0.1 the subcomponents stand beside the products, not in them; either way they narrow the products down. A statement
//! that affirms is about the whole image if one of its subcomponents cannot be followed.
//!
//! Source: openvex/spec, `OPENVEX-SPEC.md`, `openvex_json_schema.json`.

use std::fmt;
use std::marker::PhantomData;

use contract::time::moment;
use jiff::Timestamp;
use serde::de::value::MapAccessDeserializer;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::file::{WaiverError, WaiverFile, one_line};
use super::product::{Followed, Product};
use super::{Effect, Origin, Pattern, Waiver};
use crate::json::Json;
use crate::reader::ReadError;

const DOCUMENT: [&str; 9] =
    ["@context", "@id", "author", "role", "timestamp", "last_updated", "version", "tooling", "statements"];

const STATEMENT: [&str; 15] = [
    "@id",
    "version",
    "vulnerability",
    "vuln_description",
    "timestamp",
    "last_updated",
    "products",
    "subcomponents",
    "status",
    "supplier",
    "status_notes",
    "justification",
    "impact_statement",
    "action_statement",
    "action_statement_timestamp",
];

const JUSTIFICATIONS: [&str; 5] = [
    "component_not_present",
    "vulnerable_code_not_present",
    "vulnerable_code_not_in_execute_path",
    "vulnerable_code_cannot_be_controlled_by_adversary",
    "inline_mitigations_already_exist",
];

pub(super) fn read(name: &str, json: &mut Json) -> Result<WaiverFile, WaiverError> {
    let (mut context, mut timestamp) = (String::new(), None::<String>);
    let mut statements = Vec::new();
    json.object(|json, member| {
        match member {
            "@context" => context = json.value()?,
            "timestamp" => timestamp = json.value()?,
            "statements" => json.list(|json| {
                statements.push(statement(json)?);
                Ok(())
            })?,
            _ => json.skip_unknown(member, &DOCUMENT)?,
        }
        Ok(())
    })?;
    let wrong = |cause: String| WaiverError::wrong("document", cause);
    let version = context.trim().trim_start_matches("https://openvex.dev/ns").trim_start_matches('/');
    if !version.is_empty() && !version.starts_with("v0.") {
        return Err(wrong(format!("its `@context` is `{context}`: v0.0.1 to v0.2.0 are read")));
    }
    if statements.is_empty() {
        return Err(wrong("it has no statements".to_owned()));
    }
    let timestamp = timestamp.map(|text| moment(&text)).transpose().map_err(wrong)?;
    let mut file = WaiverFile::default();
    for (index, statement) in statements.into_iter().enumerate() {
        let number = index + 1;
        let wrong = |cause: String| WaiverError::wrong(format!("statement {number}"), cause);
        let place = statement.id.clone().unwrap_or_else(|| format!("statement {number}"));
        let origin = Origin { file: name.to_owned(), format: "openvex", place };
        statement.settle(timestamp, Waiver::at(origin), &mut file).map_err(wrong)?;
    }
    Ok(file)
}

#[derive(Default)]
struct Statement {
    id: Option<String>,
    vulnerability: Option<Named<Vulnerability>>,
    timestamp: Option<String>,
    products: Vec<Named<Component>>,
    subcomponents: Vec<Named<Component>>,
    status: Option<String>,
    justification: Option<String>,
    impact: Option<String>,
    /// Whatever else is said for people.
    notes: Vec<String>,
}

fn statement(json: &mut Json) -> Result<Statement, ReadError> {
    let mut statement = Statement::default();
    json.object(|json, member| {
        match member {
            "@id" => statement.id = json.value()?,
            "vulnerability" => statement.vulnerability = json.value()?,
            "timestamp" => statement.timestamp = json.value()?,
            "products" => statement.products = json.value::<Option<_>>()?.unwrap_or_default(),
            "subcomponents" => statement.subcomponents = json.value::<Option<_>>()?.unwrap_or_default(),
            "status" => statement.status = json.value()?,
            "justification" => statement.justification = json.value()?,
            "impact_statement" => statement.impact = json.value()?,
            "status_notes" | "action_statement" => statement.notes.extend(json.value::<Option<String>>()?),
            _ => json.skip_unknown(member, &STATEMENT)?,
        }
        Ok(())
    })?;
    Ok(statement)
}

impl Statement {
    fn settle(self, of_document: Option<Timestamp>, mut waiver: Waiver, file: &mut WaiverFile) -> Result<(), String> {
        let Some(Named(vulnerability)) = self.vulnerability else { return Err("it names no vulnerability".to_owned()) };
        let names = std::iter::once(vulnerability.name).chain(vulnerability.aliases.into_iter().flatten());
        waiver.ids =
            names.filter(|name| !name.trim().is_empty()).map(|name| Pattern::Exact(name.trim().to_owned())).collect();
        if waiver.ids.is_empty() {
            return Err("it names no vulnerability".to_owned());
        }
        waiver.stated_at = self.timestamp.as_deref().map(moment).transpose()?.or(of_document);
        let said = |text: Option<String>| text.map(|text| one_line(&text)).filter(|text| !text.is_empty());
        let (justification, impact) = (said(self.justification), said(self.impact));
        let status = self.status.ok_or("it has no status")?;
        let is_justified = justification.as_ref().is_some_and(|word| JUSTIFICATIONS.contains(&&**word));
        let effect = match &*status {
            "not_affected" if is_justified || impact.is_some() => Effect::Silences,
            "not_affected" => Effect::Void("it does not say why the product is not affected".to_owned()),
            "fixed" => Effect::Silences,
            "affected" | "under_investigation" => Effect::Affirms,
            other => return Err(format!("its status `{other}` is not known")),
        };
        let notes = self.notes.into_iter().filter_map(|note| said(Some(note)));
        waiver.reason =
            [Some(status), justification, impact].into_iter().flatten().chain(notes).collect::<Vec<_>>().join(": ");
        let mut followed = Followed::default();
        for product in &self.products {
            let own = product.0.subcomponents.as_deref().unwrap_or_default();
            let parts = if own.is_empty() { &self.subcomponents } else { own };
            follow(&product.0, parts, effect == Effect::Affirms, &mut followed);
        }
        followed.settle(waiver, effect, file);
        Ok(())
    }
}

fn follow(product: &Component, parts: &[Named<Component>], affirms: bool, followed: &mut Followed) {
    let product = match product.product() {
        Ok(product) => product,
        Err(why) => return followed.lost.push(why),
    };
    if parts.is_empty() {
        return followed.subjects.push(product.subject());
    }
    let parts = parts.iter().map(|Named(part)| {
        if part.subcomponents.as_ref().is_some_and(|parts| !parts.is_empty()) {
            return Err("a subcomponent in a subcomponent is not followed".to_owned());
        }
        product.part(&part.product()?)
    });
    let parts: Vec<_> = parts.collect();
    if affirms && matches!(product, Product::Image(_)) && parts.iter().any(Result::is_err) {
        followed.subjects.push(product.subject());
    }
    for part in parts {
        followed.add(part);
    }
}

#[derive(Deserialize)]
struct Vulnerability {
    name: String,
    aliases: Option<Vec<String>>,
}

/// A product or a part of one. Whatever else stood in it would narrow it down.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Component {
    #[serde(rename = "@id")]
    id: Option<String>,
    identifiers: Option<Identifiers>,
    #[serde(rename = "hashes")]
    _hashes: Option<IgnoredAny>,
    #[serde(rename = "supplier")]
    _supplier: Option<IgnoredAny>,
    subcomponents: Option<Vec<Named<Self>>>,
}

/// Names of the same thing: any of them will do.
#[derive(Deserialize)]
struct Identifiers {
    purl: Option<String>,
}

impl Component {
    fn product(&self) -> Result<Product, String> {
        let purl = self.identifiers.as_ref().and_then(|identifiers| identifiers.purl.as_deref());
        let id = self.id.as_deref();
        match id.filter(|id| id.starts_with("pkg:")).or(purl).or(id) {
            Some(name) => Product::of(name),
            None => Err("a product without a name".to_owned()),
        }
    }
}

/// What v0.0.1 wrote as a string.
struct Named<T>(T);

impl From<String> for Vulnerability {
    fn from(name: String) -> Self {
        Self { name, aliases: None }
    }
}

impl From<String> for Component {
    fn from(id: String) -> Self {
        Self { id: Some(id), ..Self::default() }
    }
}

impl<'de, T: Deserialize<'de> + From<String>> Deserialize<'de> for Named<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NameOrObject(PhantomData)).map(Self)
    }
}

struct NameOrObject<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de> + From<String>> Visitor<'de> for NameOrObject<T> {
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a name or an object")
    }

    fn visit_str<E>(self, name: &str) -> Result<T, E> {
        Ok(T::from(name.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(members))
    }
}

#[cfg(test)]
mod tests;
