//! What a lock means, in a few sentences for people, and what to type next.

mod operation;

use std::time::Duration;

use jiff::Timestamp;

use self::operation::meaning;
use crate::error::{break_command, on_state};
use crate::lock::engine::Engine;
use crate::lock::info::{LockInfo, LockInfoError};
use crate::lock::lease::{self, Lease, Liveness};
use crate::protocol::Found;
use crate::report::StateObject;
use crate::report::span::words;
use crate::request::Target;

/// The most sentences before the one with the command.
const SENTENCES: usize = 4;

/// All that was seen of a lock.
#[derive(Clone, Debug)]
pub struct Scene<'a> {
    /// Of which state.
    pub target: &'a Target,
    /// What lies in the bucket.
    pub object: Option<&'a Found>,
    /// What lies in the table.
    pub item: Option<&'a Found>,
    /// The state itself.
    pub state: &'a StateObject,
    /// How long ago the state was written.
    pub state_age: Option<Duration>,
    /// Whether the table's digest is that of the state.
    pub digest_in_step: Option<bool>,
    /// What is known of the process that keeps the lease.
    pub holder: Liveness,
    /// Whether the lock is the one that was asked for, and so the asker's.
    pub is_ours: bool,
}

/// Whether a state was written after its lock was: none if that cannot be known. Both are times of the server, in whole seconds. A lock
/// that was renewed was first written when its holder's clock says.
#[must_use]
pub fn written_since(found: &Found, state: Option<Timestamp>) -> Option<bool> {
    let (state, lock) = (state?, found.modified?);
    if state > lock {
        return Some(true);
    }
    match found.lease().filter(|lease| lease.seq > 0).and(found.lock.as_ref().ok()) {
        Some(renewed) => Some(state > renewed.created),
        None if state == lock => None,
        None => Some(false),
    }
}

/// Whether bucket and table hold the same lock, or none both.
#[must_use]
pub fn is_consistent(object: Option<&Found>, item: Option<&Found>) -> bool {
    match (object, item) {
        (None, None) => true,
        (Some(object), Some(item)) => matches!((&object.lock, &item.lock), (Ok(one), Ok(other)) if one.id == other.id),
        _ => false,
    }
}

impl Scene<'_> {
    /// What all of it means: two to five short sentences, the last one with the one command to type next.
    #[must_use]
    pub fn explain(&self) -> Vec<String> {
        let Some(found) = self.object.or(self.item) else {
            return self.free();
        };
        let mut sentences = match &found.lock {
            Err(cause) => vec![self.unreadable(cause), self.age(found)],
            Ok(lock) => vec![holds(lock, self.is_ours), self.lasting(found)],
        };
        sentences.extend(self.process(found));
        sentences.extend(self.place(found));
        sentences.extend(self.written());
        sentences.truncate(SENTENCES);
        sentences.push(self.next(found));
        sentences
    }

    fn free(&self) -> Vec<String> {
        let where_not = match &self.target.table {
            Some(table) => format!("Nobody holds the lock, neither in the bucket nor in the table {table}."),
            None => "Nobody holds the lock.".to_owned(),
        };
        let mut sentences = vec![where_not];
        sentences.extend(self.digest());
        sentences.extend(self.last_written());
        sentences.push(match self.digest_in_step {
            Some(false) => format!("What is wrong with it is said by: tfstate-lock doctor {}", on_state(self.target)),
            _ => format!("To hold it: tfstate-lock acquire {}", on_state(self.target)),
        });
        sentences
    }

    fn unreadable(&self, cause: &LockInfoError) -> String {
        let what = if self.object.is_some() { "The lock object" } else { "The lock in the table" };
        format!("{what} says nothing: {cause}. It keeps Terraform out for ever, and Terraform cannot force-unlock it.")
    }

    fn age(&self, found: &Found) -> String {
        match (found.age(), self.object) {
            (Some(age), _) => format!("It was written {} ago by the server's clock.", words(age)),
            (None, None) => "The table does not say when it was written.".to_owned(),
            (None, Some(_)) => "The server does not say when it was written.".to_owned(),
        }
    }

    /// How old it is and how long it lasts.
    fn lasting(&self, found: &Found) -> String {
        let Some(lease) = found.lease() else {
            let proves = match found.lock.as_ref().map(Engine::of) {
                Ok(Engine::TfstateLock) => "It has no lease: it lasts until it is released.",
                _ => "It has no lease, and its age proves nothing: an apply may take hours.",
            };
            return format!("{} {proves}", self.age(found));
        };
        let renewed = match lease.seq {
            0 => "it was never renewed".to_owned(),
            1 => "it was renewed once".to_owned(),
            times => format!("it was renewed {times} times"),
        };
        let Some(age) = found.age() else {
            return format!("Its lease lasts {} from when it was written; {}", words(lease.ttl), self.age(found));
        };
        let left = (lease.ttl + lease::SLACK).saturating_sub(age);
        let rest = if found.is_expired() {
            "it is over, so whoever takes the lock now takes it over".to_owned()
        } else {
            format!("it lasts {} more", words(left))
        };
        format!("Its lease of {} began {} ago ({renewed}): {rest}.", words(lease.ttl), words(age))
    }

    fn process(&self, found: &Found) -> Option<String> {
        let process = found.lease().and_then(|lease: Lease| lease.process)?;
        let id = process.pid;
        match self.holder {
            Liveness::Alive => Some(format!("Its process {id} runs on this machine.")),
            Liveness::Gone => Some(format!("Its process {id} ran on this machine and is gone.")),
            Liveness::Elsewhere => {
                Some(format!("Whether its process {id} still runs can be seen on {} only.", process.host))
            }
            Liveness::Unknown => None,
        }
    }

    /// What is unusual about where it lies: the worst of it.
    fn place(&self, found: &Found) -> Option<String> {
        let table = self.target.table.as_deref();
        match (self.object, self.item, table) {
            (Some(_), Some(item), Some(table)) if !is_consistent(self.object, self.item) => Some(match &item.lock {
                Ok(other) => format!("The table {table} has another lock, id {} of {}.", other.id, other.who),
                Err(cause) => format!("The table {table} has another lock, which says nothing: {cause}."),
            }),
            (None, Some(_), Some(table)) => {
                Some(format!("It lies in the table {table} only: who locks by objects alone is not kept out."))
            }
            _ if self.is_new_workspace(found) => Some(
                "Terraform cannot force-unlock a workspace that has no state yet: it would take this very lock first."
                    .to_owned(),
            ),
            (Some(_), None, Some(table)) => {
                Some(format!("It does not lie in the table {table}: who locks there alone is not kept out."))
            }
            _ => self.digest(),
        }
    }

    /// A stuck `init`: the workspace is listed only when its first state is written.
    fn is_new_workspace(&self, found: &Found) -> bool {
        self.state.exists == Some(false) && found.lock.as_ref().is_ok_and(|lock| lock.operation == operation::INIT)
    }

    fn digest(&self) -> Option<String> {
        let table = self.target.table.as_deref().filter(|_| self.digest_in_step == Some(false))?;
        Some(format!(
            "The digest in the table {table} is not that of the state: who locks there cannot read the state."
        ))
    }

    fn written(&self) -> Option<String> {
        match (self.state.written_since_lock, self.state.exists, self.state_age) {
            (Some(true), _, Some(age)) => {
                Some(format!("The state was written since, {} ago: its holder got at least that far.", words(age)))
            }
            (Some(true), _, None) => Some("The state was written since: its holder got at least that far.".to_owned()),
            (Some(false), ..) => Some("The state was not written since.".to_owned()),
            (None, ..) => self.last_written(),
        }
    }

    fn last_written(&self) -> Option<String> {
        match (self.state.exists, &self.state.unknown, self.state_age) {
            (_, Some(cause), _) => Some(format!("The state cannot be seen: {cause}.")),
            (Some(false), ..) => Some("There is no state yet.".to_owned()),
            (Some(true), _, Some(age)) => Some(format!("The state was written last {} ago.", words(age))),
            _ => None,
        }
    }

    fn next(&self, found: &Found) -> String {
        let state = on_state(self.target);
        if self.is_ours {
            return "To give it back, with the same document: tfstate-lock release".to_owned();
        }
        if self.is_proved_dead(found) {
            return format!("To free it: tfstate-lock break {state}");
        }
        if found.lease().is_some() && found.age().is_some() {
            return format!("To wait for it: tfstate-lock acquire {state} --wait 10m");
        }
        format!("If its holder is surely gone: {}", break_command(self.target, found))
    }

    /// Whether `break` asks for no more.
    fn is_proved_dead(&self, found: &Found) -> bool {
        let differs = self.item.is_some() && self.object.is_some() && !is_consistent(self.object, self.item);
        !differs && (found.is_expired() || self.holder == Liveness::Gone)
    }
}

/// Who holds it, with what and for what.
fn holds(lock: &LockInfo, is_ours: bool) -> String {
    let who = if lock.who.is_empty() { "Someone" } else { &lock.who };
    let with = match (Engine::of(lock), lock.version.as_str()) {
        (Engine::TerraformOrOpentofu, version) => format!("Terraform or OpenTofu {version}"),
        (Engine::TfstateLock, version) => version.to_owned(),
        (Engine::Other, "") => "a program that does not say its name".to_owned(),
        (Engine::Other, version) => format!("a program that calls itself {version}"),
    };
    let still = if is_ours { "still holds" } else { "holds" };
    format!("{who} {still} it with {with}, for {}.", meaning(&lock.operation))
}

#[cfg(test)]
mod tests;
