//! What is changed in the task definition, and what is not.

use serde_json::{Value, json};

use crate::bench::{Bench, NEW, OLD, rolling};

fn container(bench: &Bench) -> Value {
    bench.sent("ecs:RegisterTaskDefinition")[0]["containerDefinitions"][0].clone()
}

#[test]
fn variables_secrets_sizes_roles_and_tags_are_changed_on_request() {
    let bench = Bench::new(&rolling());
    let secret =
        bench.ask(testkit::world::Service::SecretsManager, "CreateSecret", &json!({ "Name": "db" }))["ARN"].clone();
    let role = json!({ "RoleName": "web", "AssumeRolePolicyDocument": { "Statement": [{ "Principal": { "Service": "ecs-tasks.amazonaws.com" } }] } });
    testkit::seed::plant(
        json!([{ "iam:CreateRole": role }]).to_string().as_bytes(),
        &mut bench.cloud.world(),
        bench.cloud.endpoint(),
        bench.cloud.clock(),
    )
    .unwrap();
    bench.sandbox.write("web.env", "# comment\nCOLOUR=blue\n");
    let secret = secret.as_str().unwrap();
    let run = bench.deploy().args([
        "--env",
        "LOG=debug",
        "--env",
        "TOKEN",
        "--env-file",
        "web.env",
        "--cpu",
        "512",
        "--memory",
        "1024",
    ]);
    let run = run.args([
        "--secret",
        &format!("DB={secret}"),
        "--task-role",
        "arn:aws:iam::123456789012:role/web",
        "--tag",
        "commit=1f",
    ]);
    let outcome = run.env("TOKEN", "hunter2").run().code(0);
    let sent = bench.sent("ecs:RegisterTaskDefinition")[0].clone();
    let mut variables = container(&bench)["environment"].as_array().unwrap().clone();
    variables.sort_by_key(|variable| variable["name"].as_str().unwrap().to_owned());
    let expected = json!([
        { "name": "COLOUR", "value": "blue" }, { "name": "LOG", "value": "debug" }, { "name": "TOKEN", "value": "hunter2" }
    ]);
    assert_eq!(Value::Array(variables), expected);
    assert_eq!(container(&bench)["secrets"], json!([{ "name": "DB", "valueFrom": secret }]));
    assert_eq!((&sent["cpu"], &sent["memory"]), (&json!("512"), &json!("1024")));
    assert_eq!(sent["tags"], json!([{ "key": "team", "value": "harbour" }, { "key": "commit", "value": "1f" }]));
    assert_eq!(sent["brandNewMember"], json!({ "z": 1, "a": [true, null] }));
    assert!(!outcome.stdout().contains("hunter2") && !outcome.stderr().contains("hunter2"), "values are not told");
}

#[test]
fn a_dry_run_shows_what_would_change_and_the_calls_it_leaves_out() {
    let bench = Bench::new(&rolling());
    let run = bench.deploy().args(["--dry-run", "--env", "LOG=debug", "--circuit-breaker", "stop"]);
    let outcome = run.run().code(0).says("/deployment/outcome", "planned");
    let service = outcome.json()["deployment"]["services"][0].clone();
    let expected = json!([
        { "path": "containerDefinitions[web].image", "before": OLD, "after": NEW },
        { "path": "containerDefinitions[web].environment[LOG].value", "before": "(not shown)", "after": "(not shown)" }
    ]);
    assert_eq!(json!(service["changes"].as_array().unwrap()[..2]), expected);
    assert_eq!(service["changes"][2]["path"], "deploymentConfiguration");
    let calls = json!([
        "ecs:RegisterTaskDefinition",
        "ecs:UpdateService of stage/web: taskDefinition, deploymentConfiguration"
    ]);
    assert_eq!(service["calls"], calls);
    let table = bench.deploy().args(["--dry-run", "--output", "table"]).run().code(0);
    let _ = table.stdout_contains("containerDefinitions[web].image").stdout_contains("ecs:RegisterTaskDefinition");
    assert_eq!(bench.cloud.writes(), Vec::<String>::new());
}

#[test]
fn a_file_is_deployed_as_it_is_or_with_the_image_in_it() {
    let bench = Bench::new(&rolling());
    let file = json!({ "family": "web", "newInFile": 1, "containerDefinitions": [{ "name": "web", "image": OLD, "memory": 64 }] });
    bench.sandbox.write("task.json", file.to_string());
    let tool = || bench.sandbox.tool("ecs-deploy").args(["--cluster", "stage", "--service", "web"]);
    let _ = tool()
        .args(["--task-definition", "task.json", "--keep-image"])
        .run()
        .code(0)
        .says("/deployment/outcome", "deployed");
    assert_eq!(bench.sent("ecs:RegisterTaskDefinition")[0], file);
    let _ = tool()
        .args(["--task-definition", "task.json", "--keep-image"])
        .run()
        .code(0)
        .says("/deployment/outcome", "unchanged");
    let _ = tool().args(["--task-definition", "task.json", "--image", NEW]).run().code(0);
    assert_eq!(bench.image(), NEW);
    bench.sandbox.write("broken.json", "{\"family\":\"web\"");
    for (name, code) in [("broken.json", "file.unreadable"), ("nowhere.json", "file.unreadable")] {
        let _ = tool().args(["--task-definition", name, "--keep-image"]).run().code(2).says("/error/code", code);
    }
}

#[test]
fn a_file_that_says_what_the_service_runs_in_other_words_changes_nothing() {
    let bench = Bench::new(&rolling());
    let described = bench.call("DescribeTaskDefinition", &json!({ "taskDefinition": "web", "include": ["TAGS"] }));
    bench.sandbox.write("task.json", serde_json::to_string_pretty(&described).unwrap());
    let run = bench.sandbox.tool("ecs-deploy").args([
        "--cluster",
        "stage",
        "--service",
        "web",
        "--task-definition",
        "task.json",
        "--keep-image",
    ]);
    let _ = run.run().code(0).says("/deployment/outcome", "unchanged");
    assert_eq!(bench.cloud.writes(), Vec::<String>::new());
}

#[test]
fn several_containers_get_their_images_in_one_release() {
    let bench = Bench::new(&rolling());
    let two = json!({ "family": "two", "containerDefinitions": [
        { "name": "web", "image": OLD }, { "name": "worker", "image": OLD }, { "name": "proxy", "image": "proxy:1" }
    ] });
    bench.call("RegisterTaskDefinition", &two);
    bench.call("UpdateService", &json!({ "cluster": "stage", "service": "web", "taskDefinition": "two" }));
    bench.cloud.clock().advance(std::time::Duration::from_hours(1));
    let tool = || bench.sandbox.tool("ecs-deploy").args(["--cluster", "stage", "--service", "web"]);
    let _ = tool().args(["--image", NEW]).run().code(2).says("/error/code", "container.ambiguous");
    let run = tool().args(["--container", "web", "--container", "worker", "--image", NEW, "--image", "proxy=proxy:2"]);
    let outcome = run.run().code(0);
    assert_eq!(outcome.json()["deployment"]["services"][0]["images"].as_array().unwrap().len(), 3);
    let sent = bench.sent("ecs:RegisterTaskDefinition").pop().unwrap();
    let images: Vec<&str> =
        sent["containerDefinitions"].as_array().unwrap().iter().map(|one| one["image"].as_str().unwrap()).collect();
    assert_eq!(images, [NEW, NEW, "proxy:2"]);
}

#[test]
fn variables_can_change_without_the_image() {
    let bench = Bench::new(&rolling());
    let tool = || bench.sandbox.tool("ecs-deploy").args(["--cluster", "stage", "--service", "web", "--keep-image"]);
    let _ = tool().args(["--env", "LOG=debug"]).run().code(0).says("/deployment/outcome", "deployed");
    assert_eq!(container(&bench)["environment"], json!([{ "name": "LOG", "value": "debug" }]));
    let _ = tool().args(["--unset", "LOG"]).run().code(0).says("/deployment/outcome", "deployed");
    let _ = tool().run().code(0).says("/deployment/outcome", "unchanged");
    for flags in [&["--env", "=x"][..], &["--env", "NOT_SET_ANYWHERE"], &["--secret", "A"], &["--tag", "x"]] {
        let _ = tool().args(flags).run().code(2).says("/error/code", "change.invalid");
    }
}
