//! What the command did to the state.

use std::path::Path;
use std::time::SystemTime;

use contract::Session;
use contract::aws::CallError;

use crate::aws::{Read, Store};
use crate::process::terraform_arguments::was_left;
use crate::request::Target;
use crate::state::aftermath::{self, Aftermath};
use crate::state::file::{Reading, StateFile};

/// The state before the command began; none if nobody may say.
pub(super) struct Before(Option<Seen>);

struct Seen {
    /// What names it in the bucket; none if there is no state.
    etag: Option<String>,
    reading: Option<Reading>,
}

impl Before {
    pub(super) async fn look(target: &Target, store: &Store, session: &Session) -> Self {
        let seen = match store.objects.get(target.state.state_key(), None).await {
            Ok(Read::Object(object)) => {
                Some(Seen { etag: Some(object.etag), reading: Some(StateFile::parse(&object.body)) })
            }
            Ok(Read::Missing | Read::Unchanged(_)) => {
                let note = format!("there is no state at {}: a new one, or is the address another?", target.state);
                session.progress.event("note", &note, &[]);
                Some(Seen { etag: None, reading: None })
            }
            Err(cause) => {
                warn(session, &cause);
                None
            }
        };
        Self(seen)
    }

    /// What became of it; none if nobody may say.
    pub(super) async fn after(&self, target: &Target, store: &Store, session: &Session) -> Option<Aftermath> {
        let before = self.0.as_ref()?;
        let now = match store.objects.get(target.state.state_key(), before.etag.as_deref()).await {
            Ok(Read::Unchanged(_)) => before.reading.clone(),
            Ok(Read::Missing) => None,
            Ok(Read::Object(object)) => Some(StateFile::parse(&object.body)),
            Err(cause) => {
                warn(session, &cause);
                return None;
            }
        };
        Some(aftermath::judge(before.reading.as_ref(), now.as_ref()))
    }
}

fn warn(session: &Session, cause: &CallError) {
    session.progress.warning(&format!("what becomes of the state cannot be seen: {cause}"));
}

/// When a file was written last, if it is there.
pub(super) fn modified(path: &Path) -> Option<SystemTime> {
    std::fs::metadata(path).and_then(|metadata| metadata.modified()).ok()
}

/// Whether a file was written since.
pub(super) fn errored_since(path: &Path, before: Option<SystemTime>) -> bool {
    was_left(before, modified(path))
}
