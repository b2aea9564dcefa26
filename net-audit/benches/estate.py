#!/usr/bin/env python3
"""Writes a snapshot of a made-up estate: as many VPCs as are asked for, each with 20 subnets and 100 interfaces.

A VPC has two or three zones, an internet gateway, NAT gateways (in each tenth only one), gateway endpoints, five security groups that name each
other, the network ACL that AWS makes and in each fourth one of its own, load balancers, databases, ECS tasks with tags, and instances, some of
them public. Elements are as the AWS CLI writes them, unread members included, one on a line. The same number gives the same bytes.
"""

import json
import sys

ACCOUNT = "111122223333"
REGION = "eu-central-1"
VPCS = int(sys.argv[1]) if len(sys.argv) > 1 else 1000


def tags(**pairs):
    return [{"Key": key.replace("_", ":"), "Value": value} for key, value in pairs.items()]


def block(vpc, subnet=None):
    """VPCs share 10.0.0.0/8: more than 256 of them overlap, as in real estates."""
    return f"10.{vpc % 256}.0.0/16" if subnet is None else f"10.{vpc % 256}.{subnet * 8}.0/21"


class Estate:
    """All elements, by member."""

    def __init__(self):
        members = "Vpcs Subnets RouteTables InternetGateways EgressOnlyInternetGateways NatGateways VpcEndpoints PrefixLists NetworkInterfaces \
            Reservations SecurityGroups NetworkAcls Addresses VpcPeeringConnections TransitGatewayVpcAttachments FlowLogs DBInstances \
            DBSubnetGroups LoadBalancers tasks HostedZones ResourceRecordSets NatGatewayTraffic"
        self.members = {member: [] for member in members.split()}
        self.interfaces = 0

    def add(self, member, **element):
        self.members[member].append(element)

    def interface(self, vpc, subnet, zone, description, groups, public=None, owner=None, allocation=None, kind="interface", tag_set=(), ipv6=None):
        """An interface with its many members; returns its id."""
        self.interfaces += 1
        number = self.interfaces
        name = f"eni-{number:017x}"
        address = f"10.{vpc % 256}.{subnet * 8 + number // 200 % 8}.{number % 200 + 10}"
        association = {"Association": {"IpOwnerId": owner or ACCOUNT, "PublicDnsName": f"ec2-{public.replace('.', '-')}.{REGION}.compute.amazonaws.com",
                       "PublicIp": public} | ({"AllocationId": allocation} if allocation else {})} if public else {}
        attachment = {"AttachTime": "2026-03-01T08:00:00+00:00", "AttachmentId": f"eni-attach-{number:017x}", "DeleteOnTermination": True, "DeviceIndex": 1,
                      "NetworkCardIndex": 0, "InstanceOwnerId": "amazon-aws", "Status": "attached"}
        if kind == "instance":
            attachment |= {"InstanceId": f"i-{number:017x}", "InstanceOwnerId": ACCOUNT}
            self.add("Reservations", ReservationId=f"r-{number:017x}", OwnerId=ACCOUNT, Groups=[], Instances=[
                {"InstanceId": f"i-{number:017x}", "ImageId": "ami-0abcdef1234567890", "InstanceType": "m7g.large", "SubnetId": subnet_id(vpc, subnet),
                 "VpcId": vpc_id(vpc), "PrivateIpAddress": address, "SourceDestCheck": True, "State": {"Code": 16, "Name": "stopped" if number % 17 == 0 else "running"},
                 "SecurityGroups": [{"GroupId": group, "GroupName": group} for group in groups], "Tags": tags(Name=f"host-{number}")}])
        self.add("NetworkInterfaces", **association, Attachment=attachment, AvailabilityZone=zone, Description=description,
                 Groups=[{"GroupName": group, "GroupId": group} for group in groups], InterfaceType="nat_gateway" if kind == "nat" else "interface",
                 Ipv6Addresses=[{"Ipv6Address": ipv6, "IsPrimaryIpv6": False}] if ipv6 else [],
                 MacAddress="02:" + ":".join(f"{number >> shift & 255:02x}" for shift in (32, 24, 16, 8, 0)), NetworkInterfaceId=name, OwnerId=ACCOUNT,
                 PrivateDnsName=f"ip-{address.replace('.', '-')}.{REGION}.compute.internal", PrivateIpAddress=address,
                 PrivateIpAddresses=[association | {"Primary": True, "PrivateDnsName": f"ip-{address.replace('.', '-')}.{REGION}.compute.internal",
                                                   "PrivateIpAddress": address}],
                 RequesterManaged=kind != "instance", SourceDestCheck=kind != "nat", Status="in-use", SubnetId=subnet_id(vpc, subnet), TagSet=list(tag_set),
                 VpcId=vpc_id(vpc))
        return name, address


def vpc_id(vpc):
    return f"vpc-{vpc:017x}"


def subnet_id(vpc, subnet):
    return f"subnet-{vpc * 32 + subnet:017x}"


def public_address(number):
    return f"{18 + number // 4000000}.{number // 62500 % 64 + 128}.{number // 250 % 250}.{number % 250 + 1}"


def permission(protocol, first=None, last=None, blocks=(), ipv6=(), groups=(), lists=()):
    ports = {} if first is None else {"FromPort": first, "ToPort": last if last is not None else first}
    return ports | {"IpProtocol": protocol, "IpRanges": [{"CidrIp": text, "Description": "see the ticket"} for text in blocks],
                    "Ipv6Ranges": [{"CidrIpv6": text} for text in ipv6], "PrefixListIds": [{"PrefixListId": name} for name in lists],
                    "UserIdGroupPairs": [{"GroupId": group, "UserId": ACCOUNT} for group in groups]}


def route(destination, **target):
    member = "DestinationPrefixListId" if destination.startswith("pl-") else "DestinationIpv6CidrBlock" if ":" in destination else "DestinationCidrBlock"
    origin = "CreateRouteTable" if "local" in target.values() else "CreateRoute"
    return {member: destination, "Origin": origin, "State": "active"} | target


def security_groups(estate, vpc):
    """Load balancer, application, database, bastion and default; returns the ids."""
    load_balancer, application, database, bastion, default = groups = [f"sg-{vpc * 8 + place:017x}" for place in range(5)]
    anywhere = permission("-1", blocks=["0.0.0.0/0"], ipv6=["::/0"])
    office = ["198.50.100.0/24", "198.50.101.0/24"] if vpc % 5 else ["0.0.0.0/1", "128.0.0.0/1"]
    ingress = {
        load_balancer: [permission("tcp", 80, blocks=["0.0.0.0/0"], ipv6=["::/0"]), permission("tcp", 443, blocks=["0.0.0.0/0"], ipv6=["::/0"])],
        application: [permission("tcp", 8080, groups=[load_balancer]), permission("tcp", 22, groups=[bastion]), permission("tcp", 9000, 9100, blocks=["10.0.0.0/8"])],
        database: [permission("tcp", 5432, groups=[application, bastion])],
        bastion: [permission("tcp", 22, blocks=office, lists=["pl-0office"]), permission("icmp", -1, -1, blocks=["0.0.0.0/0"])],
        default: [permission("-1", groups=[default])] if vpc % 3 == 0 else [],
    }
    for name, group in zip(["lb", "app", "db", "bastion", "default"], groups):
        estate.add("SecurityGroups", GroupId=group, GroupName=name, Description=name, OwnerId=ACCOUNT, VpcId=vpc_id(vpc), IpPermissions=ingress[group],
                   IpPermissionsEgress=[anywhere], Tags=tags(Name=name))
    return groups


def entry(number, block, action="allow", egress=False, protocol="-1", ports=None):
    member = "Ipv6CidrBlock" if ":" in block else "CidrBlock"
    text = {member: block, "Egress": egress, "Protocol": protocol, "RuleAction": action, "RuleNumber": number}
    return text | ({"PortRange": {"From": ports[0], "To": ports[1]}} if ports else {})


def network_acl(estate, vpc, number, is_default, subnets):
    ends = [entry(32767, "0.0.0.0/0", "deny", egress) for egress in (True, False)]
    entries = [entry(100, "0.0.0.0/0", egress=egress) for egress in (True, False)]
    if not is_default:
        entries = [entry(50, "203.0.113.0/24", "deny"), entry(100, "0.0.0.0/0", protocol="6", ports=(443, 443)), entry(110, "0.0.0.0/0", protocol="6", ports=(80, 80)),
                   entry(120, "198.50.0.0/16", protocol="6", ports=(22, 22)), entry(130, "0.0.0.0/0", protocol="6", ports=(1024, 65535)),
                   entry(100, "0.0.0.0/0", egress=True, protocol="6", ports=(1024, 65535)), entry(110, "0.0.0.0/0", egress=True, protocol="6", ports=(443, 443))]
    name = f"acl-{vpc * 2 + number:017x}"
    estate.add("NetworkAcls", NetworkAclId=name, VpcId=vpc_id(vpc), OwnerId=ACCOUNT, IsDefault=is_default, Entries=entries + ends, Tags=[],
               Associations=[{"NetworkAclAssociationId": f"aclassoc-{vpc * 32 + subnet:017x}", "NetworkAclId": name, "SubnetId": subnet_id(vpc, subnet)} for subnet in subnets])


def route_table(estate, vpc, name, subnets, routes, main=False):
    table = f"rtb-{vpc:013x}{name}"
    associations = [{"Main": False, "RouteTableAssociationId": f"rtbassoc-{vpc * 32 + subnet:017x}", "RouteTableId": table, "SubnetId": subnet_id(vpc, subnet),
                     "AssociationState": {"State": "associated"}} for subnet in subnets]
    if main:
        associations = [{"Main": True, "RouteTableAssociationId": f"rtbassoc-main{vpc:013x}", "RouteTableId": table, "AssociationState": {"State": "associated"}}]
    local = [route(block(vpc), GatewayId="local")]
    estate.add("RouteTables", RouteTableId=table, VpcId=vpc_id(vpc), OwnerId=ACCOUNT, PropagatingVgws=[], Associations=associations, Routes=local + routes, Tags=tags(Name=name))
    return table


def add_vpc(estate, vpc):
    """One VPC: subnets 0–2 public, 3–11 for applications, 12–17 for databases, 18 and 19 on the main table."""
    zones = [f"{REGION}{letter}" for letter in ("abc" if vpc % 3 else "ab")]
    has_ipv6 = vpc % 7 == 0
    environment = "production" if vpc % 2 else "stage"
    ipv6 = f"2a05:d014:{vpc:x}::/56"
    ipv6_set = [{"AssociationId": f"vpc-cidr-assoc-6{vpc:x}", "Ipv6CidrBlock": ipv6, "Ipv6CidrBlockState": {"State": "associated"}}]
    estate.add("Vpcs", VpcId=vpc_id(vpc), OwnerId=ACCOUNT, CidrBlock=block(vpc), IsDefault=False, State="available", InstanceTenancy="default",
               CidrBlockAssociationSet=[{"AssociationId": f"vpc-cidr-assoc-{vpc:x}", "CidrBlock": block(vpc), "CidrBlockState": {"State": "associated"}}],
               Ipv6CidrBlockAssociationSet=ipv6_set if has_ipv6 else [], Tags=tags(Name=f"{environment}-{vpc}", Environment=environment))
    zone = lambda subnet: zones[subnet % len(zones)]
    for subnet in range(20):
        tier = "public" if subnet < 3 else "private" if subnet < 12 else "isolated"
        own = [{"AssociationId": f"subnet-cidr-assoc-{vpc * 32 + subnet:x}", "Ipv6CidrBlock": f"2a05:d014:{vpc:x}:{subnet:x}::/64", "Ipv6CidrBlockState": {"State": "associated"}}]
        mode = "block-ingress" if vpc % 11 == 0 and tier != "public" else "off"
        estate.add("Subnets", SubnetId=subnet_id(vpc, subnet), SubnetArn=f"arn:aws:ec2:{REGION}:{ACCOUNT}:subnet/{subnet_id(vpc, subnet)}", VpcId=vpc_id(vpc), OwnerId=ACCOUNT,
                   AvailabilityZone=zone(subnet), AvailabilityZoneId="euc1-az2", AvailableIpAddressCount=2040, CidrBlock=block(vpc, subnet), DefaultForAz=False,
                   MapPublicIpOnLaunch=False, AssignIpv6AddressOnCreation=False, Ipv6CidrBlockAssociationSet=own if has_ipv6 and subnet < 12 else [], State="available",
                   BlockPublicAccessStates={"InternetGatewayBlockMode": mode}, Tags=tags(Name=f"{tier}-{subnet}", Tier=tier, kubernetes_io_role="shared"))
    gateway = f"igw-{vpc:017x}"
    estate.add("InternetGateways", InternetGatewayId=gateway, OwnerId=ACCOUNT, Attachments=[{"VpcId": vpc_id(vpc), "State": "available"}], Tags=tags(Name=environment))
    if has_ipv6:
        estate.add("EgressOnlyInternetGateways", EgressOnlyInternetGatewayId=f"eigw-{vpc:017x}", Attachments=[{"VpcId": vpc_id(vpc), "State": "attached"}], Tags=[])
    nats = [f"nat-{vpc * 4 + place:017x}" for place in range(1 if vpc % 10 == 0 else len(zones))]
    for place, nat in enumerate(nats):
        number = vpc * 4 + place
        allocation, public = f"eipalloc-{number:017x}", public_address(number)
        interface, address = estate.interface(vpc, place, zone(place), f"Interface for NAT Gateway {nat}", [], public=public, allocation=allocation, kind="nat")
        estate.add("NatGateways", NatGatewayId=nat, VpcId=vpc_id(vpc), SubnetId=subnet_id(vpc, place), State="available", ConnectivityType="public", AvailabilityMode="zonal",
                   CreateTime="2026-01-10T08:00:00+00:00", Tags=tags(Name=f"nat-{place}"),
                   NatGatewayAddresses=[{"AllocationId": allocation, "NetworkInterfaceId": interface, "PrivateIp": address, "PublicIp": public, "Status": "succeeded", "IsPrimary": True}])
        estate.add("Addresses", AllocationId=allocation, AssociationId=f"eipassoc-{number:017x}", Domain="vpc", PublicIp=public, NetworkInterfaceId=interface,
                   NetworkInterfaceOwnerId=ACCOUNT, PrivateIpAddress=address, PublicIpv4Pool="amazon", Tags=tags(Name=f"nat-{place}"))
        estate.add("NatGatewayTraffic", NatGatewayId=nat, Days=14.0, BytesInFromSource=4e10 + number, BytesInFromDestination=6e10 + number)
    services = [route("pl-0s3", GatewayId=f"vpce-{vpc * 2:017x}"), route("pl-0ddb", GatewayId=f"vpce-{vpc * 2 + 1:017x}")] if vpc % 6 else []
    inward = [route("::/0", GatewayId=gateway)] if has_ipv6 else []
    outward = [route("::/0", EgressOnlyInternetGatewayId=f"eigw-{vpc:017x}")] if has_ipv6 else []
    tables = [route_table(estate, vpc, "main", [], [], main=True)]
    tables.append(route_table(estate, vpc, "pub0", range(3), [route("0.0.0.0/0", GatewayId=gateway)] + inward))
    for place in range(len(zones)):
        subnets = [subnet for subnet in range(3, 12) if subnet % len(zones) == place]
        peers = [route("10.0.0.0/8", TransitGatewayId="tgw-0core")] if vpc % 4 == 0 else []
        tables.append(route_table(estate, vpc, f"app{place}", subnets, [route("0.0.0.0/0", NatGatewayId=nats[place % len(nats)])] + outward + peers + services))
    tables.append(route_table(estate, vpc, "db00", range(12, 18), services))
    if vpc % 4 == 0:
        estate.add("TransitGatewayVpcAttachments", TransitGatewayAttachmentId=f"tgw-attach-{vpc:017x}", TransitGatewayId="tgw-0core", VpcId=vpc_id(vpc), State="available",
                   SubnetIds=[subnet_id(vpc, 18), subnet_id(vpc, 19)])
    for place, service in enumerate(["s3", "dynamodb"] if services else []):
        estate.add("VpcEndpoints", VpcEndpointId=f"vpce-{vpc * 2 + place:017x}", VpcEndpointType="Gateway", VpcId=vpc_id(vpc), OwnerId=ACCOUNT, State="available", SubnetIds=[],
                   ServiceName=f"com.amazonaws.{REGION}.{service}", RouteTableIds=tables[2:], NetworkInterfaceIds=[], Groups=[], Tags=tags(Name=service),
                   PolicyDocument='{"Version":"2008-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}')
    custom = range(3) if vpc % 4 == 1 else range(0)
    network_acl(estate, vpc, 0, True, [subnet for subnet in range(20) if subnet not in custom])
    if custom:
        network_acl(estate, vpc, 1, False, custom)
    estate.add("FlowLogs", FlowLogId=f"fl-{vpc:017x}", FlowLogStatus="ACTIVE", ResourceId=vpc_id(vpc), TrafficType="ALL", LogDestinationType="s3")
    load_balancer, application, database, bastion, _ = security_groups(estate, vpc)
    balancer = f"app/web-{vpc}/{vpc:016x}"
    for subnet in range(len(zones)):
        estate.interface(vpc, subnet, zone(subnet), f"ELB {balancer}", [load_balancer], public=public_address(1000000 + vpc * 4 + subnet), owner="amazon-elb",
                         ipv6=f"2a05:d014:{vpc:x}:{subnet:x}::a" if has_ipv6 else None)
    estate.add("LoadBalancers", LoadBalancerArn=f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:loadbalancer/{balancer}", LoadBalancerName=f"web-{vpc}",
               DNSName=f"web-{vpc}-{vpc}.{REGION}.elb.amazonaws.com", Scheme="internet-facing", Type="application", VpcId=vpc_id(vpc), State={"Code": "active"}, IpAddressType="ipv4",
               SecurityGroups=[load_balancer], AvailabilityZones=[{"ZoneName": zone(subnet), "SubnetId": subnet_id(vpc, subnet)} for subnet in range(len(zones))])
    estate.add("ResourceRecordSets", HostedZoneId="Z0ESTATE", Name=f"web-{vpc}.example.com.", Type="A",
               AliasTarget={"HostedZoneId": "Z215JYRZR1TBD5", "DNSName": f"dualstack.web-{vpc}-{vpc}.{REGION}.elb.amazonaws.com.", "EvaluateTargetHealth": False})
    group_subnets = [{"SubnetIdentifier": subnet_id(vpc, subnet), "SubnetAvailabilityZone": {"Name": zone(subnet)}, "SubnetStatus": "Active"} for subnet in range(12, 18)]
    group = {"DBSubnetGroupName": f"db-{vpc}", "DBSubnetGroupDescription": "databases", "VpcId": vpc_id(vpc), "SubnetGroupStatus": "Complete", "Subnets": group_subnets}
    estate.add("DBSubnetGroups", **group)
    for place in range(2):
        name = f"orders-{vpc}-{place}"
        estate.add("DBInstances", DBInstanceIdentifier=name, DBInstanceArn=f"arn:aws:rds:{REGION}:{ACCOUNT}:db:{name}", Engine="postgres", DBInstanceStatus="available",
                   PubliclyAccessible=False, Endpoint={"Address": f"{name}.c0abcdefghij.{REGION}.rds.amazonaws.com", "Port": 5432}, AvailabilityZone=zone(12 + place),
                   MultiAZ=True, VpcSecurityGroups=[{"VpcSecurityGroupId": database, "Status": "active"}], DBSubnetGroup=group, TagList=tags(Name=name))
    for subnet in range(12, 16):
        estate.interface(vpc, subnet, zone(subnet), "RDSNetworkInterface", [database])
    estate.interface(vpc, 0, zone(0), "", [bastion], public=public_address(2000000 + vpc), kind="instance")
    present = estate.interfaces % 100
    for number in range(100 - present if present else 0):
        subnet = 3 + number % 9
        kind = number % 6
        # Tasks of a service stand in all zones, as ECS spreads them; in each twentieth VPC they were placed in one.
        service = f"service-{(number if vpc % 20 == 0 else number // 8) % 12}"
        if kind == 5:
            public = public_address(3000000 + vpc * 100 + number) if number == 5 and vpc % 9 == 0 else None
            estate.interface(vpc, subnet, zone(subnet), "", [application], public=public, kind="instance")
        elif kind == 4:
            estate.interface(vpc, subnet, zone(subnet), f"AWS Lambda VPC ENI-worker-{number}-6f1b0d2e-0000-4000-8000-{number:012x}", [application])
        else:
            arn = f"arn:aws:ecs:{REGION}:{ACCOUNT}:attachment/6f1b0d2e-0000-4000-{vpc:04x}-{number:012x}"
            interface, _ = estate.interface(vpc, subnet, zone(subnet), arn, [application],
                                            tag_set=tags(aws_ecs_clusterName=f"cluster-{vpc}", aws_ecs_serviceName=service))
            if number % 2:
                estate.add("tasks", taskArn=f"arn:aws:ecs:{REGION}:{ACCOUNT}:task/cluster-{vpc}/{vpc:016x}{number:016x}", group=f"service:{service}", lastStatus="RUNNING",
                           clusterArn=f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/cluster-{vpc}", launchType="FARGATE",
                           attachments=[{"id": "6f1b0d2e", "type": "ElasticNetworkInterface", "status": "ATTACHED", "details": [
                               {"name": "subnetId", "value": subnet_id(vpc, subnet)}, {"name": "networkInterfaceId", "value": interface}]}])


def main():
    estate = Estate()
    estate.add("PrefixLists", PrefixListId="pl-0s3", PrefixListName=f"com.amazonaws.{REGION}.s3", Cidrs=["3.5.136.0/22", "52.219.170.0/23", "16.12.24.0/21", "3.65.246.0/28"])
    estate.add("PrefixLists", PrefixListId="pl-0ddb", PrefixListName=f"com.amazonaws.{REGION}.dynamodb", Cidrs=["3.122.14.0/24"])
    estate.add("PrefixLists", PrefixListId="pl-0office", PrefixListName="office", Cidrs=["198.50.7.0/24"])
    estate.add("HostedZones", Id="/hostedzone/Z0ESTATE", Name="example.com.", Config={"PrivateZone": False})
    for vpc in range(1, VPCS + 1):
        add_vpc(estate, vpc)
    write = sys.stdout.write
    write('{"schema": "deploy-aws-ecs/network-snapshot/v1", "regions": [{"account": "%s", "region": "%s"' % (ACCOUNT, REGION))
    for member, elements in estate.members.items():
        write(',\n"%s": [\n' % member)
        for place, element in enumerate(elements):
            write((",\n" if place else "") + json.dumps(element))
        write("]")
    write("}]}\n")


main()
