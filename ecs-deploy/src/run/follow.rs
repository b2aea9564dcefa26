//! Watches deployments until all of them are over: look, find causes, run checks, decide, act.

use std::time::{Duration, Instant};

use contract::aws::CallErrorKind;
use contract::{Interruptions, Session};

use super::check::CheckRunner;
use super::watched::{Handle, Watched};
use super::{causes, chance, look, start};
use crate::aws::Aws;
use crate::cli::OnInterrupt;
use crate::decide::{Checks, Circumstances, CodeDeploy, Course, Step, decide};
use crate::error::Error;
use crate::judge::{End, is_through};
use crate::pace::Pace;
use crate::report::{Deployment, Outcome};
use crate::request::Watch;
use crate::strategy::{Stage, has_traffic};

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
    /// A second signal came: nothing more is done.
    pub(super) is_abandoned: bool,
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
            is_abandoned: false,
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
                causes::look(self.aws, one, self.watch.fail_after.is_some(), self.session).await;
            }
            self.begin_checks(watched);
            self.act(watched).await;
            if watched.iter().all(|one| one.over) {
                return;
            }
            self.wait(pace.pause(started.elapsed(), chance()), watched).await;
            if self.is_abandoned {
                return;
            }
        }
    }

    /// Waits until it is time to look again, and acts on what happens meanwhile.
    async fn wait(&mut self, pause: Duration, watched: &mut [Watched]) {
        let pause = tokio::time::sleep(pause);
        tokio::pin!(pause);
        while watched.iter().any(|one| !one.over) && !self.is_abandoned {
            let signal = async {
                match &mut self.interruptions {
                    Some(interruptions) => interruptions.next().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = &mut pause => return,
                () = self.checks.ended(self.session) => self.act(watched).await,
                signal = signal => self.interrupt(signal, watched).await,
            }
        }
    }

    async fn interrupt(&mut self, signal: u8, watched: &mut [Watched]) {
        if self.interrupted.replace(signal).is_some() {
            self.is_abandoned = true;
            return;
        }
        self.session.progress.warning("rolling back because of a signal; another one ends the watching");
        // What goes back already is not to be turned round.
        for one in watched.iter_mut().filter(|one| one.is_forward()) {
            self.roll_back(one, format!("ended by signal {signal}")).await;
        }
        self.leave_word(watched);
    }

    fn leave_word(&self, watched: &[Watched]) {
        let services = watched.iter().map(Watched::snapshot).collect();
        let section = self.section.clone().with_services(services);
        let open = watched.iter().find(|one| !one.over);
        let hint = open
            .map_or_else(String::new, |one| format!("it goes on: {}", command(&self.section.cluster, one, "--resume")));
        self.session.checkpoint(&section, &hint);
    }

    /// A round of checks begins when one is due, or when a deployment waits for nothing else.
    fn begin_checks(&mut self, watched: &mut [Watched]) {
        if !self.checks.is_wanted() || self.interrupted.is_some() {
            return;
        }
        let begun = self.checks.begun();
        for one in watched.iter_mut().filter(|one| one.is_forward()) {
            if has_traffic(one.last.stage.as_deref(), one.last.target.running) || is_through(&one.last.status) {
                one.exposed.get_or_insert(begun);
            }
            self.note_pause(one);
        }
        let waits = |one: &Watched| self.pause_is_ours(one) || is_through(&one.last.status);
        let concerned: Vec<&Watched> =
            watched.iter().filter(|one| one.is_forward() && (one.exposed.is_some() || waits(one))).collect();
        let Some(first) = concerned.first() else { return };
        let is_urgent = concerned.iter().any(|one| waits(one) && self.verdict(one) == Checks::Pending);
        let services: Vec<&str> = concerned.iter().map(|one| one.report.service.as_str()).collect();
        let environment = [
            ("DEPLOYMENT_CLUSTER", self.section.cluster.clone()),
            ("DEPLOYMENT_SERVICES", services.join(",")),
            ("DEPLOYMENT_STAGE", first.last.place().to_owned()),
        ];
        self.checks.begin(is_urgent, &environment);
    }

    /// Remembers when a pause began: checks before that say nothing about it.
    fn note_pause(&self, one: &mut Watched) {
        let pause = one.last.pause.as_ref().map(|hook| &hook.id);
        if one.hook.as_ref().map(|(known, _)| known) != pause {
            one.hook = pause.cloned().map(|id| (id, self.checks.begun()));
        }
    }

    /// Whether it waits at the pause that this run asked for. Others belong to somebody else.
    fn pause_is_ours(&self, one: &Watched) -> bool {
        let stage = self.watch.pause_at.map(Stage::as_str);
        one.last.pause.is_some() && stage.is_some() && one.last.stage.as_deref() == stage
    }

    /// What the checks say about a deployment: a round counts that began after it had traffic, and after its pause began.
    fn verdict(&self, one: &Watched) -> Checks {
        let pause = one.hook.as_ref().map(|(_, begun)| *begun);
        self.checks.verdict(pause.max(one.exposed).unwrap_or(u64::MAX))
    }

    async fn act(&mut self, watched: &mut [Watched]) {
        let failures: Vec<Option<String>> = watched.iter().map(Watched::failure).collect();
        for (place, one) in watched.iter_mut().enumerate().filter(|(_, one)| !one.over) {
            let other =
                failures.iter().enumerate().find_map(|(other, failure)| failure.clone().filter(|_| other != place));
            let step = self.step(one, other);
            self.take(one, step).await;
        }
        self.leave_word(watched);
    }

    fn step(&self, one: &mut Watched, other_failed: Option<String>) -> Step {
        self.note_pause(one);
        let code_deploy = matches!(one.handle, Handle::CodeDeploy(_));
        let circumstances = Circumstances {
            course: one.course.clone(),
            causes: &one.causes,
            fail_after: self.watch.fail_after,
            checks: self.verdict(one),
            pause_is_ours: self.pause_is_ours(one),
            other_failed: other_failed.filter(|_| self.watch.together),
            code_deploy: code_deploy.then_some(CodeDeploy { rollback: one.rollback_status.as_deref() }),
        };
        decide(&one.last, &circumstances)
    }

    async fn take(&mut self, one: &mut Watched, step: Step) {
        match step {
            Step::Watch => {}
            Step::RollBack(reason) => self.roll_back(one, reason).await,
            Step::Continue(hook) => self.go_on(one, &hook).await,
            Step::Held => {
                let held = held(&self.section.cluster, one);
                one.conclude(Outcome::Paused, Some(held));
            }
            Step::Ended(end) => {
                if end != End::Deployed {
                    causes::look_at_last(self.aws, one, self.session).await;
                }
                one.conclude_by(end);
                if end == End::Stopped && !matches!(one.course, Course::Back(_)) {
                    self.who_stopped(one).await;
                }
            }
        }
    }

    /// Lets a deployment go on from its pause.
    async fn go_on(&self, one: &mut Watched, hook: &str) {
        match start::end_pause(self.aws, &one.handle, hook).await {
            Ok(()) => {
                one.ended_pause = Some(hook.to_owned());
                let line = format!("{}: goes on from {}", one.report.service, one.last.place());
                self.session.progress.event("continue", &line, &[]);
            }
            Err(error) if error.kind == CallErrorKind::AccessDenied => {
                self.session.progress.warning(&format!("the pause may not be ended: {error}"));
                match one.course.clone() {
                    Course::Back(reason) => {
                        let failed = format!("{reason}, but the pause of the way back may not be ended: {error}");
                        one.conclude(Outcome::RollbackFailed, Some(Error::RollbackFailed(failed)));
                    }
                    _ => one.conclude(Outcome::Paused, Some(held(&self.section.cluster, one))),
                }
            }
            // Somebody else did, or the answer was lost: the next look shows it.
            Err(error) => self.session.progress.warning(&format!("the pause could not be ended: {error}")),
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

/// The command that does something about a deployment: `flag` is `--resume`, `--continue` or `--stop`.
pub(super) fn command(cluster: &str, one: &Watched, flag: &str) -> String {
    match &one.handle {
        Handle::Ecs(arn) => format!("ecs-deploy {flag} {arn}"),
        Handle::CodeDeploy(id) => {
            format!("ecs-deploy --cluster {cluster} --service {} {flag} {id}", one.report.service)
        }
        Handle::Service | Handle::None => {
            format!("ecs-deploy --cluster {cluster} --service {} --status", one.report.service)
        }
    }
}

/// It waits for somebody, who finds here what to type.
pub(super) fn held(cluster: &str, one: &Watched) -> Error {
    let stage = one.last.place().to_owned();
    Error::Paused { stage, go_on: command(cluster, one, "--continue"), stop: command(cluster, one, "--stop") }
}
