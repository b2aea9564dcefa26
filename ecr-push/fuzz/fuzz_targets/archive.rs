//! See `archive` of the library.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| ecr_push_fuzz::archive(bytes));
