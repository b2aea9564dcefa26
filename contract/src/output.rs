//! The only place that writes to standard output.

use std::io::{ErrorKind, IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::arguments::OutputForm;

/// Standard output, for as long as it is the tool's own.
#[derive(Clone, Debug, Default)]
pub(crate) struct StandardOutput {
    is_handed_over: Arc<AtomicBool>,
}

impl StandardOutput {
    /// Leaves it to a child: nothing more is written to it.
    pub(crate) fn hand_over(&self) {
        self.is_handed_over.store(true, Ordering::Release);
    }

    /// Writes `text`, unless it is a child's by now.
    pub(crate) fn write(&self, text: &[u8]) -> std::io::Result<()> {
        if self.is_handed_over.load(Ordering::Acquire) { Ok(()) } else { write(text) }
    }
}

/// Writes `text` and flushes. A reader that went away (`| head -1`) is no error.
pub(crate) fn write(text: &[u8]) -> std::io::Result<()> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(text).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

/// The form of standard output: as asked, else a table on a terminal and JSON elsewhere.
pub(crate) fn form(asked: Option<OutputForm>) -> OutputForm {
    let natural = if std::io::stdout().is_terminal() { OutputForm::Table } else { OutputForm::Json };
    asked.unwrap_or(natural)
}
