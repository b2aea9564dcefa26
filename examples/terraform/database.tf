locals {
  postgres = "17"
}

resource "aws_db_subnet_group" "main" {
  name        = local.name
  description = "Isolated subnets"
  subnet_ids  = [for subnet in aws_subnet.isolated : subnet.id]
}

resource "aws_security_group" "database" {
  name        = "${local.name}-database"
  description = "The database"
  vpc_id      = aws_vpc.main.id

  tags = { Name = "${local.name}-database" }
}

resource "aws_vpc_security_group_ingress_rule" "database_from_service" {
  security_group_id            = aws_security_group.database.id
  description                  = "The service"
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
  referenced_security_group_id = aws_security_group.service.id
}

resource "aws_db_parameter_group" "main" {
  name_prefix = "${local.name}-"
  family      = "postgres${local.postgres}"
  description = "TLS only; statements that change the schema, or take a second, are logged"

  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }

  parameter {
    name  = "log_statement"
    value = "ddl"
  }

  parameter {
    name  = "log_min_duration_statement"
    value = "1000"
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_db_instance" "main" {
  identifier                  = local.name
  engine                      = "postgres"
  engine_version              = local.postgres
  instance_class              = var.database_class
  parameter_group_name        = aws_db_parameter_group.main.name
  auto_minor_version_upgrade  = true
  allow_major_version_upgrade = false

  db_name                             = replace(var.service, "-", "_")
  username                            = "postgres"
  manage_master_user_password         = true
  master_user_secret_kms_key_id       = aws_kms_key.main.key_id
  iam_database_authentication_enabled = true

  storage_type          = "gp3"
  allocated_storage     = var.database_storage
  max_allocated_storage = var.database_storage * 5
  storage_encrypted     = true
  kms_key_id            = aws_kms_key.main.arn

  multi_az               = var.database_multi_az
  db_subnet_group_name   = aws_db_subnet_group.main.name
  vpc_security_group_ids = [aws_security_group.database.id]
  publicly_accessible    = false
  port                   = 5432

  backup_retention_period   = var.database_backup_days
  copy_tags_to_snapshot     = true
  deletion_protection       = var.deletion_protection
  skip_final_snapshot       = !var.deletion_protection
  final_snapshot_identifier = "${local.name}-final"

  monitoring_interval             = 60
  monitoring_role_arn             = aws_iam_role.database_monitoring.arn
  performance_insights_enabled    = true
  performance_insights_kms_key_id = aws_kms_key.main.arn
  enabled_cloudwatch_logs_exports = ["postgresql", "upgrade"]
}

resource "aws_iam_role" "database_monitoring" {
  name               = "${local.name}-database-monitoring"
  assume_role_policy = data.aws_iam_policy_document.assume["monitoring.rds"].json
}

resource "aws_iam_role_policy_attachment" "database_monitoring" {
  role       = aws_iam_role.database_monitoring.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"
}
