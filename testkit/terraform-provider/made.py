"""What AWS says of a resource that it has made: ids and ARNs in the form that the kind has, else something that stands for it."""

import hashlib

from documents import ACCOUNT

# Kinds whose ids are a prefix and 17 hexadecimal digits.
_PREFIXES = {
    "aws_default_security_group": "sg",
    "aws_eip": "eipalloc",
    "aws_flow_log": "fl",
    "aws_instance": "i",
    "aws_internet_gateway": "igw",
    "aws_nat_gateway": "nat",
    "aws_route": "r",
    "aws_route_table": "rtb",
    "aws_route_table_association": "rtbassoc",
    "aws_security_group": "sg",
    "aws_subnet": "subnet",
    "aws_vpc": "vpc",
    "aws_vpc_endpoint": "vpce",
    "aws_vpc_security_group_egress_rule": "sgr",
    "aws_vpc_security_group_ingress_rule": "sgr",
}

# What has one value only when all went well.
_SAID = {
    ("aws_instance", "instance_state"): "running",
    ("aws_route", "origin"): "CreateRoute",
    ("aws_route", "state"): "active",
    ("aws_vpc_endpoint", "state"): "available",
}


def identity(kind, values):
    """The id of a resource: the same for the same configuration."""
    digits = hashlib.sha256(repr((kind, sorted(values.items(), key=str))).encode()).hexdigest()[:17]
    if kind in _PREFIXES:
        return f"{_PREFIXES[kind]}-{digits}"
    names = (values.get(member) for member in ("name", "identifier", "bucket", "alarm_name"))
    return next((name for name in names if isinstance(name, str)), digits)


def value(kind, name, attribute, identity, region):
    """The value of an attribute that the provider computes."""
    if name == "id":
        return identity
    if (kind, name) in _SAID:
        return _SAID[kind, name]
    if name == "owner_id":
        return ACCOUNT
    if name in ("default_route_table_id", "main_route_table_id"):
        return f"rtb-{identity.removeprefix('vpc-')}"
    if name == "arn":
        return f"arn:aws:{kind.removeprefix('aws_').split('_')[0]}:{region}:{ACCOUNT}:{kind}/{identity}"
    if name == "fqdn":
        return identity
    if name.endswith("arn_suffix"):
        return f"{kind}/{identity}/0123456789abcdef"
    if name == "domain_validation_options":
        return [{
            "domain_name": "www.example.com",
            "resource_record_name": "_1.www.example.com",
            "resource_record_type": "CNAME",
            "resource_record_value": "_2.acm-validations.aws",
        }]
    if isinstance(attribute.type, list):
        return {} if attribute.type[0] == "map" else []
    if name == "public_ip" and kind == "aws_eip":
        return f"18.184.{int(identity[-2:], 16)}.{int(identity[-4:-2], 16)}"
    if name.endswith(("_prefix", "_ip", "ipv6_cidr_block")) or name.startswith(("instance", "network_interface")):
        return None
    return {"string": f"{identity}.{name}", "number": 1, "bool": False}[attribute.type]
