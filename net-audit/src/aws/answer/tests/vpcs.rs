//! VPCs, subnets, route tables, flow logs.

use serde_json::json;

use super::check;

#[test]
fn vpcs() {
    let body = "<vpcSet><item>
        <vpcId>vpc-1</vpcId><ownerId>123456789012</ownerId><state>available</state><cidrBlock>10.0.0.0/16</cidrBlock>
        <cidrBlockAssociationSet><item><cidrBlock>10.0.0.0/16</cidrBlock><associationId>a-1</associationId>
          <cidrBlockState><state>associated</state></cidrBlockState></item></cidrBlockAssociationSet>
        <ipv6CidrBlockAssociationSet><item><ipv6CidrBlock>2600::/56</ipv6CidrBlock>
          <ipv6CidrBlockState><state>associated</state></ipv6CidrBlockState></item></ipv6CidrBlockAssociationSet>
        <dhcpOptionsId>dopt-1</dhcpOptionsId><instanceTenancy>default</instanceTenancy><isDefault>false</isDefault>
        <blockPublicAccessStates><internetGatewayBlockMode>off</internetGatewayBlockMode></blockPublicAccessStates>
        <tagSet><item><key>Name</key><value>prod</value></item></tagSet><brandNew>x</brandNew>
      </item></vpcSet>";
    let expected = json!([{
        "VpcId": "vpc-1", "OwnerId": "123456789012", "State": "available", "CidrBlock": "10.0.0.0/16",
        "CidrBlockAssociationSet": [
            { "CidrBlock": "10.0.0.0/16", "AssociationId": "a-1", "CidrBlockState": { "State": "associated" } }
        ],
        "Ipv6CidrBlockAssociationSet": [
            { "Ipv6CidrBlock": "2600::/56", "Ipv6CidrBlockState": { "State": "associated" } }
        ],
        "DhcpOptionsId": "dopt-1", "InstanceTenancy": "default", "IsDefault": false,
        "BlockPublicAccessStates": { "InternetGatewayBlockMode": "off" },
        "Tags": [{ "Key": "Name", "Value": "prod" }],
    }]);
    check("DescribeVpcs", body, expected);
}

#[test]
fn subnets() {
    let body = "<subnetSet><item>
        <subnetId>subnet-1</subnetId><subnetArn>arn</subnetArn><state>available</state><ownerId>1</ownerId><vpcId>vpc-1</vpcId>
        <cidrBlock>10.0.0.0/24</cidrBlock><ipv6CidrBlockAssociationSet/><availableIpAddressCount>251</availableIpAddressCount>
        <availabilityZone>eu-central-1a</availabilityZone><availabilityZoneId>euc1-az2</availabilityZoneId>
        <defaultForAz>false</defaultForAz><mapPublicIpOnLaunch>true</mapPublicIpOnLaunch>
        <assignIpv6AddressOnCreation>false</assignIpv6AddressOnCreation><tagSet/>
      </item></subnetSet>";
    let expected = json!([{
        "SubnetId": "subnet-1", "SubnetArn": "arn", "State": "available", "OwnerId": "1", "VpcId": "vpc-1",
        "CidrBlock": "10.0.0.0/24", "Ipv6CidrBlockAssociationSet": [], "AvailableIpAddressCount": 251,
        "AvailabilityZone": "eu-central-1a", "AvailabilityZoneId": "euc1-az2", "DefaultForAz": false,
        "MapPublicIpOnLaunch": true, "AssignIpv6AddressOnCreation": false, "Tags": [],
    }]);
    check("DescribeSubnets", body, expected);
}

#[test]
fn route_tables() {
    let body = "<routeTableSet><item>
        <routeTableId>rtb-1</routeTableId><vpcId>vpc-1</vpcId><ownerId>1</ownerId>
        <routeSet>
          <item><destinationCidrBlock>10.0.0.0/16</destinationCidrBlock><gatewayId>local</gatewayId><state>active</state>
            <origin>CreateRouteTable</origin></item>
          <item><destinationIpv6CidrBlock>::/0</destinationIpv6CidrBlock>
            <egressOnlyInternetGatewayId>eigw-1</egressOnlyInternetGatewayId><state>active</state><origin>CreateRoute</origin></item>
          <item><destinationPrefixListId>pl-1</destinationPrefixListId><transitGatewayId>tgw-1</transitGatewayId>
            <state>blackhole</state><origin>CreateRoute</origin></item>
        </routeSet>
        <associationSet><item><routeTableAssociationId>rtbassoc-1</routeTableAssociationId><routeTableId>rtb-1</routeTableId>
          <subnetId>subnet-1</subnetId><main>false</main>
          <associationState><state>associated</state></associationState></item></associationSet>
        <propagatingVgwSet><item><gatewayId>vgw-1</gatewayId></item></propagatingVgwSet><tagSet/>
      </item></routeTableSet>";
    let expected = json!([{
        "RouteTableId": "rtb-1", "VpcId": "vpc-1", "OwnerId": "1",
        "Routes": [
            { "DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local", "State": "active", "Origin": "CreateRouteTable" },
            { "DestinationIpv6CidrBlock": "::/0", "EgressOnlyInternetGatewayId": "eigw-1", "State": "active",
              "Origin": "CreateRoute" },
            { "DestinationPrefixListId": "pl-1", "TransitGatewayId": "tgw-1", "State": "blackhole", "Origin": "CreateRoute" },
        ],
        "Associations": [{ "RouteTableAssociationId": "rtbassoc-1", "RouteTableId": "rtb-1", "SubnetId": "subnet-1",
                           "Main": false, "AssociationState": { "State": "associated" } }],
        "PropagatingVgws": [{ "GatewayId": "vgw-1" }], "Tags": [],
    }]);
    check("DescribeRouteTables", body, expected);
}

#[test]
fn every_target_of_a_route_has_its_member() {
    let targets = [
        "CarrierGatewayId",
        "CoreNetworkArn",
        "InstanceId",
        "InstanceOwnerId",
        "LocalGatewayId",
        "NatGatewayId",
        "NetworkInterfaceId",
        "OdbNetworkArn",
        "VpcPeeringConnectionId",
    ];
    for target in targets {
        let element = format!("{}{}", target[..1].to_lowercase(), &target[1..]);
        let body = format!(
            "<routeTableSet><item><routeSet><item><{element}>x</{element}></item></routeSet></item></routeTableSet>"
        );
        check("DescribeRouteTables", &body, json!([{ "Routes": [{ target: "x" }] }]));
    }
}

#[test]
fn flow_logs() {
    let body = "<flowLogSet><item><creationTime>2026-01-01T00:00:00.000Z</creationTime><flowLogId>fl-1</flowLogId>
        <flowLogStatus>ACTIVE</flowLogStatus><resourceId>vpc-1</resourceId><trafficType>ALL</trafficType>
        <logDestinationType>s3</logDestinationType><logDestination>arn:aws:s3:::logs</logDestination>
        <deliverLogsStatus>SUCCESS</deliverLogsStatus></item></flowLogSet>";
    let expected = json!([{
        "CreationTime": "2026-01-01T00:00:00.000Z", "FlowLogId": "fl-1", "FlowLogStatus": "ACTIVE", "ResourceId": "vpc-1",
        "TrafficType": "ALL", "LogDestinationType": "s3", "LogDestination": "arn:aws:s3:::logs",
        "DeliverLogsStatus": "SUCCESS",
    }]);
    check("DescribeFlowLogs", body, expected);
}
