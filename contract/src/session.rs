//! What a running tool may use of the world around it.

use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use crate::exit::Exit;
use crate::image::Image;
use crate::metrics::{Measured, Sample};
use crate::output::StandardOutput;
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
    standard_output: StandardOutput,
    checkpoint: Mutex<Option<Checkpoint>>,
    image: Mutex<Option<Image>>,
    code: Mutex<Option<u8>>,
}

/// What the document is to say if the run is ended now.
#[derive(Debug)]
pub(crate) struct Checkpoint {
    pub(crate) section: Box<RawValue>,
    pub(crate) samples: Vec<Sample>,
    pub(crate) hint: String,
}

impl Session {
    pub(crate) fn new(
        tool: &'static str,
        version: &'static str,
        progress: Progress,
        signals: Signals,
        standard_output: StandardOutput,
    ) -> Self {
        let (checkpoint, image, code) = (Mutex::new(None), Mutex::new(None), Mutex::new(None));
        Self { tool, version, progress, signals, standard_output, checkpoint, image, code }
    }

    /// Leaves word for the case that a signal, `--timeout` or an error ends the run from here on: the section as far as it is known, and what
    /// to do next.
    pub fn checkpoint(&self, section: &(impl Serialize + Measured), hint: &str) {
        let samples = section.samples();
        let Ok(section) = to_raw_value(section) else { return };
        let checkpoint = Checkpoint { section, samples, hint: hint.to_owned() };
        *self.checkpoint.lock().unwrap_or_else(PoisonError::into_inner) = Some(checkpoint);
    }

    /// The image that the release is about is there from here on, whatever becomes of the rest: the document names it even if the run fails.
    pub fn name_image(&self, image: &Image) {
        *self.image.lock().unwrap_or_else(PoisonError::into_inner) = Some(image.clone());
    }

    /// Leaves standard output to a command that the tool runs: from here on no document is written, however the run ends. The closing line
    /// on standard error is.
    pub fn hand_over_standard_output(&self) {
        self.standard_output.hand_over();
    }

    /// Says what the run ends with if nothing of the tool's own goes wrong: the code of the command that it ran.
    pub fn end_with(&self, code: u8) {
        *self.code.lock().unwrap_or_else(PoisonError::into_inner) = Some(code);
    }

    /// How a run ends that went well.
    pub(crate) fn exit(&self) -> Exit {
        self.code.lock().unwrap_or_else(PoisonError::into_inner).map_or(Exit::Yes, Exit::Child)
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

    /// The same for a tool that passes them on: quit, user 1 and user 2 as well. They keep their default action until this is called.
    #[must_use]
    pub fn all_interruptions(&self) -> Interruptions<'_> {
        self.signals.take_all()
    }

    pub(crate) fn signals(&self) -> &Signals {
        &self.signals
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::color::ColorChoice;
    use crate::progress::{ProgressForm, Volume};

    #[tokio::test]
    async fn a_run_ends_with_the_code_of_what_it_ran_if_it_says_so() {
        let progress = Progress::new("t", Volume::Quiet, ProgressForm::Plain, ColorChoice::Never);
        let session = Session::new("t", "1", progress, Signals::listen(), StandardOutput::default());
        assert_eq!(session.exit(), Exit::Yes);
        session.end_with(77);
        assert_eq!(session.exit(), Exit::Child(77));
    }
}
