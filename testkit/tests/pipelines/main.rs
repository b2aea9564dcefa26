//! The tools together: whole pipes, the promises of the contract for every pair, the documentation, and the shape of the house.
//!
//! The tools are found beside the test's own binary; `make build` puts them there.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on is to stop there")]

mod architecture;
mod bench;
mod documentation;
mod early_reader;
mod fail_closed;
mod filters;
mod schemas;
mod script;
