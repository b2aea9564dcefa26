use super::*;
use crate::finding::Verdict;

fn overview(json: &str) -> Overview {
    serde_json::from_str(json).unwrap()
}

#[test]
fn secrets_and_parameters_are_told_apart() {
    let secret = "arn:aws:secretsmanager:eu-central-1:1:secret:db-AbCdEf";
    let cases = [
        (secret.to_owned(), Place::Secret(secret.to_owned())),
        (format!("{secret}:password::"), Place::Secret(secret.to_owned())),
        (
            "arn:aws:ssm:r:1:parameter/db/password".to_owned(),
            Place::Parameter("/db/password".to_owned(), Some("r".to_owned())),
        ),
        (
            "arn:aws:ssm:r:1:parameter/password".to_owned(),
            Place::Parameter("password".to_owned(), Some("r".to_owned())),
        ),
        ("/db/password".to_owned(), Place::Parameter("/db/password".to_owned(), None)),
    ];
    for (text, expected) in cases {
        assert_eq!(Place::of(&text), expected, "{text}");
    }
}

#[test]
fn what_a_task_definition_needs_is_collected_once() {
    let mut subjects = Subjects::default();
    let overview = overview(
        r#"{"family":"f","taskRoleArn":"arn:role/a","executionRoleArn":"arn:role/a","containerDefinitions":[
            {"name":"a","image":"a","secrets":[{"name":"A","valueFrom":"/p"},{"name":"B","valueFrom":"/p"}]}]}"#,
    );
    subjects.add(&overview);
    assert_eq!((subjects.roles.len(), subjects.parameters.len(), subjects.secrets.len()), (1, 1, 0));
}

#[test]
fn a_role_without_a_name_is_none() {
    let mut subjects = Subjects::default();
    subjects.add(&overview(r#"{"taskRoleArn":"","executionRoleArn":"","containerDefinitions":[]}"#));
    assert_eq!(subjects, Subjects::default());
}

#[test]
fn fargate_has_a_platform_and_instances_decide_for_themselves() {
    let cases = [
        (r#"{"requiresCompatibilities":["FARGATE"]}"#, Some("linux/amd64")),
        (
            r#"{"requiresCompatibilities":["FARGATE"],"runtimePlatform":{"cpuArchitecture":"ARM64","operatingSystemFamily":"LINUX"}}"#,
            Some("linux/arm64"),
        ),
        (
            r#"{"runtimePlatform":{"cpuArchitecture":"X86_64","operatingSystemFamily":"WINDOWS_SERVER_2022_CORE"}}"#,
            Some("windows/amd64"),
        ),
        (r#"{"requiresCompatibilities":["EC2"]}"#, None),
    ];
    for (json, expected) in cases {
        assert_eq!(platform(&overview(json)).as_deref(), expected, "{json}");
    }
}

fn verdicts(findings: &[Finding]) -> Vec<(Topic, Verdict)> {
    findings.iter().map(|finding| (finding.topic, finding.verdict)).collect()
}

#[test]
fn an_image_must_be_there_and_fit() {
    let image: ImageReference = "1.dkr/web:1".parse().unwrap();
    let arm = || Ok(vec!["linux/arm64/v8".to_owned()]);
    let judged = |known: Known<Platforms>, wanted: Option<&str>, told: Option<&[String]>| {
        verdicts(&judge_image(&image, &known, wanted, told))
    };
    let (there, platform) = ((Topic::Image, Verdict::Passed), Topic::Platform);
    assert_eq!(judged(Known::There(arm()), Some("linux/arm64"), None), [there, (platform, Verdict::Passed)]);
    assert_eq!(judged(Known::There(arm()), Some("linux/amd64"), None), [there, (platform, Verdict::Failed)]);
    assert_eq!(
        judged(Known::There(Err("x".to_owned())), Some("linux/amd64"), None),
        [there, (platform, Verdict::Unknown)]
    );
    assert_eq!(
        judged(Known::There(Err("x".to_owned())), Some("linux/amd64"), Some(&["linux/amd64".to_owned()])),
        [there, (platform, Verdict::Passed)]
    );
    assert_eq!(judged(Known::There(Err("x".to_owned())), None, None), [there]);
    assert_eq!(judged(Known::NotThere("x".to_owned()), None, None), [(Topic::Image, Verdict::Failed)]);
    assert_eq!(judged(Known::Unknown("x".to_owned()), None, None), [(Topic::Image, Verdict::Unknown)]);
}

#[test]
fn roles_secrets_and_alarms_are_judged() {
    let role = |known| judge_role("r", &known).verdict;
    assert_eq!(role(Known::There(RoleState { trusts_tasks: true })), Verdict::Passed);
    assert_eq!(role(Known::There(RoleState { trusts_tasks: false })), Verdict::Failed);
    assert_eq!(role(Known::Unknown(String::new())), Verdict::Unknown);
    assert_eq!(judge_secret("s", &Known::NotThere("gone".to_owned())).verdict, Verdict::Failed);
    let names = BTreeSet::from(["loud".to_owned(), "missing".to_owned(), "silent".to_owned()]);
    let states = Known::There(vec![("loud".to_owned(), "ALARM".to_owned()), ("silent".to_owned(), "OK".to_owned())]);
    let expected = [Verdict::Failed, Verdict::Failed, Verdict::Passed].map(|verdict| (Topic::Alarm, verdict));
    assert_eq!(verdicts(&judge_alarms(&names, &["loud".to_owned()], &states)), expected);
    let of_the_service = judge_alarms(&names, &[], &states);
    let loud = of_the_service.iter().find(|finding| finding.subject == "loud").unwrap();
    assert_eq!(loud.verdict, Verdict::Unknown, "whatever set it off, this release may mend it");
}
