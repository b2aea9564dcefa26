//! The verdict through the binary.

use serde_json::{Value, json};
use testkit::sandbox::Sandbox;

use crate::{ANCHOR, anchor_without};

#[test]
fn every_subnet_of_the_anchor_is_classified_right() {
    let outcome = Sandbox::new().tool("net-audit").args(["--fail-on", "never"]).pipe_in(ANCHOR).run().code(0);
    let document = outcome.json();
    let prod = &document["network"]["vpcs"][1];
    assert_eq!(prod["name"], "prod");
    let found: Vec<Value> = prod["subnets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|subnet| json!([subnet["name"], subnet["group"], subnet["class"], subnet["route_table"]["by_default"]]))
        .collect();
    let expected = json!([
        ["public-a", "public", "public", false],
        ["public-b", "public", "public", false],
        ["app-a", "private", "private-nat", false],
        ["app-b", "private", "private-nat", false],
        ["db-a", "isolated", "isolated", true],
        ["db-b", "isolated", "isolated", true],
        ["split", "public", "public", false],
    ]);
    assert_eq!(Value::from(found), expected);
    let _ = outcome
        .says("/ok", true)
        .says("/network/ok", true)
        .says("/network/counts", json!({ "public": 9, "private": 2, "isolated": 2, "unknown": 0 }))
        .says("/network/unknown", json!([]))
        .says("/steps/0/tool", "net-audit")
        .stderr_contains(
            "net-audit: 13 subnets in 2 VPCs: 9 public, 2 private, 2 isolated; whether anything is exposed is unknown; ",
        );
}

#[test]
fn a_verdict_names_the_routes_that_prove_it() {
    let document = Sandbox::new().tool("net-audit").args(["--fail-on", "never"]).pipe_in(ANCHOR).run().code(0).json();
    let subnet = |number: usize| &document["network"]["vpcs"][1]["subnets"][number]["ipv4"]["proof"];
    let app = &subnet(2)[0];
    assert_eq!((&app["destination"], &app["share"]), (&json!("0.0.0.0/0"), &json!(1.0)));
    let because = app["because"].as_str().unwrap();
    assert!(because.contains("is a public NAT gateway in subnet-"), "{because}");
    assert_eq!(*subnet(4), json!([]));
    let halves = subnet(6).as_array().unwrap();
    let share: f64 = halves.iter().map(|half| half["share"].as_f64().unwrap()).sum();
    assert!(halves.len() == 2 && (share - 1.0).abs() < 1e-9, "{halves:?}");
}

#[test]
fn what_the_snapshot_does_not_have_is_refused_by_name() {
    let outcome = Sandbox::new().tool("net-audit").pipe_in(anchor_without("NatGateways")).run();
    let _ = outcome
        .code(1)
        .says("/ok", false)
        .says("/network/ok", false)
        .says("/error/code", "network.unknown")
        .says("/network/counts", json!({ "public": 9, "private": 0, "isolated": 2, "unknown": 2 }))
        .says("/network/unknown/0/family", "ipv4")
        .says("/network/unknown/0/missing", json!(["the snapshot has no NatGateways"]))
        .stderr_is(
            "net-audit: error: 2 subnets cannot be classified: the snapshot has no NatGateways\n\
             net-audit: hint: add the output of: aws ec2 describe-nat-gateways; or take all of it with net-audit --collect\n",
        );
}

#[test]
fn snapshots_that_prove_nothing_are_refused_as_input() {
    let half = &ANCHOR[..ANCHOR.len() / 2];
    let (no_vpcs, no_subnets) = (anchor_without("Vpcs"), anchor_without("Subnets"));
    let cases = [
        ("", "input.empty"),
        ("\u{feff}", "snapshot.empty"),
        (half, "snapshot.truncated"),
        ("nonsense", "snapshot.malformed"),
        ("[]", "snapshot.unknown_format"),
        ("{}", "snapshot.unknown_format"),
        ("{\"Results\":[]}", "snapshot.unknown_format"),
        (&no_vpcs, "snapshot.incomplete"),
        (&no_subnets, "snapshot.incomplete"),
        ("{\"Vpcs\":[],\"Subnets\":[],\"RouteTables\":[]}", "snapshot.no_subnets"),
        ("{\"Vpcs\":[],\"Subnets\":[],\"RouteTables\":[],\"NextToken\":\"x\"}", "snapshot.one_page"),
        ("{\"Vpcs\":1,\"Subnets\":[],\"RouteTables\":[]}", "snapshot.invalid"),
    ];
    for (text, code) in cases {
        let _ = Sandbox::new()
            .tool("net-audit")
            .pipe_in(text)
            .run()
            .code(2)
            .says("/ok", false)
            .says("/error/code", code)
            .says("/steps/0/ok", false);
    }
}

#[test]
fn a_snapshot_that_cannot_be_read_is_named() {
    let _ = Sandbox::new()
        .tool("net-audit")
        .args(["missing.json"])
        .run()
        .code(2)
        .says("/error/code", "snapshot.unreadable")
        .stderr_contains("net-audit: error: `missing.json` cannot be read: No such file or directory");
}

#[test]
fn a_folder_is_no_snapshot_but_may_hold_some() {
    let sandbox = Sandbox::new();
    sandbox.write("taken/vpcs.json", "{}");
    let run = sandbox.tool("net-audit").args(["taken/"]).run().code(2).says("/error/code", "snapshot.unreadable");
    let run = run.stderr_contains("net-audit: error: `taken/` is a directory");
    let _ = run.stderr_contains("net-audit: hint: name its files: taken/*.json");
}

#[test]
fn what_is_text_is_told_how_it_becomes_json() {
    let told = "Terraform will perform the following actions:\n\n  # aws_vpc.a will be created\n";
    for (text, hint) in [
        ("Vpcs:\n- CidrBlock: 10.0.0.0/16\n", "write it with --output json"),
        ("VPCS\t10.0.0.0/16\tdopt-1\n", "write it with --output json"),
        ("--------\n|  DescribeVpcs  |\n", "write it with --output json"),
        ("\"vpc-1\",\"10.0.0.0/16\"\n", "write it with --output json"),
        (told, "terraform show -json FILE > FILE.json"),
    ] {
        let run = Sandbox::new().tool("net-audit").pipe_in(text).run().code(2);
        let _ = run.stderr_contains(&format!("net-audit: hint: {hint}"));
    }
}

#[test]
fn the_table_goes_from_subnet_to_class() {
    let snapshot = json!({
        "Vpcs": [{ "VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16", "Tags": [{ "Key": "Name", "Value": "prod" }] }],
        "Subnets": [
            { "SubnetId": "subnet-2", "VpcId": "vpc-1", "CidrBlock": "10.0.9.0/24" },
            { "SubnetId": "subnet-1", "VpcId": "vpc-1", "CidrBlock": "10.0.10.0/24", "AvailabilityZone": "us-east-1a",
              "Ipv6CidrBlockAssociationSet": [{ "Ipv6CidrBlock": "2600:1f18::/64" }] },
        ],
        "RouteTables": [
            { "RouteTableId": "rtb-1", "VpcId": "vpc-1", "Associations": [{ "Main": true }],
              "Routes": [{ "DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1" }] },
            { "RouteTableId": "rtb-2", "VpcId": "vpc-1", "Associations": [{ "SubnetId": "subnet-2" }],
              "Routes": [{ "DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "nat-1", "State": "blackhole" }] },
        ],
        "InternetGateways": [{ "InternetGatewayId": "igw-1", "Attachments": [{ "VpcId": "vpc-1" }] }],
    });
    let table = Sandbox::new()
        .tool("net-audit")
        .args(["-", "-o", "table", "--fail-on", "never"])
        .pipe_in(snapshot.to_string())
        .run()
        .code(0)
        .stdout();
    let expected = "prod (vpc-1) 10.0.0.0/16, us-east-1\n \
             subnet     zone         cidr             route table    target         class\n \
             subnet-2   -            10.0.9.0/24      rtb-2          nat-1 (gone)   isolated\n \
             subnet-1   us-east-1a   10.0.10.0/24     rtb-1 (main)   igw-1          public\n \
             subnet-1   us-east-1a   2600:1f18::/64   rtb-1 (main)   -              isolated\n\n";
    assert!(table.contains(expected), "{table}");
}

#[test]
fn names_cannot_steer_the_terminal() {
    let snapshot = ANCHOR.replace("\"db-a\"", "\"\\u001b[31mdb-a\"");
    let sandbox = Sandbox::new();
    let run = sandbox.tool("net-audit").args(["-o", "table", "--fail-on", "never"]).pipe_in(snapshot);
    let stdout = run.run().code(0).stdout();
    assert!(stdout.contains("\u{fffd}[31mdb-a") && !stdout.contains('\u{1b}'), "{stdout}");
}

#[test]
fn the_sample_of_the_demo_is_what_it_seems() {
    let sample = include_str!("../../../examples/demo/vpc.json");
    let _ = Sandbox::new()
        .tool("net-audit")
        .pipe_in(sample)
        .run()
        .code(0)
        .says("/network/counts", json!({ "public": 2, "private": 2, "isolated": 2, "unknown": 0 }));
}
