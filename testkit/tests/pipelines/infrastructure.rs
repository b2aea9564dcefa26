//! `plan`, `apply` and `audit` of `examples/Makefile`: nothing is applied that was not audited, and never without the lock.
//!
//! The real Terraform plans and applies. No provider can be fetched here, so its configuration has no network; what `terraform show -json` says of a
//! plan with one is a fixture, put in its place by a few lines of shell.

use testkit::peer;
use testkit::sandbox::Run;

use crate::bench::root;
use crate::project::Project;

/// A project with a Terraform configuration in `infra/`, whose state lies in the local S3.
pub(crate) struct Site {
    pub(crate) project: Project,
}

impl Site {
    pub(crate) fn new() -> Option<Self> {
        let terraform = peer::find("terraform")?;
        let project = Project::new()?;
        for environment in ["stage", "production"] {
            let file = format!("deploy/{environment}.env");
            for (name, value) in [
                ("TERRAFORM_DIR", "infra"),
                ("TERRAFORM_BACKEND", &format!("{environment}.s3.tfbackend")),
                ("TERRAFORM_VARIABLES", &format!("{environment}.tfvars")),
                ("TFSTATE_LOCK_WAIT", "0s"),
            ] {
                project.set(&file, name, value);
            }
            project.write(&format!("infra/{environment}.tfvars"), &format!("name = \"{environment}\"\n"));
            let backend = format!(
                "bucket = \"terraform-state\"\nkey = \"web/{environment}.tfstate\"\nregion = \"eu-central-1\"\n"
            );
            project.write(&format!("infra/{environment}.s3.tfbackend"), &backend);
        }
        let main = r#"
terraform {
  backend "s3" {
    use_lockfile                = true
    use_path_style              = true
    skip_credentials_validation = true
    skip_metadata_api_check     = true
    skip_region_validation      = true
    skip_requesting_account_id  = true
  }
}

variable "name" { type = string }

resource "terraform_data" "example" {
  input = var.name
}
"#;
        project.write("infra/main.tf", main);
        let fixture = root().join("net-audit/tests/fixtures/terraform-plan.json");
        let shim = format!(
            "#!/bin/sh\ncase \" $* \" in *' show '*) [ ! -e network ] || exec cat '{}' ;; esac\nexec '{}' \"$@\"\n",
            fixture.display(),
            terraform.display()
        );
        let program = project.bench.sandbox.write("programs/terraform", shim);
        std::fs::set_permissions(program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        Some(Self { project })
    }

    /// A script in which `terraform` is found.
    pub(crate) fn shell(&self, script: &str) -> Run {
        self.project.shell(&format!("export PATH=\"$PWD/programs:$PATH\" CHECKPOINT_DISABLE=1\n{script}"))
    }

    fn make(&self, arguments: &[&str]) -> Run {
        self.shell("exec make --file deploy/Makefile \"$@\"").args(["make"]).args(arguments)
    }

    fn keys(&self) -> Vec<String> {
        self.project.bench.cloud.world().s3.keys("terraform-state").into_iter().collect()
    }

    /// As if the plan had a network: the fixture has findings, of which medium is the worst.
    pub(crate) fn with_network(self) -> Self {
        self.project.write("network", "");
        self
    }
}

#[test]
fn exactly_the_plan_that_was_audited_is_applied_under_the_lock_of_its_own_state() {
    let Some(site) = Site::new().map(Site::with_network) else { return };
    let _ = site
        .make(&["apply", "plan", "ENVIRONMENT=stage", "-j2"])
        .run()
        .code(0)
        .stdout_contains("Apply complete! Resources: 1 added");
    let (planned, applied) = (site.project.document("plan-stage.json"), site.project.document("apply-stage.json"));
    assert_eq!((planned["network"]["ok"].clone(), planned["plan"].clone()), (true.into(), applied["plan"].clone()));
    let tools: Vec<_> = applied["steps"].as_array().unwrap().iter().map(|step| step["tool"].clone()).collect();
    assert_eq!(tools, ["net-audit", "net-audit", "terraform"]);
    let _ = site.make(&["plan", "apply", "ENVIRONMENT=production"]).run().code(0);
    assert_eq!(site.keys(), ["web/production.tfstate", "web/stage.tfstate"]);
    // What was applied once is stale.
    let again = site.make(&["apply", "ENVIRONMENT=stage"]).run().code(2).stderr_contains("Saved plan is stale");
    let _ = again.stdout_contains("");
    assert_eq!(site.project.document("apply-stage.json")["error"]["code"], "terraform.failed");
}

#[test]
fn a_finding_in_the_network_that_is_planned_stops_apply() {
    let Some(site) = Site::new().map(Site::with_network) else { return };
    site.project.set("deploy/stage.env", "NET_AUDIT_FAIL_ON", "medium");
    let _ = site.make(&["plan", "ENVIRONMENT=stage"]).run().code(2).stderr_contains("net-audit: error: ");
    assert_eq!(site.project.document("plan-stage.json")["error"]["code"], "network.findings");
    let _ = site.make(&["apply", "ENVIRONMENT=stage"]).run().code(2).stderr_contains("the audit says no");
    assert_eq!(site.project.document("apply-stage.json")["error"]["code"], "plan.not_audited");
    // The audit's document was edited: the plan is audited once more before it is applied.
    let edited = site.project.read("build/release/plan-stage.json").replace("\"ok\":false", "\"ok\":true");
    site.project.write("build/release/plan-stage.json", &edited);
    let _ = site.make(&["apply", "ENVIRONMENT=stage"]).run().code(2).stderr_contains("net-audit: error: ");
    assert_eq!(site.keys(), Vec::<String>::new());
}

#[test]
fn a_plan_that_is_another_one_is_not_applied() {
    let Some(site) = Site::new().map(Site::with_network) else { return };
    let _ = site.make(&["apply", "ENVIRONMENT=stage"]).run().code(2).stderr_contains("there is no plan for stage");
    let _ = site.make(&["plan", "ENVIRONMENT=stage"]).run().code(0);
    let kept = site.project.read("build/release/plan-stage.json");
    // Two plans of the same, made within two seconds, are the same bytes.
    site.project.write("infra/stage.tfvars", "name = \"other\"\n");
    let _ = site.make(&["plan", "ENVIRONMENT=stage"]).run().code(0);
    site.project.write("build/release/plan-stage.json", &kept);
    let _ = site
        .make(&["apply", "ENVIRONMENT=stage"])
        .run()
        .code(2)
        .stderr_contains("the plan is not the one that was audited");
    assert_eq!(site.keys(), Vec::<String>::new());
}

#[test]
fn a_plan_without_a_network_needs_that_to_be_said() {
    let Some(site) = Site::new() else { return };
    let _ = site
        .make(&["plan", "ENVIRONMENT=stage"])
        .run()
        .code(2)
        .stderr_contains("Terraform manages no subnet here")
        .stderr_contains("hint: PLAN_NETWORK=none in stage.env");
    let _ = site.make(&["apply", "ENVIRONMENT=stage"]).run().code(2);
    site.project.set("deploy/stage.env", "PLAN_NETWORK", "none");
    let _ = site
        .make(&["plan", "apply", "ENVIRONMENT=stage"])
        .run()
        .code(0)
        .stderr_contains("PLAN_NETWORK=none lets that through");
    assert_eq!(site.project.document("apply-stage.json")["network"]["planned"], false);
}

#[test]
fn a_lock_that_somebody_holds_keeps_plan_and_apply_out() {
    let Some(site) = Site::new().map(Site::with_network) else { return };
    let _ = site.make(&["plan", "ENVIRONMENT=stage"]).run().code(0);
    let held = "tfstate-lock acquire s3://terraform-state/web/stage.tfstate --who ada > lock.json";
    let _ = site.project.shell(held).run().code(0);
    for target in ["apply", "plan"] {
        let _ = site.make(&[target, "ENVIRONMENT=stage"]).run().code(2).stderr_contains("ada");
        let document = site.project.document(&format!("{target}-stage.json"));
        assert_eq!((&document["ok"], &document["error"]["code"]), (&false.into(), &"lock.held".into()), "{target}");
    }
    assert!(!site.project.has("build/release/stage.tfplan"), "a plan that was not made is none");
    assert_eq!(site.keys(), ["web/stage.tfstate.tflock"]);
}

#[test]
fn audit_leaves_its_document_and_says_no_to_findings() {
    let Some(project) = Project::new() else { return };
    let audit = ["audit", "ENVIRONMENT=production", "SNAPSHOT=vpc.json"];
    let _ = project.make(&audit).run().code(0).stderr_contains("net-audit: 6 subnets in 1 VPC");
    assert_eq!(project.document("audit-production.json")["network"]["ok"], true);
    project.set("deploy/production.env", "NET_AUDIT_FAIL_ON", "medium");
    let _ = project.make(&audit).run().code(2);
    assert_eq!(project.document("audit-production.json")["error"]["code"], "network.findings");
}

#[test]
fn what_holds_secrets_is_readable_by_its_owner_alone_and_what_does_not_stays_readable() {
    let Some(site) = Site::new().map(Site::with_network) else { return };
    site.project.set("deploy/stage.env", "METRICS_DIR", "metrics");
    let modes = "mkdir temporary && export TMPDIR=\"$PWD/temporary\" && umask 022 && make -f deploy/Makefile plan apply ENVIRONMENT=stage >&2 \
        && find build/release metrics temporary -type f -printf '%m %f\\n' | sort";
    let told = site.shell(modes).run().code(0).stdout();
    assert!(told.contains("600 stage.tfplan\n"), "{told}");
    assert!(told.contains("644 tfstate-lock-stage-web.prom\n"), "{told}");
    // The plan in words, with all values, is gone; so is the private copy.
    let left: Vec<&str> = told.lines().map(|line| line.split_once(' ').unwrap().1).collect();
    assert_eq!(
        left.iter().filter(|name| name.contains("plan")).copied().collect::<std::collections::BTreeSet<_>>(),
        ["plan-stage.json", "stage.tfplan"].into()
    );
}

#[test]
fn a_plan_that_is_swapped_behind_its_audit_is_not_the_one_that_is_applied() {
    let Some(site) = Site::new().map(Site::with_network) else { return };
    let _ = site.make(&["plan", "ENVIRONMENT=stage"]).run().code(0);
    // What audits the plan puts something else into the file that it came from.
    let swap = "#!/bin/sh\necho other > build/release/stage.tfplan\nexec \"$REAL\" \"$@\"\n";
    site.project.write("programs/net-audit", swap);
    let apply = "export REAL=$(command -v net-audit); chmod 755 programs/net-audit; hash -r
        exec make -f deploy/Makefile apply ENVIRONMENT=stage";
    let _ = site.shell(apply).run().code(0).stdout_contains("Apply complete! Resources: 1 added");
    assert_eq!(site.project.read("build/release/stage.tfplan"), "other\n");
}
