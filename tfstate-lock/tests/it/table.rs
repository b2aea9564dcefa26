//! A DynamoDB table beside the lock object: both locks are held, or none.

use testkit::LocalAws;
use testkit::peer;
use testkit::sandbox::{Run, Sandbox};

use crate::workbench::{ITEM, cloud_with_table, item, place_item};
use crate::{STATE, TERRAFORMS, TERRAFORMS_ID, calls, lock_object, place, until};

fn acquire(sandbox: &Sandbox, more: &[&str]) -> Run {
    sandbox.tool("tfstate-lock").args(["acquire", STATE, "--dynamodb-table", "locks"]).args(more)
}

#[test]
fn both_locks_are_taken_with_the_same_bytes_and_given_back() {
    let (cloud, sandbox) = cloud_with_table();
    let acquired = acquire(&sandbox, &["--info", "<both>"]).run().code(0).says("/lock/table", "locks");
    assert_eq!(lock_object(&cloud), item(&cloud));
    assert_eq!(calls(&cloud), ["s3:PutObject", "dynamodb:PutItem"]);
    cloud.clear_journal();
    let _ = sandbox.tool("tfstate-lock").args(["release"]).pipe_in(acquired.stdout()).run().code(0);
    assert_eq!((lock_object(&cloud), item(&cloud)), (None, None));
    assert_eq!(calls(&cloud), ["dynamodb:GetItem", "dynamodb:DeleteItem", "s3:DeleteObject"]);
}

#[test]
fn a_lock_in_the_table_alone_keeps_us_out_and_leaves_nothing_in_the_bucket() {
    let (cloud, sandbox) = cloud_with_table();
    place_item(&cloud, ITEM, TERRAFORMS);
    let refused = acquire(&sandbox, &[]).run().code(1).says("/error/code", "lock.held").says("/lock/ID", TERRAFORMS_ID);
    let _ = refused.stderr_contains("(in the table locks)").stderr_contains("--dynamodb-table locks --id");
    assert_eq!((lock_object(&cloud), item(&cloud).as_deref()), (None, Some(TERRAFORMS)));
}

#[test]
fn whoever_waits_waits_for_the_table_too() {
    let (cloud, sandbox) = cloud_with_table();
    place_item(&cloud, ITEM, TERRAFORMS);
    let waiting = acquire(&sandbox, &["--wait", "60s"]).start();
    until("it was seen", || calls(&cloud).iter().any(|call| call == "dynamodb:GetItem"));
    cloud.world().dynamodb.remove("locks", ITEM);
    let acquired = waiting.wait().code(0);
    let id = acquired.json()["lock"]["ID"].as_str().unwrap().to_owned();
    assert!(lock_object(&cloud).unwrap().contains(&id) && item(&cloud).unwrap().contains(&id));
}

#[test]
fn answers_of_the_table_that_are_lost_are_found_again() {
    for fault in ["dynamodb:PutItem=lost-response", "dynamodb:PutItem=error-after:500", "dynamodb:PutItem=throttle"] {
        let (cloud, sandbox) = cloud_with_table();
        cloud.arm(fault.parse().unwrap());
        let acquired = acquire(&sandbox, &[]).run().code(0);
        assert_eq!(lock_object(&cloud), item(&cloud), "{fault}");
        cloud.arm("dynamodb:DeleteItem=lost-response".parse().unwrap());
        let _ = sandbox.tool("tfstate-lock").args(["release"]).pipe_in(acquired.stdout()).run().code(0);
        assert_eq!((lock_object(&cloud), item(&cloud)), (None, None), "{fault}");
    }
}

#[test]
fn a_table_that_is_not_there_or_not_allowed_leaves_no_lock_behind() {
    let (cloud, sandbox) = cloud_with_table();
    let args = ["acquire", STATE, "--dynamodb-table", "absent"];
    let _ = sandbox.tool("tfstate-lock").args(args).run().code(3).stderr_contains("ResourceNotFoundException");
    assert_eq!(lock_object(&cloud), None);
    cloud.arm("dynamodb:PutItem=error:400:AccessDeniedException".parse().unwrap());
    let denied = acquire(&sandbox, &[]).run().code(3).says("/error/code", "aws.access_denied");
    let _ = denied.stderr_contains("hint: allow dynamodb:PutItem");
    assert_eq!((lock_object(&cloud), item(&cloud)), (None, None));
}

#[test]
fn a_dead_holder_is_followed_in_both_places() {
    let (cloud, sandbox) = cloud_with_table();
    let dead = acquire(&sandbox, &["--expires", "10s"]).run().code(0);
    let dead = dead.json()["lock"]["ID"].as_str().unwrap().to_owned();
    let _ = acquire(&sandbox, &[]).run().code(1);
    cloud.clock().advance(std::time::Duration::from_secs(12));
    let _ = acquire(&sandbox, &[]).run().code(0).says("/lock/instead_of/ID", dead.as_str());
    assert_eq!(lock_object(&cloud), item(&cloud));
    assert!(!item(&cloud).unwrap().contains(&dead));
}

#[test]
fn an_object_of_another_holder_is_left_when_only_the_item_is_ours() {
    let (cloud, sandbox) = cloud_with_table();
    let acquired = acquire(&sandbox, &[]).run().code(0);
    place(&cloud, TERRAFORMS);
    let _ = sandbox.tool("tfstate-lock").args(["release"]).pipe_in(acquired.stdout()).run().code(1);
    assert_eq!((lock_object(&cloud).as_deref(), item(&cloud)), (Some(TERRAFORMS), None));
}

/// A folder whose Terraform locks in the table, and perhaps in the bucket too.
fn initialised(use_lockfile: bool) -> Option<(LocalAws, Sandbox, std::path::PathBuf)> {
    let terraform = peer::find("terraform")?;
    let (cloud, sandbox) = cloud_with_table();
    let endpoint = cloud.endpoint();
    let main = format!(
        r#"
terraform {{
  backend "s3" {{
    bucket                      = "states"
    key                         = "prod/app.tfstate"
    region                      = "eu-central-1"
    dynamodb_table              = "locks"
    use_lockfile                = {use_lockfile}
    use_path_style              = true
    skip_credentials_validation = true
    skip_metadata_api_check     = true
    skip_region_validation      = true
    skip_requesting_account_id  = true
    endpoints                   = {{ s3 = "{endpoint}", dynamodb = "{endpoint}" }}
  }}
}}

resource "terraform_data" "example" {{}}
"#
    );
    sandbox.write("main.tf", main);
    let sandbox = sandbox.env("CHECKPOINT_DISABLE", "1");
    let _ = sandbox.program(&terraform).args(["init", "-input=false"]).run().code(0);
    Some((cloud, sandbox, terraform))
}

#[test]
fn a_terraform_that_knows_only_the_table_is_kept_out_and_can_unlock_us() {
    let Some((cloud, sandbox, terraform)) = initialised(false) else { return };
    let plan = || sandbox.program(&terraform).args(["plan", "-input=false", "-no-color", "-lock-timeout=0s"]).run();
    let acquired = sandbox.tool("tfstate-lock").args(["acquire", "--info", "hands off"]).run().code(0);
    let _ = plan().code(1).stderr_contains("Info:      hands off");
    let _ = sandbox.tool("tfstate-lock").args(["release"]).pipe_in(acquired.stdout()).run().code(0);
    let _ = plan().code(0);
    let script = format!("{} apply -auto-approve -no-color", terraform.display());
    let _ = sandbox.tool("tfstate-lock").args(["run", "--", "sh", "-c", &script]).run().code(0);
    assert_eq!((lock_object(&cloud), item(&cloud)), (None, None));
    let _ = plan().code(0);
}

#[test]
fn a_terraform_that_knows_both_can_unlock_us_by_our_id() {
    let Some((cloud, sandbox, terraform)) = initialised(true) else { return };
    let acquired = sandbox.tool("tfstate-lock").args(["acquire"]).run().code(0);
    let id = acquired.json()["lock"]["ID"].as_str().unwrap().to_owned();
    let _ = sandbox.program(&terraform).args(["force-unlock", "-force", &id]).run().code(0);
    assert_eq!((lock_object(&cloud), item(&cloud)), (None, None));
}
