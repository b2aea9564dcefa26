//! Documents of any kind, read and audited whole: whatever they say, nothing panics.
#![no_main]

use libfuzzer_sys::fuzz_target;
use net_audit::audit::audit;
use net_audit::facts::Setting;
use net_audit::facts::intent::Intent;
use net_audit::money::price::built_in;
use net_audit::snapshot::read;

fuzz_target!(|bytes: &[u8]| {
    let Ok(estate) = read([bytes]) else { return };
    let (intent, prices) = (Intent::default(), built_in());
    let _ = audit(&estate, Setting { intent: &intent, prices: &prices, gb: Some(1.0) });
});
