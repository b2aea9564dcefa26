//! Sending: layers are packed or kept, blobs are uploaded, files are attached; all of it side by side.

pub(crate) mod attach;
pub(crate) mod pack;
pub(crate) mod ship;
pub(crate) mod stream;
pub(crate) mod upload;
