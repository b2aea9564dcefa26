locals {
  name = "${var.service}-${var.environment}"

  # By the number of the zone: 1, 2.
  subnets = {
    for index, zone in var.zones : tostring(index + 1) => {
      zone     = zone
      public   = cidrsubnet(var.vpc_cidr, 8, index)
      private  = cidrsubnet(var.vpc_cidr, 4, index + 1)
      isolated = cidrsubnet(var.vpc_cidr, 8, index + 48)
    }
  }
  nats = var.nat_gateway_per_zone ? toset(["1", "2"]) : toset(["1"])
}

resource "aws_vpc" "main" {
  cidr_block           = var.vpc_cidr
  enable_dns_support   = true
  enable_dns_hostnames = true

  tags = { Name = local.name }
}

# What names no group gets this one: it lets nothing through.
resource "aws_default_security_group" "none" {
  vpc_id = aws_vpc.main.id

  tags = { Name = "${local.name}-default" }
}

resource "aws_internet_gateway" "main" {
  vpc_id = aws_vpc.main.id

  tags = { Name = local.name }
}

# Subnets: the load balancer in the public ones, tasks in the private ones, the database in the isolated ones.

resource "aws_subnet" "public" {
  for_each = local.subnets

  vpc_id                  = aws_vpc.main.id
  availability_zone       = each.value.zone
  cidr_block              = each.value.public
  map_public_ip_on_launch = false

  tags = { Name = "${local.name}-public-${each.key}", Tier = "public" }
}

resource "aws_subnet" "private" {
  for_each = local.subnets

  vpc_id                  = aws_vpc.main.id
  availability_zone       = each.value.zone
  cidr_block              = each.value.private
  map_public_ip_on_launch = false

  tags = { Name = "${local.name}-private-${each.key}", Tier = "private" }
}

resource "aws_subnet" "isolated" {
  for_each = local.subnets

  vpc_id                  = aws_vpc.main.id
  availability_zone       = each.value.zone
  cidr_block              = each.value.isolated
  map_public_ip_on_launch = false

  tags = { Name = "${local.name}-isolated-${each.key}", Tier = "isolated" }
}

# NAT

resource "aws_eip" "nat" {
  for_each = local.nats

  domain     = "vpc"
  depends_on = [aws_internet_gateway.main]

  tags = { Name = "${local.name}-nat-${each.key}" }
}

resource "aws_nat_gateway" "main" {
  for_each = local.nats

  allocation_id = aws_eip.nat[each.key].id
  subnet_id     = aws_subnet.public[each.key].id

  tags = { Name = "${local.name}-${each.key}" }
}

# Routes

resource "aws_route_table" "public" {
  vpc_id = aws_vpc.main.id

  tags = { Name = "${local.name}-public" }
}

resource "aws_route" "internet" {
  route_table_id         = aws_route_table.public.id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.main.id
}

resource "aws_route_table_association" "public" {
  for_each = local.subnets

  subnet_id      = aws_subnet.public[each.key].id
  route_table_id = aws_route_table.public.id
}

resource "aws_route_table" "private" {
  for_each = local.subnets

  vpc_id = aws_vpc.main.id

  tags = { Name = "${local.name}-private-${each.key}" }
}

resource "aws_route" "nat" {
  for_each = local.subnets

  route_table_id         = aws_route_table.private[each.key].id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.main[var.nat_gateway_per_zone ? each.key : "1"].id
}

resource "aws_route_table_association" "private" {
  for_each = local.subnets

  subnet_id      = aws_subnet.private[each.key].id
  route_table_id = aws_route_table.private[each.key].id
}

resource "aws_route_table" "isolated" {
  vpc_id = aws_vpc.main.id

  tags = { Name = "${local.name}-isolated" }
}

resource "aws_route_table_association" "isolated" {
  for_each = local.subnets

  subnet_id      = aws_subnet.isolated[each.key].id
  route_table_id = aws_route_table.isolated.id
}

# Layers of images come from S3: by the gateway they cost nothing, by NAT they are paid for.

resource "aws_vpc_endpoint" "gateway" {
  for_each = toset(["s3", "dynamodb"])

  vpc_id            = aws_vpc.main.id
  vpc_endpoint_type = "Gateway"
  service_name      = "com.amazonaws.${var.region}.${each.key}"
  route_table_ids   = [for table in aws_route_table.private : table.id]

  tags = { Name = "${local.name}-${each.key}" }
}

# Flow logs

resource "aws_flow_log" "main" {
  vpc_id          = aws_vpc.main.id
  traffic_type    = "ALL"
  log_destination = aws_cloudwatch_log_group.flow.arn
  iam_role_arn    = aws_iam_role.flow.arn

  tags = { Name = local.name }
}

resource "aws_cloudwatch_log_group" "flow" {
  name              = "/${local.name}/flow"
  retention_in_days = var.log_days
  kms_key_id        = aws_kms_key.main.arn
}

resource "aws_iam_role" "flow" {
  name               = "${local.name}-flow"
  assume_role_policy = data.aws_iam_policy_document.assume["vpc-flow-logs"].json
}

resource "aws_iam_role_policy" "flow" {
  name   = "write-logs"
  role   = aws_iam_role.flow.id
  policy = data.aws_iam_policy_document.flow.json
}

data "aws_iam_policy_document" "flow" {
  statement {
    actions   = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.flow.arn}:*"]
  }
}
