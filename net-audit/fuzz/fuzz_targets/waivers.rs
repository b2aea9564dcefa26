//! Files of waivers.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = net_audit::audit::waiver::read("waivers.toml", bytes);
});
