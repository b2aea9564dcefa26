//! A lock: what it says, how long it lasts, what that means, and when it may be taken away.

pub mod breaking;
pub mod engine;
pub mod explain;
pub mod id;
pub mod info;
pub mod lease;
