//! Looking at everything that can be looked at without writing.

use crate::aws::{LockObject, Place, Store};
use crate::examine::{LockSeen, LocksSeen, Observations, Seen, SeenLock, StateSeen, TableSeen, Unseen};
use crate::lock::lease::Liveness;
use crate::protocol::{Answer, Request};
use crate::request::Target;
use crate::state::address::StateAddress;
use crate::state::file::StateFile;
use crate::state::table_digest::TableDigest;
use crate::state::workspaces::Workspaces;

pub(super) async fn at_everything(store: &Store, target: &Target, workspaces: &Workspaces, seen: &mut Observations) {
    (seen.settings, seen.state, seen.locks, seen.table) =
        tokio::join!(store.objects.settings(), state(store), locks(store, target, workspaces), table(store));
}

/// The state is read and judged; what it holds goes no further.
async fn state(store: &Store) -> Seen<Option<StateSeen>> {
    let object = store.state.get().await?;
    Ok(object.map(|object| StateSeen { reading: StateFile::parse(&object.body), md5: TableDigest::of(&object.body) }))
}

async fn locks(store: &Store, target: &Target, workspaces: &Workspaces) -> LocksSeen {
    let (own, listed) = tokio::join!(lock(Place::Object(&store.lock)), store.objects.locked_states(&workspaces.below));
    let others = match listed {
        Err(error) => Err(error.into()),
        Ok(listed) => {
            let others =
                listed.into_iter().filter(|state| workspaces.includes(state)).chain(workspaces.default_state());
            let mut seen = Vec::new();
            for state in others.filter(|state| *state != target.state) {
                let found = lock_of(store, &state).await;
                seen.push((state, found));
            }
            Ok(seen)
        }
    };
    LocksSeen { own, others }
}

async fn lock_of(store: &Store, state: &StateAddress) -> SeenLock {
    let object = LockObject { objects: store.objects.clone(), key: state.lock_key() };
    lock(Place::Object(&object)).await
}

async fn lock(place: Place<'_>) -> SeenLock {
    match place.ask(&Request::Look(None)).await? {
        Answer::Found(found) => {
            let holder = Liveness::of(found.lease().and_then(|lease| lease.process).as_ref());
            Ok(Some(LockSeen { found, holder }))
        }
        Answer::Unclear(Some(call)) => Err(Unseen::Failed(call)),
        _ => Ok(None),
    }
}

async fn table(store: &Store) -> Option<TableSeen> {
    let item = store.item.as_ref()?;
    let (description, lock, digest) = tokio::join!(item.description(), lock(Place::Item(item)), item.digest());
    Some(TableSeen {
        name: item.table().to_owned(),
        description: description.map_err(Unseen::from),
        lock,
        digest: digest.map_err(Unseen::from),
        replaced_wrongly: Err(Unseen::NotTried),
        deleted_wrongly: Err(Unseen::NotTried),
    })
}
