//! A deserialiser that refuses a member whose name differs from a known one only in its case, or in one letter if the known one is missing: read as
//! unknown, what stands there would be lost. An object that is no struct must not have a name twice either.

use std::collections::HashSet;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde::de::{DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, forward_to_deserialize_any};

use super::is_nearly;

/// A value that was read strictly.
pub(super) struct Strict<T>(pub(super) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Strict<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(Watched { inner: deserializer, known: &[] }).map(Self)
    }
}

/// Something of serde's, and the names that are known in the struct at hand.
struct Watched<T> {
    inner: T,
    known: &'static [&'static str],
}

macro_rules! forward {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
            self.inner.$method(Watched { inner: visitor, known: &[] })
        })*
    };
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Watched<D> {
    type Error = D::Error;

    forward! {
        deserialize_any deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_u8 deserialize_u16
        deserialize_u32 deserialize_u64 deserialize_f32 deserialize_f64 deserialize_char deserialize_str deserialize_string deserialize_bytes
        deserialize_byte_buf deserialize_option deserialize_unit deserialize_seq deserialize_map deserialize_identifier
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.inner.deserialize_ignored_any(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.inner.deserialize_struct(name, fields, Watched { inner: visitor, known: fields })
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, D::Error> {
        self.inner.deserialize_newtype_struct(name, Watched { inner: visitor, known: &[] })
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, D::Error> {
        self.inner.deserialize_unit_struct(name, visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, D::Error> {
        self.inner.deserialize_tuple(length, Watched { inner: visitor, known: &[] })
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.inner.deserialize_tuple_struct(name, length, Watched { inner: visitor, known: &[] })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.inner.deserialize_enum(name, variants, Watched { inner: visitor, known: &[] })
    }
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Watched<V> {
    type Value = V::Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.expecting(formatter)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<V::Value, E> {
        self.inner.visit_bool(value)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<V::Value, E> {
        self.inner.visit_i64(value)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<V::Value, E> {
        self.inner.visit_u64(value)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<V::Value, E> {
        self.inner.visit_f64(value)
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<V::Value, E> {
        self.inner.visit_str(value)
    }

    fn visit_borrowed_str<E: Error>(self, value: &'de str) -> Result<V::Value, E> {
        self.inner.visit_borrowed_str(value)
    }

    fn visit_string<E: Error>(self, value: String) -> Result<V::Value, E> {
        self.inner.visit_string(value)
    }

    fn visit_bytes<E: Error>(self, value: &[u8]) -> Result<V::Value, E> {
        self.inner.visit_bytes(value)
    }

    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.inner.visit_unit()
    }

    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.inner.visit_none()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        self.inner.visit_some(Watched { inner: deserializer, known: &[] })
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        self.inner.visit_newtype_struct(Watched { inner: deserializer, known: &[] })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, elements: A) -> Result<V::Value, A::Error> {
        self.inner.visit_seq(Watched { inner: elements, known: &[] })
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<V::Value, A::Error> {
        self.inner.visit_map(Members { inner: members, known: self.known, seen: Seen::default() })
    }

    fn visit_enum<A: EnumAccess<'de>>(self, variant: A) -> Result<V::Value, A::Error> {
        self.inner.visit_enum(variant)
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Watched<A> {
    type Error = A::Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, A::Error> {
        self.inner.next_element_seed(Watched { inner: seed, known: &[] })
    }

    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint()
    }
}

/// The members of an object, and what was seen of their names.
struct Members<A> {
    inner: A,
    known: &'static [&'static str],
    seen: Seen,
}

/// What was seen of an object's names.
#[derive(Default)]
struct Seen {
    /// Hashes of the names in an object that is no struct. Of a struct's names serde itself refuses a second one.
    names: HashSet<u64>,
    /// A bit for each known name that is there.
    known: u64,
    /// Names that are nearly a known one, with its place.
    near: Vec<(String, usize)>,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Members<A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, A::Error> {
        let key = self.inner.next_key_seed(Name { inner: seed, known: self.known, seen: &mut self.seen })?;
        // Where the known name is there too, the one beside it is another member: `package` and `packages`.
        let is_missing = |(_, place): &&(String, usize)| self.seen.known & bit(*place) == 0;
        match self.seen.near.iter().find(is_missing) {
            Some((name, place)) if key.is_none() => Err(misspelled(name, self.known[*place])),
            _ => Ok(key),
        }
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, A::Error> {
        self.inner.next_value_seed(Watched { inner: seed, known: &[] })
    }

    fn size_hint(&self) -> Option<usize> {
        self.inner.size_hint()
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Watched<S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        self.inner.deserialize(Watched { inner: deserializer, known: &[] })
    }
}

/// A member's name on its way to the struct that may know it.
struct Name<'a, T> {
    inner: T,
    known: &'static [&'static str],
    seen: &'a mut Seen,
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Name<'_, S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        self.inner.deserialize(Name { inner: deserializer, known: self.known, seen: self.seen })
    }
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Name<'_, D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.inner.deserialize_any(Name { inner: visitor, known: self.known, seen: self.seen })
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct newtype_struct seq tuple
        tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Name<'_, V> {
    type Value = V::Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.expecting(formatter)
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<V::Value, E> {
        self.seen.note(name, self.known)?;
        self.inner.visit_str(name)
    }

    fn visit_borrowed_str<E: Error>(self, name: &'de str) -> Result<V::Value, E> {
        self.seen.note(name, self.known)?;
        self.inner.visit_borrowed_str(name)
    }
}

/// The bit of a known name. No struct here knows more than 64.
fn bit(place: usize) -> u64 {
    u32::try_from(place).map_or(0, |place| 1_u64.checked_shl(place).unwrap_or(0))
}

fn misspelled<E: Error>(name: &str, known: &str) -> E {
    E::custom(format_args!("member `{name}` is not spelled `{known}`"))
}

impl Seen {
    fn note<E: Error>(&mut self, name: &str, known: &[&str]) -> Result<(), E> {
        if known.is_empty() {
            let mut hash = DefaultHasher::new();
            name.hash(&mut hash);
            let is_new = self.names.insert(hash.finish());
            return if is_new { Ok(()) } else { Err(E::custom(format_args!("member `{name}` stands there twice"))) };
        }
        if let Some(place) = known.iter().position(|known| *known == name) {
            self.known |= bit(place);
            return Ok(());
        }
        for (place, known) in known.iter().enumerate() {
            if known.eq_ignore_ascii_case(name) {
                return Err(misspelled(name, known));
            }
            if is_nearly(name, known) {
                self.near.push((name.to_owned(), place));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Outer {
        severity: Option<String>,
        #[serde(default)]
        inner_list: Vec<Inner>,
    }

    #[derive(Debug, Deserialize)]
    struct Inner {
        id: Option<u8>,
        #[serde(alias = "Size")]
        size: Option<u8>,
    }

    fn read(text: &str) -> Result<Outer, String> {
        serde_json::from_str(text).map(|Strict(outer)| outer).map_err(|error| error.to_string())
    }

    #[test]
    fn look_alikes_are_refused_at_every_level_and_strangers_are_not() {
        let outer = read(r#"{"severity":"high","other":{"SEVERITY":1},"innerList":[{"id":7,"x":[]}]}"#).unwrap();
        assert_eq!((outer.severity.as_deref(), outer.inner_list[0].id), (Some("high"), Some(7)));
        for text in [r#"{"innerList":[{"size":7}]}"#, r#"{"innerList":[{"Size":7}]}"#] {
            assert_eq!(read(text).unwrap().inner_list[0].size, Some(7));
        }
        for (text, expected) in [
            (r#"{"Severity":"high"}"#, "member `Severity` is not spelled `severity` at line 1 column 11"),
            (r#"{"innerList":[{"ID":7}]}"#, "member `ID` is not spelled `id` at line 1 column 19"),
            (r#"{"severity":"a","severity":"b"}"#, "duplicate field `severity` at line 1 column 26"),
        ] {
            assert_eq!(read(text).unwrap_err(), expected);
        }
    }
}
