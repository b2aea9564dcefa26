//! What a tool is.

use std::future::Future;

use clap::Parser;
use schemars::JsonSchema;
use serde::Serialize;

use crate::arguments::{CommonArguments, OwnForm};
use crate::fault::{Failure, Fault};
use crate::image::Image;
use crate::input::{Input, Operand};
use crate::metrics::Measured;
use crate::policy::Statement;
use crate::session::Session;

/// Flags of which one must be there, and those that are without effect else.
pub type WithoutEffectAlone = (&'static [&'static str], &'static [&'static str]);

/// One tool: its command line, its section of the document, and what it does.
pub trait Tool {
    /// The command's name, which is the crate's.
    const NAME: &'static str;

    /// The member of the release document that it writes, for example `scan`.
    const SECTION: &'static str;

    /// Whether it reads foreign JSON on standard input as it comes: [`Input::foreign`] is only the beginning then, and
    /// [`Input::unread`] says whether more waits.
    const STREAMS: bool = false;

    /// Forms of standard output that no other tool has.
    const FORMS: &'static [OwnForm] = &[];

    /// Flags, by their ids, each with those (or groups of those) that are without effect beside it. They are refused if they are typed; a variable
    /// of the environment is a setting for all runs, and is passed over.
    const WITHOUT_EFFECT: &'static [(&'static str, &'static [&'static str])] = &[];

    /// Flags, by their ids, that are without effect unless one of others is there: first those others, then they. They are refused if they are
    /// typed alone; a variable of the environment is passed over.
    const WITHOUT_EFFECT_ALONE: &'static [WithoutEffectAlone] = &[];

    /// Subcommands with which the tool starts itself: no variable of the environment is a setting for them.
    const INNER_COMMANDS: &'static [&'static str] = &[];

    /// Flags, by their names, that name one thing and are no setting for all runs: they have no variable.
    const TYPED_ONLY: &'static [&'static str] = &[];

    /// The command line.
    type Arguments: Parser;

    /// The shape of its section.
    type Section: Serialize + JsonSchema + Measured;

    /// What can go wrong.
    type Error: Fault;

    /// The flags that all tools share.
    fn common(arguments: &Self::Arguments) -> &CommonArguments;

    /// Whether the tool's main operand is given, missing, or `-`: what decides if standard input is read.
    fn operand(arguments: &Self::Arguments) -> Operand;

    /// Whether these arguments take up what an earlier run of this tool left: then its document is welcome although it says no.
    fn takes_up(arguments: &Self::Arguments) -> bool {
        let _ = arguments;
        false
    }

    /// The IAM permissions that this command line needs.
    fn permissions(arguments: &Self::Arguments) -> Vec<Statement>;

    /// Does the job.
    ///
    /// # Errors
    /// Nothing can be said: usage, input, or the world failed. An answer that is no belongs into [`Report::refusal`].
    fn run(
        arguments: Self::Arguments,
        input: Input,
        session: &Session,
    ) -> impl Future<Output = Result<Report<Self>, Self::Error>>;

    /// Gets what stands on standard output in place of a release document, if these arguments ask for such a thing: then nothing else is done,
    /// and no input is read. A failure is a release document all the same.
    fn fetch(
        arguments: &Self::Arguments,
        session: &Session,
    ) -> Option<impl Future<Output = Result<Fetched, Self::Error>>> {
        let _ = (arguments, session);
        None::<std::future::Ready<_>>
    }

    /// The section for people.
    fn table(section: &Self::Section) -> String;

    /// What is written in one of [`Self::FORMS`]: the section if there is one, and why the answer is no if it is.
    fn render(form: &str, section: Option<&Self::Section>, failure: Option<&Failure>) -> String {
        let _ = (form, failure);
        section.map(Self::table).unwrap_or_default()
    }
}

/// What a tool fetched, to be written as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// The text.
    pub text: String,
    /// One line for people.
    pub summary: String,
}

/// What a tool found or did.
#[derive(Debug)]
pub struct Report<T: Tool + ?Sized> {
    /// The tool's section of the document.
    pub section: T::Section,
    /// The image, if the tool is the one that knows it.
    pub image: Option<Image>,
    /// One line for people.
    pub summary: String,
    /// Why the answer is no; `None` if it is yes.
    pub refusal: Option<T::Error>,
    /// Whether the release goes on with this: its document is carried on. If not, a new one begins, which names no image and so lets nothing through.
    pub carries_on: bool,
}
