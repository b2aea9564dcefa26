//! The story of one run: resolve, read, demand, look, plan, check, send, point, confirm, report.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use contract::{Input, Report, Session, requirement};

use crate::EcrPush;
use crate::aws::Ecr;
use crate::cli::Arguments;
use crate::error::Error;
use crate::pack::pack;
use crate::plan::{Plan, is_there, plan};
use crate::reference::Reference;
use crate::registry::Registry;
use crate::report::{Push, seconds};
use crate::request::Request;
use crate::source::{self, Choice, Image, RawManifest, Source};
use crate::upload;

/// What is said if the run is ended before the tags point at the image.
const UNFINISHED: &str = "run it again: what the registry has whole is not sent twice";

pub(crate) async fn run(arguments: Arguments, input: Input, session: &Session) -> Result<Report<EcrPush>, Error> {
    let started = Instant::now();
    let request = Request::resolve(&arguments)?;
    let source = source::open(&request.layout, &Choice::default())?;
    requirement::check(input.document.as_ref(), &arguments.common.require, &source.names())?;
    if let Some(document) = input.document.as_ref().filter(|_| !arguments.change.dry_run) {
        requirement::no_section_says_no(document)?;
    }
    let image = match source {
        Source::Image(image) => image,
        Source::Draft(draft) => pack(draft).await?,
    };
    let ecr = Ecr::connect(&arguments, session).await;
    let registry = Arc::new(Registry::connect(ecr, &request.repository, session).await?);
    let pointers = registry.look_up(request.references(&image.digest)).await?;
    let missing =
        if is_there(&pointers, &image.digest) { BTreeSet::new() } else { registry.missing(&image.blobs).await? };
    let plan = plan(&image, &pointers, &missing);
    let mut section = Push::planned(&image, &pointers, &missing, request.dry_run);
    if !is_there(&pointers, &image.digest) {
        upload::check_all(&image).await?;
    }
    if !plan.is_done() && !request.dry_run {
        push(&registry, &image, &plan, &mut section, session).await?;
    }
    section.seconds = seconds(started.elapsed());
    Ok(report(section, named(&request, &image, registry.host())))
}

/// Sends the blobs, then the manifests of the platforms, then points the references at the image and looks whether they do.
async fn push(
    registry: &Arc<Registry>,
    image: &Image,
    plan: &Plan<'_>,
    section: &mut Push,
    session: &Session,
) -> Result<(), Error> {
    session.checkpoint(section, UNFINISHED);
    section.note(upload::send_all(registry, &plan.uploads, session).await?);
    session.checkpoint(section, UNFINISHED);
    for child in &plan.children {
        registry.put(child, &Reference::Digest(child.digest.clone())).await?;
    }
    let Some(root) = image.manifests.last() else { return Ok(()) };
    for reference in &plan.references {
        registry.put(root, reference).await?;
    }
    for reference in &plan.references {
        confirm(registry, root, reference).await?;
    }
    section.ok = true;
    Ok(())
}

async fn confirm(registry: &Registry, root: &RawManifest, reference: &Reference) -> Result<(), Error> {
    let found = registry.digest_of(reference).await?;
    if found.as_ref() == Some(&root.digest) {
        return Ok(());
    }
    Err(Error::Moved { reference: reference.clone(), found, expected: root.digest.clone() })
}

fn named(request: &Request, image: &Image, registry: &str) -> contract::Image {
    contract::Image {
        registry: registry.to_owned(),
        repository: request.repository.to_string(),
        tags: request.tags.iter().map(ToString::to_string).collect(),
        digest: image.digest.clone(),
        uri: format!("{registry}/{}@{}", request.repository, image.digest),
        platforms: image.platforms.clone(),
        config_digests: image.config_digests.clone(),
    }
}

fn report(section: Push, image: contract::Image) -> Report<EcrPush> {
    Report { summary: section.summary(&image.uri), section, image: Some(image), refusal: None }
}
