//! Manual page and shell completions, from the same command line that is parsed.

use clap::{Command, ValueEnum};
use clap_complete::Shell;

/// What `--generate` can print.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Page {
    /// The manual page, in roff.
    Man,
    /// Completions for bash.
    Bash,
    /// Completions for zsh.
    Zsh,
    /// Completions for fish.
    Fish,
}

/// Renders a page.
#[must_use]
pub fn render(page: Page, mut command: Command) -> Vec<u8> {
    let name = command.get_name().to_owned();
    let shell = match page {
        Page::Man => {
            let mut roff = Vec::new();
            // Writing into memory cannot fail.
            let _ = clap_mangen::Man::new(command).render(&mut roff);
            return roff;
        }
        Page::Bash => Shell::Bash,
        Page::Zsh => Shell::Zsh,
        Page::Fish => Shell::Fish,
    };
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command, name, &mut script);
    script
}
