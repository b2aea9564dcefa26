//! The story of one run: resolve, read, demand, look, send, point, confirm, attach, wait, report.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use contract::{Input, Report, Session, requirement};

use crate::EcrPush;
use crate::cli::Arguments;
use crate::compress::cache::Cache;
use crate::error::Error;
use crate::image_name::ImageName;
use crate::plan::{is_there, plan};
use crate::reference::{Pointer, Reference};
use crate::registry::fetch;
use crate::registry::{Registry, open_daemon};
use crate::report::{BlobAction, Push, seconds};
use crate::request::Request;
use crate::scan::wait::{FindingsFile, await_scan};
use crate::send::attach::{self, Ready};
use crate::send::pack::Packer;
use crate::send::ship::{ship_draft, ship_stream};
use crate::send::upload::{Shipment, UNFINISHED, carry_on, check_all};
use crate::source::{self, Draft, Image, RawManifest, Source, SourceError};

/// What the image is pushed from.
enum Origin {
    Known(Source),
    Stream(Box<dyn Read + Send>),
}

pub(crate) async fn run(arguments: Arguments, mut input: Input, session: &Session) -> Result<Report<EcrPush>, Error> {
    let started = Instant::now();
    let mut request = Request::resolve(&arguments, &input, user_cache())?;
    request.load().await?;
    let attachments = attach::read_all(&request.attachments, request.is_ecr()).await?;
    let demand = |source: &Source| {
        requirement::check(input.document.as_ref(), &arguments.common.require, &source.names()).map_err(Error::from)
    };
    if let Some(document) = input.document.as_ref().filter(|_| !request.dry_run) {
        requirement::no_section_says_no(document)?;
    }
    requirement::check_without_image(input.document.as_ref(), &arguments.common.require)?;
    let findings = request.wait_scan.as_deref().map(FindingsFile::create).transpose()?;
    let beginning = input.foreign.take();
    let local = open_local(&request).await?;
    local.as_ref().map_or(Ok(()), demand)?;
    let mut registry = Registry::connect(&arguments, &request, session).await?;
    let origin = match (&request.source, local) {
        (_, Some(source)) => Origin::Known(source),
        (ImageName::Registry(image), None) => {
            let remote = registry.copy_from(image, &arguments, &request, session).await?;
            let source = fetch(&remote, &image.reference, &request.choice).await?;
            demand(&source)?;
            Origin::Known(source)
        }
        (ImageName::Daemon(name), None) => {
            let socket = request.docker_socket.clone().unwrap_or_default();
            Origin::Stream(Box::new(open_daemon(&socket, name, &session.progress).await?))
        }
        _ => Origin::Stream(standard_input(beginning.unwrap_or_default(), input.unread)),
    };
    let registry = Arc::new(registry);
    let cache = request.cache.as_ref().map(|folder| Cache::new(folder, &request.encoding.encoder_id()));
    let packing = Packer::new(request.encoding, request.packing_memory, cache, &session.progress);
    let mut shipment = Shipment::new(&registry, session, request.dry_run);
    let mut pointers: Option<Vec<Pointer>> = None;
    let mut packs = false;
    let image = match origin {
        Origin::Known(Source::Image(image)) => image,
        Origin::Known(Source::Draft(draft)) => {
            packs = true;
            match already_there(&draft, &packing, &registry, &request).await? {
                Some((image, found)) => {
                    pointers = Some(found);
                    image
                }
                None => ship_draft(draft, &packing, &mut shipment).await?,
            }
        }
        Origin::Stream(stream) => {
            let (image, is_draft) = ship_stream(stream, &request.choice, &packing, &mut shipment).await?;
            packs = is_draft;
            demand(&Source::Image(image.clone()))?;
            image
        }
    };
    let pointers = match pointers {
        Some(pointers) => pointers,
        None => registry.look_up(request.references(&image.digest)).await?,
    };
    shipment.describe(&image, &pointers);
    if !is_there(&pointers, &image.digest) {
        let here = image.blobs.iter().filter(|blob| !matches!(blob.location, source::Location::Gone));
        shipment.send(here.cloned().map(Into::into).collect()).await?;
    }
    if request.dry_run {
        check_all(&image).await?;
    }
    session.checkpoint(&Push::of(&image, &pointers, shipment.transfers()), UNFINISHED);
    shipment.settle().await?;
    let mut section = Push::of(&image, &pointers, shipment.transfers());
    section.dry_run = request.dry_run;
    section.encoder = packs.then(|| packing.encoder());
    section.repository = registry.repository_action();
    session.checkpoint(&section, UNFINISHED);
    if request.dry_run {
        warn_of_moves(&pointers, &image, session);
    } else {
        point(&registry, &image, &pointers, &mut section, session).await?;
        section.ok = true;
        session.name_image(&named(&request, &image, registry.host()));
    }
    attach_all(&registry, &image, &attachments, &mut section, session, request.dry_run).await?;
    if request.dry_run {
        section.ok = section.nothing_to_do;
    }
    if let Some(file) = findings {
        section.seconds = seconds(started.elapsed());
        session.checkpoint(&section, "run it again: the image is pushed, only the scan is waited for");
        section.scan = await_scan(&registry, &image, file, session).await?;
    }
    section.seconds = seconds(started.elapsed());
    Ok(report(section, named(&request, &image, registry.host())))
}

/// The image, if it lies in a folder or file.
async fn open_local(request: &Request) -> Result<Option<Source>, Error> {
    let ImageName::Path(path) = &request.source else { return Ok(None) };
    let (path, choice) = (path.clone(), request.choice.clone());
    let opened = tokio::task::spawn_blocking(move || source::open(&path, &choice)).await;
    let opened: Result<Source, SourceError> = opened.unwrap_or_else(|broken| carry_on(broken));
    Ok(opened.map(Some)?)
}

fn standard_input(beginning: Vec<u8>, has_more: bool) -> Box<dyn Read + Send> {
    if has_more { Box::new(Cursor::new(beginning).chain(std::io::stdin())) } else { Box::new(Cursor::new(beginning)) }
}

/// Where the user's caches are. Source: XDG base directory specification.
fn user_cache() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let caches = set("XDG_CACHE_HOME").or_else(|| set("HOME").map(|home| home.join(".cache")))?;
    caches.is_absolute().then(|| caches.join("ecr-push"))
}

/// The image, if it is known what all its layers become, and if the tags point at that already: then nothing is packed at all.
async fn already_there(
    draft: &Draft,
    packing: &Packer,
    registry: &Arc<Registry>,
    request: &Request,
) -> Result<Option<(Image, Vec<Pointer>)>, Error> {
    let known = draft.layers.iter().map(|layer| Some((layer.diff_id.clone(), packing.recall_for(layer)?)));
    let Some(known) = known.collect::<Option<BTreeMap<_, _>>>() else { return Ok(None) };
    let image = draft.finish_best(&known)?;
    let pointers = registry.look_up(request.references(&image.digest)).await?;
    Ok(is_there(&pointers, &image.digest).then_some((image, pointers)))
}

/// Puts the manifests of the platforms, then points the references at the image and looks whether they do.
async fn point(
    registry: &Registry,
    image: &Image,
    pointers: &[Pointer],
    section: &mut Push,
    session: &Session,
) -> Result<(), Error> {
    let plan = plan(image, pointers);
    for child in plan.children {
        registry.put(child, &Reference::Digest(child.digest.clone())).await?;
    }
    let Some(root) = image.manifests.last() else { return Ok(()) };
    for reference in &plan.references {
        registry.put(root, reference).await?;
        section.point(reference);
        session.checkpoint(section, UNFINISHED);
    }
    for reference in &plan.references {
        confirm(registry, root, reference).await?;
    }
    Ok(())
}

/// Whether a tag may be moved is known to ECR only when it is tried.
fn warn_of_moves(pointers: &[Pointer], image: &Image, session: &Session) {
    for Pointer { reference, digest } in pointers {
        if let Some(other) = digest.as_ref().filter(|digest| **digest != image.digest) {
            let message = format!("`{reference}` points at {other}: it is moved only if the repository lets it be");
            session.progress.warning(&message);
        }
    }
}

async fn confirm(registry: &Registry, root: &RawManifest, reference: &Reference) -> Result<(), Error> {
    let (reference, expected) = (reference.clone(), root.digest.clone());
    match registry.digest_after_put(&reference).await? {
        Some(found) if found == expected => Ok(()),
        Some(found) => Err(Error::Moved { reference, found, expected }),
        None => Err(Error::Unseen { reference, expected }),
    }
}

async fn attach_all(
    registry: &Arc<Registry>,
    image: &Image,
    attachments: &[Ready],
    section: &mut Push,
    session: &Session,
    dry_run: bool,
) -> Result<(), Error> {
    let Some(root) = image.manifests.last() else { return Ok(()) };
    for attachment in attachments {
        session.checkpoint(section, "run it again: the image is pushed, what is attached to it is not");
        let attached = attach::attach(registry, attachment, root, session, dry_run).await?;
        section.bytes_sent += attached.bytes_sent;
        section.nothing_to_do &= attached.attachment.action == BlobAction::Exists;
        section.attachments.push(attached.attachment);
    }
    Ok(())
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
        platform_digests: image.platforms_of_index().cloned().collect(),
    }
}

fn report(section: Push, image: contract::Image) -> Report<EcrPush> {
    Report { summary: section.summary(&image.uri), section, image: Some(image), refusal: None, carries_on: true }
}
