//! A JSON object whose members are kept as the bytes they came as, in the order they came in.

use std::fmt;

use serde::de::{Error as _, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

/// An object that loses nothing: unknown members, odd numbers and the order survive. A member that stands there twice is refused.
#[derive(Clone, Debug, Default)]
pub struct RawObject {
    members: Vec<(String, Box<RawValue>)>,
}

impl RawObject {
    /// A member's JSON text.
    #[must_use]
    pub fn get(&self, member: &str) -> Option<&str> {
        self.members.iter().find(|(name, _)| name == member).map(|(_, raw)| raw.get())
    }

    /// The members in order, with their JSON text.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.members.iter().map(|(name, raw)| (name.as_str(), raw.get()))
    }

    /// Sets a member: in its place if it is there, else at the end.
    pub fn set(&mut self, member: &str, raw: Box<RawValue>) {
        self.set_before(member, raw, |_| false);
    }

    /// Sets a member: in its place if it is there, else before the first member that `is_behind` names, else at the end.
    pub fn set_before(&mut self, member: &str, raw: Box<RawValue>, is_behind: impl Fn(&str) -> bool) {
        if let Some((_, place)) = self.members.iter_mut().find(|(name, _)| name == member) {
            *place = raw;
            return;
        }
        let place = self.members.iter().position(|(name, _)| is_behind(name)).unwrap_or(self.members.len());
        self.members.insert(place, (member.to_owned(), raw));
    }

    /// Takes members away.
    pub fn remove(&mut self, unwanted: &[&str]) {
        self.members.retain(|(name, _)| !unwanted.contains(&name.as_str()));
    }

    /// The object as JSON text.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Every member is JSON already: there is nothing that could fail.
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl Serialize for RawObject {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.members.len()))?;
        for (name, raw) in &self.members {
            map.serialize_entry(name, raw)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for RawObject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = RawObject;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RawObject, A::Error> {
                let mut object = RawObject::default();
                while let Some((name, raw)) = map.next_entry::<String, Box<RawValue>>()? {
                    if object.get(&name).is_some() {
                        return Err(A::Error::custom(format!("member `{name}` stands there twice")));
                    }
                    object.members.push((name, raw));
                }
                Ok(object)
            }
        }

        deserializer.deserialize_map(Members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_touched_stays_as_it_was() {
        let text = r#"{"b":1.10,"a":[1e400],"c":{"z":1,"y":2}}"#;
        let mut object: RawObject = serde_json::from_str(text).unwrap();
        assert_eq!(object.to_json(), text);
        object.set("a", RawValue::from_string("7".to_owned()).unwrap());
        object.set("new", RawValue::from_string("8".to_owned()).unwrap());
        object.remove(&["b"]);
        assert_eq!(object.to_json(), r#"{"a":7,"c":{"z":1,"y":2},"new":8}"#);
    }

    #[test]
    fn a_member_that_stands_there_twice_is_refused() {
        assert!(serde_json::from_str::<RawObject>(r#"{"a":1,"a":2}"#).is_err());
    }
}
