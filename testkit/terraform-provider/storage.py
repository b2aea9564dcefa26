"""Databases, buckets, keys, roles, logs, alarms: names and types as in the documentation of hashicorp/aws 6."""

from notation import ARN, GLOBAL, TAGS, Block, objects, resource

_BUCKET = {"bucket": "string!", "expected_bucket_owner": "string?"}

RESOURCES = {
    "aws_db_subnet_group": resource(
        ARN, TAGS,
        description="string? = Managed by Terraform",
        name="string?=",
        name_prefix="string?=",
        subnet_ids="set string!",
        vpc_id="string=",
    ),
    "aws_db_parameter_group": resource(
        ARN, TAGS,
        description="string? = Managed by Terraform",
        family="string!",
        name="string?=",
        name_prefix="string?=",
        parameter=Block("set", apply_method="string? = immediate", name="string!", value="string!"),
    ),
    "aws_db_instance": resource(
        ARN, TAGS,
        address="string=",
        allocated_storage="number?=",
        allow_major_version_upgrade="bool?",
        auto_minor_version_upgrade="bool? = true",
        availability_zone="string?=",
        backup_retention_period="number?=",
        copy_tags_to_snapshot="bool? = false",
        db_name="string?=",
        db_subnet_group_name="string?=",
        deletion_protection="bool?",
        enabled_cloudwatch_logs_exports="set string?",
        endpoint="string=",
        engine="string?=",
        engine_version="string?=",
        engine_version_actual="string=",
        final_snapshot_identifier="string?",
        hosted_zone_id="string=",
        iam_database_authentication_enabled="bool?",
        identifier="string?=",
        instance_class="string!",
        kms_key_id="string?=",
        manage_master_user_password="bool?",
        master_user_secret=objects("list", kms_key_id="string", secret_arn="string", secret_status="string"),
        master_user_secret_kms_key_id="string?=",
        max_allocated_storage="number?",
        monitoring_interval="number? = 0",
        monitoring_role_arn="string?=",
        multi_az="bool?=",
        network_type="string?=",
        parameter_group_name="string?=",
        performance_insights_enabled="bool? = false",
        performance_insights_kms_key_id="string?=",
        port="number?=",
        publicly_accessible="bool? = false",
        replicate_source_db="string?",
        resource_id="string=",
        skip_final_snapshot="bool? = false",
        status="string=",
        storage_encrypted="bool?",
        storage_type="string?= in standard,gp2,gp3,io1,io2",
        username="string?=",
        vpc_security_group_ids="set string?=",
    ),
    "aws_s3_bucket": resource(
        ARN, TAGS,
        bucket="string?=",
        bucket_domain_name="string=",
        bucket_prefix="string?=",
        force_destroy="bool? = false",
        hosted_zone_id="string=",
    ),
    "aws_s3_bucket_versioning": resource(
        _BUCKET,
        mfa="string?",
        versioning_configuration=Block(
            "list", 1, 1, mfa_delete="string?= in Enabled,Disabled", status="string! in Enabled,Suspended,Disabled"
        ),
    ),
    "aws_s3_bucket_server_side_encryption_configuration": resource(
        _BUCKET,
        rule=Block(
            "set", 0, 1,
            apply_server_side_encryption_by_default=Block(
                "list", 1, kms_master_key_id="string?", sse_algorithm="string! in AES256,aws:kms,aws:kms:dsse"
            ),
            bucket_key_enabled="bool?",
        ),
    ),
    "aws_s3_bucket_public_access_block": resource(
        bucket="string!",
        block_public_acls="bool? = false",
        block_public_policy="bool? = false",
        ignore_public_acls="bool? = false",
        restrict_public_buckets="bool? = false",
    ),
    "aws_s3_bucket_lifecycle_configuration": resource(
        _BUCKET,
        rule=Block(
            "list",
            abort_incomplete_multipart_upload=Block("list", 1, days_after_initiation="number?"),
            expiration=Block("list", 1, date="string?", days="number?=", expired_object_delete_marker="bool?="),
            filter=Block(
                "list", 1, object_size_greater_than="number?=", object_size_less_than="number?=", prefix="string?="
            ),
            id="string!",
            noncurrent_version_expiration=Block("list", 1, newer_noncurrent_versions="number?", noncurrent_days="number!"),
            status="string! in Enabled,Disabled",
        ),
        transition_default_minimum_object_size="string?=",
    ),
    "aws_s3_bucket_policy": resource(bucket="string!", policy="string!"),
    "aws_kms_key": resource(
        ARN, TAGS,
        deletion_window_in_days="number?",
        description="string?=",
        enable_key_rotation="bool? = false",
        is_enabled="bool? = true",
        key_id="string=",
        key_usage="string? = ENCRYPT_DECRYPT",
        policy="string?=",
        rotation_period_in_days="number?=",
    ),
    "aws_kms_alias": resource(
        ARN, name="string?=", name_prefix="string?=", target_key_arn="string=", target_key_id="string!"
    ),
    "aws_cloudwatch_log_group": resource(
        ARN, TAGS,
        kms_key_id="string?",
        log_group_class="string?=",
        name="string?=",
        name_prefix="string?=",
        retention_in_days="number? = 0",
        skip_destroy="bool? = false",
    ),
    "aws_cloudwatch_metric_alarm": resource(
        ARN, TAGS,
        actions_enabled="bool? = true",
        alarm_actions="set string?",
        alarm_description="string?",
        alarm_name="string!",
        comparison_operator="string! in "
        "GreaterThanOrEqualToThreshold,GreaterThanThreshold,LessThanThreshold,LessThanOrEqualToThreshold",
        datapoints_to_alarm="number?",
        dimensions="map string?",
        evaluate_low_sample_count_percentiles="string?= in evaluate,ignore",
        evaluation_periods="number!",
        extended_statistic="string?",
        insufficient_data_actions="set string?",
        metric_name="string?",
        metric_query=Block(
            "set",
            account_id="string?",
            expression="string?",
            id="string!",
            label="string?",
            metric=Block(
                "list", 1,
                dimensions="map string?",
                metric_name="string!",
                namespace="string?",
                period="number!",
                stat="string!",
                unit="string?",
            ),
            period="number?",
            return_data="bool? = false",
        ),
        namespace="string?",
        ok_actions="set string?",
        period="number?",
        statistic="string? in SampleCount,Average,Sum,Minimum,Maximum",
        threshold="number?",
        threshold_metric_id="string?",
        treat_missing_data="string? = missing in breaching,notBreaching,ignore,missing",
        unit="string?",
    ),
    "aws_iam_role": resource(
        GLOBAL, ARN, TAGS,
        assume_role_policy="string!",
        create_date="string=",
        description="string?",
        max_session_duration="number? = 3600",
        name="string?=",
        name_prefix="string?=",
        path="string? = /",
        unique_id="string=",
    ),
    "aws_iam_role_policy": resource(GLOBAL, name="string?=", name_prefix="string?=", policy="string!", role="string!"),
    "aws_iam_role_policy_attachment": resource(GLOBAL, policy_arn="string!", role="string!"),
    "aws_iam_instance_profile": resource(
        GLOBAL, ARN, TAGS, name="string?=", name_prefix="string?=", path="string? = /", role="string?", unique_id="string="
    ),
    "aws_iam_openid_connect_provider": resource(
        GLOBAL, ARN, TAGS, client_id_list="set string!", thumbprint_list="list string?=", url="string!"
    ),
}

_PRINCIPAL = Block("set", identifiers="set string!", type="string!")

DATA = {
    "aws_caller_identity": resource(GLOBAL, ARN, account_id="string=", user_id="string="),
    "aws_iam_openid_connect_provider": resource(
        GLOBAL, {"arn": "string?=", "tags": "map string?="}, client_id_list="list string=", thumbprint_list="list string=", url="string?="
    ),
    "aws_iam_policy_document": resource(
        GLOBAL,
        json="string=",
        minified_json="string=",
        override_policy_documents="list string?",
        policy_id="string?",
        source_policy_documents="list string?",
        statement=Block(
            "list",
            actions="set string?",
            condition=Block("set", test="string!", values="list string!", variable="string!"),
            effect="string? = Allow in Allow,Deny",
            not_actions="set string?",
            not_principals=_PRINCIPAL,
            not_resources="set string?",
            principals=_PRINCIPAL,
            resources="set string?",
            sid="string?",
        ),
        version="string? = 2012-10-17",
    ),
    "aws_ssm_parameter": resource(
        ARN, insecure_value="string=", name="string!", type="string=", value="string=", version="number=", with_decryption="bool? = true"
    ),
}
