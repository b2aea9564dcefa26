//! One run of a tool, from the arguments to the exit code. Whatever happens, one whole document is written, once.

mod outcome;

use std::ffi::OsStr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::error::ErrorKind;
use clap::{ArgMatches, Command, CommandFactory, FromArgMatches};
use jiff::Timestamp;

use self::outcome::{Outcome, rendered};
use crate::arguments::{CommonArguments, OutputForm};
use crate::document::Document;
use crate::exit::{self, Exit};
use crate::fault::{Failure, Fault};
use crate::input::{self, Input, InputError};
use crate::metrics::{self, MetricsError, MetricsFile};
use crate::output::StandardOutput;
use crate::progress::{Progress, ProgressForm, Volume};
use crate::session::Session;
use crate::signals::{Signal, Signals};
use crate::step::Step;
use crate::tool::{Tool, WithoutEffectAlone};
use crate::{environment, output, pages, policy, schema, without_effect};

/// The version of all tools: they are released together.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What a dry run would do is no release: it leaves the last one's metrics alone.
const DRY_RUN_MEASURES_NOTHING: (&str, &[&str]) = ("dry_run", &["metrics", "metrics_labels"]);
const LABELS_NEED_METRICS: WithoutEffectAlone = (&["metrics"], &["metrics_labels"]);

/// Runs the tool with the process's arguments and says how the process is to end.
#[must_use]
pub fn main<T: Tool>() -> ExitCode {
    let command = command::<T>(std::env::args_os().nth(1).as_deref());
    let exit = match command.clone().try_get_matches() {
        Ok(matches) => with_matches::<T>(&matches, command),
        Err(error) => without_matches::<T>(&error),
    };
    ExitCode::from(exit.code())
}

fn command<T: Tool>(first: Option<&OsStr>) -> Command {
    let command = T::Arguments::command().name(T::NAME).version(VERSION);
    let command = command.mut_arg("output", |output| output.value_parser(OutputForm::parser(T::FORMS)));
    let after = command.get_after_long_help().map(|text| format!("{text}\n\n")).unwrap_or_default();
    let command = command.after_long_help(format!("{after}{}", exit::HELP));
    let is_inner = first.is_some_and(|first| T::INNER_COMMANDS.iter().any(|inner| first == *inner));
    if is_inner { command } else { environment::with_variables(command, T::TYPED_ONLY) }
}

/// Help and version are asked for; all else is a usage error, and the pipe behind us gets a document that says so.
fn without_matches<T: Tool>(error: &clap::Error) -> Exit {
    if !error.use_stderr() {
        return written(error.render().to_string().as_bytes());
    }
    let rendered = error.render().to_string();
    let mut paragraphs = rendered.split("\n\n").map(str::trim);
    let first = paragraphs.next().unwrap_or_default();
    let message = first.strip_prefix("error: ").unwrap_or(first).split_whitespace().collect::<Vec<_>>().join(" ");
    let tip = paragraphs.find_map(|paragraph| paragraph.strip_prefix("tip: ")).map(str::to_owned);
    let hint = tip.unwrap_or_else(|| format!("{} --help", T::NAME));
    let failure = Failure { code: "usage".to_owned(), message, hint: Some(hint), request_id: None };
    let progress = Progress::new(T::NAME, Volume::Normal, ProgressForm::Auto, crate::color::ColorChoice::Auto);
    let outcome = Outcome { failure: Some(failure), exit: Exit::Usage, ..Outcome::default() };
    finish::<T>(Document::new(), outcome, &Started::now(), &progress, None, &StandardOutput::default(), None)
}

fn with_matches<T: Tool>(matches: &ArgMatches, command: Command) -> Exit {
    // Asked before the arguments are complete: these two need none.
    if matches.get_flag("schema") {
        return written(schema::render::<T>().as_bytes());
    }
    if let Some(page) = matches.get_one("generate") {
        return written(&pages::render(*page, command));
    }
    let is_dry_run = is_dry_run(&command, matches);
    let beside_dry_run: &[(&str, &[&str])] = if is_dry_run { &[DRY_RUN_MEASURES_NOTHING] } else { &[] };
    let pairs = [T::WITHOUT_EFFECT, beside_dry_run].concat();
    if let Some((useless, beside)) = without_effect::find(&command, matches, &pairs) {
        let message = format!("{useless} is without effect beside {beside}");
        return without_matches::<T>(&command.clone().error(ErrorKind::ArgumentConflict, message));
    }
    let alone = [T::WITHOUT_EFFECT_ALONE, &[LABELS_NEED_METRICS]].concat();
    if let Some((useless, other)) = without_effect::find_alone(&command, matches, &alone) {
        let message = format!("{useless} is without effect without {other}");
        return without_matches::<T>(&command.clone().error(ErrorKind::MissingRequiredArgument, message));
    }
    let arguments = match T::Arguments::from_arg_matches(matches) {
        Ok(arguments) => arguments,
        Err(error) => return without_matches::<T>(&error),
    };
    let common = T::common(&arguments).clone();
    if common.iam_policy {
        return written(policy::document(&T::permissions(&arguments)).as_bytes());
    }
    let volume = match (common.quiet, common.verbose) {
        (true, _) => Volume::Quiet,
        (_, true) => Volume::Verbose,
        _ => Volume::Normal,
    };
    let progress = Progress::new(T::NAME, volume, common.progress, common.color);
    let (started, standard_output) = (Started::now(), StandardOutput::default());
    let (metrics, unmeasurable) = match common.metrics.as_deref().filter(|_| !is_dry_run) {
        None => (None, None),
        Some(path) => {
            let labels = common.metrics_labels.clone().unwrap_or_default();
            MetricsFile::open(path, labels, T::NAME).map_or_else(|error| (None, Some(error)), |file| (Some(file), None))
        }
    };
    let ran = catch_unwind(AssertUnwindSafe(|| {
        start::<T>(arguments, &common, progress.clone(), &started, standard_output.clone(), unmeasurable)
    }));
    let (document, outcome) = ran.unwrap_or_else(|_| (Document::new(), Outcome::bug()));
    finish::<T>(document, outcome, &started, &progress, common.output, &standard_output, metrics)
}

fn is_dry_run(command: &Command, matches: &ArgMatches) -> bool {
    command.get_arguments().any(|argument| argument.get_id() == "dry_run") && matches.get_flag("dry_run")
}

fn written(text: &[u8]) -> Exit {
    if output::write(text).is_ok() { Exit::Yes } else { Exit::World }
}

/// When the run began, on both clocks.
struct Started {
    at: Timestamp,
    clock: Instant,
}

impl Started {
    fn now() -> Self {
        Self { at: Timestamp::now(), clock: Instant::now() }
    }

    /// How long it has taken so far, to the millisecond.
    fn seconds(&self) -> f64 {
        (self.clock.elapsed().as_secs_f64() * 1000.0).round() / 1000.0
    }
}

fn start<T: Tool>(
    arguments: T::Arguments,
    common: &CommonArguments,
    progress: Progress,
    started: &Started,
    standard_output: StandardOutput,
    unmeasurable: Option<MetricsError>,
) -> (Document, Outcome) {
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let message = format!("no threads to work with: {error}");
            let hint = Some("raise the limit of processes: ulimit -u".to_owned());
            let failure = Failure { code: "system".to_owned(), message, hint, request_id: None };
            return (Document::new(), Outcome { failure: Some(failure), exit: Exit::World, ..Outcome::default() });
        }
    };
    let ended = runtime.block_on(async {
        let session = Session::new(T::NAME, VERSION, progress, Signals::listen(), standard_output);
        supervise::<T>(arguments, common, &session, started, unmeasurable).await
    });
    // A thread may still wait for standard input; nothing that it reads is wanted any more.
    runtime.shutdown_background();
    ended
}

/// Reads the input and lets the tool run until it ends, a signal comes or `--timeout` is over.
async fn supervise<T: Tool>(
    arguments: T::Arguments,
    common: &CommonArguments,
    session: &Session,
    started: &Started,
    unmeasurable: Option<MetricsError>,
) -> (Document, Outcome) {
    let mut document = Document::new();
    let work = async {
        if let Some(fetching) = T::fetch(&arguments, session) {
            if let Some(error) = unmeasurable {
                return Outcome::of_fault(&error, session);
            }
            return match fetching.await {
                Ok(fetched) => Outcome::of_fetched(fetched, session),
                Err(error) => Outcome::of_fault(&error, session),
            };
        }
        let source = input::source(common.input.as_deref(), T::operand(&arguments));
        let input = match input::read(source, T::STREAMS, &session.progress).await {
            Ok(input) => input,
            Err(InputError::Upstream(_, left)) if T::takes_up(&arguments) && left.ends_with_step_of(T::NAME) => {
                Input { document: Some(*left), ..Input::default() }
            }
            Err(error) => return without_input(error, &mut document, session),
        };
        if let Some(carried) = &input.document {
            document = carried.clone();
        }
        if let Some(error) = unmeasurable {
            return Outcome::of_fault(&error, session);
        }
        match T::run(arguments, input, session).await {
            Ok(report) => {
                if !report.carries_on {
                    document = Document::new();
                }
                Outcome::of_report(report, output::form(common.output), session)
            }
            Err(error) => Outcome::of_fault(&error, session),
        }
    };
    let outcome = tokio::select! {
        biased;
        outcome = work => outcome,
        ending = end(common.timeout, started, session.signals()) => match ending {
            Ending::Signal(signal) => {
                let message = format!("ended by signal {} ({})", signal.number, signal.name);
                Outcome::ended_early("interrupted", message, Exit::Signal(signal.number), session)
            }
            Ending::Timeout(limit) => {
                let message = format!("gave up waiting after {} s", limit.as_secs_f64());
                Outcome::ended_early("timeout", message, Exit::Unknown, session)
            }
        },
    };
    (document, outcome)
}

fn without_input(error: InputError, document: &mut Document, session: &Session) -> Outcome {
    let mut outcome = Outcome::of_fault(&error, session);
    if let InputError::Upstream(_, forwarded) = error {
        *document = *forwarded;
        outcome.forward = true;
    }
    outcome
}

enum Ending {
    Signal(Signal),
    Timeout(Duration),
}

async fn end(timeout: Option<Duration>, started: &Started, signals: &Signals) -> Ending {
    let limit = async {
        match timeout {
            Some(limit) => tokio::time::sleep(limit.saturating_sub(started.clock.elapsed())).await,
            None => std::future::pending().await,
        }
    };
    let ending = tokio::select! {
        signal = signals.wait() => Ending::Signal(signal),
        () = limit => Ending::Timeout(timeout.unwrap_or_default()),
    };
    signals.free().await;
    ending
}

/// Completes the document, writes it, and says the closing line.
fn finish<T: Tool>(
    mut document: Document,
    outcome: Outcome,
    started: &Started,
    progress: &Progress,
    asked: Option<OutputForm>,
    standard_output: &StandardOutput,
    metrics: Option<MetricsFile>,
) -> Exit {
    let carried = metrics.is_some().then(|| document.clone());
    if !outcome.forward {
        complete::<T>(&mut document, &outcome, started);
    }
    let text = match (outcome.fetched, output::form(asked)) {
        (Some(fetched), _) => fetched,
        (None, OutputForm::Json) => document.to_line(),
        (None, form) => {
            outcome.rendered.or_else(|| rendered::<T>(form, None, outcome.failure.as_ref())).unwrap_or_default()
        }
    };
    progress.end();
    match &outcome.failure {
        Some(failure) => progress.error(&with_request_id(failure), failure.hint.as_deref()),
        // Who has nothing to say says nothing.
        None if outcome.summary.is_empty() => {}
        None => progress.event("done", &outcome.summary, &[]),
    }
    let exit = match standard_output.write(text.as_bytes()) {
        Ok(()) => outcome.exit,
        Err(error) => {
            progress.error(&format!("standard output cannot be written: {error}"), None);
            or_world(outcome.exit)
        }
    };
    let (Some(file), Some(carried)) = (metrics, carried) else { return exit };
    let image = document.image().ok().flatten();
    let sections = metrics::sections_shown(&carried, image.as_ref(), T::SECTION);
    let (duration, ended_at) = (started.seconds(), Timestamp::now());
    let run = metrics::Run { tool: T::NAME, version: VERSION, exit, duration, ended_at, sections: &sections };
    match file.write(&run, outcome.samples) {
        Ok(()) => exit,
        Err(error) => {
            progress.error(&error.to_string(), error.hint().as_deref());
            or_world(exit)
        }
    }
}

/// The answer stands, unless it was yes: then something that was asked for is missing all the same.
fn or_world(exit: Exit) -> Exit {
    if exit.code() == 0 { Exit::World } else { exit }
}

fn with_request_id(failure: &Failure) -> String {
    match &failure.request_id {
        Some(id) => format!("{} (request id {id})", failure.message),
        None => failure.message.clone(),
    }
}

fn complete<T: Tool>(document: &mut Document, outcome: &Outcome, started: &Started) {
    if let Some(image) = &outcome.image {
        document.set("image", image);
    }
    if let Some(section) = &outcome.section {
        document.set_raw(T::SECTION, section.clone());
    }
    let ok = outcome.failure.is_none();
    let summary = outcome.failure.as_ref().map_or(&outcome.summary, |failure| &failure.message);
    document.append_step(&Step {
        tool: T::NAME.to_owned(),
        version: VERSION.to_owned(),
        ok,
        started_at: started.at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        seconds: started.seconds(),
        summary: summary.clone(),
    });
    document.set("ok", &ok);
    match &outcome.failure {
        Some(failure) => document.set("error", failure),
        None => document.remove("error"),
    }
}
