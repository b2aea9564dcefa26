//! A bucket: keys, and under each key its versions.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::object::Object;
use super::quirks::Quirks;
use super::settings::Settings;

/// The id of a version that was written while versioning was off. Source: S3 user guide, "Adding objects to versioning-suspended buckets".
pub(super) const NULL_VERSION: &str = "null";

/// Whether a bucket keeps old versions. A bucket that never did has none of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Versioning {
    Enabled,
    Suspended,
}

/// One version of a key.
#[derive(Clone, Debug)]
pub(super) struct Version {
    /// Its id; `null` if it was written without versioning.
    pub(super) id: String,
    /// When it was written.
    pub(super) modified: Timestamp,
    /// What was written; nothing in a delete marker.
    pub(super) object: Option<Object>,
}

/// A bucket.
#[derive(Debug)]
pub(super) struct Bucket {
    pub(super) created: Timestamp,
    pub(super) versioning: Option<Versioning>,
    pub(super) settings: Settings,
    /// How it departs from Amazon's.
    pub(super) quirks: Quirks,
    /// Versions oldest first. No list is ever empty.
    pub(super) keys: BTreeMap<String, Vec<Version>>,
}

impl Bucket {
    /// An empty bucket.
    pub(super) fn new(now: Timestamp) -> Self {
        Self {
            created: now,
            versioning: None,
            settings: Settings::default(),
            quirks: Quirks::default(),
            keys: BTreeMap::new(),
        }
    }

    /// The newest version, be it an object or a delete marker.
    pub(super) fn newest(&self, key: &str) -> Option<&Version> {
        self.keys.get(key)?.last()
    }

    /// The current object: a delete marker on top counts as none.
    pub(super) fn current(&self, key: &str) -> Option<(&Version, &Object)> {
        let version = self.newest(key)?;
        Some((version, version.object.as_ref()?))
    }

    /// The `ETag` that conditions look at.
    pub(super) fn current_etag(&self, key: &str) -> Option<&str> {
        self.current(key).map(|(_, object)| object.etag.as_str())
    }

    /// A version by its id.
    pub(super) fn version(&self, key: &str, id: &str) -> Option<&Version> {
        self.keys.get(key)?.iter().find(|version| version.id == id)
    }

    /// The same, to change it.
    pub(super) fn version_mut(&mut self, key: &str, id: Option<&str>) -> Option<&mut Version> {
        let versions = self.keys.get_mut(key)?;
        match id {
            Some(id) => versions.iter_mut().find(|version| version.id == id),
            None => versions.last_mut(),
        }
    }

    /// Makes `object` the current one. Returns the version's id as S3 says it: none in a bucket that never had versions.
    pub(super) fn put(&mut self, key: &str, object: Object, fresh_id: String, now: Timestamp) -> Option<String> {
        self.add(key, Some(object), fresh_id, now)
    }

    /// Lays a delete marker on top. Returns its id.
    pub(super) fn mark_deleted(&mut self, key: &str, fresh_id: String, now: Timestamp) -> Option<String> {
        self.add(key, None, fresh_id, now)
    }

    fn add(&mut self, key: &str, object: Option<Object>, fresh_id: String, now: Timestamp) -> Option<String> {
        let versions = self.keys.entry(key.to_owned()).or_default();
        let id = match self.versioning {
            Some(Versioning::Enabled) => fresh_id,
            Some(Versioning::Suspended) | None => {
                versions.retain(|version| version.id != NULL_VERSION);
                NULL_VERSION.to_owned()
            }
        };
        versions.push(Version { id: id.clone(), modified: now, object });
        self.versioning.map(|_| id)
    }

    /// Removes one version for good, if it is there, and returns it.
    pub(super) fn remove_version(&mut self, key: &str, id: &str) -> Option<Version> {
        let versions = self.keys.get_mut(key)?;
        let at = versions.iter().position(|version| version.id == id)?;
        let removed = versions.remove(at);
        if versions.is_empty() {
            self.keys.remove(key);
        }
        Some(removed)
    }
}
