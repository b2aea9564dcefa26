//! The story of one run: resolve, read, demand, look, plan, check, send, point, confirm, report.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use contract::{Image, Input, Report, Session, requirement};

use crate::EcrPush;
use crate::aws::Ecr;
use crate::cli::Arguments;
use crate::error::Error;
use crate::layout::{Layout, RawManifest};
use crate::plan::{Plan, is_there, plan};
use crate::reference::Reference;
use crate::registry::Registry;
use crate::report::{Push, seconds};
use crate::request::Request;
use crate::upload;

/// What is said if the run is ended before the tags point at the image.
const UNFINISHED: &str = "run it again: what the registry has whole is not sent twice";

pub(crate) async fn run(arguments: Arguments, input: Input, session: &Session) -> Result<Report<EcrPush>, Error> {
    let started = Instant::now();
    let request = Request::resolve(&arguments)?;
    let layout = Layout::open(&request.layout)?;
    requirement::check(input.document.as_ref(), &arguments.common.require, &layout.names())?;
    if let Some(document) = input.document.as_ref().filter(|_| !arguments.change.dry_run) {
        requirement::no_section_says_no(document)?;
    }
    let ecr = Ecr::connect(&arguments, session).await;
    let registry = Arc::new(Registry::connect(ecr, &request.repository, session).await?);
    let pointers = registry.look_up(request.references(&layout.digest)).await?;
    let missing =
        if is_there(&pointers, &layout.digest) { BTreeSet::new() } else { registry.missing(&layout.blobs).await? };
    let plan = plan(&layout, &pointers, &missing);
    let mut section = Push::planned(&layout, &pointers, &missing, request.dry_run);
    if !is_there(&pointers, &layout.digest) {
        upload::check_all(&layout).await?;
    }
    if !plan.is_done() && !request.dry_run {
        push(&registry, &layout, &plan, &mut section, session).await?;
    }
    section.seconds = seconds(started.elapsed());
    Ok(report(section, image(&request, &layout, registry.host())))
}

/// Sends the blobs, then the manifests of the platforms, then points the references at the image and looks whether they do.
async fn push(
    registry: &Arc<Registry>,
    layout: &Layout,
    plan: &Plan<'_>,
    section: &mut Push,
    session: &Session,
) -> Result<(), Error> {
    session.checkpoint(section, UNFINISHED);
    section.note(upload::send_all(registry, layout, &plan.uploads, session).await?);
    session.checkpoint(section, UNFINISHED);
    for child in &plan.children {
        registry.put(child, &Reference::Digest(child.digest.clone())).await?;
    }
    let Some(root) = layout.manifests.last() else { return Ok(()) };
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

fn image(request: &Request, layout: &Layout, registry: &str) -> Image {
    Image {
        registry: registry.to_owned(),
        repository: request.repository.to_string(),
        tags: request.tags.iter().map(ToString::to_string).collect(),
        digest: layout.digest.clone(),
        uri: format!("{registry}/{}@{}", request.repository, layout.digest),
        platforms: layout.platforms.clone(),
        config_digests: layout.config_digests.clone(),
    }
}

fn report(section: Push, image: Image) -> Report<EcrPush> {
    Report { summary: section.summary(&image.uri), section, image: Some(image), refusal: None }
}
