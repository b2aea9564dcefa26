# A way to the database for people: no public address, no open port, no key. Who may start a session is said by IAM, and SSM keeps a record of it:
#   aws ssm start-session --target INSTANCE --document-name AWS-StartPortForwardingSessionToRemoteHost \
#     --parameters host=DATABASE,portNumber=5432,localPortNumber=5432

data "aws_ssm_parameter" "bastion_image" {
  count = var.bastion ? 1 : 0

  name = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64"
}

resource "aws_instance" "bastion" {
  count = var.bastion ? 1 : 0

  ami                         = data.aws_ssm_parameter.bastion_image[0].insecure_value
  instance_type               = "t4g.nano"
  subnet_id                   = aws_subnet.private["1"].id
  vpc_security_group_ids      = [aws_security_group.bastion[0].id]
  iam_instance_profile        = aws_iam_instance_profile.bastion[0].name
  associate_public_ip_address = false
  monitoring                  = true
  ebs_optimized               = true

  metadata_options {
    http_endpoint = "enabled"
    http_tokens   = "required"
  }

  root_block_device {
    encrypted = true
  }

  # A new image is taken when the bastion is made anew, not whenever Amazon has one.
  lifecycle {
    ignore_changes = [ami]
  }

  tags = { Name = "${local.name}-bastion" }
}

resource "aws_security_group" "bastion" {
  count = var.bastion ? 1 : 0

  name        = "${local.name}-bastion"
  description = "The bastion: nothing comes in"
  vpc_id      = aws_vpc.main.id

  tags = { Name = "${local.name}-bastion" }
}

resource "aws_vpc_security_group_egress_rule" "bastion_https" {
  count = var.bastion ? 1 : 0

  security_group_id = aws_security_group.bastion[0].id
  description       = "SSM"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_ipv4         = "0.0.0.0/0"
}

resource "aws_vpc_security_group_egress_rule" "bastion_to_database" {
  count = var.bastion ? 1 : 0

  security_group_id            = aws_security_group.bastion[0].id
  description                  = "The database"
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
  referenced_security_group_id = aws_security_group.database.id
}

resource "aws_vpc_security_group_ingress_rule" "database_from_bastion" {
  count = var.bastion ? 1 : 0

  security_group_id            = aws_security_group.database.id
  description                  = "The bastion"
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
  referenced_security_group_id = aws_security_group.bastion[0].id
}

resource "aws_iam_role" "bastion" {
  count = var.bastion ? 1 : 0

  name               = "${local.name}-bastion"
  assume_role_policy = data.aws_iam_policy_document.assume["ec2"].json
}

resource "aws_iam_role_policy_attachment" "bastion" {
  count = var.bastion ? 1 : 0

  role       = aws_iam_role.bastion[0].name
  policy_arn = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
}

resource "aws_iam_instance_profile" "bastion" {
  count = var.bastion ? 1 : 0

  name = "${local.name}-bastion"
  role = aws_iam_role.bastion[0].name
}
