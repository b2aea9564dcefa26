//! `examples/terraform`: what the real Terraform plans of it, with a stand-in for the provider, and what net-audit and checkov say of that.

mod permissions;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use testkit::sandbox::{Outcome, Sandbox};
use testkit::{LocalAws, peer};

use crate::bench::root;
use crate::documentation::blocks;

/// The version that the stand-in says it is: the least that the example asks for.
const VERSION: &str = "6.21.0";

/// A file, a piece of it, and what is put in its place.
type Change<'a> = (&'a str, &'a str, &'a str);

const STATE: &str = "terraform {\n  backend \"local\" {}\n}\n";

/// A copy of the example in a folder of its own, and a Terraform that finds the stand-in where it looks for providers.
struct Example {
    sandbox: Sandbox,
    terraform: PathBuf,
}

impl Example {
    /// `None`, with a word about it, if Terraform or the package that the stand-in needs is missing.
    fn new() -> Option<Self> {
        Self::within(Sandbox::new())
    }

    fn within(sandbox: Sandbox) -> Option<Self> {
        let (terraform, python) = (peer::find("terraform")?, peer::find("python3:tf")?);
        let mirror = sandbox.path().join(".mirror");
        let provider = format!(
            ".mirror/registry.terraform.io/hashicorp/aws/{VERSION}/{}/terraform-provider-aws_v{VERSION}",
            platform()
        );
        let script = root().join("testkit/terraform-provider/provider.py");
        let script = format!("#!/bin/sh\nexec '{}' -B '{}' \"$@\"\n", python.display(), script.display());
        let provider = sandbox.write(&provider, script);
        fs::set_permissions(provider, fs::Permissions::from_mode(0o755)).unwrap();
        let settings = format!(
            "disable_checkpoint = true\nprovider_installation {{\n  filesystem_mirror {{ path = \"{}\" }}\n}}\n",
            mirror.display()
        );
        let settings = sandbox.write("terraformrc", settings).display().to_string();
        copy(&root().join("examples/terraform"), sandbox.path());
        let path = [binaries(), terraform.parent()?.to_owned(), "/usr/bin".into(), "/bin".into()];
        let path = std::env::join_paths(path).ok()?.into_string().ok()?;
        Some(Self { sandbox: sandbox.env("TF_CLI_CONFIG_FILE", &settings).env("PATH", &path), terraform })
    }

    /// The same with a state on this machine, and ready to plan.
    fn ready(self) -> Self {
        self.sandbox.write("backend_override.tf", STATE);
        let _ = self.terraform(&["init", "-input=false", "-no-color"]).code(0);
        self
    }

    /// Puts something else in place of a piece of a file, which has to be there.
    fn change(&self, file: &str, piece: &str, other: &str) {
        let text = fs::read_to_string(self.sandbox.path().join(file)).unwrap();
        assert!(text.contains(piece), "{file} has no `{piece}`");
        self.sandbox.write(file, text.replace(piece, other));
    }

    fn terraform(&self, arguments: &[&str]) -> Outcome {
        self.sandbox.program(&self.terraform).args(arguments).run()
    }

    /// Plans an environment and says what net-audit finds in it, down to `severity`.
    fn audited(&self, environment: &str, severity: &str) -> Outcome {
        let variables = format!("-var-file={environment}.tfvars");
        let _ = self.terraform(&["plan", "-input=false", "-no-color", &variables, "-out=plan"]).code(0);
        let plan = self.terraform(&["show", "-json", "plan"]).code(0);
        self.sandbox.write("plan.json", plan.stdout());
        self.sandbox.tool("net-audit").args(["plan.json", "--fail-on", severity]).run()
    }
}

/// The folder of the tools: the one above the running test's own.
fn binaries() -> PathBuf {
    std::env::current_exe().unwrap().ancestors().nth(2).unwrap().to_owned()
}

/// Copies a folder, but for what somebody's own Terraform left there.
fn copy(from: &Path, to: &Path) {
    let is_left = |entry: &fs::DirEntry| entry.file_name().as_encoded_bytes().starts_with(b".terraform");
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap).filter(|entry| !is_left(entry)) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            fs::create_dir_all(&target).unwrap();
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// As Terraform names it.
fn platform() -> String {
    let machine = if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" };
    format!("{}_{machine}", std::env::consts::OS)
}

/// The members of a list in the document, each by what is picked of it.
fn picked(document: &Value, list: &str, pick: impl Fn(&Value) -> Value) -> Value {
    document["network"][list].as_array().unwrap().iter().map(pick).collect()
}

fn classes(document: &Value) -> BTreeMap<String, String> {
    let subnets = document["network"]["vpcs"][0]["subnets"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    subnets.iter().map(|subnet| (text(&subnet["name"]), text(&subnet["class"]))).collect()
}

fn expected_classes(environment: &str) -> BTreeMap<String, String> {
    let tiers = [("public", "public"), ("private", "private-nat"), ("isolated", "isolated")];
    let of_tier = |(tier, class): (&str, &str)| {
        ["1", "2"].map(|zone| (format!("web-{environment}-{tier}-{zone}"), class.to_owned()))
    };
    tiers.into_iter().flat_map(of_tier).collect()
}

#[test]
fn the_plans_of_stage_and_production_are_clean() {
    let Some(example) = Example::new().map(Example::ready) else { return };
    let _ = example.terraform(&["fmt", "-check", "-recursive", "-no-color"]).code(0);
    let _ = example.terraform(&["validate", "-no-color"]).code(0).stdout_contains("Success!");
    let one_for_all = json!(["NET008", "low"]);
    // A setting of the account, which no environment makes.
    let of_the_account = json!(["NET021", "info"]);
    let expected =
        [("stage", json!([one_for_all, of_the_account]), 56.21), ("production", json!([of_the_account]), 101.47)];
    for (environment, findings, cost) in expected {
        let document = example.audited(environment, "medium").code(0).json();
        assert_eq!(picked(&document, "findings", |one| json!([one["id"], one["severity"]])), findings);
        // What a gateway that is not there carries, nobody knows.
        assert_eq!(picked(&document, "unanswered", |one| one["id"].clone()), json!(["NET016"]));
        assert_eq!(document["network"]["unknown"], json!([]));
        assert_eq!(classes(&document), expected_classes(environment));
        let purposes = picked(&document, "interfaces", |one| json!([one["purpose"], one["exposed"]]));
        let expected =
            json!([["database", false], ["database", false], ["load balancer", true], ["load balancer", true]]);
        assert_eq!(purposes, expected);
        assert_eq!(document["network"]["money"]["now"], json!(cost));
    }
}

#[test]
fn what_would_open_the_network_is_found_in_the_plan() {
    let from_service =
        "referenced_security_group_id = aws_security_group.service.id\n}\n\nresource \"aws_db_parameter_group\"";
    let from_anywhere = "cidr_ipv4 = \"0.0.0.0/0\"\n}\n\nresource \"aws_db_parameter_group\"";
    let nat = "nat_gateway_id         = aws_nat_gateway.main[var.nat_gateway_per_zone ? each.key : \"1\"].id";
    // What is changed, file by file, and all that counts of what is found then.
    let breaks: [(&[Change<'_>], &[&str]); 3] = [
        // A public database, in public subnets, that anybody may speak to.
        (
            &[
                ("database.tf", from_service, from_anywhere),
                ("database.tf", "in aws_subnet.isolated :", "in aws_subnet.public :"),
                ("database.tf", "publicly_accessible    = false", "publicly_accessible    = true"),
            ],
            &["NET001", "NET004"],
        ),
        // Tasks that are routed past NAT, and a way in for SSH that nobody closed.
        (
            &[
                ("vpc.tf", nat, "gateway_id             = aws_internet_gateway.main.id"),
                (
                    "load_balancer.tf",
                    "from_port         = 80\n  to_port           = 80\n",
                    "from_port = 22\n  to_port = 22\n",
                ),
            ],
            &["NET003", "NET006", "NET024"],
        ),
        // Layers of images through NAT.
        (&[("vpc.tf", "toset([\"s3\", \"dynamodb\"])", "toset([])")], &["NET010"]),
    ];
    let Some(example) = Example::new().map(Example::ready) else { return };
    for (changes, expected) in breaks {
        copy(&root().join("examples/terraform"), example.sandbox.path());
        for (file, piece, other) in changes {
            example.change(file, piece, other);
        }
        let document = example.audited("production", "medium").code(1).says("/error/code", "network.findings").json();
        let found = document["network"]["findings"].as_array().unwrap();
        let counted = found.iter().filter(|one| !["info", "low"].contains(&one["severity"].as_str().unwrap()));
        let ids: BTreeSet<&str> = counted.map(|one| one["id"].as_str().unwrap()).collect();
        assert_eq!(ids, expected.iter().copied().collect(), "{changes:?}");
    }
}

#[test]
fn what_the_provider_does_not_have_is_refused() {
    // Terraform does not look at what stands on something wrong: each is wrong alone.
    let wrong = [
        ("ecs.tf", "bake_time_in_minutes =", "bake_time_minutes =", "named \\\"bake_time_minutes\\\""),
        ("ecs.tf", "  family                   = local.name\n", "", "\\\"family\\\" is required"),
        ("database.tf", "  parameter {", "  setting {", "type \\\"setting\\\""),
        ("load_balancer.tf", "\"HTTP_301\"", "\"301\"", "301 is none of HTTP_301, HTTP_302"),
    ];
    let Some(example) = Example::new().map(Example::ready) else { return };
    for (file, piece, other, complaint) in wrong {
        copy(&root().join("examples/terraform"), example.sandbox.path());
        example.change(file, piece, other);
        let _ = example.terraform(&["validate", "-json"]).code(1).stdout_contains(complaint);
    }
}

#[test]
fn the_commands_of_its_page_take_it_from_nothing_to_production() {
    let cloud = LocalAws::start().unwrap();
    // The stand-in makes no bucket.
    let now = cloud.clock().now();
    cloud.world().s3.place("example-terraform-state", "made-by-bootstrap", "", now);
    let Some(example) = Example::within(Sandbox::with_aws(&cloud)) else { return };
    let page = fs::read_to_string(root().join("examples/terraform/README.md")).unwrap();
    let outcomes: Vec<Outcome> = blocks(&page)
        .iter()
        .map(|block| example.sandbox.shell(&format!("set -euo pipefail\n{block}")).run().code(0))
        .collect();
    assert_eq!(outcomes.len(), 4);
    let address = outcomes[1].stdout().lines().last().map(str::to_owned);
    assert_eq!(address.as_deref(), Some("s3://example-terraform-state/web/stage.tfstate"));
    let mut kept = cloud.world().s3.keys("example-terraform-state");
    kept.sort();
    let expected = ["bootstrap.tfstate", "made-by-bootstrap", "web/production.tfstate", "web/stage.tfstate"];
    assert_eq!(kept, expected);
    for (environment, cost) in [("stage", "$56.21"), ("production", "$101.47")] {
        let row = page.lines().find(|line| line.starts_with(&format!("| {environment} |")));
        assert!(row.is_some_and(|row| row.contains(cost)), "{environment} costs {cost}: {row:?}");
    }
}

#[test]
fn the_targets_of_the_makefile_plan_audit_and_apply_it() {
    let cloud = LocalAws::start().unwrap();
    let now = cloud.clock().now();
    cloud.world().s3.place("example-terraform-state", "made-by-bootstrap", "", now);
    let Some(example) = Example::within(Sandbox::with_aws(&cloud)) else { return };
    if peer::find("make").is_none() || peer::find("jq").is_none() {
        return;
    }
    let deploy = example.sandbox.path().join("deploy");
    fs::create_dir(&deploy).unwrap();
    copy(&root().join("examples"), &deploy);
    let fill = "sed -i.orig -e 's/=<.*/=web/' -e 's/^AWS_REGION=.*/AWS_REGION=eu-central-1/' \
        -e 's#^TERRAFORM_DIR=.*#TERRAFORM_DIR=deploy/terraform#' deploy/stage.env deploy/production.env";
    let _ = example.sandbox.shell(fill).run().code(0);
    for environment in ["stage", "production"] {
        let make = format!("make -f deploy/Makefile plan apply ENVIRONMENT={environment}");
        let _ = example.sandbox.shell(&make).run().code(0);
        let document =
            fs::read(example.sandbox.path().join(format!("build/release/apply-{environment}.json"))).unwrap();
        let document: Value = serde_json::from_slice(&document).unwrap();
        assert_eq!((&document["ok"], &document["network"]["counts"]["isolated"]), (&json!(true), &json!(2)));
    }
    let mut kept = cloud.world().s3.keys("example-terraform-state");
    kept.sort();
    assert_eq!(kept, ["made-by-bootstrap", "web/production.tfstate", "web/stage.tfstate"]);
}

#[test]
fn checkov_finds_it_sound_and_every_exception_says_why() {
    let Some(checkov) = peer::find("checkov") else { return };
    let folder = root().join("examples/terraform");
    let sandbox = Sandbox::new();
    let run = sandbox.program(&checkov).args(["--framework", "terraform", "--skip-download", "--output", "json"]);
    let report = run.args(["--directory".as_ref(), folder.as_os_str()]).run().code(0).json();
    assert_eq!((&report["summary"]["failed"], &report["summary"]["parsing_errors"]), (&json!(0), &json!(0)));
    assert!(report["summary"]["passed"].as_u64().is_some_and(|passed| passed > 250), "{}", report["summary"]);
    let skipped = report["results"]["skipped_checks"].as_array().unwrap();
    for check in skipped {
        let reason = check["check_result"]["suppress_comment"].as_str().unwrap_or_default();
        assert!(reason.split_whitespace().count() > 3, "{} is skipped without a reason", check["check_id"]);
    }
    let told: BTreeSet<&str> = skipped.iter().map(|check| check["check_id"].as_str().unwrap()).collect();
    let expected = [
        "CKV2_AWS_28",
        "CKV2_AWS_62",
        "CKV_AWS_109",
        "CKV_AWS_111",
        "CKV_AWS_144",
        "CKV_AWS_145",
        "CKV_AWS_18",
        "CKV_AWS_260",
        "CKV_AWS_356",
        "CKV_AWS_378",
    ];
    assert_eq!(told, BTreeSet::from(expected));
}
