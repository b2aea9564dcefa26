//! Tables of prices.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = net_audit::money::price::read(bytes);
});
