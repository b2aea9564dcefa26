//! Examining a store: look at everything, probe it with an object of our own, and say what it means.

mod look;
mod prober;
mod sweep;

use contract::{Report, Session};

use self::prober::Prober;
use self::sweep::Swept;
use super::take;
use crate::TfstateLock;
use crate::aws::{LockObject, Store};
use crate::backend::Backend;
use crate::error::{Error, Unsound, quoted};
use crate::examine::{self, Finding, Observations, Unseen, Verdict};
use crate::lock::id::LockId;
use crate::lock::info::LockInfo;
use crate::permissions;
use crate::report::{Examination, LeftOver, Section};
use crate::request::{Doctor, Target};
use crate::state::workspaces::Workspaces;

/// What is examined, and by whom.
pub(super) struct Examiner<'a> {
    pub(super) target: &'a Target,
    pub(super) asked: &'a Doctor,
    /// What Terraform in the folder does, if a folder was named.
    pub(super) backend: Option<&'a Backend>,
    pub(super) store: &'a Store,
    pub(super) session: &'a Session,
}

/// Examines. On a dry run nothing is written, so nothing is known of what a write would do.
pub(super) async fn doctor(examiner: &Examiner<'_>, dry_run: bool) -> Result<Report<TfstateLock>, Error> {
    let Examiner { target, backend, store, .. } = examiner;
    let locks = examiner.locks()?;
    let reach = store.objects.reach().await;
    let ids = [locks[0].id.clone(), locks[1].id.clone()];
    let mut seen = Observations::unseen(reach, target.table.as_deref(), ids);
    let mut left_over = None;
    if seen.reach.is_reached() {
        let workspaces = Workspaces::of(&target.state, &examiner.asked.workspace_key_prefix);
        Box::pin(look::at_everything(store, target, &workspaces, &mut seen)).await;
        if dry_run {
            seen.forgo_writes(&Unseen::DryRun);
        } else {
            left_over = examiner.probe(locks, &mut seen).await?;
        }
    }
    let findings = examine::examine(target, *backend, &seen);
    Ok(report(target, findings, left_over))
}

impl Examiner<'_> {
    /// The locks that the probe writes: each is another, so that each has an `ETag` of its own.
    fn locks(&self) -> Result<[LockInfo; 4], Error> {
        let lock = || -> Result<LockInfo, Error> {
            let (id, _) = take::random().map_err(Error::Randomness)?;
            let id = LockId::from_random(id);
            Ok(take::lock_info(self.target, &self.asked.lock, None, id, self.session.version))
        };
        Ok([lock()?, lock()?, lock()?, lock()?])
    }

    /// Probes, and cleans up before the run may end. What a signal leaves is nothing.
    async fn probe(&self, locks: [LockInfo; 4], seen: &mut Observations) -> Result<Option<LeftOver>, Error> {
        let Self { target, store, session, .. } = self;
        let (random, _) = take::random().map_err(Error::Randomness)?;
        let key = format!("{}-probe-{:032x}", target.state.lock_key(), u128::from_be_bytes(random));
        let policy = permissions::of_lock(target);
        let unfinished = Examination::unfinished(target, &policy);
        let address = format!("s3://{}/{key}", target.state.bucket());
        session.checkpoint(&unfinished, &format!("remove the probe object: aws s3 rm {}", quoted(&address)));
        let object = LockObject { objects: store.objects.clone(), key };
        let probed = Box::pin(async {
            let mut prober = Prober::new(&object, session);
            seen.probe = prober.probe(&locks).await;
            if let (Some(item), Some(table)) = (&store.item, &mut seen.table) {
                let path = format!("{}/{}", target.state.bucket(), object.key);
                (table.replaced_wrongly, table.deleted_wrongly) = prober::at_table(&item.at(path), &locks[0]).await;
            }
            let swept = if prober.may_have_written() { sweep::sweep(&object, seen).await } else { Swept::Clean };
            if swept == Swept::Clean {
                session.checkpoint(&unfinished, "the probe object was removed; run it again");
            }
            swept
        });
        let swept = session.to_the_end(probed).await;
        if session.is_interrupted() {
            // The signal ends the run here.
            return std::future::pending().await;
        }
        Ok(self.left_over(object.key, swept))
    }

    fn left_over(&self, key: String, swept: Swept) -> Option<LeftOver> {
        let Swept::Left { what, why } = swept else {
            return None;
        };
        let bucket = quoted(self.target.state.bucket());
        let detail = format!("of the probe object {key} is left: {what}: {why}");
        self.session.progress.warning(&detail);
        let hint = format!(
            "aws s3api list-object-versions --bucket {bucket} --prefix {} shows what is left; a lifecycle rule may remove it",
            quoted(&key)
        );
        Some(LeftOver { key, detail, hint })
    }
}

/// No lock is held and no release goes on with this.
fn report(target: &Target, findings: Vec<Finding>, left_over: Option<LeftOver>) -> Report<TfstateLock> {
    let named = |verdict| -> Vec<String> {
        let mut names: Vec<String> =
            findings.iter().filter(|finding| finding.verdict == verdict).map(Finding::title).collect();
        names.dedup();
        names
    };
    let (failed, unknown) = (named(Verdict::Fail), named(Verdict::Unknown));
    let (passed, of) = (findings.iter().filter(|one| one.verdict == Verdict::Pass).count(), findings.len());
    let hint_of = |verdict| findings.iter().filter(|one| one.verdict == verdict).find_map(|one| one.hint.clone());
    let hint = hint_of(Verdict::Fail).or_else(|| hint_of(Verdict::Unknown));
    let summary = format!("{}: all {of} checks passed", target.state);
    let is_sound = failed.is_empty() && unknown.is_empty();
    let refusal = (!is_sound).then(|| Error::Unsound(Box::new(Unsound { failed, unknown, passed, of, hint })));
    let section = Examination::new(target, findings, left_over, &permissions::of_lock(target));
    Report { section: Section::Examination(Box::new(section)), image: None, summary, refusal, carries_on: false }
}
