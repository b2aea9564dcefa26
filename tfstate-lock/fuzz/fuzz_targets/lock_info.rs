//! Lock objects: what is read is written again as it is understood.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tfstate_lock::lock::lease::Lease;
use tfstate_lock::lock::info::LockInfo;

fuzz_target!(|bytes: &[u8]| {
    let Ok(lock) = LockInfo::parse(bytes) else { return };
    assert_eq!(LockInfo::parse(&lock.to_bytes()), Ok(lock.clone()));
    if let Some(lease) = Lease::of(&lock) {
        let again = LockInfo { info: lease.to_info(), ..lock };
        assert_eq!(Lease::of(&again), Some(lease));
    }
});
