//! What is not EC2's: databases, load balancers, zones, metrics.

use serde_json::{Value, json};

use super::{Elements, check_answer, check_wrapped, flat, operation, read};

#[test]
fn databases() {
    let subnets = "<Subnets><Subnet><SubnetIdentifier>subnet-1</SubnetIdentifier>
        <SubnetAvailabilityZone><Name>eu-central-1a</Name></SubnetAvailabilityZone></Subnet></Subnets>";
    let body = format!(
        "<DBInstances><DBInstance><DBInstanceIdentifier>db</DBInstanceIdentifier><DBInstanceArn>arn</DBInstanceArn>
        <Engine>postgres</Engine><PubliclyAccessible>true</PubliclyAccessible><MultiAZ>false</MultiAZ>
        <Endpoint><Address>db.rds</Address><Port>5432</Port></Endpoint><DBInstanceStatus>available</DBInstanceStatus>
        <AvailabilityZone>eu-central-1a</AvailabilityZone><DBClusterIdentifier>c</DBClusterIdentifier>
        <VpcSecurityGroups><VpcSecurityGroupMembership><VpcSecurityGroupId>sg-1</VpcSecurityGroupId><Status>active</Status>
        </VpcSecurityGroupMembership></VpcSecurityGroups>
        <DBSubnetGroup><DBSubnetGroupName>db</DBSubnetGroupName><VpcId>vpc-1</VpcId>{subnets}</DBSubnetGroup>
        <TagList><Tag><Key>tier</Key><Value>db</Value></Tag></TagList><MasterUsername>root</MasterUsername></DBInstance></DBInstances>"
    );
    let of_group = json!([
        { "SubnetIdentifier": "subnet-1", "SubnetAvailabilityZone": { "Name": "eu-central-1a" } }
    ]);
    let expected = json!([{
        "DBInstanceIdentifier": "db", "DBInstanceArn": "arn", "Engine": "postgres", "PubliclyAccessible": true,
        "MultiAZ": false, "Endpoint": { "Address": "db.rds", "Port": 5432 }, "DBInstanceStatus": "available",
        "AvailabilityZone": "eu-central-1a", "DBClusterIdentifier": "c",
        "VpcSecurityGroups": [{ "VpcSecurityGroupId": "sg-1", "Status": "active" }],
        "DBSubnetGroup": { "DBSubnetGroupName": "db", "VpcId": "vpc-1", "Subnets": of_group },
        "TagList": [{ "Key": "tier", "Value": "db" }],
    }]);
    check_wrapped("DescribeDBInstances", &body, expected);
    let body = format!(
        "<DBSubnetGroups><DBSubnetGroup><DBSubnetGroupName>db</DBSubnetGroupName><DBSubnetGroupArn>arn</DBSubnetGroupArn>
        <VpcId>vpc-1</VpcId>{subnets}</DBSubnetGroup></DBSubnetGroups>"
    );
    let expected = json!([
        { "DBSubnetGroupName": "db", "DBSubnetGroupArn": "arn", "VpcId": "vpc-1", "Subnets": of_group }
    ]);
    check_wrapped("DescribeDBSubnetGroups", &body, expected);
}

#[test]
fn load_balancers() {
    let body = "<LoadBalancers><member><LoadBalancerArn>arn</LoadBalancerArn><LoadBalancerName>web</LoadBalancerName>
        <DNSName>web.elb</DNSName><Scheme>internet-facing</Scheme><Type>network</Type><VpcId>vpc-1</VpcId>
        <State><Code>active</Code></State><IpAddressType>ipv4</IpAddressType><SecurityGroups><member>sg-1</member></SecurityGroups>
        <AvailabilityZones><member><ZoneName>eu-central-1a</ZoneName><SubnetId>subnet-1</SubnetId>
          <LoadBalancerAddresses><member><IpAddress>198.51.100.7</IpAddress><AllocationId>eipalloc-1</AllocationId></member>
          </LoadBalancerAddresses></member></AvailabilityZones></member></LoadBalancers>";
    let expected = json!([{
        "LoadBalancerArn": "arn", "LoadBalancerName": "web", "DNSName": "web.elb", "Scheme": "internet-facing",
        "Type": "network", "VpcId": "vpc-1", "State": { "Code": "active" }, "IpAddressType": "ipv4",
        "SecurityGroups": ["sg-1"],
        "AvailabilityZones": [{ "ZoneName": "eu-central-1a", "SubnetId": "subnet-1",
            "LoadBalancerAddresses": [{ "IpAddress": "198.51.100.7", "AllocationId": "eipalloc-1" }] }],
    }]);
    check_wrapped("DescribeLoadBalancers", body, expected);
}

#[test]
fn hosted_zones() {
    let body = "<HostedZones><HostedZone><Id>/hostedzone/Z1</Id><Name>example.com.</Name><CallerReference>c</CallerReference>
        <Config><PrivateZone>false</PrivateZone></Config><ResourceRecordSetCount>3</ResourceRecordSetCount></HostedZone></HostedZones>
        <IsTruncated>false</IsTruncated><MaxItems>100</MaxItems>";
    let expected = json!([{ "Id": "/hostedzone/Z1", "Name": "example.com.", "Config": { "PrivateZone": false },
                            "ResourceRecordSetCount": 3 }]);
    check_answer("ListHostedZones", &flat("ListHostedZones", body), expected);
}

#[test]
fn records_say_which_zone_they_are_in() {
    let body = "<ResourceRecordSets>
        <ResourceRecordSet><Name>a.example.com.</Name><Type>A</Type><TTL>300</TTL>
          <ResourceRecords><ResourceRecord><Value>198.51.100.7</Value></ResourceRecord></ResourceRecords></ResourceRecordSet>
        <ResourceRecordSet><Name>b.example.com.</Name><Type>A</Type>
          <AliasTarget><HostedZoneId>Z9</HostedZoneId><DNSName>web.elb.</DNSName><EvaluateTargetHealth>false</EvaluateTargetHealth>
          </AliasTarget></ResourceRecordSet>
        </ResourceRecordSets><IsTruncated>false</IsTruncated>";
    let mut elements = Elements::default();
    let xml = flat("ListResourceRecordSets", body);
    read(operation("ListResourceRecordSets"), &xml, Some(("HostedZoneId", "Z1")), &mut elements).unwrap();
    let found: Value = serde_json::from_str(elements.array().unwrap().get()).unwrap();
    let expected = json!([
        { "HostedZoneId": "Z1", "Name": "a.example.com.", "Type": "A", "TTL": 300,
          "ResourceRecords": [{ "Value": "198.51.100.7" }] },
        { "HostedZoneId": "Z1", "Name": "b.example.com.", "Type": "A",
          "AliasTarget": { "HostedZoneId": "Z9", "DNSName": "web.elb.", "EvaluateTargetHealth": false } },
    ]);
    assert_eq!(found, expected);
}

#[test]
fn metrics() {
    let body = "<MetricDataResults><member><Id>g0m0</Id><Label>x</Label><StatusCode>Complete</StatusCode>
        <Timestamps><member>2026-01-01T00:00:00Z</member></Timestamps><Values><member>1.5E9</member><member>3</member></Values>
        </member></MetricDataResults>";
    let expected = json!([{ "Id": "g0m0", "StatusCode": "Complete", "Values": [1.5e9, 3] }]);
    check_wrapped("GetMetricData", body, expected);
}
