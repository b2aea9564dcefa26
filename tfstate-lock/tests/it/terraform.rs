//! The real Terraform decides whether our lock is one: against the local AWS, and against ministack, which nobody here wrote.

use std::path::PathBuf;

use testkit::sandbox::{Outcome, Run, Running, Sandbox};
use testkit::{LocalAws, peer};

use crate::{LOCK_KEY, STATE, cloud, until};

/// What plays S3.
enum Cloud {
    Local(LocalAws),
    Ministack(peer::Server),
}

impl Cloud {
    fn endpoint(&self) -> &str {
        match self {
            Self::Local(cloud) => cloud.endpoint(),
            Self::Ministack(server) => server.endpoint(),
        }
    }
}

/// A folder in which Terraform is initialised with a backend at [`STATE`].
struct Folder {
    _cloud: Cloud,
    sandbox: Sandbox,
    terraform: PathBuf,
}

/// Both servers, as far as they and Terraform are there.
fn folders() -> Vec<Folder> {
    let Some(terraform) = peer::find("terraform") else {
        return Vec::new();
    };
    let (local, _) = cloud();
    let ministack = peer::ministack().zip(peer::find("aws")).map(|(server, aws)| {
        let create = ["--endpoint-url", server.endpoint(), "s3api", "create-bucket", "--bucket", "states"];
        let _ = sandbox(server.endpoint()).program(&aws).args(create).run().code(0);
        Cloud::Ministack(server)
    });
    let clouds = [Some(Cloud::Local(local)), ministack];
    clouds.into_iter().flatten().map(|cloud| Folder::initialised(cloud, terraform.clone())).collect()
}

fn sandbox(endpoint: &str) -> Sandbox {
    let variables = [
        ("AWS_ENDPOINT_URL", endpoint),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_REGION", "us-east-1"),
        ("CHECKPOINT_DISABLE", "1"),
    ];
    variables.into_iter().fold(Sandbox::new(), |sandbox, (name, value)| sandbox.env(name, value))
}

impl Folder {
    fn initialised(cloud: Cloud, terraform: PathBuf) -> Self {
        let sandbox = sandbox(cloud.endpoint());
        let main = format!(
            r#"
terraform {{
  backend "s3" {{
    bucket                      = "states"
    key                         = "prod/app.tfstate"
    region                      = "us-east-1"
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
  provisioner "local-exec" {{
    command = "touch applying; while [ -e main.tf ] && [ ! -e go ]; do sleep 0.05; done"
  }}
}}
"#,
            cloud.endpoint()
        );
        sandbox.write("main.tf", main);
        let folder = Self { _cloud: cloud, sandbox, terraform };
        let _ = folder.terraform(&["init", "-input=false"]).run().code(0);
        folder
    }

    fn terraform(&self, args: &[&str]) -> Run {
        self.sandbox.program(&self.terraform).args(args)
    }

    fn tool(&self, args: &[&str]) -> Run {
        self.sandbox.tool("tfstate-lock").args(args)
    }

    fn has(&self, file: &str) -> bool {
        self.sandbox.path().join(file).exists()
    }

    /// An apply that holds the lock until the file `go` is there.
    fn applying(&self) -> Running {
        let apply = self.terraform(&["apply", "-auto-approve", "-input=false", "-no-color"]).start();
        until("terraform applies", || self.has("applying"));
        apply
    }

    fn says(&self, file: &str, text: &str) -> bool {
        std::fs::read_to_string(self.sandbox.path().join(file)).is_ok_and(|content| content.contains(text))
    }

    fn goes_on(&self) {
        self.sandbox.write("go", "");
    }

    /// Whose lock lies there, if one does.
    fn holder(&self) -> Option<String> {
        let looked = self.tool(&["acquire", STATE, "--dry-run"]).run();
        looked.json()["lock"]["ID"].as_str().map(str::to_owned)
    }
}

fn id(outcome: &Outcome) -> String {
    outcome.json()["lock"]["ID"].as_str().unwrap().to_owned()
}

const PLAN: [&str; 4] = ["plan", "-input=false", "-no-color", "-lock-timeout=0s"];

#[test]
fn terraform_is_kept_out_while_we_hold_and_let_in_afterwards() {
    for folder in folders() {
        let acquired = folder.tool(&["acquire", "--info", "ask the platform team"]).run().code(0);
        let plan = folder.terraform(&PLAN).run().code(1);
        let _ = plan
            .stderr_contains("Error acquiring the state lock")
            .stderr_contains(&format!("ID:        {}", id(&acquired)))
            .stderr_contains("Info:      ask the platform team")
            .stderr_contains("Path:      states/prod/app.tfstate");
        let _ = folder.tool(&["release"]).pipe_in(acquired.stdout()).run().code(0);
        let _ = folder.terraform(&PLAN).run().code(0);
        assert_eq!(folder.holder(), None);
    }
}

#[test]
fn terraform_waits_for_our_lock_and_goes_on_behind_it() {
    for folder in folders() {
        let script = format!("{} plan -input=false -no-color -lock-timeout=120s > out", folder.terraform.display());
        let went_on = (0..5).any(|_| {
            let acquired = folder.tool(&["acquire"]).run().code(0);
            let waiting = folder.sandbox.shell(&script).start();
            until("terraform waits", || folder.says("out", "Acquiring state lock"));
            let _ = folder.tool(&["release"]).pipe_in(acquired.stdout()).run().code(0);
            let plan = waiting.wait();
            // Terraform gives up if the lock is freed between its PUT and its GET.
            let met_in_between = plan.stderr().contains("StatusCode: 404");
            assert!(plan.exit_code() == Some(0) || met_in_between, "{}", plan.stderr());
            plan.exit_code() == Some(0)
        });
        assert!(went_on);
        assert_eq!(folder.holder(), None);
    }
}

#[test]
fn we_are_kept_out_while_terraform_holds_and_wait_until_it_is_done() {
    for folder in folders() {
        let apply = folder.applying();
        let held = folder.tool(&["acquire"]).run().code(1).says("/error/code", "lock.held");
        let held = held.says("/lock/Operation", "OperationTypeApply").says("/lock/Version", "1.11.4");
        let _ = held.says("/lock/engine", "terraform_or_opentofu").stderr_contains("operation: OperationTypeApply");
        let waiting = folder.sandbox.shell("tfstate-lock acquire --wait 120s 2> said").start();
        until("we wait", || folder.says("said", "waiting: the lock of s3://states/prod/app.tfstate is held by "));
        folder.goes_on();
        let acquired = waiting.wait().code(0);
        let _ = apply.wait().code(0);
        let _ = folder.tool(&["release"]).pipe_in(acquired.stdout()).run().code(0);
    }
}

#[test]
fn terraform_can_unlock_what_we_locked_by_its_id() {
    for folder in folders() {
        let acquired = folder.tool(&["acquire", "--expires", "1h"]).run().code(0);
        let _ = folder.terraform(&["force-unlock", "-force", &id(&acquired)]).run().code(0);
        assert_eq!(folder.holder(), None);
    }
}

#[test]
fn a_lock_that_was_taken_from_us_is_not_released_by_us() {
    for folder in folders() {
        let acquired = folder.tool(&["acquire"]).run().code(0);
        let _ = folder.terraform(&["force-unlock", "-force", &id(&acquired)]).run().code(0);
        let apply = folder.applying();
        let terraforms = folder.holder().unwrap();
        let refused = folder.tool(&["release"]).pipe_in(acquired.stdout()).run().code(1);
        let _ = refused.says("/error/code", "lock.held").says("/lock/ID", terraforms.as_str());
        assert_eq!(folder.holder(), Some(terraforms));
        folder.goes_on();
        let _ = apply.wait().code(0);
    }
}

#[test]
fn one_lock_is_held_from_the_plan_to_the_end_of_its_apply() {
    for folder in folders() {
        folder.goes_on();
        let look = format!("tfstate-lock inspect {STATE} --quiet | jq -r .lock.ID >> seen");
        let terraform = folder.terraform.display();
        let script =
            format!("{look}; {terraform} plan -no-color -out p && {look} && {terraform} apply -no-color p; {look}");
        let run = folder.tool(&["run", "--", "sh", "-c", &script]).run().code(0);
        let run = run.stdout_contains("Apply complete! Resources: 1 added");
        let _ = run.stderr_contains("the command ended with exit code 0").stderr_contains("serial 1");
        let seen = std::fs::read_to_string(folder.sandbox.path().join("seen")).unwrap();
        let seen: Vec<&str> = seen.lines().collect();
        assert!(seen.len() == 3 && seen.iter().all(|id| *id == seen[0] && id.len() == 36), "{seen:?}");
        assert_eq!(folder.holder(), None);
        let _ = folder.terraform(&["state", "list"]).run().code(0).stdout_is("terraform_data.example\n");
    }
}

#[test]
fn an_explicit_lock_below_run_waits_for_us_and_shows_our_info() {
    for folder in folders() {
        let terraform = folder.terraform.display().to_string();
        let args = ["run", "--info", "release 7", "--", &terraform, "plan", "-no-color", "-lock=true"];
        let run = folder.tool(&args).run().code(1);
        let _ =
            run.stderr_contains("Error acquiring the state lock").stderr_contains("\"info\":\"release 7\",\"ttl\":300");
        assert_eq!(folder.holder(), None);
    }
}

#[test]
fn a_command_works_in_the_workspace_that_is_locked_and_in_no_other() {
    for folder in folders() {
        folder.goes_on();
        let terraform = folder.terraform.display();
        let _ = folder.terraform(&["workspace", "new", "blue"]).run().code(0);
        let _ = folder.tool(&["acquire", "--workspace", "blue"]).run().code(0);
        let apply = format!("{terraform} apply -auto-approve -no-color");
        let run = folder.tool(&["run", "--workspace", "default", "--", "sh", "-c", &apply]).run().code(0);
        let _ = run.stdout_contains("1 added");
        let listed = folder.terraform(&["state", "list"]);
        let _ = listed.env("TF_WORKSPACE", "default").run().code(0).stdout_is("terraform_data.example\n");
        let _ = folder.terraform(&["state", "list"]).run().code(0).stdout_is("");
        let elsewhere = format!("{terraform} workspace select blue");
        let _ = folder.tool(&["run", "--workspace", "default", "--", "sh", "-c", &elsewhere]).run().code(1);
        let named = folder.tool(&["run", STATE, "--", "true"]).run().code(2).says("/error/code", "state.other");
        let _ = named.stderr_contains("this folder's state is s3://states/env:/blue/prod/app.tfstate");
    }
}

#[test]
fn a_workspace_that_is_selected_in_the_folder_is_the_one_that_is_locked() {
    for folder in folders() {
        let _ = folder.terraform(&["workspace", "new", "blue"]).run().code(0);
        let acquired = folder.tool(&["acquire"]).run().code(0).says("/lock/key", "env:/blue/prod/app.tfstate.tflock");
        let _ = folder.terraform(&PLAN).run().code(1).stderr_contains(&id(&acquired));
        let elsewhere = folder.tool(&["acquire", "--workspace", "default", "--dry-run"]).run().code(0);
        let _ = elsewhere.says("/lock/key", LOCK_KEY);
        let _ = folder
            .tool(&["release", &folder.sandbox.path().display().to_string(), "--id", &id(&acquired)])
            .run()
            .code(0);
    }
}
