//! The real Terraform with a table of locks, alone and beside lock objects.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use md5::{Digest, Md5};
use serde_json::{Value, json};
use testkit::sandbox::{Outcome, Sandbox};
use testkit::{LocalAws, peer};

use crate::dynamodb::{ask, code, locks};

const LOCK: &str = "states/app.tfstate";
const DIGEST: &str = "states/app.tfstate-md5";
const LOCK_OBJECT: &str = "app.tfstate.tflock";
/// How long Terraform may take until it is where a test waits for it.
const DEADLINE: Duration = Duration::from_mins(1);

/// A local AWS with a bucket and a table, and a folder in which Terraform is initialised.
struct Bench {
    cloud: LocalAws,
    sandbox: Sandbox,
    terraform: PathBuf,
}

impl Bench {
    /// None if there is no Terraform. `lockfile` says whether locks are objects too.
    fn start(lockfile: bool) -> Option<Self> {
        let terraform = peer::find("terraform")?;
        let cloud = LocalAws::start().unwrap();
        let seed =
            json!([{ "s3:CreateBucket": { "Bucket": "states" } }, { "dynamodb:CreateTable": locks() }]).to_string();
        testkit::seed::plant(seed.as_bytes(), &mut cloud.world(), cloud.endpoint(), cloud.clock()).unwrap();
        let sandbox = Sandbox::with_aws(&cloud).env("CHECKPOINT_DISABLE", "1");
        sandbox.write("main.tf", configuration(cloud.endpoint(), lockfile));
        let bench = Self { cloud, sandbox, terraform };
        let _ = bench.run(&["init", "-input=false"]).code(0);
        bench.cloud.clear_journal();
        Some(bench)
    }

    fn run(&self, arguments: &[&str]) -> Outcome {
        self.sandbox.program(&self.terraform).args(arguments).run()
    }

    fn plan(&self) -> Outcome {
        self.run(&["plan", "-input=false", "-no-color"])
    }

    fn apply(&self, input: &str) -> Outcome {
        self.run(&["apply", "-input=false", "-no-color", "-auto-approve", &format!("-var=input={input}")])
    }

    /// Puts an item there as somebody's Terraform would, and the object too if there is one.
    fn place_lock(&self, id: &str, lockfile: bool) {
        let info = format!(
            r#"{{"ID":"{id}","Operation":"OperationTypeApply","Info":"","Who":"someone","Version":"1.11.4","Created":"2026-01-01T00:00:00Z","Path":"{LOCK}"}}"#
        );
        let item = json!({ "LockID": { "S": LOCK }, "Info": { "S": info } });
        let mut world = self.cloud.world();
        world.dynamodb.place("locks", &item).unwrap();
        if lockfile {
            world.s3.place("states", LOCK_OBJECT, info, self.cloud.clock().now());
        }
    }

    fn keys(&self) -> Vec<String> {
        self.cloud.world().dynamodb.keys("locks")
    }

    /// The digest in the table, and that of the state.
    fn digests(&self) -> (Value, Value) {
        let world = self.cloud.world();
        let state = Md5::digest(world.s3.body("states", "app.tfstate").unwrap());
        let state = state.iter().fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02x}").unwrap();
            text
        });
        (world.dynamodb.item("locks", DIGEST).unwrap()["Digest"]["S"].clone(), json!(state))
    }

    /// The operations on the table and the writes of the bucket, in order.
    fn calls(&self) -> Vec<String> {
        let calls = self.cloud.journal().into_iter();
        let counts = |operation: &str| {
            operation.starts_with("dynamodb:") || operation.contains("PutO") || operation.contains("DeleteO")
        };
        calls.map(|call| call.operation).filter(|operation| counts(operation)).collect()
    }
}

/// A resource that says `hold` while it is made waits until a file `go` is there.
fn configuration(endpoint: &str, lockfile: bool) -> String {
    format!(
        r#"
terraform {{
  backend "s3" {{
    bucket                      = "states"
    key                         = "app.tfstate"
    region                      = "eu-central-1"
    dynamodb_table              = "locks"
    use_lockfile                = {lockfile}
    use_path_style              = true
    skip_credentials_validation = true
    skip_metadata_api_check     = true
    skip_region_validation      = true
    skip_requesting_account_id  = true
    endpoints                   = {{ s3 = "{endpoint}", dynamodb = "{endpoint}" }}
  }}
}}

variable "input" {{
  default = "none"
}}

resource "terraform_data" "example" {{
  input            = var.input
  triggers_replace = var.input

  provisioner "local-exec" {{
    command = "[ '${{var.input}}' != hold ] || while [ ! -e go ]; do sleep 0.05; done"
  }}
}}
"#
    )
}

#[test]
fn a_table_alone_is_locked_for_as_long_as_the_state_is_in_hand() {
    let Some(bench) = Bench::start(false) else { return };
    let _ = bench.apply("one").code(0);
    let expected = [
        "dynamodb:PutItem",
        "dynamodb:GetItem",
        "dynamodb:GetItem",
        "s3:PutObject",
        "dynamodb:PutItem",
        "dynamodb:GetItem",
        "dynamodb:DeleteItem",
    ];
    assert_eq!(bench.calls(), expected);
    let (table, state) = bench.digests();
    assert_eq!(table, state);
    assert_eq!(bench.keys(), [DIGEST]);
}

#[test]
fn both_locks_are_taken_and_the_digest_follows_the_state() {
    let Some(bench) = Bench::start(true) else { return };
    let _ = bench.apply("one").code(0);
    let first = bench.digests();
    assert_eq!(first.0, first.1);
    let _ = bench.apply("two").code(0);
    let second = bench.digests();
    assert_eq!(second.0, second.1);
    assert_ne!(first, second);
    bench.cloud.clear_journal();
    let _ = bench.plan().code(0);
    let expected = [
        "s3:PutObject",
        "dynamodb:PutItem",
        "dynamodb:GetItem",
        "s3:DeleteObject",
        "dynamodb:GetItem",
        "dynamodb:DeleteItem",
    ];
    assert_eq!(bench.calls(), expected);
    assert_eq!(bench.cloud.world().s3.keys("states"), ["app.tfstate"]);
}

#[test]
fn terraform_is_kept_out_by_an_item_and_lets_go_of_the_object_that_it_took() {
    for lockfile in [false, true] {
        let Some(bench) = Bench::start(lockfile) else { return };
        bench.place_lock("held-by-a-test", false);
        let _ =
            bench.plan().code(1).stderr_contains("Error acquiring the state lock").stderr_contains("held-by-a-test");
        assert_eq!(bench.keys(), [LOCK]);
        assert_eq!(bench.cloud.world().s3.keys("states"), [""; 0]);
    }
}

#[test]
fn nobody_else_gets_the_lock_while_terraform_has_it() {
    for lockfile in [false, true] {
        let Some(bench) = Bench::start(lockfile) else { return };
        let apply = ["apply", "-input=false", "-no-color", "-auto-approve", "-var=input=hold"];
        let holder = bench.sandbox.program(&bench.terraform).args(apply).start();
        let started = Instant::now();
        while bench.keys().is_empty() {
            assert!(started.elapsed() < DEADLINE, "Terraform takes no lock");
            std::thread::sleep(Duration::from_millis(10));
        }
        let put = json!({
            "TableName": "locks", "Item": { "LockID": { "S": LOCK } }, "ConditionExpression": "attribute_not_exists(LockID)",
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        });
        let refused = ask(bench.cloud.endpoint(), "PutItem", &put);
        assert_eq!(code(&refused), "ConditionalCheckFailedException");
        let info: Value = serde_json::from_str(refused.json()["Item"]["Info"]["S"].as_str().unwrap()).unwrap();
        assert_eq!((&info["Operation"], &info["Path"]), (&json!("OperationTypeApply"), &json!(LOCK)));
        let id = info["ID"].as_str().unwrap();
        let _ = bench.plan().code(1).stderr_contains(id);
        bench.sandbox.write("go", "");
        let _ = holder.wait().code(0);
        assert_eq!(bench.keys(), [DIGEST]);
        assert_eq!(bench.cloud.world().s3.keys("states"), ["app.tfstate"]);
    }
}

#[test]
fn a_lock_is_forced_open_by_its_id_and_by_no_other() {
    for lockfile in [false, true] {
        let Some(bench) = Bench::start(lockfile) else { return };
        bench.place_lock("held-by-a-test", lockfile);
        let _ =
            bench.run(&["force-unlock", "-force", "another"]).code(1).stderr_contains("does not match existing lock");
        assert_eq!(bench.keys(), [LOCK]);
        let _ = bench.run(&["force-unlock", "-force", "held-by-a-test"]).code(0);
        assert_eq!(bench.keys(), [""; 0]);
        assert_eq!(bench.cloud.world().s3.keys("states"), [""; 0]);
    }
}

#[test]
fn terraform_is_kept_out_by_its_own_lock_if_the_answer_to_it_is_lost() {
    let Some(bench) = Bench::start(false) else { return };
    bench.cloud.arm("dynamodb:PutItem=lost-response".parse().unwrap());
    let plan = bench.plan().code(1).stderr_contains("ConditionalCheckFailedException");
    let item = bench.cloud.world().dynamodb.item("locks", LOCK).unwrap();
    let info: Value = serde_json::from_str(item["Info"]["S"].as_str().unwrap()).unwrap();
    let _ = plan.stderr_contains(info["ID"].as_str().unwrap());
}
