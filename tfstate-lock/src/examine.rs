//! Whether a store keeps what a lock promises, and whether the state behind it is safe: from what was seen to what it means. Pure: no
//! clock, no network.
//!
//! What nobody could see is unknown, and unknown is never a pass.

mod clients;
mod finding;
mod locks;
mod permissions;
pub mod policy;
mod probe;
mod reach;
mod seen;
mod settings;
mod state;
mod table;

pub use self::finding::{Check, Finding, Verdict};
pub use self::locks::{LockSeen, LocksSeen, SeenLock};
pub use self::probe::Probe;
pub(crate) use self::probe::is_beyond_it;
pub use self::reach::Reach;
pub use self::seen::{Seen, Unseen};
pub use self::settings::{PublicAccess, Settings, Versioning};
pub use self::state::StateSeen;
pub use self::table::{TableDescription, TableSeen};
use crate::backend::Backend;
use crate::lock::id::LockId;
use crate::request::Target;

/// All that was seen.
#[derive(Clone, Debug)]
pub struct Observations {
    /// The bucket.
    pub reach: Reach,
    /// Its settings.
    pub settings: Settings,
    /// What it did with a probe object.
    pub probe: Probe,
    /// The state.
    pub state: Seen<Option<StateSeen>>,
    /// The locks in the bucket.
    pub locks: LocksSeen,
    /// The table, if there is one.
    pub table: Option<TableSeen>,
}

impl Observations {
    /// Nothing but what the bucket's first answer told: all else is still to be asked, or is not if it was not reached. `ids` are those of
    /// the first two locks of the probe.
    #[must_use]
    pub fn unseen(reach: Reach, table: Option<&str>, ids: [LockId; 2]) -> Self {
        let why = || Unseen::NotReached;
        let settings =
            Settings { versioning: Err(why()), encryption: Err(why()), public_access: Err(why()), policy: Err(why()) };
        let table = table.map(|name| TableSeen {
            name: name.to_owned(),
            description: Err(why()),
            lock: Err(why()),
            digest: Err(why()),
            replaced_wrongly: Err(why()),
            deleted_wrongly: Err(why()),
        });
        let locks = LocksSeen { own: Err(why()), others: Err(why()) };
        Self { reach, settings, probe: Probe::unseen(&why(), ids), state: Err(why()), locks, table }
    }

    /// Nothing is written, for this reason.
    pub fn forgo_writes(&mut self, why: &Unseen) {
        self.probe = Probe::unseen(why, self.probe.ids.clone());
        if let Some(table) = &mut self.table {
            (table.replaced_wrongly, table.deleted_wrongly) = (Err(why.clone()), Err(why.clone()));
        }
    }
}

/// Says what it means. Without a backend block nothing is said of what Terraform does.
#[must_use]
pub fn examine(target: &Target, backend: Option<&Backend>, seen: &Observations) -> Vec<Finding> {
    let bucket = target.state.bucket();
    let mut findings = reach::examine(&seen.reach, bucket).to_vec();
    findings.extend(probe::examine(&seen.probe));
    findings.extend(settings::examine(&seen.settings, bucket, seen.probe.encryption()));
    findings.extend(policy::examine(&seen.settings.policy, target));
    findings.extend(permissions::examine(seen, target));
    findings.push(state::state_object(&seen.state, target));
    if let Some(table) = &seen.table {
        findings.push(table::examine(table));
        findings.push(state::digest(&table.digest, &seen.state, target));
    }
    findings.extend(backend.map(|backend| clients::examine(backend, target)));
    let item = seen.table.as_ref().map(|table| &table.lock);
    let now = seen.reach.clocks.map(|(_, servers)| servers);
    findings.extend(locks::examine(&seen.locks, item, target, now));
    findings
}
