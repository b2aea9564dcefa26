//! What is said on standard error while a tool works.

use std::io::{IsTerminal, Write};
use std::time::Duration;

use clap::ValueEnum;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Map, Value};

use crate::color::{ColorChoice, Tone};

/// What `--progress` says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ProgressForm {
    /// Bars on a terminal, else plain lines.
    #[default]
    Auto,
    /// Plain lines.
    Plain,
    /// One JSON event a line.
    Json,
}

/// How much is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Volume {
    /// Errors only.
    Quiet,
    /// What a person wants to follow.
    Normal,
    /// Every call as well.
    Verbose,
}

/// The voice of a tool on standard error.
#[derive(Clone, Debug)]
pub struct Progress {
    tool: String,
    volume: Volume,
    json: bool,
    colored: bool,
    bars: MultiProgress,
}

impl Progress {
    /// Decides once what this run's standard error gets.
    #[must_use]
    pub fn new(tool: &str, volume: Volume, form: ProgressForm, color: ColorChoice) -> Self {
        let stream = std::io::stderr();
        let wants_bars = form == ProgressForm::Auto && volume > Volume::Quiet && stream.is_terminal();
        let target = if wants_bars { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        Self {
            tool: tool.to_owned(),
            volume,
            json: form == ProgressForm::Json,
            colored: color.resolve(&stream),
            bars: MultiProgress::with_draw_target(target),
        }
    }

    /// Something happened. `fields` are for the JSON form only.
    pub fn event(&self, name: &str, message: &str, fields: &[(&str, Value)]) {
        self.say(Volume::Normal, name, None, message, fields);
    }

    /// Something that only `--verbose` asks for.
    pub fn detail(&self, name: &str, message: &str, fields: &[(&str, Value)]) {
        self.say(Volume::Verbose, name, None, message, fields);
    }

    /// Something is odd, but the work goes on.
    pub fn warning(&self, message: &str) {
        self.say(Volume::Normal, "warning", Some(("warning", Tone::Warning)), message, &[]);
    }

    /// The work ended badly: one line, and a second one with the next command to type.
    pub(crate) fn error(&self, message: &str, hint: Option<&str>) {
        self.say(Volume::Quiet, "error", Some(("error", Tone::Error)), message, &[]);
        if let Some(hint) = hint {
            self.say(Volume::Quiet, "hint", Some(("hint", Tone::Hint)), hint, &[]);
        }
    }

    /// A bar over a number of bytes. It draws nothing where there is no terminal.
    #[must_use]
    pub fn bar(&self, label: &str, bytes: u64) -> ProgressBar {
        let bar = self.bars.add(ProgressBar::new(bytes).with_prefix(label.to_owned()));
        if let Ok(style) =
            ProgressStyle::with_template("{prefix:24} {bar:30} {bytes:>10}/{total_bytes:10} {bytes_per_sec}")
        {
            bar.set_style(style);
        }
        if !bar.is_hidden() {
            bar.enable_steady_tick(Duration::from_millis(200));
        }
        bar
    }

    /// Takes all bars away: what was under way is over, well or not.
    pub(crate) fn end(&self) {
        // A terminal that cannot be written is no reason to fail at the end.
        let _ = self.bars.clear();
        self.bars.set_draw_target(ProgressDrawTarget::hidden());
    }

    fn say(&self, volume: Volume, name: &str, label: Option<(&str, Tone)>, message: &str, fields: &[(&str, Value)]) {
        if self.volume < volume {
            return;
        }
        let line = if self.json { self.json_line(name, message, fields) } else { self.plain_line(label, message) };
        // A closed standard error must not end the work.
        self.bars.suspend(|| drop(writeln!(std::io::stderr(), "{line}")));
    }

    fn json_line(&self, name: &str, message: &str, fields: &[(&str, Value)]) -> String {
        let mut event = Map::new();
        event.insert("tool".to_owned(), self.tool.clone().into());
        event.insert("event".to_owned(), name.into());
        event.insert("message".to_owned(), message.into());
        event.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        Value::Object(event).to_string()
    }

    fn plain_line(&self, label: Option<(&str, Tone)>, message: &str) -> String {
        // One line, whatever a scanner or the holder of a lock put into it: CI systems take commands from lines.
        let message = crate::table::printable(message);
        match label {
            Some((word, tone)) => format!("{}: {}: {message}", self.tool, tone.paint(word, self.colored)),
            None => format!("{}: {message}", self.tool),
        }
    }
}
