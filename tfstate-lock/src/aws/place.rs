//! The places where a lock lies: an object, and perhaps an item in a table.

use contract::aws::CallError;

use super::objects::{Condition, Objects, Read, Written};
use super::refusal::is_unclear;
use super::table::LockItem;
use crate::lock::info::LockInfo;
use crate::protocol::{Answer, Found, Request, Token};

/// A lock object.
#[derive(Clone, Debug)]
pub(crate) struct LockObject {
    pub(crate) objects: Objects,
    pub(crate) key: String,
}

/// Where a lock lies.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place<'a> {
    /// In the bucket.
    Object(&'a LockObject),
    /// In the table.
    Item(&'a LockItem),
}

impl Place<'_> {
    /// Asks once. An error says that what was asked was not done.
    pub(crate) async fn ask(self, request: &Request) -> Result<Answer, CallError> {
        match self {
            Self::Object(object) => object.ask(request).await,
            Self::Item(item) => item.ask(request).await,
        }
    }
}

impl LockObject {
    async fn ask(&self, request: &Request) -> Result<Answer, CallError> {
        match request {
            Request::Create(lock) => self.put(lock, Condition::Absent).await,
            Request::Replace(lock, token) => self.put(lock, Condition::Matches(&token.0)).await,
            Request::Delete(token) => self.objects.delete(&self.key, &token.0).await.map(answer),
            Request::Look(unless) => self.look(unless.as_ref()).await,
        }
    }

    async fn put(&self, lock: &LockInfo, condition: Condition<'_>) -> Result<Answer, CallError> {
        let tags = &self.objects.settings.lock_tags;
        self.objects.put(&self.key, lock.to_bytes(), condition, tags).await.map(answer)
    }

    async fn look(&self, unless: Option<&Token>) -> Result<Answer, CallError> {
        Ok(match self.objects.get(&self.key, unless.map(|token| token.0.as_str())).await {
            Ok(Read::Missing) => Answer::Missing,
            Ok(Read::Unchanged(answered)) => Answer::Unchanged(answered),
            Ok(Read::Object(object)) => Answer::Found(Box::new(Found {
                lock: LockInfo::parse(&object.body),
                token: Token(object.etag),
                modified: object.modified,
                answered: object.answered,
                version_id: object.version_id,
                encryption: object.encryption,
            })),
            Err(error) if is_unclear(error.kind) => Answer::Unclear(Some(Box::new(error))),
            Err(error) => return Err(error),
        })
    }
}

fn answer(written: Written) -> Answer {
    match written {
        Written::Done(Some(stored)) => Answer::Stored(Token(stored.etag)),
        Written::Done(None) => Answer::Deleted,
        Written::Differs => Answer::Differs,
        Written::Missing => Answer::Missing,
        Written::Conflict => Answer::Conflict,
        Written::Unclear(fault) => Answer::Unclear(fault),
    }
}
