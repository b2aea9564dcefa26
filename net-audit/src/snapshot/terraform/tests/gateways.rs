//! Gateways, endpoints, peerings, prefix lists and DNS.

use super::*;

#[test]
fn an_internet_gateway_is_attached_by_itself_or_by_another_resource() {
    let translation = state(&[
        ("aws_internet_gateway.a", json!({ "id": "igw-1", "vpc_id": "vpc-1" })),
        ("aws_internet_gateway.b", json!({ "id": "igw-2", "vpc_id": "" })),
        ("aws_internet_gateway.c", json!({ "id": "igw-3" })),
        ("aws_internet_gateway_attachment.b", json!({ "id": "x", "internet_gateway_id": "igw-2", "vpc_id": "vpc-2" })),
        (
            "data.aws_internet_gateway.d",
            json!({
                "id": "igw-4", "internet_gateway_id": "igw-4",
                "attachments": [{ "vpc_id": "vpc-4", "state": "available" }],
            }),
        ),
        ("aws_egress_only_internet_gateway.e", json!({ "id": "eigw-1", "vpc_id": "vpc-1" })),
    ]);
    let vpcs = |id: &str| translation.find("InternetGateways", "InternetGatewayId", id)["Attachments"].clone();
    let attached = |vpc: &str| json!([{ "VpcId": vpc, "State": "available" }]);
    assert_eq!([vpcs("igw-1"), vpcs("igw-2"), vpcs("igw-4")], ["vpc-1", "vpc-2", "vpc-4"].map(attached));
    assert_eq!(vpcs("igw-3"), json!([]));
    assert_eq!(translation.list("EgressOnlyInternetGateways")[0]["Attachments"], attached("vpc-1"));
}

#[test]
fn a_gateway_of_an_unknown_vpc_is_left_out_and_noted() {
    let mut resources = network();
    let nowhere = json!({ "vpc_id": refers(&["local.a", "aws_vpc.b"]) });
    resources.push(("aws_internet_gateway.a", json!({}), json!({ "id": true, "vpc_id": true }), nowhere));
    let nowhere = json!({ "subnet_id": refers(&["local.a"]) });
    resources.push(("aws_nat_gateway.a", json!({}), json!({ "id": true, "subnet_id": true }), nowhere));
    let translation = plan(&resources);
    assert_eq!((translation.list("InternetGateways"), translation.list("NatGateways")), (Vec::new(), Vec::new()));
    let expected = ["internet", "nat"].map(|kind| format!("aws_{kind}_gateway.a: it is not known which VPC it is in"));
    assert_eq!(translation.notes, expected);
}

#[test]
fn nat_gateways_are_zonal_regional_or_private() {
    let mut resources = network();
    let subnet = json!({
        "subnet_id": refers(&["aws_subnet.a.id", "aws_subnet.a"]),
        "allocation_id": refers(&["aws_eip.a.id", "aws_eip.a"]),
    });
    let unknown = json!({ "id": true, "subnet_id": true, "allocation_id": true, "public_ip": true, "vpc_id": true });
    resources.push((
        "aws_eip.a",
        json!({}),
        json!({ "id": true, "allocation_id": true, "public_ip": true }),
        json!({}),
    ));
    resources.push(("aws_nat_gateway.zonal", json!({ "connectivity_type": "public" }), unknown, subnet));
    let vpc = json!({ "vpc_id": refers(&["aws_vpc.a.id", "aws_vpc.a"]) });
    let regional = json!({ "availability_mode": "regional", "connectivity_type": "public" });
    resources.push((
        "aws_nat_gateway.regional",
        regional,
        json!({ "id": true, "vpc_id": true, "subnet_id": true }),
        vpc,
    ));
    let private = json!({ "connectivity_type": "private", "subnet_id": "subnet-9", "vpc_id": "vpc-9" });
    resources.push(("aws_nat_gateway.private", private, json!({ "id": true }), json!({})));
    let translation = plan(&resources);
    let nat = |name: &str| translation.find("NatGateways", "NatGatewayId", name);
    let zonal = nat("aws_nat_gateway.zonal");
    assert_eq!((&zonal["SubnetId"], &zonal["VpcId"]), (&json!("aws_subnet.a"), &json!("aws_vpc.a")));
    assert_eq!(zonal["NatGatewayAddresses"][0]["AllocationId"], "aws_eip.a");
    let regional = nat("aws_nat_gateway.regional");
    assert_eq!((&regional["SubnetId"], &regional["VpcId"]), (&Value::Null, &json!("aws_vpc.a")));
    assert_eq!(regional["AvailabilityMode"], "regional");
    assert_eq!(nat("aws_nat_gateway.private")["NatGatewayAddresses"][0]["PublicIp"], Value::Null);
    let address = &translation.list("Addresses")[0];
    assert_eq!(address["NetworkInterfaceId"], "aws_nat_gateway.zonal.network_interface_id");
    assert_eq!((&address["PublicIp"], &address["AssociationId"]), (&json!(UNKNOWN), &json!(UNKNOWN)));
}

#[test]
fn an_address_that_nothing_uses_has_no_association() {
    let translation = state(&[
        (
            "aws_eip.idle",
            json!({ "id": "eipalloc-1", "public_ip": "203.0.113.1", "association_id": "", "instance": "" }),
        ),
        ("aws_eip.used", json!({ "id": "eipalloc-2", "public_ip": "203.0.113.2" })),
        ("aws_eip_association.used", json!({ "id": "x", "allocation_id": "eipalloc-2", "instance_id": "i-1" })),
    ]);
    let address = |id: &str| translation.find("Addresses", "AllocationId", id);
    assert_eq!(address("eipalloc-1")["AssociationId"], Value::Null);
    assert_eq!(address("eipalloc-2")["InstanceId"], "i-1");
}

#[test]
fn connections_to_other_networks_and_flow_logs_are_described() {
    let translation = state(&[
        ("aws_vpc.a", json!({ "id": "vpc-1", "cidr_block": "10.0.0.0/16" })),
        (
            "aws_vpc_peering_connection.a",
            json!({ "id": "pcx-1", "vpc_id": "vpc-1", "peer_vpc_id": "vpc-2", "peer_owner_id": "222222222222" }),
        ),
        ("aws_vpc_peering_connection_accepter.a", json!({ "id": "pcx-1", "vpc_peering_connection_id": "pcx-1" })),
        (
            "aws_ec2_transit_gateway_vpc_attachment.a",
            json!({
                "id": "tgw-attach-1", "transit_gateway_id": "tgw-1", "vpc_id": "vpc-1", "subnet_ids": ["subnet-1"],
            }),
        ),
        ("aws_flow_log.a", json!({ "id": "fl-1", "vpc_id": "", "subnet_id": "subnet-1", "traffic_type": "ALL" })),
        (
            "aws_vpc_endpoint.a",
            json!({
                "id": "vpce-1", "vpc_endpoint_type": "Interface", "vpc_id": "vpc-1", "service_name": "s",
                "subnet_ids": ["subnet-1"], "security_group_ids": ["sg-1"], "state": "pendingAcceptance",
            }),
        ),
    ]);
    let peerings = translation.list("VpcPeeringConnections");
    assert_eq!(peerings.len(), 1);
    assert_eq!(peerings[0]["RequesterVpcInfo"], json!({ "VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16" }));
    assert_eq!(peerings[0]["AccepterVpcInfo"], json!({ "VpcId": "vpc-2", "OwnerId": "222222222222" }));
    assert_eq!(peerings[0]["Status"]["Code"], "active");
    let attachment = &translation.list("TransitGatewayVpcAttachments")[0];
    assert_eq!((&attachment["TransitGatewayId"], &attachment["SubnetIds"]), (&json!("tgw-1"), &json!(["subnet-1"])));
    assert_eq!(translation.list("FlowLogs")[0]["ResourceId"], "subnet-1");
    let endpoint = &translation.list("VpcEndpoints")[0];
    assert_eq!(
        (&endpoint["State"], &endpoint["Groups"]),
        (&json!("pendingAcceptance"), &json!([{ "GroupId": "sg-1" }]))
    );
    let interface = &translation.list("NetworkInterfaces")[0];
    assert_eq!((&interface["InterfaceType"], &interface["SubnetId"]), (&json!("vpc_endpoint"), &json!("subnet-1")));
}

#[test]
fn a_prefix_list_has_the_entries_of_both_makes() {
    let translation = state(&[
        (
            "aws_ec2_managed_prefix_list.a",
            json!({ "id": "pl-1", "name": "office", "entry": [{ "cidr": "10.0.0.0/8" }] }),
        ),
        ("aws_ec2_managed_prefix_list_entry.b", json!({ "id": "e", "prefix_list_id": "pl-1", "cidr": "192.0.2.0/24" })),
        (
            "data.aws_prefix_list.s3",
            json!({ "id": "pl-2", "name": "com.amazonaws.us-east-1.s3", "cidr_blocks": ["198.51.100.0/24"] }),
        ),
    ]);
    let entries = json!([{ "Cidr": "10.0.0.0/8" }, { "Cidr": "192.0.2.0/24" }]);
    assert_eq!(translation.list("ManagedPrefixLists")[0]["Entries"], entries);
    assert_eq!(translation.list("PrefixLists")[0]["Cidrs"], json!(["198.51.100.0/24"]));
}

#[test]
fn zones_and_records_are_named_in_full() {
    let alias = json!([{ "name": "x.elb.amazonaws.com", "zone_id": "Z9", "evaluate_target_health": true }]);
    let translation = state(&[
        ("aws_route53_zone.a", json!({ "id": "Z1", "zone_id": "Z1", "name": "example.com", "vpc": [] })),
        (
            "aws_route53_zone.b",
            json!({ "id": "Z2", "zone_id": "Z2", "name": "internal.", "vpc": [{ "vpc_id": "vpc-1" }] }),
        ),
        ("data.aws_route53_zone.c", json!({ "zone_id": "Z3", "name": "other.org", "private_zone": true })),
        (
            "aws_route53_record.a",
            json!({ "zone_id": "Z1", "name": "www", "type": "A", "ttl": 60, "records": ["10.0.0.5"] }),
        ),
        (
            "aws_route53_record.b",
            json!({ "zone_id": "Z1", "name": "example.com", "type": "A", "records": null, "alias": alias }),
        ),
    ]);
    let zones: Vec<Value> = translation.list("HostedZones");
    let zones: Vec<Value> =
        zones.iter().map(|zone| json!([zone["Id"], zone["Name"], zone["Config"]["PrivateZone"]])).collect();
    let expected = json!([
        ["/hostedzone/Z1", "example.com.", false],
        ["/hostedzone/Z2", "internal.", true],
        ["/hostedzone/Z3", "other.org.", true]
    ]);
    assert_eq!(Value::from(zones), expected);
    let records = translation.list("ResourceRecordSets");
    assert_eq!(
        (&records[0]["Name"], &records[0]["ResourceRecords"]),
        (&json!("www.example.com."), &json!([{ "Value": "10.0.0.5" }]))
    );
    assert_eq!(
        (&records[1]["Name"], &records[1]["AliasTarget"]["DNSName"]),
        (&json!("example.com."), &json!("x.elb.amazonaws.com"))
    );
    assert_eq!(records[1]["HostedZoneId"], "/hostedzone/Z1");
}

#[test]
fn records_that_validate_a_certificate_are_told_apart_before_it_is_made() {
    let unknown = |address| (address, json!({ "zone_id": "Z1", "ttl": 300 }));
    let translation = state(&[unknown("aws_route53_record.a"), unknown("aws_route53_record.b")]);
    let records = translation.list("ResourceRecordSets");
    let told: Vec<Value> = records.iter().map(|one| json!([one["Name"], one["Type"], one["SetIdentifier"]])).collect();
    let expected = json!([
        ["(known after apply)", "(known after apply)", "aws_route53_record.a"],
        ["(known after apply)", "(known after apply)", "aws_route53_record.b"]
    ]);
    assert_eq!(Value::from(told), expected);
}
