//! Recognition: every reader may be asked.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| scan_gate_fuzz::recognise(bytes));
