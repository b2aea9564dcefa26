//! The real Terraform decides whether what is read of a state, and what is made of it, is right. Its backend is a file here.

use std::fs;
use std::path::PathBuf;

use testkit::peer;
use testkit::sandbox::{Outcome, Sandbox};
use tfstate_lock::state::aftermath::{self, Aftermath};
use tfstate_lock::state::file::{Form, StateFile};
use tfstate_lock::state::restoration::{self, Content, Current, Restore};

const STATE: &str = "terraform.tfstate";
const MAIN: &str = r#"
variable "size" {
  default = 1
}

resource "terraform_data" "database" {
  input = { serial = 41, text = "<a> & \"b\"", size = var.size }
}

output "serial" {
  value = 7
}
"#;

/// A folder with a Terraform that works on a state there.
struct Workbench {
    sandbox: Sandbox,
    terraform: PathBuf,
}

impl Workbench {
    fn new() -> Option<Self> {
        let terraform = peer::find("terraform")?;
        let sandbox = Sandbox::new().env("CHECKPOINT_DISABLE", "1");
        Some(Self { sandbox, terraform })
    }

    /// The same with a state that was written once for each size.
    fn with_state(sizes: &[&str]) -> Option<Self> {
        let bench = Self::new()?;
        bench.sandbox.write("main.tf", MAIN);
        let _ = bench.run(&["init", "-input=false"]).code(0);
        for size in sizes {
            bench.apply(size);
        }
        Some(bench)
    }

    fn run(&self, args: &[&str]) -> Outcome {
        self.sandbox.program(&self.terraform).args(args).run()
    }

    fn apply(&self, size: &str) {
        let _ = self.run(&["apply", "-input=false", "-auto-approve", &format!("-var=size={size}")]).code(0);
    }

    fn state(&self) -> Vec<u8> {
        fs::read(self.sandbox.path().join(STATE)).unwrap()
    }

    /// What Terraform reads of it: serial, lineage, version, number of resources.
    fn pulled(&self) -> (u64, String, String, usize) {
        let state = self.run(&["state", "pull"]).code(0).json();
        let text = |name: &str| state[name].as_str().unwrap().to_owned();
        let resources = state["resources"].as_array().unwrap().len();
        (state["serial"].as_u64().unwrap(), text("lineage"), text("terraform_version"), resources)
    }
}

/// Puts a snapshot into the place of a state, as `restore` would.
fn restored(current: &[u8], candidate: &[u8]) -> Vec<u8> {
    let current = Current { state: StateFile::parse(current), etag: "\"etag\"".to_owned() };
    match restoration::judge(Some(&current), &StateFile::parse(candidate)).unwrap() {
        Restore::Write { content, .. } => Content::of(content, candidate.to_vec()).unwrap(),
        Restore::AlreadyThere { .. } => candidate.to_vec(),
    }
}

#[test]
fn what_is_read_of_a_state_is_what_terraform_reads() {
    let Some(bench) = Workbench::with_state(&["1", "2"]) else {
        return;
    };
    let state = StateFile::parse(&bench.state()).unwrap();
    let Form::Plain { terraform_version, resources } = state.form else {
        panic!("Terraform encrypts nothing");
    };
    let read = (state.serial, state.lineage.to_string(), terraform_version.unwrap(), resources);
    assert_eq!(read, bench.pulled());
}

#[test]
fn terraform_reads_the_members_that_are_read_here() {
    let Some(bench) = Workbench::new() else {
        return;
    };
    for text in [
        r#"{"version":4,"SERIAL":3,"Lineage":"a"}"#,
        "{\"version\":4,\"\u{17f}erial\":3,\"lineage\":\"a\"}",
        r#"{"version":4,"ser\u0069al":3,"lineage":"a","resources":null}"#,
        r#"{"x":{"serial":9},"lineage":"a","serial":3,"version":4,"y":[1e400]}"#,
    ] {
        bench.sandbox.write(STATE, text);
        let (serial, lineage, _, resources) = bench.pulled();
        assert_eq!((serial, lineage.as_str(), resources), (3, "a", 0), "{text}");
        let state = StateFile::parse(text.as_bytes()).unwrap();
        assert_eq!((state.serial, state.lineage.as_str()), (3, "a"), "{text}");
        bench.sandbox.write(STATE, StateFile::with_serial(text.as_bytes(), u64::MAX).unwrap());
        assert_eq!(bench.pulled().0, u64::MAX, "{text}");
    }
}

#[test]
fn terraform_accepts_a_snapshot_whose_serial_was_raised() {
    let Some(bench) = Workbench::with_state(&["1"]) else {
        return;
    };
    let old = bench.state();
    bench.apply("2");
    let (serial, ..) = bench.pulled();
    bench.sandbox.write("old.tfstate", &old);
    let push = ["state", "push", "old.tfstate"];
    let _ = bench.run(&push).code(1).stderr_contains("over newer state");
    bench.sandbox.write("old.tfstate", StateFile::with_serial(&old, serial + 1).unwrap());
    let _ = bench.run(&push).code(0);
    assert!(bench.pulled().0 > serial);
    let plan = ["plan", "-input=false", "-detailed-exitcode"];
    let _ = bench.run(&[&plan[..], &["-var=size=1"]].concat()).code(0);
    let _ = bench.run(&[&plan[..], &["-var=size=2"]].concat()).code(2);
}

#[test]
fn a_plan_that_was_made_before_a_restore_is_stale() {
    let Some(bench) = Workbench::with_state(&["1"]) else {
        return;
    };
    let old = bench.state();
    let _ = bench.run(&["plan", "-input=false", "-var=size=3", "-out=of-old"]).code(0);
    bench.apply("2");
    let _ = bench.run(&["plan", "-input=false", "-var=size=4", "-out=of-new"]).code(0);
    let after = restored(&bench.state(), &old);
    bench.sandbox.write(STATE, &after);
    for plan in ["of-old", "of-new"] {
        let _ = bench.run(&["apply", "-input=false", plan]).code(1).stderr_contains("Saved plan is stale");
    }
    assert_eq!(bench.state(), after);
    let _ = bench.run(&["state", "list"]).code(0).stdout_is("terraform_data.database\n");
    let _ = bench.run(&["state", "show", "-no-color", "terraform_data.database"]).code(0);
    bench.apply("5");
    assert!(bench.pulled().0 > StateFile::parse(&after).unwrap().serial);
}

#[test]
fn only_what_terraform_is_forced_to_is_an_alarm() {
    let Some(bench) = Workbench::with_state(&["1"]) else {
        return;
    };
    let seen = || StateFile::parse(&bench.state());
    let first = bench.state();
    let created = seen();
    assert!(matches!(aftermath::judge(None, Some(&created)), Aftermath::Created { .. }));
    let _ = bench.run(&["plan", "-input=false"]).code(0);
    assert!(matches!(aftermath::judge(Some(&created), Some(&seen())), Aftermath::Unchanged { .. }));
    bench.apply("2");
    let written = seen();
    assert!(matches!(aftermath::judge(Some(&created), Some(&written)), Aftermath::Written { .. }));
    let _ = bench.run(&["destroy", "-input=false", "-auto-approve"]).code(0);
    let destroyed = seen();
    assert!(matches!(aftermath::judge(Some(&written), Some(&destroyed)), Aftermath::Written { .. }));
    bench.sandbox.write("first.tfstate", &first);
    let _ = bench.run(&["state", "push", "-force", "first.tfstate"]).code(0);
    assert!(matches!(aftermath::judge(Some(&destroyed), Some(&seen())), Aftermath::WentBack { .. }));
    fs::remove_file(bench.sandbox.path().join(STATE)).unwrap();
    bench.apply("1");
    assert!(matches!(aftermath::judge(Some(&created), Some(&seen())), Aftermath::OtherLineage { .. }));
}
