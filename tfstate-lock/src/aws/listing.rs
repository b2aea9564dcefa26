//! Which lock objects lie below a prefix.

use contract::aws::CallError;

use super::objects::Objects;
use crate::state::address::{Prefix, StateAddress};

/// The most keys of one page. Source: S3 API reference, `ListObjectsV2`.
const PAGE: i32 = 1000;

impl Objects {
    /// The states whose lock objects lie below a prefix, in the order of their keys. S3 finds keys by how they begin, not by how they end:
    /// so all keys below the prefix are looked through, a thousand a request.
    pub(crate) async fn locked_states(&self, below: &Prefix) -> Result<Vec<StateAddress>, CallError> {
        let mut states = Vec::new();
        let mut next = None;
        loop {
            let list = self.reading.list_objects_v2().bucket(&self.bucket).prefix(&below.prefix).max_keys(PAGE);
            let page = list.set_continuation_token(next).send().await;
            let page = page.map_err(|error| CallError::new("s3:ListBucket", &error))?;
            let keys = page.contents.unwrap_or_default().into_iter().filter_map(|object| object.key);
            states.extend(keys.filter_map(|key| StateAddress::of_lock(&self.bucket, &key)));
            next = page.next_continuation_token;
            if next.is_none() {
                return Ok(states);
            }
        }
    }
}
