//! From what was typed and piped to what is asked.

mod deploy;
mod origin;
mod promotion;
mod subject;

use std::time::Duration;

use contract::{Digest, Document, Image, Input, requirement};

pub use self::deploy::Deploy;
pub use self::origin::Origin;
pub use self::promotion::{NotPromoted, Place};
pub use self::subject::Subject;
use crate::cli::{Arguments, OnInterrupt};
use crate::error::Error;
use crate::strategy::Stage;

/// What is asked.
#[derive(Clone, Debug)]
pub struct Request {
    /// Cluster: name or ARN.
    pub cluster: String,
    /// What is to be done.
    pub action: Action,
    /// How deployments are watched.
    pub watch: Watch,
    /// Only read.
    pub dry_run: bool,
    /// The release document that came in.
    pub origin: Option<Origin>,
}

/// What is to be done.
#[derive(Clone, Debug)]
pub enum Action {
    /// Roll out.
    Deploy(Box<Deploy>),
    /// Go back to the last successful revision of these services.
    Rollback(Vec<String>),
    /// Something about deployments that are there already.
    Attend(Verb, Vec<Subject>),
}

/// What is to be done about a deployment that is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Say where it is.
    Status,
    /// Watch it.
    Resume,
    /// Let it go on from a pause.
    Continue,
    /// Stop it.
    Stop,
}

/// How deployments are watched.
#[derive(Clone, Debug)]
pub struct Watch {
    /// Shell commands that must pass while traffic shifts and bakes.
    pub checks: Vec<String>,
    /// How often they are run.
    pub check_every: Duration,
    /// Roll back after so many failures for the same reason.
    pub fail_after: Option<u32>,
    /// All services stand or fall together.
    pub together: bool,
    /// What a signal does to the deployment.
    pub on_interrupt: OnInterrupt,
    /// The stage at which this run asked for a pause, and ends it when its checks have passed.
    pub pause_at: Option<Stage>,
}

impl Request {
    /// Resolves arguments and input. Files that the arguments name are read here: nothing is changed before all is understood.
    ///
    /// # Errors
    /// Something that was typed or piped is not understood, does not go together, or `--require` is not met.
    pub fn resolve(arguments: &Arguments, input: &Input) -> Result<Self, Error> {
        if let Some(bytes) = &input.foreign {
            // Nothing foreign is of use here: what came was meant to be a release document, and this says what is wrong with it.
            Document::parse(bytes)?;
        }
        let document = input.document.as_ref();
        if attended(arguments).is_some() || arguments.action.rollback {
            let image = document.map(Document::image).transpose()?.flatten();
            let digests: Vec<Digest> = image.iter().flat_map(Image::names).cloned().collect();
            requirement::check(document, &arguments.common.require, &digests)?;
        }
        let (action, cluster) = match attended(arguments) {
            Some((verb, given)) => {
                let (subjects, cluster) = Subject::resolve(given, arguments, document)?;
                (Action::Attend(verb, subjects), cluster)
            }
            None if arguments.action.rollback => {
                (Action::Rollback(services(arguments)), arguments.cluster.clone().ok_or(Error::NoSubject)?)
            }
            None => {
                let deploy = Deploy::resolve(arguments, document, services(arguments))?;
                (Action::Deploy(Box::new(deploy)), arguments.cluster.clone().ok_or(Error::NoSubject)?)
            }
        };
        let watch = watch(arguments, &action);
        let origin = document.map(Origin::of).transpose()?;
        Ok(Self { cluster, action, watch, dry_run: arguments.change.dry_run, origin })
    }
}

/// What is set for all runs by the environment may have no meaning for this one: nothing judges a stop or a rollback.
fn watch(arguments: &Arguments, action: &Action) -> Watch {
    let follow = &arguments.follow;
    let deploys = matches!(action, Action::Deploy(_));
    let judges = deploys || matches!(action, Action::Attend(Verb::Resume | Verb::Continue, _));
    Watch {
        checks: if judges { follow.check.clone() } else { Vec::new() },
        check_every: follow.check_every,
        fail_after: follow.fail_after.filter(|_| judges),
        together: follow.together && deploys,
        on_interrupt: follow.on_interrupt,
        pause_at: arguments.strategy.pause_at.filter(|_| deploys),
    }
}

/// The services, each once, in the order in which they are named.
fn services(arguments: &Arguments) -> Vec<String> {
    let mut services: Vec<String> = Vec::new();
    for name in &arguments.service {
        if !services.contains(name) {
            services.push(name.clone());
        }
    }
    services
}

fn attended(arguments: &Arguments) -> Option<(Verb, Option<&str>)> {
    let action = &arguments.action;
    let verbs = [
        (Verb::Status, &action.status),
        (Verb::Resume, &action.resume),
        (Verb::Continue, &action.r#continue),
        (Verb::Stop, &action.stop),
    ];
    // In the environment an option cannot stand without a value: there a yes is as good as none.
    let named = |given: &&str| !["1", "true", "yes"].contains(given);
    verbs.into_iter().find_map(|(verb, given)| given.as_ref().map(|given| (verb, given.as_deref().filter(named))))
}
