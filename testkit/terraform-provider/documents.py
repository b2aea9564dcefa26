"""What the data sources say: an account that has what the example looks up, and policies as the real provider writes them."""

import json

ACCOUNT = "123456789012"


def read(kind, config, region):
    """The data source of this kind with what its configuration asks for filled in."""
    return {**config, **_SOURCES[kind](config, region)}


def _policy(config, _region):
    statements = []
    for statement in config["statement"]:
        written = {"Sid": statement["sid"] or "", "Effect": statement["effect"] or "Allow"}
        written["Action"] = _one_or_all(statement["actions"])
        written["Resource"] = _one_or_all(statement["resources"])
        if statement["principals"]:
            written["Principal"] = _principals(statement["principals"])
        condition = {}
        for test in statement["condition"]:
            condition.setdefault(test["test"], {})[test["variable"]] = _one_or_all(test["values"])
        if condition:
            written["Condition"] = condition
        statements.append({member: value for member, value in written.items() if value != []})
    text = json.dumps({"Version": config["version"] or "2012-10-17", "Statement": statements}, indent=2)
    return {"id": "policy", "version": config["version"] or "2012-10-17", "json": text, "minified_json": text}


def _principals(principals):
    if [principal["type"] for principal in principals] == ["*"]:
        return "*"
    return {principal["type"]: _one_or_all(principal["identifiers"]) for principal in principals}


def _one_or_all(values):
    values = sorted(values or [])
    return values[0] if len(values) == 1 else values


_SOURCES = {
    "aws_caller_identity": lambda config, region: {
        "id": ACCOUNT, "account_id": ACCOUNT, "arn": f"arn:aws:iam::{ACCOUNT}:user/terraform", "user_id": "AIDAEXAMPLE"
    },
    "aws_ecr_repository": lambda config, region: {
        "id": config["name"],
        "arn": f"arn:aws:ecr:{region}:{ACCOUNT}:repository/{config['name']}",
        "encryption_configuration": [{"encryption_type": "KMS", "kms_key": None}],
        "image_tag_mutability": "IMMUTABLE",
        "registry_id": ACCOUNT,
        "repository_url": f"{ACCOUNT}.dkr.ecr.{region}.amazonaws.com/{config['name']}",
    },
    "aws_iam_openid_connect_provider": lambda config, region: {
        "id": config["url"],
        "arn": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{config['url'].removeprefix('https://')}",
        "client_id_list": ["sts.amazonaws.com"],
    },
    "aws_iam_policy_document": _policy,
    "aws_route53_zone": lambda config, region: {
        "id": "Z0123456789EXAMPLE", "zone_id": "Z0123456789EXAMPLE", "arn": "arn:aws:route53:::hostedzone/Z0123456789EXAMPLE"
    },
    "aws_ssm_parameter": lambda config, region: {
        "id": config["name"], "insecure_value": "ami-0123456789abcdef0", "value": "ami-0123456789abcdef0", "version": 1
    },
}
