//! What the real Terraform leaves in bucket and table is as it should be.

use serde_json::json;
use testkit::peer;

use super::{finding, store, with_verdict};

#[test]
fn a_folder_of_terraform_passes_after_an_apply() {
    let Some(terraform) = peer::find("terraform") else { return };
    let (cloud, sandbox) = store(&json!({}));
    let main = format!(
        r#"
terraform {{
  backend "s3" {{
    bucket                      = "states"
    key                         = "live/app.tfstate"
    region                      = "{}"
    use_lockfile                = true
    dynamodb_table              = "locks"
    use_path_style              = true
    skip_credentials_validation = true
    skip_metadata_api_check     = true
    skip_region_validation      = true
    skip_requesting_account_id  = true
    endpoints                   = {{ s3 = "{endpoint}", dynamodb = "{endpoint}" }}
  }}
}}

resource "terraform_data" "example" {{}}
"#,
        testkit::world::REGION,
        endpoint = cloud.endpoint()
    );
    sandbox.write("main.tf", main);
    let run = |args: &[&str]| drop(sandbox.program(&terraform).args(args).env("CHECKPOINT_DISABLE", "1").run().code(0));
    run(&["init", "-input=false"]);
    run(&["apply", "-auto-approve", "-input=false", "-no-color"]);
    let outcome = sandbox.tool("tfstate-lock").args(["doctor"]).run().code(0);
    let passed = with_verdict(&outcome, "pass");
    for check in ["state_object", "table", "digest", "clients"] {
        assert!(passed.contains(&check.to_owned()), "{check}\n{}", outcome.stdout());
    }
    let detail = finding(&outcome, "state_object")["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains(", 1 resource, "), "{detail}");
    run(&["workspace", "new", "blue"]);
    let outcome = sandbox.tool("tfstate-lock").args(["doctor"]).run().code(0);
    assert_eq!(outcome.json()["lock"]["key"], "env:/blue/live/app.tfstate.tflock");
}
