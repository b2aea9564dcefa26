//! The tools together: whole pipes, the promises of the contract for every pair, the documentation, and the shape of the house.
//!
//! The tools are found beside the test's own binary; `make build` puts them there.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on is to stop there")]

mod architecture;
mod bench;
mod closed_loop;
mod documentation;
mod early_reader;
mod fail_closed;
mod filters;
mod infrastructure;
mod metrics;
mod observability;
mod packaging;
mod project;
mod promotion;
mod proof;
mod pushed;
mod receiver;
mod record;
mod release;
mod schemas;
mod script;
mod settings;
mod terraform_example;
mod watched;
mod workflows;
