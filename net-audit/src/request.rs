//! From what was typed and piped to what is asked.

pub mod live;
pub mod region;

use std::path::PathBuf;

use contract::Input;
use contract::arguments::OutputForm;
use contract::policy::Statement;
use contract::{Digest, requirement};

use crate::audit::finding::Severity;
use crate::aws;
use crate::cli::Arguments;
use crate::error::Error;
use crate::explain::Question;
use crate::facts::intent::Intent;
use crate::report::form::MARKDOWN;
use crate::request::live::Live;

/// What is asked.
#[derive(Debug)]
pub struct Request {
    /// What describes the network, each source in its turn.
    pub sources: Vec<Source>,
    /// What is to be told of it.
    pub task: Task,
    /// What is meant to be public.
    pub intent: Intent,
    /// The lowest severity that counts.
    pub threshold: Option<Severity>,
    /// Files of waivers.
    pub waivers: Vec<PathBuf>,
    /// A file of prices.
    pub prices: Option<PathBuf>,
    /// Gigabytes a month that are assumed of each NAT gateway.
    pub gb: Option<f64>,
}

/// What is to be told.
#[derive(Debug)]
pub enum Task {
    /// Everything that is wrong.
    Audit,
    /// The way from one place to another.
    Explain(Question),
    /// What changed since then.
    Compare(Source),
}

/// Where documents are.
#[derive(Debug)]
pub enum Source {
    /// In a file.
    File(PathBuf),
    /// What came on standard input.
    Bytes(Vec<u8>),
    /// They are made now.
    Live(Live),
}

impl Source {
    /// The file's name, if it is one.
    #[must_use]
    pub fn name(&self) -> Option<String> {
        match self {
            Self::File(path) => Some(path.display().to_string()),
            Self::Bytes(_) | Self::Live(_) => None,
        }
    }
}

impl Request {
    /// Resolves arguments and input.
    ///
    /// # Errors
    /// There is no snapshot, the ends of a way cannot be read, the form does not fit what is asked, it is not said where one is to be taken, the release document's image has the wrong shape, or `--require` is not met.
    pub fn resolve(arguments: Arguments, input: Input) -> Result<Self, Error> {
        let image = input.document.as_ref().map(contract::Document::image).transpose()?.flatten();
        let subjects: Vec<Digest> = image.iter().flat_map(|image| image.names().cloned()).collect();
        requirement::check(input.document.as_ref(), &arguments.common.require, &subjects)?;
        let mut foreign = input.foreign;
        let mut source = |path: PathBuf| {
            if path.as_os_str() != "-" {
                return Ok(Source::File(path));
            }
            foreign.take().map(Source::Bytes).ok_or(Error::NoSnapshot)
        };
        let mut compared = arguments.diff.into_iter();
        let before = compared.next().map(&mut source).transpose()?;
        let task = match (before, arguments.explain.as_slice()) {
            (Some(before), _) => Task::Compare(before),
            (None, [from, to]) => Task::Explain(Question::parse(from, to)?),
            (None, _) => Task::Audit,
        };
        let own_form = match arguments.common.output {
            Some(OutputForm::Own(form)) if form != MARKDOWN => Some(form),
            _ => None,
        };
        if let (Some(form), false) = (own_form, matches!(task, Task::Audit)) {
            return Err(Error::NoSuchForm { form });
        }
        let named = arguments.snapshots.into_iter().chain(compared);
        let mut sources = named.map(&mut source).collect::<Result<Vec<Source>, Error>>()?;
        if arguments.live.is_live() {
            sources.push(Source::Live(Live::resolve(arguments.live)?));
        } else if sources.is_empty() {
            sources.push(source(PathBuf::from("-"))?);
        }
        Ok(Self {
            sources,
            task,
            intent: Intent { public: arguments.public, private: arguments.private },
            threshold: arguments.fail_on.severity(),
            waivers: arguments.waivers,
            prices: arguments.prices,
            gb: arguments.gb,
        })
    }
}

/// The permissions that these arguments need: none without a look at AWS.
pub(crate) fn permissions(arguments: &Arguments) -> Vec<Statement> {
    let live = arguments.live.is_live().then(|| Live::resolve(arguments.live.clone()));
    live.and_then(Result::ok).map(|live| aws::permissions(&live)).unwrap_or_default()
}
