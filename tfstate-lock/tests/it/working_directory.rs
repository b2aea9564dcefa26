//! The real Terraform decides whether a working directory is read right.

use std::path::{Path, PathBuf};

use testkit::sandbox::{Outcome, Sandbox};
use testkit::{LocalAws, peer};
use tfstate_lock::backend::Backend;
use tfstate_lock::working_directory::{self, Variables};

use crate::cloud;

/// A sandbox in which Terraform is initialised; `settings` come into the backend block.
fn initialised(settings: &str, variables: &[(&str, &str)]) -> Option<(LocalAws, Sandbox, PathBuf)> {
    let terraform = peer::find("terraform")?;
    let (cloud, sandbox) = cloud();
    let main = format!(
        r#"
terraform {{
  backend "s3" {{
    bucket                      = "states"
    region                      = "eu-central-1"
    use_lockfile                = true
    use_path_style              = true
    skip_credentials_validation = true
    skip_requesting_account_id  = true
    endpoints                   = {{ s3 = "{}" }}
    {settings}
  }}
}}
"#,
        cloud.endpoint()
    );
    sandbox.write("main.tf", main);
    let sandbox = variables.iter().fold(sandbox, |sandbox, (name, value)| sandbox.env(name, value));
    let sandbox = sandbox.env("CHECKPOINT_DISABLE", "1");
    let init = ["init", "-input=false", "-backend-config=key=prod/app.tfstate"];
    let _ = run(&sandbox, &terraform, &init).code(0);
    Some((cloud, sandbox, terraform))
}

fn run(sandbox: &Sandbox, terraform: &Path, args: &[&str]) -> Outcome {
    sandbox.program(terraform).args(args).run()
}

/// The lock that Terraform takes for a plan, `/bucket/key` as it came over the wire.
fn lock_that_terraform_takes(cloud: &LocalAws, sandbox: &Sandbox, terraform: &Path) -> String {
    cloud.clear_journal();
    let _ = run(sandbox, terraform, &["plan", "-input=false", "-lock-timeout=0s"]).code(0);
    let puts = cloud.journal().into_iter().filter(|call| call.operation == "s3:PutObject").map(|call| call.path);
    let locks: Vec<String> = puts.filter(|path| path.contains(".tflock")).collect();
    assert_eq!(locks.len(), 1, "{locks:?}");
    locks[0].split('?').next().unwrap().replace("%3A", ":")
}

fn read(sandbox: &Sandbox, variables: &Variables) -> Backend {
    working_directory::read(sandbox.path(), None, variables).unwrap().backend
}

fn lock_of(backend: &Backend) -> String {
    format!("/{}/{}", backend.state.bucket(), backend.state.lock_key())
}

#[test]
fn the_state_of_every_workspace_lies_where_terraform_has_it() {
    for settings in ["", "workspace_key_prefix = \"teams/web\"", "workspace_key_prefix = \"\""] {
        let Some((cloud, sandbox, terraform)) = initialised(settings, &[]) else {
            return;
        };
        let backend = read(&sandbox, &Variables::default());
        assert_eq!(backend.state.to_string(), "s3://states/prod/app.tfstate");
        assert_eq!(lock_that_terraform_takes(&cloud, &sandbox, &terraform), lock_of(&backend), "{settings}");
        let reached = (backend.s3_endpoint.as_deref(), backend.path_style, backend.use_lockfile);
        assert_eq!(reached, (Some(cloud.endpoint()), true, true));
        assert_eq!(backend.unhonoured, Vec::<String>::new());

        let _ = run(&sandbox, &terraform, &["workspace", "new", "blue"]).code(0);
        let backend = read(&sandbox, &Variables::default());
        assert!(backend.state.state_key().ends_with("blue/prod/app.tfstate"), "{}", backend.state);
        assert_eq!(lock_that_terraform_takes(&cloud, &sandbox, &terraform), lock_of(&backend), "{settings}");
    }
}

#[test]
fn terraforms_own_variables_mean_to_us_what_they_mean_to_it() {
    let environment = [("TF_DATA_DIR", "own/data"), ("TF_WORKSPACE", "green")];
    let Some((cloud, sandbox, terraform)) = initialised("", &environment) else {
        return;
    };
    let variables =
        Variables { data_dir: Some("own/data".into()), workspace: Some("green".into()), ..Variables::default() };
    let backend = read(&sandbox, &variables);
    assert_eq!(backend.state.to_string(), "s3://states/env:/green/prod/app.tfstate");
    assert_eq!(lock_that_terraform_takes(&cloud, &sandbox, &terraform), lock_of(&backend));
}
