//! How a run ended, as far as the document and the metrics are concerned.

use serde_json::value::{RawValue, to_raw_value};

use crate::arguments::OutputForm;
use crate::exit::Exit;
use crate::fault::{Failure, Fault};
use crate::image::Image;
use crate::metrics::{Measured as _, Sample};
use crate::session::{Checkpoint, Session};
use crate::tool::{Fetched, Report, Tool};

/// How a run ended.
pub(super) struct Outcome {
    pub(super) section: Option<Box<RawValue>>,
    /// What is written in place of the document, if another form was asked for.
    pub(super) rendered: Option<String>,
    /// What is written in place of any form of the document.
    pub(super) fetched: Option<String>,
    pub(super) image: Option<Image>,
    /// What the section has to say in numbers.
    pub(super) samples: Vec<Sample>,
    pub(super) summary: String,
    pub(super) failure: Option<Failure>,
    pub(super) exit: Exit,
    /// The document belongs to a tool upstream that said no: it goes on as it came.
    pub(super) forward: bool,
}

impl Default for Outcome {
    fn default() -> Self {
        let (section, rendered, fetched, image, failure) = (None, None, None, None, None);
        let (samples, summary) = (Vec::new(), String::new());
        Self { section, rendered, fetched, image, samples, summary, failure, exit: Exit::Yes, forward: false }
    }
}

impl Outcome {
    pub(super) fn of_report<T: Tool>(report: Report<T>, form: OutputForm, session: &Session) -> Self {
        let failure = report.refusal.as_ref().map(Failure::from);
        Self {
            section: to_raw_value(&report.section).ok(),
            rendered: rendered::<T>(form, Some(&report.section), failure.as_ref()),
            fetched: None,
            image: report.image,
            samples: report.section.samples(),
            summary: report.summary,
            exit: report.refusal.as_ref().map_or_else(|| session.exit(), Fault::exit),
            failure,
            forward: false,
        }
    }

    pub(super) fn of_fetched(fetched: Fetched, session: &Session) -> Self {
        Self { fetched: Some(fetched.text), summary: fetched.summary, exit: session.exit(), ..Self::default() }
    }

    pub(super) fn of_fault(fault: &impl Fault, session: &Session) -> Self {
        let mut failure = Failure::from(fault);
        let image = session.take_image();
        let Some(Checkpoint { section, samples, hint }) = session.take_checkpoint() else {
            return Self { image, failure: Some(failure), exit: fault.exit(), ..Self::default() };
        };
        failure.hint.get_or_insert(hint);
        Self { section: Some(section), samples, image, failure: Some(failure), exit: fault.exit(), ..Self::default() }
    }

    pub(super) fn ended_early(code: &str, message: String, exit: Exit, session: &Session) -> Self {
        let image = session.take_image();
        let left = session.take_checkpoint();
        let known = left.as_ref().map(|left| left.hint.clone());
        // Nothing was under way yet: all that can be done is to begin again.
        let hint =
            known.or_else(|| (exit == Exit::Unknown).then(|| "run it again, with a longer --timeout".to_owned()));
        let failure = Some(Failure { code: code.to_owned(), message, hint, request_id: None });
        let (section, samples) = left.map(|left| (left.section, left.samples)).unzip();
        Self { section, samples: samples.unwrap_or_default(), image, failure, exit, ..Self::default() }
    }

    pub(super) fn bug() -> Self {
        let failure = Failure {
            code: "bug".to_owned(),
            message: "the tool broke off: this is a bug".to_owned(),
            hint: Some("report it with the command line and the lines above".to_owned()),
            request_id: None,
        };
        Self { failure: Some(failure), exit: Exit::World, ..Self::default() }
    }
}

/// What is written in place of the document.
pub(super) fn rendered<T: Tool>(
    form: OutputForm,
    section: Option<&T::Section>,
    failure: Option<&Failure>,
) -> Option<String> {
    match form {
        OutputForm::Json => None,
        OutputForm::Table => section.map(T::table),
        OutputForm::Own(name) => Some(T::render(name, section, failure)),
    }
}
