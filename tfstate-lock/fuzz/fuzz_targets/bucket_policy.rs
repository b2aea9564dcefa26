//! Policies of buckets.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tfstate_lock::examine::policy::examine;
use tfstate_lock::object_settings::ObjectSettings;
use tfstate_lock::request::Target;

fuzz_target!(|text: &str| {
    if let Ok(state) = "s3://states/prod/app.tfstate".parse() {
        let target = Target { state, table: None, settings: ObjectSettings::default() };
        let _ = examine(&Ok(Some(text.to_owned())), &target);
    }
});
