//! Processes: this one, those that hold locks, and the command that runs under a lock.

pub(crate) mod boot_time;
pub mod child;
pub mod identity;
pub mod stat;
pub mod terraform_arguments;
pub(crate) mod who;
