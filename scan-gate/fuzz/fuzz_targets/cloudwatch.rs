//! The reader of `cloudwatch`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| scan_gate_fuzz::read(bytes, "cloudwatch"));
