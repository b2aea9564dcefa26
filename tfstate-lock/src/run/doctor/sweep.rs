//! Removing what a probe left: the object, and in a bucket with versions each of them.

use contract::aws::CallError;

use crate::aws::{LockObject, NULL_VERSION};
use crate::examine::Observations;

/// Removing what lies there may leave a delete marker, which is removed in the next round.
const ROUNDS: usize = 3;

/// What is left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Swept {
    /// Nothing.
    Clean,
    /// Something.
    Left {
        /// What.
        what: String,
        /// Why.
        why: String,
    },
}

pub(super) async fn sweep(object: &LockObject, seen: &Observations) -> Swept {
    for round in 0..ROUNDS {
        let versions = match object.objects.versions(&object.key).await {
            Ok(versions) => versions,
            Err(error) => return unlisted(object, seen, &error).await,
        };
        if versions.is_empty() {
            return Swept::Clean;
        }
        for version in &versions {
            // Who may not remove versions may still remove an object from a bucket that has none.
            let is_plain = round == 0 && !version.is_marker && version.id == NULL_VERSION;
            let id = (!is_plain).then_some(version.id.as_str());
            if let Err(error) = object.objects.remove(&object.key, id).await {
                return hidden(object, versions.len(), &error).await;
            }
        }
    }
    Swept::Left { what: "an object or a delete marker".to_owned(), why: "it comes again".to_owned() }
}

/// Nobody says which versions there are: the object is removed, and in a bucket with versions they stay.
async fn unlisted(object: &LockObject, seen: &Observations, error: &CallError) -> Swept {
    if let Err(error) = object.objects.remove(&object.key, None).await {
        return Swept::Left { what: "the object".to_owned(), why: error.to_string() };
    }
    let never_had_versions = seen.settings.versioning.as_ref().is_ok_and(|versioning| versioning.status.is_none());
    if never_had_versions {
        return Swept::Clean;
    }
    Swept::Left { what: "its versions, if the bucket keeps them".to_owned(), why: error.to_string() }
}

/// A version stays, beneath a delete marker at least.
async fn hidden(object: &LockObject, versions: usize, error: &CallError) -> Swept {
    let what = match object.objects.remove(&object.key, None).await {
        Ok(()) => format!("at most {versions} versions, beneath a delete marker"),
        Err(_) => format!("the object, in at most {versions} versions"),
    };
    Swept::Left { what, why: error.to_string() }
}
