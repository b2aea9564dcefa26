//! The real Terraform decides whether our lock is one.

use std::path::{Path, PathBuf};

use testkit::sandbox::{Outcome, Sandbox};
use testkit::{LocalAws, peer};
use tfstate_lock::lock_info::LockInfo;

use crate::{LOCK_KEY, STATE, TERRAFORMS, cloud, lock_object, place};

/// A sandbox in which Terraform is initialised with a backend at [`STATE`].
fn initialised() -> Option<(LocalAws, Sandbox, PathBuf)> {
    let terraform = peer::find("terraform")?;
    let (cloud, sandbox) = cloud();
    let main = format!(
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
    endpoints                   = {{ s3 = "{}" }}
  }}
}}

resource "terraform_data" "example" {{
  input = "one"
}}
"#,
        cloud.endpoint()
    );
    sandbox.write("main.tf", main);
    let sandbox = sandbox.env("CHECKPOINT_DISABLE", "1");
    let _ = run(&sandbox, &terraform, &["init", "-input=false"]).code(0);
    Some((cloud, sandbox, terraform))
}

fn run(sandbox: &Sandbox, terraform: &Path, args: &[&str]) -> Outcome {
    sandbox.program(terraform).args(args).run()
}

const PLAN: [&str; 4] = ["plan", "-input=false", "-no-color", "-lock-timeout=0s"];

#[test]
fn terraform_is_kept_out_while_we_hold_and_let_in_afterwards() {
    let Some((cloud, sandbox, terraform)) = initialised() else {
        return;
    };
    let args = ["acquire", STATE, "--info", "ask the platform team"];
    let acquired = sandbox.tool("tfstate-lock").args(args).run().code(0);
    let id = acquired.json()["lock"]["ID"].as_str().unwrap().to_owned();
    let plan = run(&sandbox, &terraform, &PLAN).code(1);
    let _ = plan
        .stderr_contains("Error acquiring the state lock")
        .stderr_contains(&format!("ID:        {id}"))
        .stderr_contains("Info:      ask the platform team")
        .stderr_contains("Path:      states/prod/app.tfstate");
    let _ = sandbox.tool("tfstate-lock").args(["release"]).pipe_in(acquired.stdout()).run().code(0);
    let _ = run(&sandbox, &terraform, &PLAN).code(0);
    assert_eq!(lock_object(&cloud), None);
}

#[test]
fn we_are_kept_out_while_terraform_holds() {
    let Some((cloud, sandbox, terraform)) = initialised() else {
        return;
    };
    place(&cloud, TERRAFORMS);
    let _ = sandbox.tool("tfstate-lock").args(["acquire", STATE]).run().code(1).says("/error/code", "lock.held");
    let _ = run(&sandbox, &terraform, &PLAN).code(1);
}

#[test]
fn terraform_can_unlock_what_we_locked_by_its_id() {
    let Some((cloud, sandbox, terraform)) = initialised() else {
        return;
    };
    let acquired = sandbox.tool("tfstate-lock").args(["acquire", STATE]).run().code(0);
    let id = acquired.json()["lock"]["ID"].as_str().unwrap().to_owned();
    let _ = run(&sandbox, &terraform, &["force-unlock", "-force", &id]).code(0);
    assert_eq!(lock_object(&cloud), None);
}

#[test]
fn the_bytes_that_terraform_writes_are_the_bytes_that_we_would_write() {
    let Some((cloud, sandbox, terraform)) = initialised() else {
        return;
    };
    cloud.clear_journal();
    let _ = run(&sandbox, &terraform, &PLAN).code(0);
    let put = |call: &&testkit::journal::Call| call.operation == "s3:PutObject" && call.path.contains(LOCK_KEY);
    let journal = cloud.journal();
    let body = &journal.iter().find(put).unwrap().body;
    let lock = LockInfo::parse(body).unwrap();
    assert_eq!(String::from_utf8(lock.to_bytes()).unwrap(), String::from_utf8(body.to_vec()).unwrap());
    assert_eq!(lock.path, "states/prod/app.tfstate");
}
