//! An account in a local AWS, made by the requests that any client would send.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::SystemTime;

/// The addresses in the zone: more than fit on a page.
pub(super) const RECORDS: usize = 301;

/// A client of a local AWS in one region.
pub(super) struct Account<'a> {
    /// `127.0.0.1:PORT`.
    pub(super) address: &'a str,
    pub(super) region: &'a str,
}

/// The ids of what was made.
pub(super) struct Prod {
    pub(super) vpc: String,
    pub(super) public: String,
    pub(super) app: String,
    pub(super) database: String,
    pub(super) nat_gateway: String,
    pub(super) prefix_list: String,
}

impl Account<'_> {
    fn send(&self, service: &str, method: &str, path: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(self.address).unwrap();
        let region = self.region;
        let form = if service == "route53" { "text/xml" } else { "application/x-www-form-urlencoded" };
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\ncontent-length: {}\r\n\
             content-type: {form}\r\nx-amz-date: 20260101T000000Z\r\n\
             authorization: AWS4-HMAC-SHA256 Credential=AKIDTEST/20260101/{region}/{service}/aws4_request, \
             SignedHeaders=host, Signature=00\r\n\r\n{body}",
            self.address,
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let status = answer.split(' ').nth(1).unwrap();
        assert!(status.starts_with('2'), "{service} {path} {body}\n{answer}");
        answer
    }

    /// An operation of the query protocol; its parameters are as in a form.
    fn query(&self, service: &str, version: &str, action: &str, parameters: &str) -> String {
        let body = format!("Action={action}&Version={version}&{parameters}");
        self.send(service, "POST", "/", &body)
    }

    pub(super) fn ec2(&self, action: &str, parameters: &str) -> String {
        self.query("ec2", "2016-11-15", action, parameters)
    }

    /// The id that an operation of EC2 answers.
    fn id(&self, action: &str, parameters: &str, element: &str) -> String {
        text(&self.ec2(action, parameters), element)
    }

    fn subnet(&self, vpc: &str, block: &str, zone: &str) -> String {
        let zone = format!("{}{zone}", self.region);
        let parameters = format!("VpcId={vpc}&CidrBlock={block}&AvailabilityZone={zone}");
        self.id("CreateSubnet", &parameters, "subnetId")
    }

    /// A route table with one route to the whole internet, for one subnet.
    fn routed(&self, vpc: &str, subnet: &str, target: &str) -> String {
        let table = self.id("CreateRouteTable", &format!("VpcId={vpc}"), "routeTableId");
        self.ec2("CreateRoute", &format!("RouteTableId={table}&DestinationCidrBlock=0.0.0.0%2F0&{target}"));
        self.ec2("AssociateRouteTable", &format!("RouteTableId={table}&SubnetId={subnet}"));
        table
    }

    /// A VPC with a public subnet, one behind a NAT gateway, and two for databases that use the main route table.
    pub(super) fn network(&self) -> Prod {
        let vpc = self.id("CreateVpc", "CidrBlock=10.20.0.0%2F16", "vpcId");
        self.ec2("CreateTags", &format!("ResourceId.1={vpc}&Tag.1.Key=Name&Tag.1.Value=prod"));
        let public = self.subnet(&vpc, "10.20.0.0%2F24", "a");
        let app = self.subnet(&vpc, "10.20.1.0%2F24", "a");
        let database = self.subnet(&vpc, "10.20.2.0%2F24", "a");
        let internet = self.id("CreateInternetGateway", "", "internetGatewayId");
        self.ec2("AttachInternetGateway", &format!("InternetGatewayId={internet}&VpcId={vpc}"));
        let address = self.id("AllocateAddress", "Domain=vpc", "allocationId");
        let nat_gateway =
            self.id("CreateNatGateway", &format!("SubnetId={public}&AllocationId={address}"), "natGatewayId");
        self.routed(&vpc, &public, &format!("GatewayId={internet}"));
        self.routed(&vpc, &app, &format!("NatGatewayId={nat_gateway}"));
        Prod { vpc, public, app, database, nat_gateway, prefix_list: String::new() }
    }

    /// The same with all else that an account may have.
    pub(super) fn production(&self) -> Prod {
        let prod = self.network();
        let Prod { vpc, public, database, nat_gateway, .. } = &prod;
        let entries = "Entry.1.Cidr=203.0.113.0%2F24&Entry.1.Description=office&Entry.2.Cidr=198.51.100.0%2F24";
        let list = format!("PrefixListName=office&MaxEntries=5&AddressFamily=IPv4&{entries}");
        let prefix_list = self.id("CreateManagedPrefixList", &list, "prefixListId");
        let group = format!("GroupName=web&GroupDescription=front&VpcId={vpc}");
        let group = self.id("CreateSecurityGroup", &group, "groupId");
        let rule = "IpPermissions.1.IpProtocol=tcp&IpPermissions.1.FromPort=443&IpPermissions.1.ToPort=443";
        self.ec2(
            "AuthorizeSecurityGroupIngress",
            &format!(
                "GroupId={group}&{rule}&IpPermissions.1.IpRanges.1.CidrIp=0.0.0.0%2F0\
                 &IpPermissions.1.PrefixListIds.1.PrefixListId={prefix_list}"
            ),
        );
        let acl = self.id("CreateNetworkAcl", &format!("VpcId={vpc}"), "networkAclId");
        self.ec2(
            "CreateNetworkAclEntry",
            &format!(
                "NetworkAclId={acl}&RuleNumber=100&Protocol=6&RuleAction=allow&Egress=false&CidrBlock=0.0.0.0%2F0\
                 &PortRange.From=5432&PortRange.To=5432"
            ),
        );
        self.ec2("CreateNetworkInterface", &format!("SubnetId={public}&SecurityGroupId.1={group}"));
        self.ec2(
            "RunInstances",
            &format!("ImageId=ami-12c6146b&MinCount=1&MaxCount=1&InstanceType=t3.nano&SubnetId={public}"),
        );
        let other = self.subnet(vpc, "10.20.3.0%2F24", "b");
        self.databases(database, &other);
        self.query(
            "elasticloadbalancing",
            "2015-12-01",
            "CreateLoadBalancer",
            &format!(
                "Name=web&Subnets.member.1={public}&Subnets.member.2={other}&SecurityGroups.member.1={group}\
                 &Scheme=internet-facing"
            ),
        );
        self.carried(nat_gateway);
        self.zone();
        Prod { prefix_list, ..prod }
    }

    fn databases(&self, one: &str, other: &str) {
        let group = format!(
            "DBSubnetGroupName=db&DBSubnetGroupDescription=db&SubnetIds.SubnetIdentifier.1={one}\
             &SubnetIds.SubnetIdentifier.2={other}"
        );
        self.query("rds", "2014-10-31", "CreateDBSubnetGroup", &group);
        let instance = "DBInstanceIdentifier=orders&DBInstanceClass=db.t3.micro&Engine=postgres&AllocatedStorage=20\
            &MasterUsername=root1&MasterUserPassword=secret123&DBSubnetGroupName=db&PubliclyAccessible=true";
        self.query("rds", "2014-10-31", "CreateDBInstance", instance);
    }

    /// What a NAT gateway carried a minute ago.
    fn carried(&self, nat_gateway: &str) {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        let time = contract::time::rfc3339(now.as_secs_f64() - 60.0).unwrap();
        for (metric, value) in [("BytesInFromSource", 1_000), ("BytesInFromDestination", 2_500)] {
            let datum = "MetricData.member.1";
            let parameters = format!(
                "Namespace=AWS%2FNATGateway&{datum}.MetricName={metric}&{datum}.Value={value}&{datum}.Timestamp={time}\
                 &{datum}.Dimensions.member.1.Name=NatGatewayId&{datum}.Dimensions.member.1.Value={nat_gateway}"
            );
            self.query("monitoring", "2010-08-01", "PutMetricData", &parameters);
        }
    }

    /// A public zone.
    fn zone(&self) {
        let namespace = "xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"";
        let zone = format!(
            "<CreateHostedZoneRequest {namespace}><Name>example.test</Name><CallerReference>1</CallerReference>\
             </CreateHostedZoneRequest>"
        );
        let answer = self.send("route53", "POST", "/2013-04-01/hostedzone", &zone);
        let id = text(&answer, "Id");
        let names = (1..RECORDS).map(|number| format!("n{number}")).chain(["web".to_owned()]);
        let record = |name: String| {
            format!(
                "<Change><Action>CREATE</Action><ResourceRecordSet><Name>{name}.example.test</Name><Type>A</Type>\
                 <TTL>300</TTL><ResourceRecords><ResourceRecord><Value>198.51.100.7</Value></ResourceRecord>\
                 </ResourceRecords></ResourceRecordSet></Change>"
            )
        };
        let records = format!(
            "<ChangeResourceRecordSetsRequest {namespace}><ChangeBatch><Changes>{}</Changes></ChangeBatch>\
             </ChangeResourceRecordSetsRequest>",
            names.map(record).collect::<String>()
        );
        self.send("route53", "POST", &format!("/2013-04-01{id}/rrset/"), &records);
    }
}

/// The text of the first element of this name.
fn text(xml: &str, element: &str) -> String {
    let start = xml.find(&format!("<{element}>")).unwrap_or_else(|| panic!("no {element} in {xml}"));
    let text = &xml[start + element.len() + 2..];
    text[..text.find('<').unwrap()].to_owned()
}
