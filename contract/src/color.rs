//! When to colour. Decided once a stream, at start.

use std::io::IsTerminal;

use anstyle::{AnsiColor, Style};
use clap::ValueEnum;

/// What `--color` says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl ColorChoice {
    /// Whether a stream is to be coloured. Source of the variables: no-color.org and bixense.com/clicolors.
    #[must_use]
    pub fn resolve(self, stream: &impl IsTerminal) -> bool {
        let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let forced = std::env::var_os("CLICOLOR_FORCE").is_some_and(|value| !value.is_empty() && value != "0");
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto if set("NO_COLOR") => false,
            Self::Auto => forced || stream.is_terminal(),
        }
    }
}

/// The words that are coloured on standard error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// The label of an error.
    Error,
    /// The label of a warning.
    Warning,
    /// The label of a hint.
    Hint,
}

impl Tone {
    /// The word in its colour, or plain.
    #[must_use]
    pub fn paint(self, word: &str, colored: bool) -> String {
        let color = match self {
            Self::Error => AnsiColor::Red,
            Self::Warning => AnsiColor::Yellow,
            Self::Hint => AnsiColor::Cyan,
        };
        let style = Style::new().bold().fg_color(Some(color.into()));
        if colored { format!("{style}{word}{style:#}") } else { word.to_owned() }
    }
}
