//! The real Terraform goes on with what was put back, and other stores keep the conditions too.

use std::path::{Path, PathBuf};

use serde_json::json;
use testkit::peer;
use testkit::sandbox::{Outcome, Run, Sandbox};

use crate::STATE;
use crate::bench::{Bench, lock, state};

/// A bench on which Terraform works too.
struct Workbench {
    bench: Bench,
    terraform: PathBuf,
}

impl Workbench {
    /// Initialised with these settings of the backend; none if there is no Terraform.
    fn new(versioning: bool, settings: &str) -> Option<Self> {
        let terraform = peer::find("terraform")?;
        let Bench { cloud, sandbox } = Bench::new(versioning);
        let sandbox = sandbox.env("CHECKPOINT_DISABLE", "1");
        sandbox.write("main.tf", configuration(cloud.endpoint(), settings));
        let workbench = Self { bench: Bench { cloud, sandbox }, terraform };
        let _ = workbench.terraform(&["init", "-input=false"]).code(0);
        Some(workbench)
    }

    fn terraform(&self, args: &[&str]) -> Outcome {
        self.bench.sandbox.program(&self.terraform).args(args).run()
    }

    fn apply(&self, size: &str) {
        let _ = self.terraform(&["apply", "-input=false", "-auto-approve", &format!("-var=size={size}")]).code(0);
    }

    /// Whether Terraform finds that everything is as it was when this size was applied.
    fn is_as_applied(&self, size: &str) -> bool {
        let plan = self.terraform(&["plan", "-input=false", "-detailed-exitcode", &format!("-var=size={size}")]);
        matches!(plan.exit_code(), Some(0))
    }
}

fn configuration(endpoint: &str, settings: &str) -> String {
    format!(
        r#"
terraform {{
  backend "s3" {{
    bucket                      = "states"
    key                         = "prod/app.tfstate"
    region                      = "eu-central-1"
    use_path_style              = true
    skip_credentials_validation = true
    skip_metadata_api_check     = true
    skip_region_validation      = true
    skip_requesting_account_id  = true
    endpoints                   = {{ s3 = "{endpoint}", dynamodb = "{endpoint}" }}
    {settings}
  }}
}}

variable "size" {{
  default = 1
}}

resource "terraform_data" "database" {{
  input = var.size
}}
"#
    )
}

#[test]
fn terraform_goes_on_with_what_was_put_back() {
    for (versioning, settings) in [
        (true, "use_lockfile = true"),
        (true, "dynamodb_table = \"locks\""),
        (false, "use_lockfile = true\n encrypt = true\n dynamodb_table = \"locks\""),
    ] {
        let Some(workbench) = Workbench::new(versioning, settings) else {
            return;
        };
        let bench = &workbench.bench;
        workbench.apply("1");
        let backup = bench.run(&["backup"]).run().code(0);
        workbench.apply("2");
        assert!(!workbench.is_as_applied("1"), "{settings}");
        let _ = workbench.terraform(&["plan", "-input=false", "-var=size=3", "-out=made-before"]).code(0);
        let before = bench.serial();

        let outcome = bench.restore(&backup, &[]).run().code(0).says("/lock/restored/serial_before", before);
        assert!(bench.serial() > before);
        assert!(workbench.is_as_applied("1"), "{settings}");
        let _ = workbench.terraform(&["state", "list"]).code(0).stdout_is("terraform_data.database\n");
        let stale = workbench.terraform(&["apply", "-input=false", "made-before"]).code(1);
        let _ = stale.stderr_contains("Saved plan is stale");
        workbench.apply("4");
        assert!(workbench.is_as_applied("4"), "{settings}");

        let replaced = lock(&outcome)["restored"]["replaced"].clone();
        let back = match replaced["version_id"].as_str() {
            Some(id) => bench.run(&["restore", ".", "--version-id", id]),
            None => bench.run(&["restore", ".", "--from", replaced["copy"].as_str().unwrap()]),
        };
        let _ = back.run().code(0);
        assert!(workbench.is_as_applied("2"), "{settings}");
        assert!(!bench.is_locked(), "{settings}");
    }
}

#[test]
fn terraform_does_not_take_a_copy_for_a_workspace() {
    let Some(workbench) = Workbench::new(false, "use_lockfile = true") else {
        return;
    };
    let _ = workbench.terraform(&["workspace", "new", "blue"]).code(0);
    workbench.apply("1");
    let _ = workbench.bench.run(&["backup"]).run().code(0).says("/lock/Path", "states/env:/blue/prod/app.tfstate");
    assert_eq!(workbench.bench.copies().len(), 1);
    let _ = workbench.terraform(&["workspace", "list"]).code(0).stdout_is("  default\n* blue\n\n");
}

/// What the AWS CLI says of an object of the local AWS.
fn asked(bench: &Bench, aws: &Path, command: &str, key: &str) -> serde_json::Value {
    let args = ["s3api", command, "--bucket", "states", "--key", key];
    bench.sandbox.program(aws).args(args).run().code(0).json()
}

#[test]
fn copies_are_encrypted_as_the_state_is() {
    const KEY: &str = "arn:aws:kms:eu-central-1:123456789012:key/0a1b";
    let Some(aws) = peer::find("aws") else {
        return;
    };
    let bench = Bench::new(false);
    bench.sandbox.write("body", state(7, "one"));
    let put = ["s3api", "put-object", "--bucket", "states", "--key", "prod/app.tfstate", "--body", "body"];
    let encrypted = ["--server-side-encryption", "aws:kms", "--ssekms-key-id", KEY];
    let _ = bench.sandbox.program(&aws).args(put).args(encrypted).run().code(0);
    let _ = bench.backup(&[]);
    bench.sandbox.write("other", state(3, "other"));
    let _ = bench.run(&["restore", STATE, "--from", "other"]).run().code(0);
    for key in [bench.copies()[0].as_str(), "prod/app.tfstate"] {
        let head = asked(&bench, &aws, "head-object", key);
        assert_eq!((&head["SSEKMSKeyId"], &head["ServerSideEncryption"]), (&KEY.into(), &"aws:kms".into()), "{key}");
        assert_eq!(
            head["ContentType"].as_str().is_some_and(|kind| kind == "application/json"),
            key == "prod/app.tfstate"
        );
    }
    let _ = bench.run(&["restore", STATE, "--encrypt", "--from", "body"]).run().code(0);
    assert_eq!(asked(&bench, &aws, "head-object", "prod/app.tfstate")["ServerSideEncryption"], "AES256");
}

#[test]
fn copies_have_the_tags_that_the_backend_block_says() {
    let Some(aws) = peer::find("aws") else {
        return;
    };
    let bench = Bench::new(false);
    let config = json!({ "bucket": "states", "key": "prod/app.tfstate", "region": "eu-central-1", "state_tags": { "team": "web & co" } });
    let block = json!({ "version": 3, "backend": { "type": "s3", "config": config, "hash": 1 } });
    bench.sandbox.write(".terraform/terraform.tfstate", block.to_string());
    bench.write(&state(7, "one"));
    let _ = bench.run(&["backup"]).run().code(0);
    bench.sandbox.write("other", state(3, "other"));
    let _ = bench.run(&["restore", ".", "--from", "other"]).run().code(0);
    for key in [bench.copies()[0].as_str(), "prod/app.tfstate"] {
        let tags = asked(&bench, &aws, "get-object-tagging", key);
        assert_eq!(tags["TagSet"], json!([{ "Key": "team", "Value": "web & co" }]), "{key}");
    }
}

/// A store that is not the local AWS, with a bucket in it.
struct Elsewhere {
    sandbox: Sandbox,
    aws: PathBuf,
}

impl Elsewhere {
    fn new(endpoint: &str, aws: &Path, versioning: bool) -> Self {
        let sandbox = Sandbox::new()
            .env("AWS_ENDPOINT_URL", endpoint)
            .env("AWS_ACCESS_KEY_ID", "AKIDELSEWHERE")
            .env("AWS_SECRET_ACCESS_KEY", "elsewhere")
            .env("AWS_REGION", "us-east-1");
        let elsewhere = Self { sandbox, aws: aws.to_owned() };
        let _ = elsewhere.s3api(&["create-bucket", "--bucket", "states"]).code(0);
        if versioning {
            let enabled = ["--bucket", "states", "--versioning-configuration", "Status=Enabled"];
            let _ = elsewhere.s3api(&[&["put-bucket-versioning"][..], &enabled].concat()).code(0);
        }
        elsewhere
    }

    fn s3api(&self, args: &[&str]) -> Outcome {
        self.sandbox.program(&self.aws).args(["s3api"]).args(args).run()
    }

    fn tool(&self, args: &[&str]) -> Run {
        self.sandbox.tool("tfstate-lock").args(args)
    }

    fn write(&self, body: &str) {
        self.sandbox.write("body", body);
        let _ =
            self.s3api(&["put-object", "--bucket", "states", "--key", "prod/app.tfstate", "--body", "body"]).code(0);
    }

    fn state(&self) -> String {
        let args = ["get-object", "--bucket", "states", "--key", "prod/app.tfstate", "state"];
        let _ = self.s3api(&args).code(0);
        std::fs::read_to_string(self.sandbox.path().join("state")).unwrap()
    }
}

fn back_and_forth(elsewhere: &Elsewhere, versioning: bool) {
    elsewhere.write(&state(7, "one"));
    let backup = elsewhere.tool(&["backup", STATE]).run().code(0);
    assert_eq!(lock(&backup)["backup"]["version_id"].is_string(), versioning);
    assert_eq!(lock(&backup)["backup"]["copy"].is_string(), !versioning);
    elsewhere.write(&state(9, "two"));
    let restored = elsewhere.tool(&["restore"]).pipe_in(backup.stdout()).run().code(0);
    let restored = restored.says("/lock/restored/serial", 10).says("/lock/restored/replaced/serial", 9);
    assert_eq!(elsewhere.state(), state(10, "one"));
    let _ = elsewhere.tool(&["restore"]).pipe_in(backup.stdout()).run().code(0).says("/lock/restored/serial", 10);
    let replaced = lock(&restored)["restored"]["replaced"].clone();
    let back = match replaced["version_id"].as_str() {
        Some(id) => elsewhere.tool(&["restore", STATE, "--version-id", id]),
        None => elsewhere.tool(&["restore", STATE, "--from", replaced["copy"].as_str().unwrap()]),
    };
    let _ = back.run().code(0).says("/lock/restored/serial", 11);
    assert_eq!(elsewhere.state(), state(11, "two"));
    let _ = elsewhere.tool(&["acquire", STATE, "--dry-run"]).run().code(0).says("/lock/state", "free");
}

#[test]
fn ministack_keeps_and_gives_back_what_the_local_aws_does() {
    for versioning in [true, false] {
        let (Some(server), Some(aws)) = (peer::ministack(), peer::find("aws")) else {
            return;
        };
        back_and_forth(&Elsewhere::new(server.endpoint(), &aws, versioning), versioning);
    }
}

#[test]
fn of_moto_copies_are_made() {
    // It does not say in S3's words whether a bucket has versions, so nobody knows.
    let (Some(server), Some(aws)) = (peer::moto(), peer::find("aws")) else {
        return;
    };
    back_and_forth(&Elsewhere::new(server.endpoint(), &aws, true), false);
}
