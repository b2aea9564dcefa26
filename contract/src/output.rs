//! The only place that writes to standard output.

use std::io::{ErrorKind, IsTerminal, Write};

use crate::arguments::OutputForm;

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
