//! Addresses: blocks of them, and sets that are exact to the single address.

pub mod prefix;
pub mod set;
