//! What a document looks like from afar: the members of its top level, as far as they are in sight.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// The top level of a document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outline {
    /// What the document is.
    pub shape: Shape,
    /// The members of the object, in order, as far as they are in sight.
    pub members: Vec<(String, Shape)>,
    /// Whether the end of the document is in sight.
    pub whole: bool,
}

/// What a value looks like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Shape {
    /// Its beginning is not in sight.
    #[default]
    Unseen,
    /// `null`.
    Null,
    /// A number or a boolean.
    Scalar,
    /// A string.
    Text(String),
    /// An object, with the names of its members as far as they are in sight.
    Object(Vec<String>),
    /// A list, with the names of the members of its first element; none if that is no object.
    List(Vec<String>),
}

impl Outline {
    /// Looks at the beginning of a document.
    #[must_use]
    pub(super) fn of(bytes: &[u8]) -> Self {
        let mut outline = Self::default();
        let mut deserializer = serde_json::Deserializer::from_slice(bytes);
        // The bytes may end anywhere: what was seen until then is what can be said.
        outline.whole = TopLevel { shape: &mut outline.shape, members: &mut outline.members }
            .deserialize(&mut deserializer)
            .is_ok();
        outline
    }

    /// A member, if it is in sight.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Shape> {
        self.members.iter().find(|(member, _)| member == name).map(|(_, shape)| shape)
    }

    /// Whether all of these members are in sight.
    #[must_use]
    pub fn has(&self, names: &[&str]) -> bool {
        names.iter().all(|name| self.get(name).is_some())
    }

    /// Whether one of these members is in sight.
    #[must_use]
    pub fn has_any(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.get(name).is_some())
    }

    /// A member that is a string.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.get(name) {
            Some(Shape::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// Whether a member is a list, or what may still become one.
    #[must_use]
    pub fn has_list(&self, name: &str) -> bool {
        matches!(self.get(name), Some(Shape::List(_)))
    }

    /// Whether a member is a list whose first element has all of these members.
    #[must_use]
    pub fn has_list_of(&self, name: &str, members: &[&str]) -> bool {
        matches!(self.get(name), Some(Shape::List(first)) if has_all(first, members))
    }

    /// Whether a member is an object with all of these members.
    #[must_use]
    pub fn has_object_with(&self, name: &str, members: &[&str]) -> bool {
        matches!(self.get(name), Some(Shape::Object(names)) if has_all(names, members))
    }

    /// Whether the document is a list whose first element has all of these members.
    #[must_use]
    pub fn is_list_of(&self, members: &[&str]) -> bool {
        matches!(&self.shape, Shape::List(first) if has_all(first, members))
    }
}

fn has_all(names: &[String], wanted: &[&str]) -> bool {
    wanted.iter().all(|wanted| names.iter().any(|name| name == wanted))
}

struct TopLevel<'a> {
    shape: &'a mut Shape,
    members: &'a mut Vec<(String, Shape)>,
}

impl<'de> DeserializeSeed<'de> for TopLevel<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for TopLevel<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        *self.shape = Shape::Object(Vec::new());
        while let Some(name) = map.next_key::<String>()? {
            self.members.push((name, Shape::Unseen));
            if let Some((_, shape)) = self.members.last_mut() {
                map.next_value_seed(Look(shape))?;
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, elements: A) -> Result<(), A::Error> {
        Look(self.shape).visit_seq(elements)
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Look(self.shape).visit_unit()
    }
}

/// Looks at one value.
struct Look<'a>(&'a mut Shape);

impl<'de> DeserializeSeed<'de> for Look<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Look<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        *self.0 = Shape::Scalar;
        Ok(())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        *self.0 = Shape::Scalar;
        Ok(())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        *self.0 = Shape::Scalar;
        Ok(())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        *self.0 = Shape::Scalar;
        Ok(())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        *self.0 = Shape::Text(text.to_owned());
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        *self.0 = Shape::Null;
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        *self.0 = Shape::Object(Vec::new());
        names(&mut members, self.0)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        *self.0 = Shape::List(Vec::new());
        elements.next_element_seed(First(self.0))?;
        while elements.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }
}

/// The first element of a list: the names of its members.
struct First<'a>(&'a mut Shape);

impl<'de> DeserializeSeed<'de> for First<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for First<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        while elements.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        names(&mut members, self.0)
    }
}

fn names<'de, A: MapAccess<'de>>(members: &mut A, shape: &mut Shape) -> Result<(), A::Error> {
    while let Some(name) = members.next_key::<String>()? {
        if let Shape::Object(names) | Shape::List(names) = shape {
            names.push(name);
        }
        members.next_value::<IgnoredAny>()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_sight_is_told_wherever_the_document_is_cut() {
        let text =
            r#"{"version":"2","count":3,"list":[{"id":1,"name":"x"},{"z":1}],"map":{"a":{"b":1}},"nothing":null}"#;
        let outline = Outline::of(text.as_bytes());
        assert!(outline.whole && outline.shape == Shape::Object(Vec::new()));
        assert_eq!(outline.text("version"), Some("2"));
        assert!(outline.has_list_of("list", &["id", "name"]) && !outline.has_list_of("list", &["z"]));
        assert!(outline.has_object_with("map", &["a"]));
        assert!(outline.has(&["count", "nothing"]) && !outline.has_any(&["other"]));
        let cut = Outline::of(&text.as_bytes()[..44]);
        assert!(!cut.whole && cut.has_list_of("list", &["id"]), "{cut:?}");
    }

    #[test]
    fn a_list_shows_its_first_element() {
        assert!(Outline::of(br#"[{"Target":"a","Vulner"#).is_list_of(&["Target"]));
        assert_eq!(Outline::of(b"[]").shape, Shape::List(Vec::new()));
        assert_eq!(Outline::of(b"null").shape, Shape::Null);
        assert_eq!(Outline::of(b"nonsense").shape, Shape::Unseen);
    }
}
