//! A bucket with states in it, and perhaps a table beside it.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use testkit::LocalAws;
use testkit::sandbox::{Outcome, Run, Sandbox};
use tfstate_lock::state::file::StateFile;
use tfstate_lock::state::table_digest::TableDigest;

use crate::{LOCK_KEY, STATE};

pub(crate) const STATE_KEY: &str = "prod/app.tfstate";
pub(crate) const LINEAGE: &str = "d15e7450-7a7a-4e58-b90a-2334fe05c4f6";
pub(crate) const TABLE: [&str; 2] = ["--dynamodb-table", "locks"];
const DIGEST: &str = "states/prod/app.tfstate-md5";

pub(crate) struct Bench {
    pub(crate) cloud: LocalAws,
    pub(crate) sandbox: Sandbox,
}

/// A snapshot of a state.
pub(crate) fn state(serial: u64, content: &str) -> String {
    state_of(LINEAGE, serial, content)
}

pub(crate) fn state_of(lineage: &str, serial: u64, content: &str) -> String {
    let output = json!({ "value": content, "type": "string" });
    json!({ "version": 4, "terraform_version": "1.11.4", "serial": serial, "lineage": lineage, "outputs": { "x": output }, "resources": [] })
        .to_string()
}

impl Bench {
    /// In a bucket with versions, or without.
    pub(crate) fn new(versioning: bool) -> Self {
        let cloud = LocalAws::start().unwrap();
        let table = json!({
            "TableName": "locks",
            "AttributeDefinitions": [{ "AttributeName": "LockID", "AttributeType": "S" }],
            "KeySchema": [{ "AttributeName": "LockID", "KeyType": "HASH" }],
            "BillingMode": "PAY_PER_REQUEST",
        });
        let bucket = json!({ "Bucket": "states", "Versioning": versioning });
        let seed = json!([{ "s3:CreateBucket": bucket }, { "dynamodb:CreateTable": table }]).to_string();
        testkit::seed::plant(seed.as_bytes(), &mut cloud.world(), cloud.endpoint(), cloud.clock()).unwrap();
        let sandbox = Sandbox::with_aws(&cloud);
        Self { cloud, sandbox }
    }

    /// Puts an object there behind everyone's back.
    pub(crate) fn place(&self, key: &str, body: impl Into<String>) {
        let now = self.cloud.clock().now();
        self.cloud.world().s3.place("states", key, body.into(), now);
    }

    /// Writes the state behind everyone's back.
    pub(crate) fn write(&self, body: &str) {
        self.place(STATE_KEY, body);
    }

    pub(crate) fn body(&self, key: &str) -> Option<String> {
        let body = self.cloud.world().s3.body("states", key)?;
        Some(String::from_utf8(body.to_vec()).unwrap())
    }

    pub(crate) fn state(&self) -> String {
        self.body(STATE_KEY).unwrap()
    }

    pub(crate) fn serial(&self) -> u64 {
        StateFile::parse(self.state().as_bytes()).unwrap().serial
    }

    pub(crate) fn is_locked(&self) -> bool {
        let in_table = self.cloud.world().dynamodb.item("locks", "states/prod/app.tfstate").is_some();
        in_table || self.body(LOCK_KEY).is_some()
    }

    /// The copies beside the state.
    pub(crate) fn copies(&self) -> Vec<String> {
        let keys = self.cloud.world().s3.keys("states");
        keys.into_iter().filter(|key| key.contains(".backup-")).collect()
    }

    pub(crate) fn set_digest(&self, of: &str) {
        let digest = TableDigest::of(of.as_bytes());
        let item = json!({ "LockID": { "S": DIGEST }, "Digest": { "S": digest.as_str() } });
        self.cloud.world().dynamodb.place("locks", &item).unwrap();
    }

    /// Whether the table has the digest of the state that is there.
    pub(crate) fn is_in_step(&self) -> bool {
        let expected = TableDigest::of(self.state().as_bytes());
        let item = self.cloud.world().dynamodb.item("locks", DIGEST);
        item.is_some_and(|item| item["Digest"]["S"] == expected.as_str())
    }

    pub(crate) fn arm(&self, fault: &str) {
        self.cloud.arm(fault.parse().unwrap());
    }

    pub(crate) fn run(&self, args: &[&str]) -> Run {
        self.sandbox.tool("tfstate-lock").args(args)
    }

    /// The document of a backup.
    pub(crate) fn backup(&self, args: &[&str]) -> Outcome {
        self.run(&["backup", STATE]).args(args).run().code(0)
    }

    pub(crate) fn restore(&self, backup: &Outcome, args: &[&str]) -> Run {
        self.run(&["restore"]).args(args).pipe_in(backup.stdout())
    }
}

/// Waits for what another process does.
pub(crate) fn wait_until(mut happened: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !happened() {
        assert!(Instant::now() < deadline, "it does not happen");
        std::thread::yield_now();
    }
}

/// What a document says of the lock.
pub(crate) fn lock(outcome: &Outcome) -> Value {
    outcome.json()["lock"].clone()
}
