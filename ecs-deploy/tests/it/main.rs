//! How the binary behaves against the local AWS: standard output, standard error and exit code together.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on is to stop there")]

mod bench;
mod command_line;
mod ends;
mod faults;
mod ministack;
mod rollout;
