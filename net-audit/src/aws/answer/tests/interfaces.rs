//! Network interfaces, addresses and instances.

use serde_json::json;

use super::check;

#[test]
fn network_interfaces() {
    let body = "<networkInterfaceSet><item>
        <networkInterfaceId>eni-1</networkInterfaceId><subnetId>subnet-1</subnetId><vpcId>vpc-1</vpcId>
        <availabilityZone>eu-central-1a</availabilityZone><description>RDSNetworkInterface</description><ownerId>1</ownerId>
        <requesterId>amazon-rds</requesterId><requesterManaged>true</requesterManaged><status>in-use</status>
        <macAddress>02:00</macAddress><privateIpAddress>10.0.0.9</privateIpAddress><sourceDestCheck>true</sourceDestCheck>
        <groupSet><item><groupId>sg-1</groupId><groupName>db</groupName></item></groupSet>
        <attachment><attachmentId>eni-attach-1</attachmentId><instanceId>i-1</instanceId><instanceOwnerId>1</instanceOwnerId>
          <deviceIndex>0</deviceIndex><status>attached</status><attachTime>2026-01-01T00:00:00.000Z</attachTime>
          <deleteOnTermination>true</deleteOnTermination></attachment>
        <association><publicIp>198.51.100.7</publicIp><allocationId>eipalloc-1</allocationId><ipOwnerId>1</ipOwnerId></association>
        <privateIpAddressesSet><item><privateIpAddress>10.0.0.9</privateIpAddress><primary>true</primary>
          <association><publicIp>198.51.100.7</publicIp></association></item></privateIpAddressesSet>
        <ipv6AddressesSet><item><ipv6Address>2600::1</ipv6Address></item></ipv6AddressesSet>
        <interfaceType>interface</interfaceType><tagSet><item><key>Name</key><value>db</value></item></tagSet>
      </item></networkInterfaceSet>";
    let expected = json!([{
        "NetworkInterfaceId": "eni-1", "SubnetId": "subnet-1", "VpcId": "vpc-1", "AvailabilityZone": "eu-central-1a",
        "Description": "RDSNetworkInterface", "OwnerId": "1", "RequesterId": "amazon-rds", "RequesterManaged": true,
        "Status": "in-use", "MacAddress": "02:00", "PrivateIpAddress": "10.0.0.9", "SourceDestCheck": true,
        "Groups": [{ "GroupId": "sg-1", "GroupName": "db" }],
        "Attachment": { "AttachmentId": "eni-attach-1", "InstanceId": "i-1", "InstanceOwnerId": "1", "DeviceIndex": 0,
                        "Status": "attached", "AttachTime": "2026-01-01T00:00:00.000Z", "DeleteOnTermination": true },
        "Association": { "PublicIp": "198.51.100.7", "AllocationId": "eipalloc-1", "IpOwnerId": "1" },
        "PrivateIpAddresses": [{ "PrivateIpAddress": "10.0.0.9", "Primary": true,
                                 "Association": { "PublicIp": "198.51.100.7" } }],
        "Ipv6Addresses": [{ "Ipv6Address": "2600::1" }],
        "InterfaceType": "interface", "TagSet": [{ "Key": "Name", "Value": "db" }],
    }]);
    check("DescribeNetworkInterfaces", body, expected);
}

#[test]
fn addresses() {
    let body = "<addressesSet><item><publicIp>198.51.100.7</publicIp><allocationId>eipalloc-1</allocationId><domain>vpc</domain>
        <instanceId>i-1</instanceId><associationId>eipassoc-1</associationId><networkInterfaceId>eni-1</networkInterfaceId>
        <privateIpAddress>10.0.0.9</privateIpAddress><serviceManaged>nlb</serviceManaged></item></addressesSet>";
    let expected = json!([{
        "PublicIp": "198.51.100.7", "AllocationId": "eipalloc-1", "Domain": "vpc", "InstanceId": "i-1",
        "AssociationId": "eipassoc-1", "NetworkInterfaceId": "eni-1", "PrivateIpAddress": "10.0.0.9",
        "ServiceManaged": "nlb",
    }]);
    check("DescribeAddresses", body, expected);
}

#[test]
fn instances() {
    let body = "<reservationSet><item><reservationId>r-1</reservationId><ownerId>1</ownerId><groupSet/>
        <instancesSet><item><instanceId>i-1</instanceId><imageId>ami-1</imageId>
          <instanceState><code>16</code><name>running</name></instanceState>
          <privateDnsName>ip-10</privateDnsName><dnsName>ec2-198</dnsName><instanceType>t4g.nano</instanceType>
          <launchTime>2026-01-01T00:00:00.000Z</launchTime><placement><availabilityZone>eu-central-1a</availabilityZone></placement>
          <subnetId>subnet-1</subnetId><vpcId>vpc-1</vpcId><privateIpAddress>10.0.0.9</privateIpAddress>
          <ipAddress>198.51.100.7</ipAddress><sourceDestCheck>false</sourceDestCheck><platform>windows</platform>
          <groupSet><item><groupId>sg-1</groupId><groupName>web</groupName></item></groupSet>
          <networkInterfaceSet><item><networkInterfaceId>eni-1</networkInterfaceId></item></networkInterfaceSet>
          <tagSet><item><key>Name</key><value>nat</value></item></tagSet></item></instancesSet></item></reservationSet>";
    let expected = json!([{
        "ReservationId": "r-1", "OwnerId": "1",
        "Instances": [{
            "InstanceId": "i-1", "ImageId": "ami-1", "State": { "Code": 16, "Name": "running" }, "PrivateDnsName": "ip-10",
            "PublicDnsName": "ec2-198", "InstanceType": "t4g.nano", "LaunchTime": "2026-01-01T00:00:00.000Z",
            "Placement": { "AvailabilityZone": "eu-central-1a" }, "SubnetId": "subnet-1", "VpcId": "vpc-1",
            "PrivateIpAddress": "10.0.0.9", "PublicIpAddress": "198.51.100.7", "SourceDestCheck": false,
            "Platform": "windows", "SecurityGroups": [{ "GroupId": "sg-1", "GroupName": "web" }],
            "NetworkInterfaces": [{ "NetworkInterfaceId": "eni-1" }], "Tags": [{ "Key": "Name", "Value": "nat" }],
        }],
    }]);
    check("DescribeInstances", body, expected);
}
