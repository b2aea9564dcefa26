//! Watches deployments until all of them are over: look, find causes, run checks, decide, act.

use std::time::Instant;

use contract::{Interruptions, Session};

use super::check::CheckRunner;
use super::watched::{Handle, Watched};
use super::{causes, chance, look, start};
use crate::aws::Aws;
use crate::cli::OnInterrupt;
use crate::decide::{Checks, Circumstances, CodeDeploy, Step, decide};
use crate::error::Error;
use crate::judge::End;
use crate::pace::Pace;
use crate::report::{Deployment, Outcome};
use crate::request::Watch;
use crate::strategy::has_traffic;

/// What watching needs beside the deployments.
pub(super) struct Follow<'a> {
    pub(super) aws: &'a Aws,
    pub(super) watch: &'a Watch,
    pub(super) session: &'a Session,
    pub(super) checks: CheckRunner,
    /// The section as it is without its services: word is left of it at each step.
    pub(super) section: Deployment,
    interruptions: Option<Interruptions<'a>>,
    /// The signal that came, if this run acts on signals.
    pub(super) interrupted: Option<u8>,
}

impl<'a> Follow<'a> {
    /// From here on a signal rolls back, if it is to.
    pub(super) fn new(aws: &'a Aws, watch: &'a Watch, section: Deployment, session: &'a Session) -> Self {
        let acts = watch.on_interrupt == OnInterrupt::Rollback;
        Self {
            aws,
            watch,
            session,
            checks: CheckRunner::new(&watch.checks, watch.check_every),
            section,
            interruptions: acts.then(|| session.interruptions()),
            interrupted: None,
        }
    }

    /// Watches to the end. A second signal ends it before that.
    pub(super) async fn until_over(&mut self, watched: &mut [Watched]) {
        let mut pace = Pace::default();
        let started = Instant::now();
        self.leave_word(watched);
        while watched.iter().any(|one| !one.over) {
            pace.throttled(look::look(self.aws, watched, self.session).await);
            for one in watched.iter_mut().filter(|one| !one.over) {
                causes::look(self.aws, one, self.session).await;
            }
            self.begin_checks(watched);
            self.act(watched).await;
            self.leave_word(watched);
            if watched.iter().all(|one| one.over) {
                return;
            }
            if self.wait(&mut pace, started, watched).await {
                return;
            }
        }
    }

    /// Waits until it is time to look again. Says whether a second signal ends the watching.
    async fn wait(&mut self, pace: &mut Pace, started: Instant, watched: &mut [Watched]) -> bool {
        let pause = tokio::time::sleep(pace.pause(started.elapsed(), chance()));
        let signal = async {
            match &mut self.interruptions {
                Some(interruptions) => interruptions.next().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = pause => false,
            () = self.checks.ended(self.session) => false,
            signal = signal => self.interrupt(signal, watched).await,
        }
    }

    async fn interrupt(&mut self, signal: u8, watched: &mut [Watched]) -> bool {
        if self.interrupted.replace(signal).is_some() {
            return true;
        }
        self.session.progress.warning("rolling back because of a signal; another one ends the watching");
        for one in watched.iter_mut().filter(|one| !one.over && one.asked.is_none()) {
            self.roll_back(one, format!("ended by signal {signal}")).await;
        }
        false
    }

    fn leave_word(&self, watched: &[Watched]) {
        let services = watched.iter().map(Watched::snapshot).collect();
        let section = self.section.clone().with_services(services);
        let open = watched.iter().find(|one| !one.over);
        let hint = open.map_or_else(String::new, |one| format!("it goes on: {}", resume(&self.section.cluster, one)));
        self.session.checkpoint(&section, &hint);
    }

    fn begin_checks(&mut self, watched: &[Watched]) {
        if !self.checks.is_wanted() || self.interrupted.is_some() {
            return;
        }
        let is_open = |one: &&Watched| !one.over && one.asked.is_none() && one.going_back.is_none();
        let has_ended = |one: &Watched| one.last.status == "SUCCESSFUL" || one.last.status == "Succeeded";
        let shifts = |one: &&Watched| has_traffic(one.last.stage.as_deref(), one.last.target.running) || has_ended(one);
        let waits = |one: &&Watched| one.last.pause.is_some() && self.watch.pauses;
        // Whoever waits for the checks is not to wait for the next round that is due.
        let at_once = watched.iter().filter(is_open).any(|one| {
            (one.last.pause.is_some() && self.watch.pauses || has_ended(one))
                && self.checks.verdict(begun(one)) == Checks::Pending
        });
        let open: Vec<&Watched> = watched.iter().filter(is_open).filter(|one| shifts(one) || waits(one)).collect();
        if open.is_empty() {
            return;
        }
        let services: Vec<&str> = open.iter().map(|one| one.report.service.as_str()).collect();
        let environment = [
            ("DEPLOYMENT_CLUSTER", self.section.cluster.clone()),
            ("DEPLOYMENT_SERVICES", services.join(",")),
            ("DEPLOYMENT_STAGE", open[0].last.place().to_owned()),
        ];
        self.checks.begin(at_once, &environment);
    }

    async fn act(&mut self, watched: &mut [Watched]) {
        let failures: Vec<Option<String>> = watched.iter().map(Watched::failure).collect();
        for (place, one) in watched.iter_mut().enumerate().filter(|(_, one)| !one.over) {
            let other =
                failures.iter().enumerate().find_map(|(other, failure)| failure.clone().filter(|_| other != place));
            let step = self.step(one, other);
            self.take(one, step).await;
        }
    }

    fn step(&self, one: &mut Watched, other_failed: Option<String>) -> Step {
        let pause = one.last.pause.as_ref().map(|hook| hook.id.clone());
        let is_known = matches!((&one.hook, &pause), (Some((known, _)), Some(id)) if known == id);
        if !is_known {
            one.hook = pause.map(|id| (id, self.checks.begun()));
        }
        let code_deploy = matches!(one.handle, Handle::CodeDeploy(_));
        let is_going_back = one.going_back.is_some();
        let circumstances = Circumstances {
            causes: &one.causes,
            fail_after: self.watch.fail_after.filter(|_| !is_going_back),
            checks: if is_going_back { Checks::None } else { self.checks.verdict(begun(one)) },
            pause_is_ours: self.watch.pauses || is_going_back,
            other_failed: other_failed.filter(|_| self.watch.together && !is_going_back),
            rollback_asked: one.asked.is_some(),
            code_deploy: code_deploy.then_some(CodeDeploy { rollback: one.rollback_status.as_deref() }),
        };
        match decide(&one.last, &circumstances) {
            // What has gone through before a check has passed is not through.
            Step::Ended(End::Deployed) if !is_going_back => match (&one.asked, circumstances.checks) {
                // It was through before it could be stopped.
                (Some(reason), _) => Step::RollBack(reason.clone()),
                (None, Checks::Failed(reason)) => Step::RollBack(reason),
                (None, Checks::Pending) => Step::Watch,
                (None, Checks::None | Checks::Passed) => Step::Ended(End::Deployed),
            },
            step => step,
        }
    }

    async fn take(&mut self, one: &mut Watched, step: Step) {
        match step {
            Step::Watch => {}
            Step::RollBack(reason) => self.roll_back(one, reason).await,
            Step::Continue(hook) => start::go_on(self.aws, one, &hook, self.session).await,
            Step::Held => {
                let stage = one.last.place().to_owned();
                let deployment = one.report.arn.clone().unwrap_or_default();
                one.conclude(Outcome::Paused, Some(Error::Paused { stage, deployment }));
            }
            Step::Ended(end) => {
                if end != End::Deployed {
                    causes::look_at_last(self.aws, one, self.session).await;
                }
                one.conclude_by(end);
                if end == End::Stopped && one.going_back.is_none() {
                    self.who_stopped(one).await;
                }
            }
        }
    }

    /// A deployment is stopped by a newer one, with its service, or by a failure without rollback.
    async fn who_stopped(&self, one: &mut Watched) {
        let Some(newer) = start::superseding(self.aws, one).await else { return };
        match newer {
            start::Stopper::Deployment(arn) => {
                one.report.superseded_by = Some(arn.clone());
                one.conclude(Outcome::Superseded, Some(Error::Superseded(arn)));
            }
            start::Stopper::Deletion(reason) => one.conclude(Outcome::Stopped, Some(Error::Deleted(reason))),
        }
    }

    async fn roll_back(&self, one: &mut Watched, reason: String) {
        let service = one.report.service.clone();
        self.session.progress.event("rollback", &format!("{service}: rolling back: {reason}"), &[]);
        one.report.reason = Some(reason.clone());
        start::go_back(self.aws, one, reason, self.session).await;
    }
}

/// How many rounds of checks had begun when this deployment began to wait for one: at a pause; else it is content with any.
fn begun(one: &Watched) -> u64 {
    one.hook.as_ref().map_or(0, |(_, begun)| *begun)
}

/// The command that watches a deployment to its end.
pub(super) fn resume(cluster: &str, one: &Watched) -> String {
    match &one.handle {
        Handle::Ecs(arn) => format!("ecs-deploy --resume {arn}"),
        Handle::CodeDeploy(id) => {
            format!("ecs-deploy --cluster {cluster} --service {} --resume {id}", one.report.service)
        }
        Handle::Service | Handle::None => {
            format!("ecs-deploy --cluster {cluster} --service {} --status", one.report.service)
        }
    }
}
