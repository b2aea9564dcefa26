//! Runs tools in an empty folder.
