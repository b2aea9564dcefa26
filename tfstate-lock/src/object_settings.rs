//! How objects are written: what a bucket's rules may ask of every one of them.

use crate::encryption::Encryption;

/// What the lock object, and a state that is put back, get beside their bytes.
#[derive(Clone, Debug, Default)]
pub struct ObjectSettings {
    /// How they are encrypted; with a key of the customer's, reading needs it too.
    pub encryption: Encryption,
    /// A canned ACL.
    pub acl: Option<String>,
    /// Tags of the lock object: names and values.
    pub lock_tags: Vec<(String, String)>,
    /// Tags of the state.
    pub state_tags: Vec<(String, String)>,
}
