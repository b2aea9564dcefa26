//! All resources of one kind, out of every part of a region's description.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserializer as _;
use serde::de::{DeserializeOwned, Error, SeqAccess, Visitor};

use super::document::{Layer, Members};
use super::error::ReadError;
use super::wire::Described;
use crate::inventory::Listing;
use crate::inventory::gap::Kind;

/// The members of an object that hold a kind, each with its name.
pub(super) fn raw<'m>(members: &'m Members<'_>, kind: Kind) -> impl Iterator<Item = (&'static str, &'m str)> {
    kind.members().iter().filter_map(|name| Some((*name, members.get(name)?)))
}

/// Reads a kind, element by element.
pub(super) fn read<D: Described + DeserializeOwned>(
    layer: &Layer<'_>,
    kind: Kind,
) -> Result<Listing<D::Resource>, ReadError> {
    let mut items: Option<BTreeMap<String, D::Resource>> = None;
    for (member, text) in layer.members.iter().flat_map(|members| raw(members, kind)) {
        let elements = Elements::<D> { items: items.get_or_insert_default(), element: PhantomData };
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let read = deserializer.deserialize_seq(elements);
        read.map_err(|error| ReadError::Member { member: member.to_owned(), cause: error.to_string() })?;
    }
    let denied = kind.members().iter().find_map(|member| layer.denied.get(*member)).cloned();
    Ok(Listing::new(kind, items).with_denial(denied))
}

struct Elements<'i, D: Described> {
    items: &'i mut BTreeMap<String, D::Resource>,
    element: PhantomData<D>,
}

impl<'de, D: Described + DeserializeOwned> Visitor<'de> for Elements<'_, D> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        while let Some(element) = elements.next_element::<D>()? {
            for (id, resource) in element.resources().map_err(A::Error::custom)? {
                // Pages that were taken one after the other may overlap.
                if self.items.get(&id).is_some_and(|other| *other != resource) {
                    return Err(A::Error::custom(format_args!("{id} stands there twice, and differs")));
                }
                self.items.insert(id, resource);
            }
        }
        Ok(())
    }
}
