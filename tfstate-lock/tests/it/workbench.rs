//! A local AWS with a table of locks, and the real Terraform that can be stopped in the middle.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};
use testkit::sandbox::{Outcome, Running, Sandbox};
use testkit::{LocalAws, peer};
use tfstate_lock::lock::info::LockInfo;
use tfstate_lock::lock::lease::Lease;
use tfstate_lock::process::identity::ProcessIdentity;

/// The item of the lock.
pub(crate) const ITEM: &str = "states/prod/app.tfstate";

/// A local AWS with a bucket and a table, and a sandbox that knows no other AWS.
pub(crate) fn cloud_with_table() -> (LocalAws, Sandbox) {
    let (cloud, sandbox) = crate::cloud();
    let table = json!({
        "TableName": "locks",
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{ "AttributeName": "LockID", "AttributeType": "S" }],
        "KeySchema": [{ "AttributeName": "LockID", "KeyType": "HASH" }],
    });
    let seed = json!([{ "dynamodb:CreateTable": table }]).to_string();
    testkit::seed::plant(seed.as_bytes(), &mut cloud.world(), cloud.endpoint(), cloud.clock()).unwrap();
    (cloud, sandbox)
}

/// Puts an item into the table behind everyone's back.
pub(crate) fn place_item(cloud: &LocalAws, id: &str, info: &str) {
    let item = json!({ "LockID": { "S": id }, "Info": { "S": info } });
    cloud.world().dynamodb.place("locks", &item).unwrap();
}

/// Puts a digest of the state there.
pub(crate) fn place_digest(cloud: &LocalAws, digest: &str) {
    let item = json!({ "LockID": { "S": format!("{ITEM}-md5") }, "Digest": { "S": digest } });
    cloud.world().dynamodb.place("locks", &item).unwrap();
}

/// What the lock's item says.
pub(crate) fn item(cloud: &LocalAws) -> Option<String> {
    let item = cloud.world().dynamodb.item("locks", ITEM)?;
    item["Info"]["S"].as_str().map(str::to_owned)
}

/// A lock of `tfstate-lock` with a lease of an hour, which a process keeps.
pub(crate) fn leased(process: Option<ProcessIdentity>) -> String {
    let lease = Lease { ttl: Duration::from_hours(1), seq: 3, process, info: String::new() };
    let lock = LockInfo::parse(crate::TERRAFORMS.as_bytes()).unwrap();
    let lock = LockInfo { info: lease.to_info(), version: "tfstate-lock 0.1.0".to_owned(), ..lock };
    String::from_utf8(lock.to_bytes()).unwrap()
}

/// A process of this machine that is no more: this test's own, at another time.
pub(crate) fn gone() -> ProcessIdentity {
    ProcessIdentity { started: 1, ..ProcessIdentity::own().unwrap() }
}

/// The sentences of an explanation.
pub(crate) fn explanation(outcome: &Outcome) -> Vec<String> {
    let document = outcome.json();
    let sentences = document["lock"]["explanation"].as_array().unwrap();
    sentences.iter().map(|sentence| sentence.as_str().unwrap().to_owned()).collect()
}

/// A folder in which Terraform is initialised.
pub(crate) struct Workbench {
    pub(crate) cloud: LocalAws,
    pub(crate) sandbox: Sandbox,
    terraform: PathBuf,
}

impl Workbench {
    /// None if there is no Terraform. `table` says whether it locks in a table too.
    pub(crate) fn start(table: bool) -> Option<Self> {
        let terraform = peer::find("terraform")?;
        let (cloud, sandbox) = cloud_with_table();
        sandbox.write("main.tf", configuration(cloud.endpoint(), table));
        let sandbox = sandbox.env("CHECKPOINT_DISABLE", "1");
        let bench = Self { cloud, sandbox, terraform };
        let _ = bench.terraform(&["init", "-input=false"]).code(0);
        Some(bench)
    }

    pub(crate) fn terraform(&self, arguments: &[&str]) -> Outcome {
        self.sandbox.program(&self.terraform).args(arguments).run()
    }

    pub(crate) fn plan(&self) -> Outcome {
        self.terraform(&["plan", "-input=false", "-no-color"])
    }

    pub(crate) fn apply(&self) -> Outcome {
        self.terraform(&["apply", "-input=false", "-no-color", "-auto-approve", "-var=input=once"])
    }

    pub(crate) fn tool(&self, arguments: &[&str]) -> Outcome {
        self.sandbox.tool("tfstate-lock").args(arguments).run()
    }

    /// Kills a Terraform in the middle of an apply: its lock stays. The document of the lock is given back.
    pub(crate) fn kill_an_apply(&self) -> Value {
        self.sandbox.write("hold", "");
        let apply = ["apply", "-input=false", "-no-color", "-auto-approve", "-var=input=hold"];
        let holder = self.sandbox.program(&self.terraform).args(apply).start();
        let begun = self.sandbox.path().join("begun");
        crate::until("the provisioner runs", || begun.exists());
        kill(holder);
        std::fs::remove_file(self.sandbox.path().join("hold")).unwrap();
        serde_json::from_str(&crate::lock_object(&self.cloud).unwrap()).unwrap()
    }
}

fn kill(holder: Running) {
    holder.signal("KILL");
    assert_eq!(holder.wait().exit_code(), None);
}

/// A resource whose provisioner goes on for as long as the file `hold` is there, if `input` says so. It ends with the folder.
fn configuration(endpoint: &str, table: bool) -> String {
    let table = if table { "dynamodb_table = \"locks\"" } else { "" };
    format!(
        r#"
terraform {{
  backend "s3" {{
    bucket                      = "states"
    key                         = "prod/app.tfstate"
    region                      = "eu-central-1"
    use_lockfile                = true
    use_path_style              = true
    skip_credentials_validation = true
    skip_metadata_api_check     = true
    skip_region_validation      = true
    skip_requesting_account_id  = true
    endpoints                   = {{ s3 = "{endpoint}", dynamodb = "{endpoint}" }}
    {table}
  }}
}}

variable "input" {{
  default = "once"
}}

resource "terraform_data" "example" {{
  input            = var.input
  triggers_replace = var.input

  provisioner "local-exec" {{
    command = "[ '${{var.input}}' != hold ] || {{ touch begun; while [ -e hold ]; do sleep 0.05; done; }}"
  }}
}}
"#
    )
}
