//! What errors say of locks.

use contract::aws::CallError;

use crate::protocol::Found;
use crate::state::address::StateAddress;

/// Who holds the lock of a state, and since when.
pub(crate) fn held_by(state: &StateAddress, found: &Found) -> String {
    let lock = match &found.lock {
        Err(cause) => return format!("the lock of {state} is held, but nobody can say by whom: {cause}"),
        Ok(lock) => lock,
    };
    let lease = found.lease();
    let info = lease.as_ref().map_or(&lock.info, |lease| &lease.info);
    let mut text = format!("the lock of {state} is held by {} since {}", lock.who, lock.created);
    for (name, value) in [("operation", &lock.operation), ("info", info)] {
        if !value.is_empty() {
            text = format!("{text}, {name}: {value}");
        }
    }
    if let Some(lease) = &lease {
        text = format!("{text}, lease: {} s{}", lease.ttl.as_secs(), renewed(found));
    }
    format!("{text}, id: {}", lock.id)
}

fn renewed(found: &Found) -> String {
    match found.age() {
        Some(_) if found.is_expired() => ", which is over".to_owned(),
        Some(age) => format!(", renewed {} s ago", age.as_secs()),
        None => String::new(),
    }
}

pub(super) fn lost_to(state: &StateAddress, found: Option<&Found>) -> String {
    match found {
        None => "nothing lies there any more".to_owned(),
        Some(found) => held_by(state, found),
    }
}

/// What lies where a lock should.
pub(super) fn instead(found: Option<&Found>) -> String {
    let lock = match found.map(|found| &found.lock) {
        None => return "nothing lies there".to_owned(),
        Some(Err(cause)) => return format!("something else lies there that says nothing: {cause}"),
        Some(Ok(lock)) => lock,
    };
    format!("{} holds it since {}, id: {}", lock.who, lock.created, lock.id)
}

pub(super) fn in_table(table: Option<&str>) -> String {
    table.map(|table| format!(" (in the table {table})")).unwrap_or_default()
}

pub(super) fn because(cause: Option<&CallError>) -> String {
    cause.map(|cause| format!(": {cause}")).unwrap_or_default()
}
