//! What every tool keeps, written once: the release document, standard input and output, exit codes, errors, progress,
//! signals, AWS clients, schemas, policies, waivers, man pages.
//!
//! A tool is a type that implements [`Tool`]; its `main` is one call:
//!
//! ```text
//! fn main() -> std::process::ExitCode { contract::main::<Tool>() }
//! ```
//!
//! [`main`](fn@main) reads the arguments and the input, lets the tool run, and writes exactly one document. A tool never writes to
//! standard output and never ends the process: both happen here. This crate knows no tool.

pub mod arguments;
pub mod aws;
pub mod color;
pub mod digest;
pub mod document;
pub mod environment;
pub mod exit;
pub mod fault;
pub mod image;
pub mod input;
mod invocation;
pub mod metrics;
mod output;
pub mod pages;
pub mod policy;
pub mod progress;
pub mod raw;
pub mod requirement;
pub mod schema;
mod session;
mod signals;
pub mod step;
pub mod table;
pub mod time;
pub mod tool;
pub mod uri;
pub mod waiver;
mod without_effect;

pub use digest::Digest;
pub use document::Document;
pub use exit::Exit;
pub use fault::{Failure, Fault};
pub use image::Image;
pub use input::{Input, Operand};
pub use invocation::main;
pub use progress::Progress;
pub use session::Session;
pub use signals::Interruptions;
pub use tool::{Fetched, Report, Tool, WithoutEffectAlone};
