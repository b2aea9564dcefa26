//! Looking at accounts: against ministack and moto, which are independent of each other and of this project.

#![expect(clippy::unwrap_used, reason = "what cannot be asked or read ends the test")]

mod account;
mod relay;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use testkit::peer;
use testkit::sandbox::{Outcome, Sandbox};

use self::account::Account;
use self::relay::Relay;

const REGION: &str = "eu-central-1";

/// A place to run in with credentials that a local AWS takes.
fn sandbox(endpoint: &str) -> Sandbox {
    let variables = [
        ("AWS_ENDPOINT_URL", endpoint),
        ("AWS_ACCESS_KEY_ID", "AKIDTEST"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_REGION", REGION),
    ];
    variables.into_iter().fold(Sandbox::new(), |sandbox, (name, value)| sandbox.env(name, value))
}

fn run(sandbox: &Sandbox, arguments: &[&str]) -> Outcome {
    sandbox.tool("net-audit").args(arguments).run()
}

/// The classes of the subnets of a VPC, by id.
fn classes(document: &Value, vpc: &str) -> BTreeMap<String, String> {
    let vpcs = document["network"]["vpcs"].as_array().unwrap();
    let found = vpcs.iter().find(|found| found["id"] == vpc).unwrap_or_else(|| panic!("no {vpc} in {document:#}"));
    let subnets = found["subnets"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    subnets.map(|subnet| (text(&subnet["id"]), text(&subnet["class"]))).collect()
}

/// What a snapshot has in its `nth` region.
fn region(snapshot: &Value, nth: usize) -> &Value {
    assert_eq!(snapshot["schema"], "deploy-aws-ecs/network-snapshot/v1");
    &snapshot["regions"][nth]
}

#[test]
fn a_whole_account_is_seen_in_twenty_calls() {
    let Some(server) = peer::moto() else { return };
    let account = Account { address: server.address(), region: REGION };
    let prod = account.production();
    let relay = Relay::start(server.address(), &[]);
    let outcome = run(&sandbox(&relay.endpoint()), &["--collect"]).code(0);
    let snapshot = outcome.json();
    let seen = region(&snapshot, 0);
    assert_eq!((&seen["account"], &seen["region"]), (&json!("123456789012"), &json!(REGION)));
    assert_eq!(seen["denied"], json!([]));
    let calls = relay.calls(REGION);
    let of_account = calls.get("GetCallerIdentity").copied().unwrap_or(0);
    assert_eq!(of_account, 1);
    assert!(calls.values().sum::<usize>() - of_account <= 20, "{calls:#?}");
    assert!(calls.values().all(|count| *count == 1), "{calls:#?}");

    let count = |member: &str| seen[member].as_array().unwrap_or_else(|| panic!("no {member}")).len();
    let more = ["NetworkInterfaces", "Reservations", "SecurityGroups", "NatGateways", "NetworkAcls", "Addresses"];
    let more = more.into_iter().chain(["InternetGateways", "DBInstances", "DBSubnetGroups", "LoadBalancers"]);
    for member in more {
        assert!(count(member) > 0, "{member}");
    }
    let list = json!([{ "PrefixListId": prod.prefix_list, "Entries": [
        { "Cidr": "203.0.113.0/24", "Description": "office" }, { "Cidr": "198.51.100.0/24" },
    ] }]);
    assert_eq!(seen["ManagedPrefixLists"], list);
    let traffic = &seen["NatGatewayTraffic"][0];
    assert_eq!(traffic["NatGatewayId"], prod.nat_gateway.as_str());
    assert_eq!((&traffic["BytesInFromSource"], &traffic["BytesInFromDestination"]), (&json!(1000.0), &json!(2500.0)));
    assert!(traffic["Days"].as_f64().unwrap() < 0.1, "the gateway is young: {traffic}");
    let records = seen["ResourceRecordSets"].as_array().unwrap();
    let web = records.iter().find(|record| record["Name"] == "web.example.test.").unwrap();
    assert_eq!(web["ResourceRecords"], json!([{ "Value": "198.51.100.7" }]));
    let zone = web["HostedZoneId"].as_str().unwrap();
    let names: BTreeSet<&str> = records.iter().filter_map(|record| record["Name"].as_str()).collect();
    assert_eq!(names.len(), account::RECORDS + 1, "more than a page of them, and those of the zone itself");
    assert_eq!(seen["HostedZones"][0]["Id"], format!("/hostedzone/{zone}"));
}

#[test]
fn what_the_aws_cli_writes_gives_the_same_verdicts_and_the_same_members() {
    let (Some(server), Some(aws)) = (peer::moto(), peer::find("aws")) else { return };
    let prod = Account { address: server.address(), region: REGION }.production();
    let sandbox = sandbox(server.endpoint());
    let aws = format!("'{}' --output json --region {REGION} --endpoint-url {}", aws.display(), server.endpoint());
    let kinds = "vpcs subnets route-tables internet-gateways egress-only-internet-gateways nat-gateways vpc-endpoints \
        network-interfaces security-groups network-acls addresses vpc-peering-connections instances flow-logs \
        transit-gateway-vpc-attachments";
    let script = format!(
        "set -e; for kind in {kinds}; do {aws} ec2 describe-$kind > $kind.json & done
         {aws} rds describe-db-instances > instances-of-rds.json & {aws} rds describe-db-subnet-groups > groups.json &
         {aws} elbv2 describe-load-balancers > balancers.json & {aws} route53 list-hosted-zones > zones.json &
         wait; jq -s add *.json > merged; net-audit merged > offline; net-audit --live > live; net-audit --collect > collected
         net-audit collected > audited; jq -s . offline live audited collected merged"
    );
    let answer = sandbox.shell(&script).run().code(0).json();
    let [offline, live, audited, collected, merged] = [0, 1, 2, 3, 4].map(|nth| answer[nth].clone());
    // No command lists what NAT gateways carried, and what depends on it is unknown without it.
    for told in ["counts", "vpcs", "unknown", "exposure", "interfaces", "hops"] {
        assert_eq!(offline["network"][told], live["network"][told], "{told}");
    }
    assert_eq!(audited["network"], live["network"]);
    let classes = classes(&live, &prod.vpc);
    let class = |subnet: &str| classes[subnet].as_str();
    assert_eq!([class(&prod.public), class(&prod.app), class(&prod.database)], ["public", "private-nat", "isolated"]);
    let mut compared = 0;
    for (member, theirs) in merged.as_object().unwrap() {
        let ours = &region(&collected, 0)[member];
        compared += agree(member, ours, theirs);
    }
    assert!(compared > 300, "{compared}");
}

/// What we have must be what the CLI has, member by member; it may have more. Says how many values were compared.
fn agree(place: &str, ours: &Value, theirs: &Value) -> usize {
    match (ours, theirs) {
        (Value::Object(ours), Value::Object(theirs)) => ours
            .iter()
            .map(|(name, value)| {
                let place = format!("{place}.{name}");
                agree(&place, value, theirs.get(name).unwrap_or_else(|| panic!("{place} is not the CLI's")))
            })
            .sum(),
        (Value::Array(ours), Value::Array(theirs)) => {
            assert_eq!(ours.len(), theirs.len(), "{place}");
            ours.iter().zip(theirs).map(|(one, other)| agree(place, one, other)).sum()
        }
        _ => {
            assert_eq!(ours, theirs, "{place}");
            1
        }
    }
}

#[test]
fn a_call_that_is_denied_leaves_the_others_and_is_named() {
    let Some(server) = peer::moto() else { return };
    let prod = Account { address: server.address(), region: REGION }.network();
    let relay = Relay::start(server.address(), &["DescribeFlowLogs", "DescribeNatGateways"]);
    let sandbox = sandbox(&relay.endpoint());
    let collected = run(&sandbox, &["--collect"]).code(0).stderr_contains(
        "net-audit: warning: 123456789012 eu-central-1: NatGateways, FlowLogs unknown (UnauthorizedOperation): \
         allow ec2:DescribeNatGateways, ec2:DescribeFlowLogs\n",
    );
    let snapshot = collected.json();
    let seen = region(&snapshot, 0);
    assert_eq!((&seen["FlowLogs"], &seen["NatGateways"]), (&Value::Null, &Value::Null));
    assert!(seen["Vpcs"].as_array().is_some_and(|vpcs| !vpcs.is_empty()));
    let denied = json!({
        "operation": "ec2:DescribeNatGateways", "members": ["NatGateways"], "code": "UnauthorizedOperation",
        "message": "You are not authorized to perform this operation: DescribeNatGateways", "request_id": "r-denied",
    });
    assert_eq!(seen["denied"][0], denied);
    let live = run(&sandbox, &["--live"]).code(1).says("/error/code", "network.unknown").json();
    let classes = classes(&live, &prod.vpc);
    assert_eq!((classes[&prod.app].as_str(), classes[&prod.public].as_str()), ("unknown", "public"));
}

#[test]
fn regions_are_seen_side_by_side() {
    let Some(server) = peer::moto() else { return };
    let prod = Account { address: server.address(), region: "us-east-1" }.network();
    let relay = Relay::start(server.address(), &[]);
    let outcome = run(&sandbox(&relay.endpoint()), &["--collect", "--region", "eu-central-1,us-east-1"]).code(0);
    let outcome = outcome.stderr_is("net-audit: a snapshot of 2 regions\n");
    let snapshot = outcome.json();
    let (one, other) = (region(&snapshot, 0), region(&snapshot, 1));
    assert_eq!((&one["region"], &other["region"]), (&json!("eu-central-1"), &json!("us-east-1")));
    let has_prod = |seen: &Value| seen["Vpcs"].as_array().unwrap().iter().any(|vpc| vpc["VpcId"] == prod.vpc.as_str());
    assert!(!has_prod(one) && has_prod(other));
    assert!(one["HostedZones"].is_array() && other["HostedZones"].is_null(), "zones are no region's");
    assert!(relay.calls("us-east-1").values().sum::<usize>() <= 20 + 1, "one call lists the zones");
}

#[test]
fn roles_are_accounts_and_one_that_nobody_may_assume_shows_nothing() {
    let Some(server) = peer::moto() else { return };
    let (one, other) = ("arn:aws:iam::111111111111:role/auditor", "arn:aws:iam::222222222222:role/auditor");
    let roles = format!("{one},{other}");
    let snapshot = run(&sandbox(server.endpoint()), &["--collect", "--role", &roles]).code(0).json();
    for (nth, account) in ["111111111111", "222222222222"].into_iter().enumerate() {
        let seen = region(&snapshot, nth);
        assert_eq!((&seen["account"], &seen["Vpcs"][0]["OwnerId"]), (&json!(account), &json!(account)));
    }
    let relay = Relay::start(server.address(), &["AssumeRole"]);
    let outcome = run(&sandbox(&relay.endpoint()), &["--collect", "--role", one]);
    let outcome = outcome.code(3).says("/error/code", "aws.access_denied").says("/error/request_id", "r-denied");
    let _ = outcome.stderr_contains("net-audit: error: sts:AssumeRole failed: UnauthorizedOperation: ");
}

#[test]
fn ministack_is_audited_as_well() {
    let Some(server) = peer::ministack() else { return };
    let account = Account { address: server.address(), region: REGION };
    let prod = account.network();
    let sandbox = sandbox(server.endpoint());
    let live = run(&sandbox, &["--live"]).code(0).json();
    let classes = classes(&live, &prod.vpc);
    let class = |subnet: &str| classes[subnet].as_str();
    assert_eq!([class(&prod.public), class(&prod.app), class(&prod.database)], ["public", "private-nat", "isolated"]);
    let offline = sandbox.shell("net-audit --collect | net-audit").run().code(0).json();
    assert_eq!(offline["network"], live["network"]);
    let release = r#"{"schema":"deploy-aws-ecs/release/v1","x-team":"payments","ok":true}"#;
    let carried = sandbox.tool("net-audit").args(["--live", "--input", "-"]).pipe_in(release).run().code(0);
    let _ = carried.says("/x-team", "payments").says("/network/ok", true);
}

#[test]
fn an_endpoint_that_is_typed_wins_over_one_of_the_environment() {
    let Some(server) = peer::moto() else { return };
    let sandbox = sandbox("http://127.0.0.1:1");
    let typed = ["--live", "--endpoint-url", server.endpoint(), "--fail-on", "never"];
    let _ = run(&sandbox, &typed).code(0);
}

#[test]
fn nothing_that_answers_is_an_error_of_the_world() {
    let sandbox = sandbox("http://127.0.0.1:1");
    let outcome = run(&sandbox, &["--live"]).code(3).says("/ok", false).says("/error/code", "aws.network");
    let outcome = outcome.stderr_contains("net-audit: error: ec2:DescribeVpcs failed: Connection refused");
    let _ = outcome.stderr_contains("net-audit: hint: check the network, the proxy and AWS_ENDPOINT_URL");
}

#[test]
fn no_credentials_and_no_region_are_named() {
    let bare = Sandbox::new();
    let _ = run(&bare, &["--live"]).code(3).says("/error/code", "aws.region");
    let outcome = run(&bare, &["--live", "--region", REGION]).code(3).says("/error/code", "aws.credentials");
    let _ = outcome.stderr_contains("net-audit: hint: aws sts get-caller-identity shows whose credentials are found");
}

#[test]
fn wrong_credentials_are_named_as_such_after_few_calls() {
    let relay = Relay::refusing("AuthFailure");
    let outcome = run(&sandbox(&relay.endpoint()), &["--live"]).code(3).says("/error/code", "aws.credentials");
    let outcome = outcome.says("/error/request_id", "r-denied");
    let _ = outcome.stderr_contains("net-audit: hint: aws sts get-caller-identity shows whose credentials are found");
    let calls = relay.calls(REGION).values().sum::<usize>();
    assert!(calls <= 10, "{calls} calls, of which 8 were under way when the first failed");
}

#[test]
fn flags_that_mean_nothing_together_are_refused() {
    let sandbox = Sandbox::new();
    sandbox.write("vpc.json", crate::ANCHOR);
    let cases: [(&[&str], &str); 6] = [
        (&["--live", "vpc.json"], "'--live' cannot be used with '[SNAPSHOT]...'"),
        (&["--collect", "vpc.json"], "'--collect' cannot be used with '[SNAPSHOT]...'"),
        (&["--region", "eu-central-1", "vpc.json"], "--region is without effect without --live"),
        (&["--collect", "--input", "release.json"], "--input is without effect beside --collect"),
        (&["--collect", "--output", "table"], "--output is without effect beside --collect"),
        (&["--live", "--role", "auditor"], "it is not like arn:aws:iam::123456789012:role/auditor"),
    ];
    for (arguments, expected) in cases {
        let outcome = run(&sandbox, arguments).code(2).says("/ok", false).says("/error/code", "usage");
        let _ = outcome.stderr_contains(expected);
    }
    let role = "arn:aws:iam::111111111111:role/auditor";
    let outcome = run(&sandbox, &["--live", "--profile", "a,b", "--role", role]).code(2).says("/error/code", "usage");
    let _ = outcome.stderr_contains("several profiles are named, and a role");
}

#[test]
fn the_policy_is_what_is_called() {
    let sandbox = Sandbox::new();
    let policy = |arguments: &[&str]| run(&sandbox, arguments).code(0).json()["Statement"].clone();
    let role = "arn:aws:iam::111111111111:role/auditor";
    let statements = policy(&["--live", "--iam-policy", "--role", role]);
    let actions = statements[0]["Action"].as_array().unwrap();
    assert_eq!(actions.len(), 22, "{actions:?}");
    let reads = |action: &Value| {
        let name = action.as_str().unwrap().split(':').nth(1).unwrap();
        ["Describe", "Get", "List"].iter().any(|verb| name.starts_with(verb))
    };
    assert!(actions.iter().all(reads), "{actions:?}");
    assert_eq!(statements[1], json!({ "Effect": "Allow", "Action": ["sts:AssumeRole"], "Resource": [role] }));
    assert_eq!(policy(&["--iam-policy"]), json!([]));
}
