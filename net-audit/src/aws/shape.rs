//! From the XML of the query protocols to the JSON that the AWS CLI writes: what is told apart is said by tables, a shape for each structure.
//!
//! What a table does not name is left out. What an answer does not have is left out too, as the CLI does.

use roxmltree::Node;
use serde::Serialize;
use serde::ser::{SerializeMap, SerializeSeq, Serializer};

/// The members of a structure.
pub(super) type Shape = &'static [Member];

/// A member of a structure.
#[derive(Clone, Copy, Debug)]
pub(super) struct Member {
    /// The name in JSON.
    pub(super) name: &'static str,
    /// The name in XML. Whether its first letter is a capital is a matter of the service, and is passed over.
    pub(super) element: &'static str,
    kind: Kind,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Text,
    Number,
    Flag,
    Texts,
    Numbers,
    Structure(Shape),
    /// The name of the elements is a matter of the service too: everything in a list is an element of it.
    List(Shape),
}

impl Member {
    const fn new(name: &'static str, kind: Kind) -> Self {
        Self { name, element: name, kind }
    }

    /// The same under another name in XML.
    pub(super) const fn from(self, element: &'static str) -> Self {
        Self { element, ..self }
    }

    /// The shape of its elements, if it is a list of structures.
    pub(super) fn shape(&self) -> Shape {
        match self.kind {
            Kind::List(shape) => shape,
            _ => &[],
        }
    }

    /// Whether it is called so in XML.
    pub(super) fn is(&self, element: &str) -> bool {
        let (Some((first, rest)), Some((own_first, own_rest))) = (split(element), split(self.element)) else {
            return false;
        };
        rest == own_rest && first.eq_ignore_ascii_case(own_first)
    }
}

fn split(name: &str) -> Option<(&str, &str)> {
    name.split_at_checked(1)
}

pub(super) const fn text(name: &'static str) -> Member {
    Member::new(name, Kind::Text)
}

pub(super) const fn number(name: &'static str) -> Member {
    Member::new(name, Kind::Number)
}

pub(super) const fn flag(name: &'static str) -> Member {
    Member::new(name, Kind::Flag)
}

pub(super) const fn texts(name: &'static str) -> Member {
    Member::new(name, Kind::Texts)
}

pub(super) const fn numbers(name: &'static str) -> Member {
    Member::new(name, Kind::Numbers)
}

pub(super) const fn structure(name: &'static str, shape: Shape) -> Member {
    Member::new(name, Kind::Structure(shape))
}

pub(super) const fn list(name: &'static str, shape: Shape) -> Member {
    Member::new(name, Kind::List(shape))
}

/// The tags of anything in EC2.
pub(super) const TAGS: Member = list("Tags", TAG).from("tagSet");

/// A tag.
pub(super) const TAG: Shape = &[text("Key"), text("Value")];

/// An element as the structure that it is.
pub(super) struct Structure<'a, 'input> {
    pub(super) node: Node<'a, 'input>,
    pub(super) shape: Shape,
    /// A member that the answer does not have, because the question had it.
    pub(super) added: Option<(&'static str, &'a str)>,
}

impl Serialize for Structure<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some((name, value)) = self.added {
            map.serialize_entry(name, value)?;
        }
        for child in self.node.children().filter(Node::is_element) {
            if let Some(member) = self.shape.iter().find(|member| member.is(child.tag_name().name())) {
                map.serialize_entry(member.name, &Value { node: child, kind: member.kind })?;
            }
        }
        map.end()
    }
}

struct Value<'a, 'input> {
    node: Node<'a, 'input>,
    kind: Kind,
}

impl Serialize for Value<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = || self.node.text().unwrap_or_default();
        let element = |kind| move |node| Value { node, kind };
        let elements = || self.node.children().filter(Node::is_element);
        match self.kind {
            Kind::Text => serializer.serialize_str(text()),
            Kind::Flag => match text() {
                "true" => serializer.serialize_bool(true),
                "false" => serializer.serialize_bool(false),
                other => serializer.serialize_str(other),
            },
            Kind::Number => serialize_number(serializer, text()),
            Kind::Structure(shape) => Structure { node: self.node, shape, added: None }.serialize(serializer),
            Kind::Texts => collect(serializer, elements().map(element(Kind::Text))),
            Kind::Numbers => collect(serializer, elements().map(element(Kind::Number))),
            Kind::List(shape) => collect(serializer, elements().map(element(Kind::Structure(shape)))),
        }
    }
}

/// What is no number stays the text that it is: whoever reads the member says that it is none.
fn serialize_number<S: Serializer>(serializer: S, text: &str) -> Result<S::Ok, S::Error> {
    match (text.parse::<i64>(), text.parse::<f64>()) {
        (Ok(whole), _) => serializer.serialize_i64(whole),
        (_, Ok(number)) => serializer.serialize_f64(number),
        _ => serializer.serialize_str(text),
    }
}

fn collect<S: Serializer>(serializer: S, values: impl Iterator<Item = impl Serialize>) -> Result<S::Ok, S::Error> {
    let mut sequence = serializer.serialize_seq(None)?;
    for value in values {
        sequence.serialize_element(&value)?;
    }
    sequence.end()
}
