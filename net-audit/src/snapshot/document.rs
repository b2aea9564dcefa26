//! The documents of an input, one by one, and what each of them is. Nothing is copied that need not be.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::fmt;

use serde::de::{Error, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::ReadError;
use crate::inventory::gap::Kind;
use crate::snapshot::capture::SCHEMA;
use crate::snapshot::terraform;

/// The members of one JSON object, not looked into.
#[derive(Clone, Debug, Default)]
pub(super) struct Members<'a>(Vec<(Cow<'a, str>, Cow<'a, RawValue>)>);

impl Members<'_> {
    /// A member that is there and not `null`.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let (_, raw) = self.0.iter().find(|(candidate, _)| candidate == name)?;
        (raw.get() != "null").then_some(raw.get())
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_ref())
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
        let mut members = Vec::new();
        let mut seen: HashSet<String> = HashSet::new();
        while let Some(Name(name)) = map.next_key::<Name<'de>>()? {
            if !seen.insert(name.to_string()) {
                return Err(A::Error::custom(format_args!("member `{name}` stands there twice")));
            }
            members.push((name, Cow::Borrowed(map.next_value::<&'de RawValue>()?)));
        }
        Ok(Members(members))
    }
}

#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// What is known of one region of one account, in any number of parts.
#[derive(Debug, Default)]
pub(super) struct Layer<'a> {
    pub(super) account: Option<String>,
    pub(super) region: Option<String>,
    pub(super) members: Vec<Members<'a>>,
    /// Members that could not be listed, and why.
    pub(super) denied: BTreeMap<String, String>,
    /// Whether it is made of documents that do not say which region they are from: then they must be of one.
    pub(super) is_loose: bool,
    /// Whether Terraform wrote it.
    pub(super) is_terraform: bool,
}

/// What a document is.
pub(super) enum Content<'a> {
    /// Members that do not say which region they are from.
    Loose(Members<'a>),
    /// Regions that say so.
    Regions(Vec<Layer<'a>>),
    /// Members of which none is read, as another command of the AWS CLI writes them.
    Unused(Vec<String>),
}

/// The objects of one source, one behind the other, each with its own bytes.
pub(super) fn objects(bytes: &[u8]) -> Result<Vec<(Members<'_>, &[u8])>, ReadError> {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(ReadError::Utf16);
    }
    if [&b"PK\x03\x04"[..], b"\x1f\x8b"].into_iter().any(|magic| bytes.starts_with(magic)) {
        return Err(ReadError::Packed);
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(ReadError::Empty);
    }
    if !bytes.trim_ascii_start().starts_with(b"{") {
        let whole: Result<IgnoredAny, serde_json::Error> = serde_json::from_slice(bytes);
        return Err(match whole {
            Ok(_) => ReadError::Alien("it is not a JSON object".to_owned()),
            Err(error) if error.is_eof() || bytes.trim_ascii_start().starts_with(b"[") => error.into(),
            Err(error) => str::from_utf8(bytes).map_or_else(|_| error.into(), text),
        });
    }
    let mut stream = serde_json::Deserializer::from_slice(bytes).into_iter::<Members<'_>>();
    let mut objects = Vec::new();
    let mut start = 0;
    while let Some(members) = stream.next() {
        let end = stream.byte_offset();
        objects.push((members?, bytes.get(start..end).unwrap_or_default()));
        start = end;
    }
    Ok(objects)
}

/// What text is that is no JSON.
fn text(text: &str) -> ReadError {
    let told = ["Terraform will perform", "Terraform used the selected providers", "resource \"aws_", "data \"aws_"];
    if told.iter().any(|told| text.contains(told)) {
        return ReadError::Terraform("this is what Terraform tells people, not JSON".to_owned());
    }
    ReadError::Text
}

/// The member that says that another page follows, or went before. Services call it by different names.
fn page(members: &Members<'_>) -> Option<String> {
    let tokens = ["nexttoken", "marker", "nextmarker", "nextpagetoken", "paginationtoken", "nextrecordname"];
    let says_so = |(name, raw): &&(Cow<'_, str>, Cow<'_, RawValue>)| {
        let name = name.to_ascii_lowercase();
        let is_token = tokens.contains(&name.as_str());
        (is_token && !matches!(raw.get(), "null" | "\"\"")) || (name == "istruncated" && raw.get() == "true")
    };
    members.0.iter().find(says_so).map(|(name, _)| name.to_string())
}

/// Whether an object is what a command of the AWS CLI may write: named lists and structures.
fn may_be_of_aws(members: &Members<'_>) -> bool {
    let is_word = |name: &str| {
        name.starts_with(|first: char| first.is_ascii_alphabetic())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    let holds_something = members.0.iter().any(|(_, raw)| raw.get().starts_with(['[', '{']));
    holds_something && members.names().all(is_word)
}

/// Tells what an object is.
pub(super) fn recognise<'a>(
    members: Members<'a>,
    bytes: &[u8],
    notes: &mut Vec<String>,
) -> Result<Content<'a>, ReadError> {
    if terraform::recognises(members.names()) {
        return translated(bytes, notes).map(|layer| Content::Regions(vec![layer]));
    }
    if members.get("lineage").is_some() && members.get("terraform_version").is_some() {
        return Err(ReadError::Terraform("this is a state as Terraform stores it, not as it shows it".to_owned()));
    }
    if members.get("@level").is_some() {
        return Err(ReadError::Terraform("this is what Terraform tells while it works, not what it shows".to_owned()));
    }
    if let Some(schema) = members.get("schema") {
        return own(&members, schema).map(Content::Regions);
    }
    let known = || Kind::ALL.iter().flat_map(|kind| kind.members());
    let misspelt = |name: &&str| known().any(|known| known != name && known.eq_ignore_ascii_case(name));
    if let Some(name) = members.names().find(misspelt) {
        return Err(ReadError::Alien(format!("member `{name}` is not spelled as AWS spells it")));
    }
    if !known().any(|name| members.get(name).is_some()) {
        if may_be_of_aws(&members) {
            return Ok(Content::Unused(members.names().map(str::to_owned).collect()));
        }
        return Err(ReadError::Alien("it describes neither VPCs nor subnets nor routes".to_owned()));
    }
    match page(&members) {
        Some(member) => Err(ReadError::OnePage(member)),
        None => Ok(Content::Loose(members)),
    }
}

/// What Terraform shows, in the words of the AWS CLI. What it does not manage is no part of the question: a kind of which it manages nothing is empty,
/// and a person is told so. What was carried is no resource, and stays unknown.
fn translated<'a>(bytes: &[u8], notes: &mut Vec<String>) -> Result<Layer<'a>, ReadError> {
    let mut translation = terraform::translate(bytes).map_err(|error| ReadError::Terraform(error.to_string()))?;
    notes.push("what Terraform does not manage is not audited".to_owned());
    notes.extend(translation.notes);
    for kind in Kind::ALL.iter().filter(|kind| **kind != Kind::NatTraffic) {
        if !kind.members().iter().any(|member| translation.members.contains_key(*member)) {
            translation.members.insert(kind.member().to_owned(), serde_json::json!([]));
        }
    }
    let raw = |value: &serde_json::Value| serde_json::value::to_raw_value(value).map(Cow::Owned);
    let members = translation.members.iter().map(|(name, value)| Ok((Cow::Owned(name.clone()), raw(value)?)));
    let members = Members(members.collect::<Result<_, serde_json::Error>>()?);
    let (account, region) = (translation.account, translation.region);
    Ok(Layer { account, region, members: vec![members], is_terraform: true, ..Layer::default() })
}

/// Reads an own snapshot.
fn own<'a>(members: &Members<'a>, schema: &str) -> Result<Vec<Layer<'a>>, ReadError> {
    let schema: String = serde_json::from_str(schema).unwrap_or_default();
    if schema != SCHEMA {
        return Err(ReadError::Alien(format!("its schema is `{schema}`, not `{SCHEMA}`")));
    }
    let invalid =
        |error: serde_json::Error| ReadError::Member { member: "regions".to_owned(), cause: error.to_string() };
    let regions = members.0.iter().find(|(name, _)| name == "regions").map(|(_, raw)| raw);
    // An own snapshot is only ever read from the bytes that it came in.
    let Some(Cow::Borrowed(regions)) = regions else {
        return Err(ReadError::Alien("it has no `regions`".to_owned()));
    };
    let regions: Vec<Members<'a>> = serde_json::from_str(regions.get()).map_err(invalid)?;
    let layers = regions.into_iter().map(|region| match page(&region) {
        Some(member) => Err(ReadError::OnePage(member)),
        None => layer(region).map_err(invalid),
    });
    layers.collect()
}

#[derive(Deserialize)]
struct Denied {
    operation: String,
    members: Vec<String>,
    code: Option<String>,
    message: String,
}

fn layer(members: Members<'_>) -> Result<Layer<'_>, serde_json::Error> {
    let text = |name: &str| members.get(name).map(serde_json::from_str::<String>).transpose();
    let denied: Vec<Denied> = members.get("denied").map(serde_json::from_str).transpose()?.unwrap_or_default();
    let reasons = denied.into_iter().flat_map(|denied| {
        let code = denied.code.map(|code| format!("{code}: ")).unwrap_or_default();
        let why = format!("{} failed: {code}{}", denied.operation, denied.message);
        denied.members.into_iter().map(move |member| (member, why.clone()))
    });
    Ok(Layer {
        account: text("account")?,
        region: text("region")?,
        denied: reasons.collect(),
        members: vec![members],
        ..Layer::default()
    })
}
