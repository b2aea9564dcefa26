//! States: another serial changes nothing else.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tfstate_lock::state::file::StateFile;

fuzz_target!(|bytes: &[u8]| {
    let Ok(state) = StateFile::parse(bytes) else { return };
    let Ok(changed) = StateFile::with_serial(bytes, 7) else { return };
    let changed = StateFile::parse(&changed);
    assert!(changed.is_ok_and(|changed| changed.serial == 7 && changed.same_content(&state)));
});
