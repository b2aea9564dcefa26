//! The versions of one key: what is left of an object that was deleted.

use contract::aws::CallError;

use super::objects::Objects;

/// The most versions of one page. Source: S3 API reference, `ListObjectVersions`.
const PAGE: i32 = 1000;
/// The version of what was written while versioning was off. Source: S3 user guide, "Adding objects to versioning-suspended buckets".
pub(crate) const NULL_VERSION: &str = "null";

/// A version of an object, or a delete marker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Version {
    pub(crate) id: String,
    pub(crate) is_marker: bool,
}

impl Objects {
    /// All versions and delete markers of a key. In a bucket without versions, an object is one.
    pub(crate) async fn versions(&self, key: &str) -> Result<Vec<Version>, CallError> {
        let mut versions = Vec::new();
        let (mut key_marker, mut id_marker) = (None, None);
        loop {
            let list = self.reading.list_object_versions().bucket(&self.bucket).prefix(key).max_keys(PAGE);
            let page = list.set_key_marker(key_marker).set_version_id_marker(id_marker).send().await;
            let page = page.map_err(|error| CallError::new("s3:ListBucketVersions", &error))?;
            let objects = page.versions.unwrap_or_default().into_iter();
            let objects = objects.map(|version| (version.key, version.version_id, false));
            let markers = page.delete_markers.unwrap_or_default().into_iter();
            let markers = markers.map(|marker| (marker.key, marker.version_id, true));
            let own = objects.chain(markers).filter(|(own, ..)| own.as_deref() == Some(key));
            versions.extend(own.filter_map(|(_, id, is_marker)| Some(Version { id: id?, is_marker })));
            (key_marker, id_marker) = (page.next_key_marker, page.next_version_id_marker);
            if page.is_truncated != Some(true) || key_marker.is_none() {
                return Ok(versions);
            }
        }
    }

    /// Removes a version for good; without one, what lies there now, whatever it is.
    pub(crate) async fn remove(&self, key: &str, version: Option<&str>) -> Result<(), CallError> {
        let operation = if version.is_some() { "s3:DeleteObjectVersion" } else { "s3:DeleteObject" };
        let delete = self.reading.delete_object().bucket(&self.bucket).key(key);
        let deleted = delete.set_version_id(version.map(str::to_owned)).send().await;
        deleted.map(drop).map_err(|error| CallError::new(operation, &error))
    }
}
