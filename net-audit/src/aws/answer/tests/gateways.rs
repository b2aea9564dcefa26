//! Gateways, endpoints, peers and transit gateways.

use serde_json::json;

use super::check;

#[test]
fn internet_gateways_of_both_kinds() {
    let attachments = "<attachmentSet><item><vpcId>vpc-1</vpcId><state>available</state></item></attachmentSet>";
    let body = format!(
        "<internetGatewaySet><item><internetGatewayId>igw-1</internetGatewayId><ownerId>1</ownerId>{attachments}<tagSet/></item></internetGatewaySet>"
    );
    let attached = json!([{ "VpcId": "vpc-1", "State": "available" }]);
    check(
        "DescribeInternetGateways",
        &body,
        json!([{ "InternetGatewayId": "igw-1", "OwnerId": "1", "Attachments": attached, "Tags": [] }]),
    );
    let body = format!(
        "<egressOnlyInternetGatewaySet><item>{attachments}<egressOnlyInternetGatewayId>eigw-1</egressOnlyInternetGatewayId></item></egressOnlyInternetGatewaySet>"
    );
    check(
        "DescribeEgressOnlyInternetGateways",
        &body,
        json!([{ "Attachments": attached, "EgressOnlyInternetGatewayId": "eigw-1" }]),
    );
}

#[test]
fn nat_gateways() {
    let body = "<natGatewaySet>
        <item><natGatewayId>nat-1</natGatewayId><vpcId>vpc-1</vpcId><subnetId>subnet-1</subnetId><state>available</state>
          <createTime>2026-01-01T00:00:00.000Z</createTime><connectivityType>public</connectivityType>
          <availabilityMode>zonal</availabilityMode>
          <natGatewayAddressSet><item><allocationId>eipalloc-1</allocationId><networkInterfaceId>eni-1</networkInterfaceId>
            <privateIp>10.0.0.5</privateIp><publicIp>198.51.100.7</publicIp><isPrimary>true</isPrimary>
            <status>succeeded</status></item></natGatewayAddressSet></item>
        <item><natGatewayId>nat-2</natGatewayId><vpcId>vpc-1</vpcId><state>failed</state><failureCode>Gateway.NotAttached</failureCode>
          <failureMessage>no gateway</failureMessage><availabilityMode>regional</availabilityMode>
          <natGatewayAddressSet><item><availabilityZone>eu-central-1a</availabilityZone></item></natGatewayAddressSet></item>
      </natGatewaySet>";
    let expected = json!([
        { "NatGatewayId": "nat-1", "VpcId": "vpc-1", "SubnetId": "subnet-1", "State": "available",
          "CreateTime": "2026-01-01T00:00:00.000Z", "ConnectivityType": "public", "AvailabilityMode": "zonal",
          "NatGatewayAddresses": [{ "AllocationId": "eipalloc-1", "NetworkInterfaceId": "eni-1", "PrivateIp": "10.0.0.5",
                                    "PublicIp": "198.51.100.7", "IsPrimary": true, "Status": "succeeded" }] },
        { "NatGatewayId": "nat-2", "VpcId": "vpc-1", "State": "failed", "FailureCode": "Gateway.NotAttached",
          "FailureMessage": "no gateway", "AvailabilityMode": "regional",
          "NatGatewayAddresses": [{ "AvailabilityZone": "eu-central-1a" }] },
    ]);
    check("DescribeNatGateways", body, expected);
}

#[test]
fn vpc_endpoints() {
    let body = "<vpcEndpointSet><item><vpcEndpointId>vpce-1</vpcEndpointId><vpcEndpointType>Interface</vpcEndpointType>
        <vpcId>vpc-1</vpcId><serviceName>com.amazonaws.eu-central-1.s3</serviceName><state>available</state>
        <routeTableIdSet><item>rtb-1</item><item>rtb-2</item></routeTableIdSet><subnetIdSet><item>subnet-1</item></subnetIdSet>
        <networkInterfaceIdSet><item>eni-1</item></networkInterfaceIdSet><privateDnsEnabled>true</privateDnsEnabled>
        <groupSet><item><groupId>sg-1</groupId><groupName>web</groupName></item></groupSet>
        <dnsEntrySet><item><dnsName>x.vpce.amazonaws.com</dnsName><hostedZoneId>Z1</hostedZoneId></item></dnsEntrySet>
        <creationTimestamp>2026-01-01T00:00:00.000Z</creationTimestamp><tagSet/></item></vpcEndpointSet>";
    let expected = json!([{
        "VpcEndpointId": "vpce-1", "VpcEndpointType": "Interface", "VpcId": "vpc-1",
        "ServiceName": "com.amazonaws.eu-central-1.s3", "State": "available", "RouteTableIds": ["rtb-1", "rtb-2"],
        "SubnetIds": ["subnet-1"], "NetworkInterfaceIds": ["eni-1"], "PrivateDnsEnabled": true,
        "Groups": [{ "GroupId": "sg-1", "GroupName": "web" }],
        "DnsEntries": [{ "DnsName": "x.vpce.amazonaws.com", "HostedZoneId": "Z1" }],
        "CreationTimestamp": "2026-01-01T00:00:00.000Z", "Tags": [],
    }]);
    check("DescribeVpcEndpoints", body, expected);
}

#[test]
fn peering_connections() {
    let body = "<vpcPeeringConnectionSet><item><vpcPeeringConnectionId>pcx-1</vpcPeeringConnectionId>
        <accepterVpcInfo><cidrBlock>10.1.0.0/16</cidrBlock><cidrBlockSet><item><cidrBlock>10.1.0.0/16</cidrBlock></item></cidrBlockSet>
          <ipv6CidrBlockSet><item><ipv6CidrBlock>2600::/56</ipv6CidrBlock></item></ipv6CidrBlockSet>
          <ownerId>2</ownerId><vpcId>vpc-2</vpcId><region>eu-west-1</region></accepterVpcInfo>
        <requesterVpcInfo><cidrBlock>10.0.0.0/16</cidrBlock><ownerId>1</ownerId><vpcId>vpc-1</vpcId></requesterVpcInfo>
        <status><code>active</code><message>Active</message></status></item></vpcPeeringConnectionSet>";
    let expected = json!([{
        "VpcPeeringConnectionId": "pcx-1",
        "AccepterVpcInfo": {
            "CidrBlock": "10.1.0.0/16", "CidrBlockSet": [{ "CidrBlock": "10.1.0.0/16" }],
            "Ipv6CidrBlockSet": [{ "Ipv6CidrBlock": "2600::/56" }], "OwnerId": "2", "VpcId": "vpc-2", "Region": "eu-west-1",
        },
        "RequesterVpcInfo": { "CidrBlock": "10.0.0.0/16", "OwnerId": "1", "VpcId": "vpc-1" },
        "Status": { "Code": "active", "Message": "Active" },
    }]);
    check("DescribeVpcPeeringConnections", body, expected);
}

#[test]
fn transit_gateway_attachments() {
    let body = "<transitGatewayVpcAttachments><item><transitGatewayAttachmentId>tgw-attach-1</transitGatewayAttachmentId>
        <transitGatewayId>tgw-1</transitGatewayId><vpcId>vpc-1</vpcId><vpcOwnerId>1</vpcOwnerId><state>available</state>
        <subnetIds><item>subnet-1</item></subnetIds><options><applianceModeSupport>enable</applianceModeSupport></options>
        </item></transitGatewayVpcAttachments>";
    let expected = json!([{
        "TransitGatewayAttachmentId": "tgw-attach-1", "TransitGatewayId": "tgw-1", "VpcId": "vpc-1", "VpcOwnerId": "1",
        "State": "available", "SubnetIds": ["subnet-1"], "Options": { "ApplianceModeSupport": "enable" },
    }]);
    check("DescribeTransitGatewayVpcAttachments", body, expected);
}
