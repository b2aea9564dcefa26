//! The binary against the local AWS and the real Terraform.

#![expect(clippy::unwrap_used, reason = "what cannot be asked or read ends the test")]

mod acquire;
mod backup;
mod bench;
mod breaking;
mod child;
mod command_line;
mod copy_faults;
mod copy_peers;
mod doctor;
mod http;
mod independent;
mod inspect;
mod list;
mod lock_bytes;
mod model;
mod release;
mod restore;
mod run;
mod settings;
mod state_file;
mod table;
mod terraform;
mod workbench;
mod working_directory;

use std::time::{Duration, Instant};

use testkit::LocalAws;
use testkit::sandbox::Sandbox;

const STATE: &str = "s3://states/prod/app.tfstate";
const LOCK_KEY: &str = "prod/app.tfstate.tflock";
/// A lock as Terraform 1.11.4 writes it.
const TERRAFORMS: &str = r#"{"ID":"01682d0f-aea8-6cd4-b90b-399e37df4794","Operation":"OperationTypeApply","Info":"","Who":"root@vm","Version":"1.11.4","Created":"2026-11-23T01:11:07.409863923Z","Path":"states/prod/app.tfstate"}"#;
const TERRAFORMS_ID: &str = "01682d0f-aea8-6cd4-b90b-399e37df4794";

/// A local AWS with an empty bucket, and a sandbox that knows no other AWS.
fn cloud() -> (LocalAws, Sandbox) {
    let cloud = LocalAws::start().unwrap();
    let seed = br#"[{"s3:CreateBucket":{"Bucket":"states","Versioning":true}}]"#;
    testkit::seed::plant(seed, &mut cloud.world(), cloud.endpoint(), cloud.clock()).unwrap();
    let sandbox = Sandbox::with_aws(&cloud);
    (cloud, sandbox)
}

/// Puts a lock object there behind everyone's back.
fn place(cloud: &LocalAws, body: &'static str) {
    let now = cloud.clock().now();
    cloud.world().s3.place("states", LOCK_KEY, body, now);
}

/// The lock object's bytes.
fn lock_object(cloud: &LocalAws) -> Option<String> {
    let body = cloud.world().s3.body("states", LOCK_KEY)?;
    Some(String::from_utf8(body.to_vec()).unwrap())
}

/// Waits until something is so, which it will be soon.
#[track_caller]
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_mins(1);
    while !is_so() {
        assert!(Instant::now() < deadline, "in vain: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The operations of the journal.
fn calls(cloud: &LocalAws) -> Vec<String> {
    cloud.journal().into_iter().map(|call| call.operation).collect()
}
