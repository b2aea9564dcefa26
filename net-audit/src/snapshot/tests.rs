use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn whole() -> Value {
    json!({
        "Vpcs": [{ "VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16" }],
        "Subnets": [{ "SubnetId": "subnet-1", "VpcId": "vpc-1", "CidrBlock": "10.0.0.0/24" }],
        "RouteTables": [{ "RouteTableId": "rtb-1", "VpcId": "vpc-1", "Associations": [{ "Main": true }], "Routes": [] }],
    })
}

/// The one region of a snapshot.
fn only(snapshot: &str) -> Inventory {
    read([snapshot.as_bytes()]).unwrap().regions.remove(0)
}

fn refusal(snapshot: &str) -> String {
    read([snapshot.as_bytes()]).map_or_else(|error| error.to_string(), |_| "read".to_owned())
}

/// What is said of a snapshot in which one member is another one.
fn refusal_with(member: &str, value: Value) -> String {
    let mut snapshot = whole();
    snapshot[member] = value;
    refusal(&snapshot.to_string())
}

#[test]
fn the_least_that_is_a_snapshot_is_read() {
    assert_eq!(refusal(&whole().to_string()), "read");
    assert_eq!(refusal(&format!("\u{feff}{}", whole())), "read");
    assert_eq!(refusal_with("NextToken", Value::Null), "read");
    assert_eq!(refusal_with("SecurityGroups", json!([{ "GroupId": "sg-1", "IpPermissions": [] }])), "read");
}

#[test]
fn what_is_no_snapshot_is_refused() {
    let cases = [
        ("", "the snapshot is empty"),
        ("\u{feff} \n", "the snapshot is empty"),
        ("{\"Vpcs\":[", "the snapshot is cut off"),
        ("[1,", "the snapshot is cut off"),
        ("{} {}", "this is not a snapshot of a network: it describes neither"),
        ("{} nonsense", "the snapshot is not JSON"),
        ("nonsense", "the snapshot is not JSON"),
        ("[]", "this is not a snapshot of a network: it is not a JSON object"),
        ("{}", "this is not a snapshot of a network: it describes neither"),
        ("{\"Results\":[]}", "this is not a snapshot of a network: it describes Results, of which nothing is used"),
        ("{\"Vpcs\":[]}", "the snapshot has no Subnets, RouteTables"),
        ("{\"Vpcs\":[],\"Subnets\":null,\"RouteTables\":[]}", "the snapshot has no Subnets"),
        ("{\"vpcs\":[]}", "this is not a snapshot of a network: member `vpcs` is not spelled"),
        ("{\"Vpcs\":[],\"Vpcs\":[]}", "the snapshot is not JSON: member `Vpcs` stands there twice"),
        ("{\"Vpcs\":[],\"Subnets\":[],\"RouteTables\":[]}", "the snapshot has no subnet:"),
    ];
    for (text, expected) in cases {
        let said = refusal(text);
        assert!(said.starts_with(expected), "{text} gives {said}");
    }
    let (cause, place) = read([b"\xff\xfe{\x00}\x00".as_slice()]).unwrap_err().cause();
    assert!(matches!((cause, place), (ReadError::Utf16, Some(0))));
}

#[test]
fn a_member_that_is_not_understood_is_refused_by_name() {
    let rtb = |association: Value, route: Value| json!([{ "RouteTableId": "r", "VpcId": "v", "Associations": [association], "Routes": [route] }]);
    let nat = |more: &str| {
        let text = format!(r#"[{{"NatGatewayId":"nat-1","VpcId":"v","State":"available"{more}}}]"#);
        serde_json::from_str::<Value>(&text).unwrap()
    };
    let cases = [
        ("Vpcs", json!({}), "invalid type"),
        ("Vpcs", json!([{ "CidrBlock": "10.0.0.0/16" }]), "missing field `VpcId`"),
        ("Vpcs", json!([{ "VpcId": "v", "CidrBlock": "10.0.0.0" }]), "`10.0.0.0` is not a CIDR block"),
        ("Subnets", json!([{ "SubnetId": "s", "VpcId": "v" }]), "s has no CIDR block"),
        ("RouteTables", rtb(json!({}), json!({ "GatewayId": "igw-1" })), "a route has no destination"),
        (
            "RouteTables",
            rtb(json!({}), json!({ "DestinationCidrBlock": "0.0.0.0/0", "State": "odd" })),
            "has state `odd`",
        ),
        (
            "RouteTables",
            rtb(json!({}), json!({ "DestinationCidrBlock": "0.0.0.0/0", "Origin": "odd" })),
            "has origin `odd`",
        ),
        ("RouteTables", json!([{ "RouteTableId": "r", "VpcId": "v", "Routes": [] }]), "missing field `Associations`"),
        ("NatGateways", nat(""), "nat-1 is not regional and names no subnet"),
        ("NatGateways", nat(r#","SubnetId":"s","ConnectivityType":"odd""#), "nat-1 has connectivity type `odd`"),
    ];
    for (member, value, expected) in cases {
        let said = refusal_with(member, value);
        let start = format!("the snapshot's `{member}` is not understood: ");
        assert!(said.starts_with(&start) && said.contains(expected), "{member}: {said}");
    }
}

#[test]
fn one_page_of_several_proves_nothing() {
    for member in ["NextToken", "nextToken", "Marker", "NextMarker", "NextPageToken", "NextRecordName"] {
        let expected = format!("the snapshot is one page of several: `{member}` is set");
        assert_eq!(refusal_with(member, json!("abc")), expected);
        assert_eq!(refusal_with(member, json!("")), "read");
        assert_eq!(refusal_with(member, Value::Null), "read");
    }
    assert_eq!(refusal_with("IsTruncated", json!(true)), "the snapshot is one page of several: `IsTruncated` is set");
    assert_eq!(refusal_with("IsTruncated", json!(false)), "read");
    assert_eq!(refusal_with("MaxItems", json!("100")), "read");
}

#[test]
fn a_region_of_which_one_page_was_taken_proves_nothing() {
    let mut region = whole();
    region["Marker"] = json!("abc");
    let taken = json!({ "schema": "deploy-aws-ecs/network-snapshot/v1", "regions": [whole(), region] });
    assert_eq!(refusal(&taken.to_string()), "the snapshot is one page of several: `Marker` is set");
}

#[test]
fn documents_of_which_nothing_is_used_are_ignored_beside_others_and_refused_alone() {
    let other = json!({ "DBClusters": [], "NextToken": "abc" }).to_string();
    let options = json!({ "VpcBlockPublicAccessOptions": { "InternetGatewayBlockMode": "off" } }).to_string();
    let whole = whole().to_string();
    let estate = read([other.as_bytes(), whole.as_bytes(), options.as_bytes()]).unwrap();
    assert_eq!(estate.notes, ["of DBClusters, NextToken, VpcBlockPublicAccessOptions nothing is used"]);
    let (cause, place) = read([other.as_bytes()]).unwrap_err().cause();
    let expected = "this is not a snapshot of a network: it describes DBClusters, NextToken, of which nothing is used";
    assert_eq!((cause.to_string(), place), (expected.to_owned(), Some(0)));
    for odd in ["{}", r#"{"Message":"no"}"#, r#"{"resource-changes":[]}"#, r#"{"vpcs":[]}"#, "[]"] {
        assert!(read([whole.as_bytes(), odd.as_bytes()]).is_err(), "{odd}");
    }
}

#[test]
fn one_prefix_list_is_told_by_two_commands_in_any_order() {
    let mut snapshot = whole();
    snapshot["PrefixLists"] = json!([{ "PrefixListId": "pl-1", "Cidrs": ["1.2.0.0/16", "1.1.0.0/16"] }]);
    let entries = |cidrs: &[&str]| cidrs.iter().map(|cidr| json!({ "Cidr": cidr })).collect::<Vec<Value>>();
    let same = entries(&["1.1.0.0/16", "1.2.0.0/16", "1.1.0.0/16"]);
    snapshot["ManagedPrefixLists"] = json!([{ "PrefixListId": "pl-1", "Entries": same }]);
    assert_eq!(refusal(&snapshot.to_string()), "read");
    snapshot["ManagedPrefixLists"][0]["Entries"] = json!(entries(&["1.1.0.0/16"]));
    assert!(refusal(&snapshot.to_string()).contains("pl-1 stands there twice, and differs"));
}

#[test]
fn traffic_is_never_less_than_nothing_and_a_moment_says_nothing_of_a_month() {
    let traffic = |days: f64, source: f64, destination: f64| json!([{ "NatGatewayId": "nat-1", "Days": days, "BytesInFromSource": source, "BytesInFromDestination": destination }]);
    for refused in [traffic(14.0, -1.0, 5.0), traffic(14.0, 5.0, -1.0), traffic(-1.0, 5.0, 5.0)] {
        let said = refusal_with("NatGatewayTraffic", refused);
        assert!(said.contains("the traffic of nat-1 is less than nothing"), "{said}");
    }
    for (days, is_measured) in [(0.0, false), (0.001, false), (1.0, true)] {
        let mut snapshot = whole();
        snapshot["NatGatewayTraffic"] = traffic(days, 5.0, 5.0);
        assert_eq!(only(&snapshot.to_string()).nat_traffic.get("nat-1").is_some(), is_measured, "{days}");
    }
}

#[test]
fn a_flow_log_that_is_not_delivered_is_not_active() {
    for (status, delivery, is_active) in
        [("ACTIVE", "SUCCESS", true), ("ACTIVE", "FAILED", false), ("INACTIVE", "SUCCESS", false)]
    {
        let mut snapshot = whole();
        let log = json!({ "FlowLogId": "fl-1", "ResourceId": "vpc-1", "FlowLogStatus": status, "DeliverLogsStatus": delivery });
        snapshot["FlowLogs"] = json!([log]);
        let inventory = only(&snapshot.to_string());
        assert_eq!(inventory.flow_logs.find("fl-1").unwrap().is_active, is_active, "{status} {delivery}");
    }
}

#[test]
fn what_stands_there_twice_must_be_the_same() {
    let vpc = json!({ "VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16" });
    let other = json!({ "VpcId": "vpc-1", "CidrBlock": "10.1.0.0/16" });
    assert_eq!(refusal_with("Vpcs", json!([vpc, vpc])), "read");
    assert!(refusal_with("Vpcs", json!([vpc, other])).contains("vpc-1 stands there twice, and differs"));
}

#[test]
fn instances_are_read_with_and_without_their_reservations() {
    let instance = json!({ "InstanceId": "i-1", "SubnetId": "s", "State": { "Code": 16, "Name": "running" } });
    for (member, value) in [
        ("Instances", json!([instance])),
        ("Reservations", json!([{ "ReservationId": "r-1", "Instances": [instance] }])),
    ] {
        let mut snapshot = whole();
        snapshot[member] = value;
        let inventory = only(&snapshot.to_string());
        assert_eq!(inventory.instances.find("i-1").unwrap().state, "running", "{member}");
    }
}

#[test]
fn blocks_that_are_not_in_force_do_not_count() {
    let mut snapshot = whole();
    snapshot["Vpcs"][0]["CidrBlockAssociationSet"] = json!([
        { "CidrBlock": "10.0.0.0/16", "CidrBlockState": { "State": "associated" } },
        { "CidrBlock": "10.1.0.0/16", "CidrBlockState": { "State": "disassociated" } },
        { "CidrBlock": "10.2.0.0/16", "CidrBlockState": { "State": "associated" } },
    ]);
    let inventory = only(&snapshot.to_string());
    let blocks: Vec<String> = inventory.vpcs.find("vpc-1").unwrap().blocks.iter().map(ToString::to_string).collect();
    assert_eq!(blocks, ["10.0.0.0/16", "10.2.0.0/16"]);
}

proptest! {
    #[test]
    fn garbage_is_refused_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..128)) {
        prop_assert!(read([bytes.as_slice()]).is_err());
    }

    #[test]
    fn every_cut_is_noticed(share in 0.0..1.0_f64) {
        let text = whole().to_string();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a place in a short text")]
        let cut = (text.len() as f64 * share) as usize;
        prop_assert!(read([&text.as_bytes()[..cut]]).is_err());
    }
}

#[test]
fn a_snapshot_that_was_taken_is_read_as_its_region() {
    let taken = |regions: Value| {
        refusal(&json!({ "schema": "deploy-aws-ecs/network-snapshot/v1", "regions": regions }).to_string())
    };
    assert_eq!(taken(json!([whole()])), "read");
    assert_eq!(taken(json!([whole(), whole()])), "read");
    assert!(taken(json!([])).starts_with("the snapshot has no subnet"));
    let bare = json!([{ "region": "eu-central-1", "denied": [] }]);
    assert_eq!(taken(bare), "the snapshot of eu-central-1 has no Vpcs, Subnets, RouteTables");
}

#[test]
fn a_region_that_could_not_be_seen_does_not_hide_the_others() {
    let denied = json!([{ "operation": "ec2:DescribeVpcs", "members": ["Vpcs"], "code": "X", "message": "no" }]);
    let unseen = json!({ "region": "eu-west-1", "Subnets": [], "RouteTables": [], "denied": denied });
    let taken =
        |regions: Value| json!({ "schema": "deploy-aws-ecs/network-snapshot/v1", "regions": regions }).to_string();
    let estate = read([taken(json!([unseen, whole()])).as_bytes()]).unwrap();
    assert_eq!((estate.regions.len(), &*estate.unseen[0].region), (1, "eu-west-1"));
    assert_eq!(estate.unseen[0].because, "ec2:DescribeVpcs failed: X: no");
    assert_eq!(
        refusal(&taken(json!([unseen]))),
        "the snapshot of eu-west-1 has no Vpcs: ec2:DescribeVpcs failed: X: no"
    );
}

#[test]
fn a_public_address_keeps_the_private_one_that_it_stands_for() {
    let document = r#"{ "Vpcs": [], "RouteTables": [],
        "Subnets": [{ "SubnetId": "subnet-1", "VpcId": "vpc-1", "CidrBlock": "10.0.0.0/24" }],
        "NetworkInterfaces": [{
        "NetworkInterfaceId": "eni-1", "SubnetId": "subnet-1", "SourceDestCheck": true, "PrivateIpAddress": "10.0.0.4",
        "Association": { "PublicIp": "18.1.1.1" },
        "PrivateIpAddresses": [
            { "PrivateIpAddress": "10.0.0.4", "Association": { "PublicIp": "18.1.1.1" } },
            { "PrivateIpAddress": "10.0.0.5" },
            { "PrivateIpAddress": "10.0.0.6", "Association": { "CarrierIp": "18.1.1.2" } }
        ] }] }"#;
    let estate = read([document.as_bytes()]).unwrap();
    let interface = estate.regions[0].network_interfaces.get("eni-1").unwrap();
    let addresses = interface.public_addresses.iter();
    let addresses: Vec<_> =
        addresses.map(|one| (one.address.unwrap().to_string(), one.private.unwrap().to_string())).collect();
    let expected = [("18.1.1.1", "10.0.0.4"), ("18.1.1.2", "10.0.0.6")];
    assert_eq!(addresses, expected.map(|(public, private)| (public.to_owned(), private.to_owned())));
}

#[test]
fn a_rule_that_ends_before_it_begins_is_refused() {
    let document = r#"{ "Vpcs": [], "Subnets": [], "RouteTables": [], "SecurityGroups": [{ "GroupId": "sg-1",
        "IpPermissions": [{ "IpProtocol": "tcp", "FromPort": 443, "ToPort": 80 }] }] }"#;
    let error = read([document.as_bytes()]).unwrap_err().to_string();
    assert!(error.contains("sg-1: a rule ends before it begins: from port 443 to 80"), "{error}");
}
