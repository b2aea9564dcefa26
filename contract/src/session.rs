//! What a running tool may use of the world around it.

use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use crate::image::Image;
use crate::progress::Progress;
use crate::signals::{Interruptions, Signals};

/// One run of a tool.
#[derive(Debug)]
pub struct Session {
    /// The tool's name.
    pub tool: &'static str,
    /// The tool's version.
    pub version: &'static str,
    /// The voice on standard error.
    pub progress: Progress,
    signals: Signals,
    checkpoint: Mutex<Option<Checkpoint>>,
    image: Mutex<Option<Image>>,
}

/// What the document is to say if the run is ended now.
#[derive(Debug)]
pub(crate) struct Checkpoint {
    pub(crate) section: Box<RawValue>,
    pub(crate) hint: String,
}

impl Session {
    pub(crate) fn new(tool: &'static str, version: &'static str, progress: Progress, signals: Signals) -> Self {
        Self { tool, version, progress, signals, checkpoint: Mutex::new(None), image: Mutex::new(None) }
    }

    /// Leaves word for the case that a signal, `--timeout` or an error ends the run from here on: the section as far as it is known, and what
    /// to do next.
    pub fn checkpoint(&self, section: &impl Serialize, hint: &str) {
        let Ok(section) = to_raw_value(section) else { return };
        let checkpoint = Checkpoint { section, hint: hint.to_owned() };
        *self.checkpoint.lock().unwrap_or_else(PoisonError::into_inner) = Some(checkpoint);
    }

    /// The image that the release is about is there from here on, whatever becomes of the rest: the document names it even if the run fails.
    pub fn name_image(&self, image: &Image) {
        *self.image.lock().unwrap_or_else(PoisonError::into_inner) = Some(image.clone());
    }

    pub(crate) fn take_image(&self) -> Option<Image> {
        self.image.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    pub(crate) fn take_checkpoint(&self) -> Option<Checkpoint> {
        self.checkpoint.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Runs `work` to its end even if a signal or `--timeout` comes: the run ends behind it. For the few requests whose answer must be known.
    pub async fn to_the_end<T>(&self, work: impl Future<Output = T>) -> T {
        let _held = self.signals.hold();
        work.await
    }

    /// Whether a signal is waiting for the end of [`Session::to_the_end`].
    #[must_use]
    pub fn is_interrupted(&self) -> bool {
        self.signals.arrived().is_some()
    }

    /// Lets the tool act on signals itself for as long as it keeps the guard: `--timeout` still ends the run.
    #[must_use]
    pub fn interruptions(&self) -> Interruptions<'_> {
        self.signals.take()
    }

    pub(crate) fn signals(&self) -> &Signals {
        &self.signals
    }
}
