//! The bytes of a layer, compressed and plain.

pub mod decompress;
