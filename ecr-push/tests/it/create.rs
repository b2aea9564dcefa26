//! Repositories that are not there yet.

use serde_json::{Value, json};
use testkit::LocalAws;
use testkit::sandbox::{Outcome, Sandbox};
use testkit::world::{Operation, Service};

use crate::{cloud, cloud_with, counts, image, refused, write};

/// Asks the control plane.
fn ask(cloud: &LocalAws, operation: &str, input: &Value) -> Value {
    let operation = Operation { service: Service::Ecr, name: operation.to_owned() };
    cloud.world().call(&operation, input, cloud.endpoint(), cloud.clock().now()).unwrap()
}

/// What the control plane says of the repository.
fn described(cloud: &LocalAws, repository: &str) -> Value {
    ask(cloud, "DescribeRepositories", &json!({ "repositoryNames": [repository] }))["repositories"][0].clone()
}

/// The text of its lifecycle policy.
fn policy_of(cloud: &LocalAws, repository: &str) -> Value {
    let answer = ask(cloud, "GetLifecyclePolicy", &json!({ "repositoryName": repository }));
    serde_json::from_str(answer["lifecyclePolicyText"].as_str().unwrap()).unwrap()
}

/// Pushes `web` into `shop/web`, which is to be created, with further arguments.
fn create(sandbox: &Sandbox, arguments: &[&str]) -> Outcome {
    let run = sandbox.tool("ecr-push").args(["web", "--repository", "shop/web", "--tag", "1.0.0", "--create"]);
    run.args(arguments).run()
}

/// A policy that lets images go.
fn policy() -> Value {
    let selection = json!({ "tagStatus": "untagged", "countType": "imageCountMoreThan", "countNumber": 3 });
    json!({ "rules": [{ "rulePriority": 1, "selection": selection, "action": { "type": "expire" } }] })
}

#[test]
fn a_missing_repository_is_created_as_it_is_said() {
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let layout = write(&sandbox, &image("one"));
    sandbox.write("policy.json", policy().to_string());
    let settings = [
        "--scan-on-push",
        "--tag-mutability=immutable",
        "--mutability-except=dev-*",
        "--mutability-except=latest",
        "--kms-key=alias/images",
        "--lifecycle-policy=policy.json",
        "--repository-tag=team=web",
        "--repository-tag=cost=a=b",
    ];
    let uri = format!("{}/shop/web@{}", cloud.registry(), layout.digest);
    let _ = create(&sandbox, &settings)
        .code(0)
        .says("/ok", true)
        .says("/push/ok", true)
        .says("/push/repository", "created")
        .says("/image/uri", uri.as_str())
        .stderr_contains(&format!("ecr-push: pushed {uri}, tagged 1.0.0: 3 of 3 blobs"));
    let found = described(&cloud, "shop/web");
    assert_eq!(found["imageScanningConfiguration"]["scanOnPush"], true, "{found}");
    assert_eq!(found["imageTagMutability"], "IMMUTABLE_WITH_EXCLUSION");
    let filter = |text: &str| json!({ "filterType": "WILDCARD", "filter": text });
    assert_eq!(found["imageTagMutabilityExclusionFilters"], json!([filter("dev-*"), filter("latest")]));
    assert_eq!(found["encryptionConfiguration"], json!({ "encryptionType": "KMS", "kmsKey": "alias/images" }));
    assert_eq!(policy_of(&cloud, "shop/web"), policy());
    let tags = ask(&cloud, "ListTagsForResource", &json!({ "resourceArn": found["repositoryArn"] }));
    let tag = |key: &str, value: &str| json!({ "Key": key, "Value": value });
    assert_eq!(tags["tags"], json!([tag("cost", "a=b"), tag("team", "web")]));
    let asked = [("ecr:CreateRepository", 1), ("ecr:PutLifecyclePolicy", 1), ("registry:StartUpload", 3)];
    for (operation, count) in asked {
        assert_eq!(counts(&cloud)[operation], count, "{operation}");
    }
}

#[test]
fn a_repository_of_which_nothing_is_said_is_ecrs_plain_one() {
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let _ = write(&sandbox, &image("one"));
    let _ = create(&sandbox, &[]).code(0).says("/push/repository", "created");
    let found = described(&cloud, "shop/web");
    assert_eq!(found["imageScanningConfiguration"]["scanOnPush"], false, "{found}");
    assert_eq!(found["imageTagMutability"], "MUTABLE");
    assert_eq!(found["encryptionConfiguration"], json!({ "encryptionType": "AES256" }));
    assert!(!counts(&cloud).contains_key("ecr:PutLifecyclePolicy"));
}

#[test]
fn a_repository_that_is_there_stays_as_it_is() {
    let cloud = cloud_with("IMMUTABLE");
    let sandbox = Sandbox::with_aws(&cloud);
    let _ = write(&sandbox, &image("one"));
    sandbox.write("policy.json", policy().to_string());
    let before = described(&cloud, "web");
    let settings =
        ["--create", "--scan-on-push", "--tag-mutability=mutable", "--kms-key=aws/ecr", "--repository-tag=team=web"];
    let arguments = [&settings[..], &["--lifecycle-policy=policy.json", "--tag=1.0.0"]].concat();
    let _ = crate::push(&sandbox, &arguments).code(0).says("/push/ok", true).says("/push/repository", "exists");
    assert_eq!(described(&cloud, "web"), before);
    let _ = crate::push(&sandbox, &arguments).code(0).says("/push/nothing_to_do", true);
    for operation in ["ecr:CreateRepository", "ecr:PutLifecyclePolicy", "ecr:TagResource"] {
        assert!(!counts(&cloud).contains_key(operation), "{operation}");
    }
}

#[test]
fn a_repository_that_somebody_else_creates_in_the_meantime_stays_as_it_is() {
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let _ = write(&sandbox, &image("one"));
    sandbox.write("policy.json", policy().to_string());
    cloud.arm("ecr:BatchCheckLayerAvailability=error:400:RepositoryNotFoundException".parse().unwrap());
    let arguments = ["--create", "--scan-on-push", "--lifecycle-policy=policy.json", "--tag=1.0.0"];
    let _ = crate::push(&sandbox, &arguments).code(0).says("/push/ok", true).says("/push/repository", "exists");
    assert_eq!(described(&cloud, "web")["imageScanningConfiguration"]["scanOnPush"], false);
    assert!(!counts(&cloud).contains_key("ecr:PutLifecyclePolicy"));
}

#[test]
fn a_dry_run_creates_nothing_and_says_what_is_missing() {
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let layout = write(&sandbox, &image("one"));
    sandbox.write("policy.json", policy().to_string());
    let uri = format!("{}/shop/web@{}", cloud.registry(), layout.digest);
    let _ = create(&sandbox, &["--dry-run", "--lifecycle-policy", "policy.json"])
        .code(0)
        .says("/ok", true)
        .says("/push/ok", false)
        .says("/push/dry_run", true)
        .says("/push/repository", "missing")
        .says("/push/blobs/0/action", "missing")
        .stderr_contains(&format!("ecr-push: would create the repository and push {uri}, tagged 1.0.0"));
    let _ = crate::push(&sandbox, &["--dry-run", "--create"]).code(0).says("/push/repository", "exists");
    assert_eq!(cloud.writes(), Vec::<String>::new());
}

#[test]
fn a_policy_that_is_none_is_refused_before_anything_is_asked() {
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let _ = write(&sandbox, &image("one"));
    sandbox.write("policy.json", "{\"rules\": [");
    let outcome = create(&sandbox, &["--lifecycle-policy", "policy.json"]);
    let _ = refused(outcome, 2, "policy.malformed")
        .says("/error/hint", "jq . policy.json")
        .stderr_contains("ecr-push: error: `policy.json` is no lifecycle policy: EOF while parsing");
    let outcome = create(&sandbox, &["--lifecycle-policy", "nowhere.json"]);
    let _ = refused(outcome, 2, "source.unreadable").stderr_contains("`nowhere.json` cannot be read: No such file");
    assert_eq!(cloud.journal().len(), 0);
}

#[test]
fn a_policy_that_is_not_put_is_said_and_how_to_put_it() {
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let _ = write(&sandbox, &image("one"));
    sandbox.write("policy.json", policy().to_string());
    cloud.arm("ecr:PutLifecyclePolicy#1x99=error:400:AccessDeniedException".parse().unwrap());
    let settings = ["--lifecycle-policy", "policy.json"];
    let outcome = create(&sandbox, &settings);
    let _ = refused(outcome, 3, "policy.not_put")
        .stderr_contains("the repository `shop/web` was created, but its lifecycle policy was not put: ecr:PutLifecyclePolicy failed: AccessDeniedException")
        .stderr_contains("ecr-push: hint: aws ecr put-lifecycle-policy --repository-name shop/web --lifecycle-policy-text file://");
    assert!(!counts(&cloud).contains_key("registry:StartUpload"));
    let _ = create(&sandbox, &settings).code(0).says("/push/ok", true).says("/push/repository", "exists");
}

#[test]
fn an_answer_that_is_lost_loses_neither_the_repository_nor_its_policy() {
    for fault in ["ecr:CreateRepository=lost-response", "ecr:CreateRepository=error-after:500"] {
        let cloud = cloud();
        let sandbox = Sandbox::with_aws(&cloud);
        let _ = write(&sandbox, &image("one"));
        sandbox.write("policy.json", policy().to_string());
        cloud.arm(fault.parse().unwrap());
        let _ = create(&sandbox, &["--scan-on-push", "--lifecycle-policy", "policy.json"])
            .code(0)
            .says("/push/ok", true)
            .says("/push/repository", "created");
        assert_eq!(counts(&cloud)["ecr:CreateRepository"], 2, "{fault}");
        assert_eq!(policy_of(&cloud, "shop/web"), policy(), "{fault}");
    }
}

#[test]
fn a_role_that_may_not_create_is_told_what_it_needs() {
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let _ = write(&sandbox, &image("one"));
    cloud.arm("ecr:CreateRepository#1x99=error:400:AccessDeniedException".parse().unwrap());
    let _ = refused(create(&sandbox, &[]), 3, "aws.access_denied")
        .stderr_contains("ecr-push: hint: allow ecr:CreateRepository for this role");
    assert!(!counts(&cloud).contains_key("registry:StartUpload"));
}

#[test]
fn what_a_new_repository_is_like_is_said_with_create_only_and_within_ecrs_limits() {
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let _ = write(&sandbox, &image("one"));
    let settings = [
        &["--scan-on-push"][..],
        &["--tag-mutability=immutable"],
        &["--kms-key=aws/ecr"],
        &["--lifecycle-policy=policy.json"],
        &["--repository-tag=team=web"],
        &["--create", "--mutability-except=dev-*"],
        &["--create", "--repository-tag=team"],
        &["--create", "--tag-mutability=immutable", "--mutability-except=a/b"],
    ];
    for arguments in settings {
        let _ = crate::push(&sandbox, arguments).code(2).says("/ok", false).says("/error/code", "usage");
    }
    let six = ["a", "b", "c", "d", "e", "f"].map(|name| format!("--mutability-except={name}-*"));
    let six: Vec<&str> = six.iter().map(String::as_str).collect();
    let outcome = create(&sandbox, &[&["--tag-mutability=immutable"], &six[..]].concat());
    let _ = refused(outcome, 2, "usage").says("/error/message", "6 filters for tags are given, ECR takes 5");
    assert_eq!(cloud.journal().len(), 0);
    let _ = create(&sandbox, &[&["--tag-mutability=immutable"], &six[..5]].concat()).code(0);
}

#[test]
fn an_image_on_standard_input_finds_its_repository_created() {
    let cloud = cloud();
    let sandbox = Sandbox::with_aws(&cloud);
    let layout = write(&sandbox, &image("one"));
    let script = "tar --create --directory web . | ecr-push --repository shop/web --tag 1.0.0 --create";
    let _ = sandbox
        .shell(&format!("{script} --dry-run"))
        .run()
        .code(0)
        .says("/push/repository", "missing")
        .says("/image/digest", layout.digest.as_str());
    assert_eq!(cloud.writes(), Vec::<String>::new());
    let _ = sandbox
        .shell(script)
        .run()
        .code(0)
        .says("/push/ok", true)
        .says("/push/repository", "created")
        .says("/image/digest", layout.digest.as_str());
    assert_eq!(counts(&cloud)["ecr:CreateRepository"], 1);
    cloud.clear_journal();
    let _ = sandbox.shell(script).run().code(0).says("/push/nothing_to_do", true).says("/push/repository", "exists");
    assert_eq!(cloud.writes(), Vec::<String>::new());
}
