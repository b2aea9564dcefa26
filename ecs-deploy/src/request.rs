//! From what was typed and piped to what is asked.

use contract::{Digest, Image, Input, requirement};

use crate::cli::Arguments;
use crate::error::Error;
use crate::image_reference::ImageReference;

/// What is asked.
#[derive(Clone, Debug)]
pub struct Request {
    /// Cluster: name or ARN.
    pub cluster: String,
    /// Service.
    pub service: String,
    /// The container that gets the image.
    pub container: Option<String>,
    /// The image.
    pub image: ImageReference,
    /// Only read.
    pub dry_run: bool,
}

impl Request {
    /// Resolves arguments and input.
    ///
    /// # Errors
    /// No image is named, it is no image reference, or `--require` is not met.
    pub fn resolve(arguments: &Arguments, input: &Input) -> Result<Self, Error> {
        if let Some(bytes) = &input.foreign {
            // Nothing foreign is of use here: what came was meant to be a release document, and this says what is wrong with it.
            contract::Document::parse(bytes)?;
        }
        let document = input.document.as_ref();
        let carried = document.map(contract::Document::image).transpose()?.flatten();
        let image: ImageReference = match (&arguments.image, &carried) {
            (Some(image), _) => image.parse()?,
            (None, Some(image)) => image.uri.parse()?,
            (None, None) => return Err(Error::NoImage),
        };
        requirement::check(document, &arguments.common.require, &subjects(&image, carried.as_ref()))?;
        if let Some(document) = document.filter(|_| !arguments.change.dry_run) {
            requirement::no_section_says_no(document)?;
        }
        Ok(Self {
            cluster: arguments.cluster.clone(),
            service: arguments.service.clone(),
            container: arguments.container.clone(),
            image,
            dry_run: arguments.change.dry_run,
        })
    }
}

/// The digests that name the image at hand. The document's image lends its configuration's digests only if it is the same image.
fn subjects(image: &ImageReference, carried: Option<&Image>) -> Vec<Digest> {
    match (image.digest(), carried) {
        (Some(digest), Some(carried)) if carried.digest == *digest => carried.names().cloned().collect(),
        (Some(digest), _) => vec![digest.clone()],
        (None, _) => Vec::new(),
    }
}
