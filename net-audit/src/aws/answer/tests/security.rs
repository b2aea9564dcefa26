//! Security groups, network ACLs and prefix lists.

use serde_json::json;

use super::check;

#[test]
fn security_groups() {
    let body = "<securityGroupInfo><item><ownerId>1</ownerId><groupId>sg-1</groupId><groupName>web</groupName>
        <groupDescription>front</groupDescription><vpcId>vpc-1</vpcId>
        <ipPermissions>
          <item><ipProtocol>tcp</ipProtocol><fromPort>443</fromPort><toPort>443</toPort>
            <groups><item><userId>1</userId><groupId>sg-2</groupId><vpcPeeringConnectionId>pcx-1</vpcPeeringConnectionId></item></groups>
            <ipRanges><item><cidrIp>0.0.0.0/0</cidrIp><description>all</description></item></ipRanges>
            <ipv6Ranges><item><cidrIpv6>::/0</cidrIpv6></item></ipv6Ranges>
            <prefixListIds><item><prefixListId>pl-1</prefixListId></item></prefixListIds></item>
        </ipPermissions>
        <ipPermissionsEgress><item><ipProtocol>-1</ipProtocol><groups/><ipRanges><item><cidrIp>0.0.0.0/0</cidrIp></item></ipRanges>
          <ipv6Ranges/><prefixListIds/></item></ipPermissionsEgress><tagSet/></item></securityGroupInfo>";
    let expected = json!([{
        "OwnerId": "1", "GroupId": "sg-1", "GroupName": "web", "Description": "front", "VpcId": "vpc-1",
        "IpPermissions": [{
            "IpProtocol": "tcp", "FromPort": 443, "ToPort": 443,
            "UserIdGroupPairs": [{ "UserId": "1", "GroupId": "sg-2", "VpcPeeringConnectionId": "pcx-1" }],
            "IpRanges": [{ "CidrIp": "0.0.0.0/0", "Description": "all" }],
            "Ipv6Ranges": [{ "CidrIpv6": "::/0" }],
            "PrefixListIds": [{ "PrefixListId": "pl-1" }],
        }],
        "IpPermissionsEgress": [{ "IpProtocol": "-1", "UserIdGroupPairs": [], "IpRanges": [{ "CidrIp": "0.0.0.0/0" }],
                                  "Ipv6Ranges": [], "PrefixListIds": [] }],
        "Tags": [],
    }]);
    check("DescribeSecurityGroups", body, expected);
}

#[test]
fn network_acls() {
    let body = "<networkAclSet><item><networkAclId>acl-1</networkAclId><vpcId>vpc-1</vpcId><default>true</default><ownerId>1</ownerId>
        <entrySet>
          <item><ruleNumber>100</ruleNumber><protocol>6</protocol><ruleAction>allow</ruleAction><egress>false</egress>
            <cidrBlock>0.0.0.0/0</cidrBlock><portRange><from>443</from><to>443</to></portRange></item>
          <item><ruleNumber>32767</ruleNumber><protocol>1</protocol><ruleAction>deny</ruleAction><egress>true</egress>
            <ipv6CidrBlock>::/0</ipv6CidrBlock><icmpTypeCode><code>-1</code><type>8</type></icmpTypeCode></item>
        </entrySet>
        <associationSet><item><networkAclAssociationId>aclassoc-1</networkAclAssociationId><networkAclId>acl-1</networkAclId>
          <subnetId>subnet-1</subnetId></item></associationSet><tagSet/></item></networkAclSet>";
    let expected = json!([{
        "NetworkAclId": "acl-1", "VpcId": "vpc-1", "IsDefault": true, "OwnerId": "1",
        "Entries": [
            { "RuleNumber": 100, "Protocol": "6", "RuleAction": "allow", "Egress": false, "CidrBlock": "0.0.0.0/0",
              "PortRange": { "From": 443, "To": 443 } },
            { "RuleNumber": 32767, "Protocol": "1", "RuleAction": "deny", "Egress": true, "Ipv6CidrBlock": "::/0",
              "IcmpTypeCode": { "Code": -1, "Type": 8 } },
        ],
        "Associations": [{ "NetworkAclAssociationId": "aclassoc-1", "NetworkAclId": "acl-1", "SubnetId": "subnet-1" }],
        "Tags": [],
    }]);
    check("DescribeNetworkAcls", body, expected);
}

#[test]
fn entries_of_prefix_lists() {
    let body = "<entrySet><item><cidr>10.0.0.0/8</cidr><description>office</description></item></entrySet>";
    check("GetManagedPrefixListEntries", body, json!([{ "Cidr": "10.0.0.0/8", "Description": "office" }]));
}
