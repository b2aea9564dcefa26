//! How the binary behaves against the local AWS: standard output, standard error and exit code together.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on is to stop there")]

mod back;
mod bench;
mod checks;
mod code_deploy;
mod command_line;
mod definition;
mod ends;
mod faults;
mod ministack;
mod one_off;
mod preflight;
mod rollout;
mod schedules;
mod several;
mod signals;
mod strategies;
mod taken_up;
mod worse;
