"""VPCs, subnets, routes, security groups, DNS: names and types as in the documentation of hashicorp/aws 6."""

from notation import ARN, GLOBAL, TAGS, Block, objects, resource

_RULE = {
    "cidr_blocks": ["list", "string"],
    "description": "string",
    "from_port": "number",
    "ipv6_cidr_blocks": ["list", "string"],
    "prefix_list_ids": ["list", "string"],
    "protocol": "string",
    "security_groups": ["set", "string"],
    "self": "bool",
    "to_port": "number",
}
_ROUTE = {
    name: "string"
    for name in (
        "carrier_gateway_id", "cidr_block", "core_network_arn", "destination_prefix_list_id", "egress_only_gateway_id", "gateway_id",
        "ipv6_cidr_block", "local_gateway_id", "nat_gateway_id", "network_interface_id", "transit_gateway_id", "vpc_endpoint_id",
        "vpc_peering_connection_id",
    )
}
_SECURITY_GROUP = {
    "description": "string? = Managed by Terraform",
    "egress": objects("set", optional=True, **_RULE),
    "ingress": objects("set", optional=True, **_RULE),
    "name": "string?=",
    "name_prefix": "string?=",
    "owner_id": "string=",
    "revoke_rules_on_delete": "bool? = false",
    "vpc_id": "string?=",
}
_SECURITY_GROUP_RULE = {
    "cidr_ipv4": "string?",
    "cidr_ipv6": "string?",
    "description": "string?",
    "from_port": "number?",
    "id": "string=",
    "ip_protocol": "string!",
    "prefix_list_id": "string?",
    "referenced_security_group_id": "string?",
    "security_group_id": "string!",
    "security_group_rule_id": "string=",
    "to_port": "number?",
}

RESOURCES = {
    "aws_vpc": resource(
        ARN, TAGS,
        cidr_block="string?=",
        default_network_acl_id="string=",
        default_route_table_id="string=",
        default_security_group_id="string=",
        enable_dns_hostnames="bool?=",
        enable_dns_support="bool? = true",
        instance_tenancy="string? = default",
        ipv6_cidr_block="string?=",
        main_route_table_id="string=",
        owner_id="string=",
    ),
    "aws_default_security_group": resource(
        ARN, TAGS, {name: spec for name, spec in _SECURITY_GROUP.items() if name not in ("description", "name", "name_prefix")},
        description="string=", name="string=", name_prefix="string=",
    ),
    "aws_security_group": resource(ARN, TAGS, _SECURITY_GROUP),
    "aws_vpc_security_group_ingress_rule": resource(ARN, TAGS, _SECURITY_GROUP_RULE),
    "aws_vpc_security_group_egress_rule": resource(ARN, TAGS, _SECURITY_GROUP_RULE),
    "aws_internet_gateway": resource(ARN, TAGS, owner_id="string=", vpc_id="string?="),
    "aws_subnet": resource(
        ARN, TAGS,
        assign_ipv6_address_on_creation="bool? = false",
        availability_zone="string?=",
        availability_zone_id="string?=",
        cidr_block="string?",
        ipv6_cidr_block="string?",
        map_public_ip_on_launch="bool? = false",
        owner_id="string=",
        vpc_id="string!",
    ),
    "aws_eip": resource(
        ARN, TAGS,
        allocation_id="string=",
        associate_with_private_ip="string?",
        association_id="string=",
        domain="string?= in standard,vpc",
        instance="string?=",
        network_interface="string?=",
        private_ip="string=",
        public_dns="string=",
        public_ip="string=",
    ),
    "aws_nat_gateway": resource(
        TAGS,
        allocation_id="string?",
        association_id="string=",
        connectivity_type="string? = public in public,private",
        network_interface_id="string=",
        private_ip="string?=",
        public_ip="string=",
        subnet_id="string?",
    ),
    "aws_route_table": resource(
        ARN, TAGS,
        owner_id="string=",
        propagating_vgws="set string?=",
        route=objects("set", optional=True, **_ROUTE),
        vpc_id="string!",
    ),
    "aws_route": resource(
        {name: "string?" for name in _ROUTE if name not in ("cidr_block", "ipv6_cidr_block", "network_interface_id")},
        destination_cidr_block="string?",
        destination_ipv6_cidr_block="string?",
        instance_id="string=",
        network_interface_id="string?=",
        origin="string=",
        route_table_id="string!",
        state="string=",
    ),
    "aws_route_table_association": resource(gateway_id="string?", route_table_id="string!", subnet_id="string?"),
    "aws_vpc_endpoint": resource(
        ARN, TAGS,
        cidr_blocks="list string=",
        network_interface_ids="set string=",
        policy="string?=",
        prefix_list_id="string=",
        private_dns_enabled="bool?=",
        route_table_ids="set string?=",
        security_group_ids="set string?=",
        service_name="string?=",
        state="string=",
        subnet_ids="set string?=",
        vpc_endpoint_type="string? = Gateway in Gateway,GatewayLoadBalancer,Interface,Resource,ServiceNetwork",
        vpc_id="string!",
    ),
    "aws_flow_log": resource(
        ARN, TAGS,
        eni_id="string?",
        iam_role_arn="string?",
        log_destination="string?=",
        log_destination_type="string? = cloud-watch-logs in cloud-watch-logs,s3,kinesis-data-firehose",
        log_format="string?=",
        max_aggregation_interval="number? = 600",
        subnet_id="string?",
        traffic_type="string? in ACCEPT,REJECT,ALL",
        transit_gateway_id="string?",
        vpc_id="string?",
    ),
    "aws_route53_record": resource(
        GLOBAL,
        alias=Block("list", 1, evaluate_target_health="bool!", name="string!", zone_id="string!"),
        allow_overwrite="bool?=",
        fqdn="string=",
        name="string!",
        records="set string?",
        ttl="number?",
        type="string!",
        zone_id="string!",
    ),
    "aws_acm_certificate": resource(
        ARN, TAGS,
        domain_name="string?=",
        domain_validation_options=objects(
            "set", domain_name="string", resource_record_name="string", resource_record_type="string", resource_record_value="string"
        ),
        key_algorithm="string?=",
        status="string=",
        subject_alternative_names="set string?=",
        validation_method="string?= in DNS,EMAIL,NONE",
    ),
    "aws_acm_certificate_validation": resource(certificate_arn="string!", validation_record_fqdns="set string?"),
}

DATA = {
    "aws_route53_zone": resource(
        GLOBAL, ARN, name="string?=", name_servers="list string=", private_zone="bool?", zone_id="string?="
    ),
}
