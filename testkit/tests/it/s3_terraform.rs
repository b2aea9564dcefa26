//! The real Terraform against the local AWS: the client that the lock exists for.

#![expect(clippy::unwrap_used, reason = "what cannot be asked or read ends the test")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use testkit::{LocalAws, peer};

/// A working directory whose state lies in `state/app.tfstate`.
fn configuration(endpoint: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let main = format!(
        r#"
terraform {{
  backend "s3" {{
    bucket                      = "state"
    key                         = "app.tfstate"
    region                      = "eu-central-1"
    access_key                  = "test"
    secret_key                  = "test"
    use_lockfile                = true
    use_path_style              = true
    skip_credentials_validation = true
    skip_metadata_api_check     = true
    skip_region_validation      = true
    skip_requesting_account_id  = true
    endpoints                   = {{ s3 = "{endpoint}" }}
  }}
}}

resource "terraform_data" "example" {{
  input = "one"
}}
"#
    );
    fs::write(folder.path().join("main.tf"), main).unwrap();
    folder
}

fn terraform(binary: &Path, folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(binary);
    command.args(arguments).current_dir(folder);
    command.env_clear().env("HOME", folder).env("CHECKPOINT_DISABLE", "1");
    command.output().unwrap()
}

fn succeed(binary: &Path, folder: &Path, arguments: &[&str]) {
    let output = terraform(binary, folder, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// The journal as `Operation key`, the list's prefix in place of a key.
fn calls(cloud: &LocalAws) -> Vec<String> {
    let calls = cloud.journal();
    let told =
        |path: &str| path.split('?').next().unwrap().trim_start_matches("/state").trim_start_matches('/').to_owned();
    calls
        .iter()
        .map(|call| format!("{} {}", call.operation.trim_start_matches("s3:"), told(&call.path)))
        .map(|call| call.trim_end().to_owned())
        .collect()
}

#[test]
fn terraform_locks_writes_and_unlocks_in_the_order_that_is_known() {
    let Some(binary) = peer::find("terraform") else {
        return;
    };
    let cloud = LocalAws::start().unwrap();
    crate::s3_http::send(cloud.endpoint(), "PUT", "/state", &[], b"");
    let folder = configuration(cloud.endpoint());
    succeed(&binary, folder.path(), &["init", "-input=false"]);

    cloud.clear_journal();
    succeed(&binary, folder.path(), &["apply", "-input=false", "-auto-approve"]);
    let writes: Vec<String> = calls(&cloud).into_iter().filter(|call| !call.starts_with(['G', 'H', 'L'])).collect();
    let expected = ["PutObject app.tfstate.tflock", "PutObject app.tfstate", "DeleteObject app.tfstate.tflock"];
    assert_eq!(writes, expected);
    assert_eq!(cloud.world().s3.keys("state"), ["app.tfstate"]);

    cloud.clear_journal();
    succeed(&binary, folder.path(), &["plan", "-input=false", "-detailed-exitcode"]);
    let expected = [
        "ListObjectsV2",
        "PutObject app.tfstate.tflock",
        "HeadObject app.tfstate",
        "GetObject app.tfstate",
        "GetObject app.tfstate.tflock",
        "DeleteObject app.tfstate.tflock",
    ];
    assert_eq!(calls(&cloud), expected);
}

#[test]
fn terraform_is_kept_out_by_a_lock_object() {
    let Some(binary) = peer::find("terraform") else {
        return;
    };
    let cloud = LocalAws::start().unwrap();
    let folder = configuration(cloud.endpoint());
    let lock = r#"{"ID":"held-by-a-test","Operation":"","Info":"","Who":"someone","Version":"1.11.4","Created":"2026-01-01T00:00:00Z","Path":"state/app.tfstate"}"#;
    let now = cloud.clock().now();
    cloud.world().s3.place("state", "app.tfstate.tflock", lock, now);
    succeed(&binary, folder.path(), &["init", "-input=false"]);

    let plan = terraform(&binary, folder.path(), &["plan", "-input=false", "-no-color"]);
    let stderr = String::from_utf8_lossy(&plan.stderr);
    assert_eq!(plan.status.code(), Some(1));
    assert!(stderr.contains("PreconditionFailed"), "{stderr}");
    assert!(stderr.contains("held-by-a-test"), "{stderr}");
}
