//! The GitHub workflow and the GitLab job of `examples/`: their commands are run as a runner runs them, without the services.

use std::fs;
use std::time::{Duration, Instant};

use testkit::peer;
use testkit::sandbox::{Running, Sandbox};

use crate::bench::root;
use crate::project::Project;
use crate::receiver::Receiver;

/// What builds and scans is the project's own; here it has been done.
const BUILD: &str = "image report.json:\n\t@test -d web\ntools:\n\t@command -v ecs-deploy\n";

fn text(file: &str) -> String {
    fs::read_to_string(root().join("examples").join(file)).unwrap()
}

/// The lines of one job: those below `  NAME:` or `NAME:` that stand further in.
fn job<'a>(text: &'a str, name: &str) -> Vec<&'a str> {
    let mut lines = text.lines().skip_while(|line| line.trim_start() != format!("{name}:"));
    let depth = indent(lines.next().unwrap());
    lines.take_while(|line| line.is_empty() || indent(line) > depth).collect()
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// The `run:` of each step of a job.
fn runs(text: &str, name: &str) -> Vec<String> {
    job(text, name).iter().filter_map(|line| line.trim_start().strip_prefix("run: ")).map(str::to_owned).collect()
}

/// The entries of a list of commands of a job.
fn script(text: &str, name: &str, key: &str) -> String {
    let block = job(text, name).join("\n");
    let lines = job(&block, key);
    let commands: Vec<&str> = lines.iter().map_while(|line| line.trim_start().strip_prefix("- ")).collect();
    assert!(!commands.is_empty(), "{name} {key}");
    commands.join("\n") + "\n"
}

#[test]
fn both_are_what_the_services_take() {
    let Some(check) = peer::find("check-jsonschema") else { return };
    for (file, flags) in [
        ("github/release.yml", &["--builtin-schema", "vendor.github-workflows"][..]),
        ("github/release.yml", &["--builtin-schema", "custom.github-workflows-require-timeout"][..]),
        (
            "gitlab/release.gitlab-ci.yml",
            &["--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci"][..],
        ),
    ] {
        let path = root().join("examples").join(file);
        let _ = Sandbox::new().program(&check).args(flags).args([path]).run().code(0);
    }
}

#[test]
fn the_jobs_of_github_release_one_digest_through_an_artifact() {
    let Some(project) = Project::new() else { return };
    let workflow = text("github/release.yml");
    project.write("Makefile", BUILD);
    let run = |command: &str| {
        project.shell(command).env("GITHUB_ACTIONS", "true").env("TAG", "v1.4.0").env("GITHUB_ACTOR", "ada").run()
    };
    let stage = runs(&workflow, "stage");
    assert_eq!(stage.len(), 4);
    for command in runs(&workflow, "build").iter().chain(&stage) {
        let _ = run(command).code(0);
    }
    // The other job begins with nothing but what the artifact holds.
    let kept = project.bench.sandbox.path().join("artifact");
    let build = project.bench.sandbox.path().join("build/release");
    fs::rename(&build, &kept).unwrap();
    fs::rename(project.bench.sandbox.path().join("web"), project.bench.sandbox.path().join("gone")).unwrap();
    fs::create_dir_all(build.parent().unwrap()).unwrap();
    fs::rename(&kept, &build).unwrap();
    let production = runs(&workflow, "production");
    assert_eq!(production.len(), 2);
    for command in &production {
        let _ = run(command).code(0);
    }
    let document = project.document("production.json");
    assert_eq!(document["image"]["tags"][0], "v1.4.0");
    assert_eq!(project.log()[1]["by"], "ada");
}

#[test]
fn only_what_pushes_and_deploys_has_credentials_and_only_what_deploys_has_secrets() {
    let workflow = text("github/release.yml");
    let build = job(&workflow, "build").join("\n");
    for secret in ["id-token", "secrets.", "environment:", "vars."] {
        assert!(!build.contains(secret), "{secret}: {build}");
    }
    for name in ["stage", "production"] {
        let job = job(&workflow, name).join("\n");
        assert!(!job.contains("\n    env:"), "{job}");
        let steps: Vec<&str> = job.split("\n      - ").collect();
        let deploys = |step: &&&str| step.contains("run: ") && step.contains("secrets.");
        assert_eq!(steps.iter().filter(deploys).count(), 1, "{job}");
        for step in steps {
            assert_eq!(step.contains("secrets."), step.contains("run: exec deploy/"), "{step}");
        }
        let credentials = job.find("configure-aws-credentials").unwrap();
        assert!(job.find("run: make tools").unwrap() < credentials, "{job}");
    }
}

/// Runs the deploying step of a job as GitHub's runner does, until ECS is asked to deploy: the step lies in a file, and what is signalled is the shell
/// that was started for it, and nobody else.
fn deploying(project: &Project, name: &str) -> Running {
    let deploy = runs(&text("github/release.yml"), name).pop().unwrap();
    assert!(deploy.starts_with("exec deploy/"), "{deploy}");
    project.write("step.sh", &format!("{deploy}\n"));
    let before = count(project, "ecs:UpdateService");
    let shell = project.bench.sandbox.program(std::path::Path::new("bash")).args(["-e", "step.sh"]);
    let running = shell.env("GITHUB_ACTIONS", "true").start();
    wait_for(|| count(project, "ecs:UpdateService") > before);
    running
}

fn count(project: &Project, operation: &str) -> usize {
    project.bench.cloud.writes().iter().filter(|write| *write == operation).count()
}

fn wait_for(is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_mins(1);
    while !is_so() {
        assert!(Instant::now() < deadline, "it does not come to that");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_job_that_is_cancelled_while_it_deploys_goes_back_and_is_recorded() {
    let Some(project) = Project::at_speed(200.0) else { return };
    for (name, steps) in [("stage", &["gate", "push"][..]), ("production", &["deploy-stage"])] {
        let _ = project.make(steps).run().code(0);
        let running = deploying(&project, name);
        running.signal("INT");
        let _ = running.wait().code(130);
        assert_eq!(project.document(&format!("{name}.json"))["deployment"]["outcome"], "rolled_back", "{name}");
        assert_eq!(project.log().pop().unwrap()["outcome"], "rolled_back", "{name}");
    }
}

#[test]
fn a_way_back_that_takes_longer_than_the_runner_waits_is_begun_and_recorded_before_it_kills() {
    // As slow as AWS is.
    let Some(project) = Project::at_speed(1.0) else { return };
    let _ = project.make(&["gate", "push"]).run().code(0);
    let running = deploying(&project, "stage");
    running.signal("INT");
    wait_for(|| count(&project, "ecs:StopServiceDeployment") == 1);
    running.signal("TERM");
    let second = Instant::now();
    let ended = running.wait();
    assert!(second.elapsed() < Duration::from_millis(2500), "{:?}", second.elapsed());
    let _ = ended.code(143).stderr_contains("rolling back because of a signal");
    assert_eq!(project.document("stage.json")["deployment"]["outcome"], "in_progress");
    assert_eq!(project.log().pop().unwrap()["outcome"], "in_progress");
}

#[test]
fn a_shut_gate_is_annotated_in_github_and_ends_the_job() {
    let Some(project) = Project::new() else { return };
    let workflow = text("github/release.yml");
    project.write("summary.md", "");
    project.write("report.json", &project.read("vulnerable.json"));
    let gate = runs(&workflow, "stage").into_iter().find(|command| command.contains(" gate ")).unwrap();
    let shut =
        project.shell(&gate).env("GITHUB_ACTIONS", "true").env("GITHUB_STEP_SUMMARY", "summary.md").run().code(2);
    let _ = shut.stdout_contains("::error ");
    assert!(project.read("summary.md").contains("CVE-"), "{}", project.read("summary.md"));
    assert_eq!(project.document("gate.json")["error"]["code"], "gate.shut");
}

#[test]
fn a_tag_that_speaks_to_make_is_taken_as_it_stands() {
    let Some(project) = Project::new() else { return };
    let tag = "v1-$(AWS_ID_TOKEN)$(shell touch${IFS}made)";
    let push = runs(&text("github/release.yml"), "stage").into_iter().find(|line| line.contains(" push ")).unwrap();
    let script = script(&text("gitlab/release.gitlab-ci.yml"), "stage", "script");
    let gitlab: Vec<&str> = script.lines().filter(|line| !line.contains("deploy-stage")).collect();
    for (commands, name) in [(push, "TAG"), (gitlab.join("\n"), "CI_COMMIT_TAG")] {
        let _ = project.make(&["gate"]).run().code(0);
        let run =
            project.shell(&format!("set -e\n{commands}")).env(name, tag).env("AWS_ID_TOKEN", "the.jobs.token").run();
        // No registry takes such a tag; what matters is which one it was asked for.
        assert_ne!(run.exit_code(), Some(0));
        let said = format!("{}{}", run.stdout(), run.stderr());
        assert!(said.contains("$(AWS_ID_TOKEN)") && !said.contains("the.jobs.token"), "{said}");
        assert!(!project.has("made"));
    }
}

#[test]
fn the_jobs_of_gitlab_run_to_their_last_line_although_their_script_comes_through_standard_input() {
    let Some(project) = Project::new() else { return };
    let pipeline = text("gitlab/release.gitlab-ci.yml");
    project.write("Makefile", BUILD);
    let answer = "<AssumeRoleWithWebIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleWithWebIdentityResult>\
        <Credentials><AccessKeyId>ASIALOCALLOCALLOCAL0</AccessKeyId><SecretAccessKey>local</SecretAccessKey><SessionToken>s</SessionToken>\
        <Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>";
    let sts = Receiver::answering(200, answer);
    let folder = project.bench.sandbox.path().display().to_string();
    for name in ["build", "stage", "production"] {
        let before = if name == "build" { String::new() } else { script(&pipeline, ".release", "before_script") };
        let fed = format!("set -eo pipefail\n{before}{}echo the last line ran\n", script(&pipeline, name, "script"));
        let run = project.bench.sandbox.program(std::path::Path::new("bash")).pipe_in(fed);
        // No keys: the job's own token is changed for them, by the SDK.
        let run =
            ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"].into_iter().fold(run, testkit::sandbox::Run::without_env);
        let run = run
            .env("AWS_ENDPOINT_URL_STS", sts.address())
            .env("AWS_ID_TOKEN", "the.jobs.token")
            .env("AWS_WEB_IDENTITY_TOKEN_FILE", &format!("{folder}/.aws-id-token"))
            .env("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/release")
            .env("AWS_ROLE_SESSION_NAME", "release-1")
            .env("CI_COMMIT_TAG", "1.4.0")
            .env("CI_JOB_URL", "https://gitlab.example/jobs/1");
        let _ = run.run().code(0).stdout_contains("the last line ran\n");
    }
    assert_eq!(project.document("production.json")["deployment"]["outcome"], "deployed");
    assert_eq!(project.log()[1]["job"], "https://gitlab.example/jobs/1");
    let asked = sts.requests();
    assert!(
        asked.len() >= 2 && asked.iter().all(|request| request.body.contains("WebIdentityToken=the.jobs.token")),
        "{asked:?}"
    );
}
