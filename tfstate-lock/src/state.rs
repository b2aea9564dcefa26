//! The state behind the lock: where it lies, what it says about itself, and what became of it.

pub mod address;
pub mod aftermath;
pub mod file;
pub mod lineage;
pub mod restoration;
pub mod table_digest;
pub mod workspaces;
