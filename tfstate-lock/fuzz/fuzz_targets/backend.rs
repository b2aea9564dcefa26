//! Records of a backend.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tfstate_lock::backend::Backend;
use tfstate_lock::state::address::Workspace;

fuzz_target!(|bytes: &[u8]| {
    let _ = Backend::parse(bytes, &Workspace::default());
});
