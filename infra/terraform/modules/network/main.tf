# The private network, its ways out, and who in it may talk to whom.

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

locals {
  zones = { for place, zone in var.availability_zones : zone => place }

  # One NAT gateway per zone, or the first zone's for both.
  nat_zones = var.nat_per_zone ? local.zones : { (var.availability_zones[0]) = 0 }
}

resource "aws_vpc" "this" {
  cidr_block           = var.cidr
  enable_dns_support   = true
  enable_dns_hostnames = true

  tags = { Name = var.name }
}

# Nothing uses the group that every network begins with, so it lets nothing through.
resource "aws_default_security_group" "unused" {
  vpc_id = aws_vpc.this.id

  tags = { Name = "${var.name}-unused" }
}

resource "aws_subnet" "public" {
  for_each = local.zones

  vpc_id                  = aws_vpc.this.id
  availability_zone       = each.key
  cidr_block              = cidrsubnet(var.cidr, 4, each.value)
  map_public_ip_on_launch = false

  tags = { Name = "${var.name}-public-${each.key}" }
}

resource "aws_subnet" "application" {
  for_each = local.zones

  vpc_id                  = aws_vpc.this.id
  availability_zone       = each.key
  cidr_block              = cidrsubnet(var.cidr, 4, 4 + each.value)
  map_public_ip_on_launch = false

  tags = { Name = "${var.name}-application-${each.key}" }
}

resource "aws_subnet" "data" {
  for_each = local.zones

  vpc_id                  = aws_vpc.this.id
  availability_zone       = each.key
  cidr_block              = cidrsubnet(var.cidr, 4, 8 + each.value)
  map_public_ip_on_launch = false

  tags = { Name = "${var.name}-data-${each.key}" }
}

# --- ways out -----------------------------------------------------------------------------------

resource "aws_internet_gateway" "this" {
  vpc_id = aws_vpc.this.id

  tags = { Name = var.name }
}

resource "aws_eip" "nat" {
  for_each = local.nat_zones

  domain = "vpc"

  tags = { Name = "${var.name}-nat-${each.key}" }

  depends_on = [aws_internet_gateway.this]
}

resource "aws_nat_gateway" "this" {
  for_each = local.nat_zones

  subnet_id     = aws_subnet.public[each.key].id
  allocation_id = aws_eip.nat[each.key].id

  tags = { Name = "${var.name}-${each.key}" }
}

resource "aws_route_table" "public" {
  vpc_id = aws_vpc.this.id

  tags = { Name = "${var.name}-public" }
}

resource "aws_route" "public_internet" {
  route_table_id         = aws_route_table.public.id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.this.id
}

resource "aws_route_table_association" "public" {
  for_each = local.zones

  subnet_id      = aws_subnet.public[each.key].id
  route_table_id = aws_route_table.public.id
}

resource "aws_route_table" "application" {
  for_each = local.zones

  vpc_id = aws_vpc.this.id

  tags = { Name = "${var.name}-application-${each.key}" }
}

resource "aws_route" "application_internet" {
  for_each = local.zones

  route_table_id         = aws_route_table.application[each.key].id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.this[var.nat_per_zone ? each.key : var.availability_zones[0]].id
}

resource "aws_route_table_association" "application" {
  for_each = local.zones

  subnet_id      = aws_subnet.application[each.key].id
  route_table_id = aws_route_table.application[each.key].id
}

# The database has no way out at all.
resource "aws_route_table" "data" {
  vpc_id = aws_vpc.this.id

  tags = { Name = "${var.name}-data" }
}

resource "aws_route_table_association" "data" {
  for_each = local.zones

  subnet_id      = aws_subnet.data[each.key].id
  route_table_id = aws_route_table.data.id
}

# --- endpoints ----------------------------------------------------------------------------------

# The machines reach S3 without leaving the network; the pictures' bucket answers nobody else.
resource "aws_vpc_endpoint" "s3" {
  vpc_id            = aws_vpc.this.id
  service_name      = "com.amazonaws.${var.region}.s3"
  vpc_endpoint_type = "Gateway"
  route_table_ids   = [for zone in var.availability_zones : aws_route_table.application[zone].id]
  policy            = data.aws_iam_policy_document.s3_endpoint.json

  tags = { Name = "${var.name}-s3" }
}

# What may pass: this account's buckets, and for reading those without which nothing starts. A
# machine that was taken over can carry nothing to a bucket of somebody else's.
data "aws_iam_policy_document" "s3_endpoint" {
  #checkov:skip=CKV_AWS_283:Only machines inside the network come by here; who they are their roles say, and the bucket is this account's.
  statement {
    sid = "OwnBuckets"
    actions = [
      "s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:ListBucket",
      "s3:AbortMultipartUpload", "s3:ListMultipartUploadParts",
    ]
    resources = ["arn:${data.aws_partition.current.partition}:s3:::*"]

    principals {
      type        = "AWS"
      identifiers = ["*"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:ResourceAccount"
      values   = [data.aws_caller_identity.current.account_id]
    }
  }

  # Quay and Docker Hub send clients inside AWS to buckets of their own for the layers. These are in
  # us-east-1, whose traffic for S3 all comes by here: refused, no container would start. Mirrored to
  # ECR, which needs the first alone, the images would no longer depend on others' buckets.
  statement {
    sid     = "LayersOfImagesAndTheSystemsManager"
    actions = ["s3:GetObject"]
    resources = [
      "arn:${data.aws_partition.current.partition}:s3:::prod-${var.region}-starport-layer-bucket/*",
      "arn:${data.aws_partition.current.partition}:s3:::docker-images-prod/*",
      "arn:${data.aws_partition.current.partition}:s3:::quayio-production-s3/*",
      "arn:${data.aws_partition.current.partition}:s3:::amazon-ssm-${var.region}/*",
    ]

    principals {
      type        = "AWS"
      identifiers = ["*"]
    }
  }
}

resource "aws_vpc_endpoint" "interface" {
  for_each = var.interface_endpoints

  vpc_id              = aws_vpc.this.id
  service_name        = "com.amazonaws.${var.region}.${each.key}"
  vpc_endpoint_type   = "Interface"
  private_dns_enabled = true
  subnet_ids          = [for zone in var.availability_zones : aws_subnet.application[zone].id]
  security_group_ids  = [aws_security_group.this["endpoints"].id]

  tags = { Name = "${var.name}-${each.key}" }
}

# --- who may talk to whom -----------------------------------------------------------------------

locals {
  groups = {
    balancer    = "The load balancer: what the public reaches."
    application = "The machines of the application."
    database    = "The database."
    monitoring  = "The machine of Prometheus, Grafana and Loki."
    endpoints   = "Endpoints of AWS services inside the network."
  }

  # Each row opens one port on both ends. The keys are addresses in the state: never renumber.
  conversations = {
    pages          = { from = "balancer", to = "application", port = 8000, why = "Requests for pages" }
    grafana        = { from = "balancer", to = "monitoring", port = 3000, why = "Grafana" }
    queries        = { from = "application", to = "database", port = 3306, why = "SQL over TLS" }
    logs           = { from = "application", to = "monitoring", port = 3100, why = "Log lines for Loki" }
    metrics        = { from = "monitoring", to = "application", port = 9464, why = "Metrics of the application" }
    machine        = { from = "monitoring", to = "application", port = 9100, why = "Metrics of the machine" }
    own_machine    = { from = "monitoring", to = "monitoring", port = 9100, why = "Metrics of its own machine" }
    collector      = { from = "monitoring", to = "application", port = 12345, why = "Metrics of Alloy" }
    application_to = { from = "application", to = "endpoints", port = 443, why = "AWS services" }
    monitoring_to  = { from = "monitoring", to = "endpoints", port = 443, why = "AWS services" }
  }

  # Prices, mail and AWS by 443, mail of alerts by 587. Ubuntu's package mirrors speak plain HTTP only; apt checks their
  # signatures.
  outward = {
    for pair in concat(setproduct(["application", "monitoring"], [80, 443]), [["monitoring", 587]]) :
    "${pair[0]}-${pair[1]}" => { group = pair[0], port = pair[1] }
  }
}

resource "aws_security_group" "this" {
  #checkov:skip=CKV2_AWS_5:Every group is attached in the module that its machines belong to.
  for_each = local.groups

  name        = "${var.name}-${each.key}"
  description = each.value
  vpc_id      = aws_vpc.this.id

  tags = { Name = "${var.name}-${each.key}" }
}

# The only two doors that are open to everybody; behind 80 there is nothing but a redirect to 443.
resource "aws_vpc_security_group_ingress_rule" "public" {
  #checkov:skip=CKV_AWS_260:A visitor who types the bare name arrives at port 80 and is redirected to TLS.
  for_each = toset(["80", "443"])

  security_group_id = aws_security_group.this["balancer"].id
  description       = each.key == "443" ? "The website" : "Redirected to TLS"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = tonumber(each.key)
  to_port           = tonumber(each.key)
}

resource "aws_vpc_security_group_ingress_rule" "monitoring" {
  for_each = toset(var.monitoring_cidrs)

  security_group_id = aws_security_group.this["balancer"].id
  description       = "Monitoring, from here only"
  cidr_ipv4         = each.key
  ip_protocol       = "tcp"
  from_port         = 8443
  to_port           = 8443
}

resource "aws_vpc_security_group_ingress_rule" "inside" {
  for_each = local.conversations

  security_group_id            = aws_security_group.this[each.value.to].id
  referenced_security_group_id = aws_security_group.this[each.value.from].id
  description                  = each.value.why
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
}

resource "aws_vpc_security_group_egress_rule" "inside" {
  for_each = local.conversations

  security_group_id            = aws_security_group.this[each.value.from].id
  referenced_security_group_id = aws_security_group.this[each.value.to].id
  description                  = each.value.why
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
}

resource "aws_vpc_security_group_egress_rule" "outward" {
  for_each = local.outward

  security_group_id = aws_security_group.this[each.value.group].id
  description       = { 80 = "Signed packages of the system", 443 = "Prices, mail, AWS, by TLS", 587 = "Mail of alerts, by TLS" }[each.value.port]
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = each.value.port
  to_port           = each.value.port
}

# --- flow logs ----------------------------------------------------------------------------------

resource "aws_flow_log" "this" {
  vpc_id                   = aws_vpc.this.id
  traffic_type             = "REJECT"
  log_destination          = aws_cloudwatch_log_group.flow.arn
  iam_role_arn             = aws_iam_role.flow.arn
  max_aggregation_interval = 600

  tags = { Name = var.name }
}

resource "aws_cloudwatch_log_group" "flow" {
  #checkov:skip=CKV_AWS_158:CloudWatch encrypts every log group; a key of our own would guard refused connections' addresses only.
  #checkov:skip=CKV_AWS_338:Refused connections are of use for weeks, and hold addresses of people.
  name              = "/oracle/${var.name}/flow"
  retention_in_days = var.log_days
}

resource "aws_iam_role" "flow" {
  name               = "${var.name}-flow-logs"
  assume_role_policy = data.aws_iam_policy_document.flow_trust.json
}

data "aws_iam_policy_document" "flow_trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["vpc-flow-logs.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [data.aws_caller_identity.current.account_id]
    }
  }
}

resource "aws_iam_role_policy" "flow" {
  name   = "write"
  role   = aws_iam_role.flow.id
  policy = data.aws_iam_policy_document.flow_write.json
}

data "aws_iam_policy_document" "flow_write" {
  statement {
    actions = [
      "logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams",
    ]
    resources = ["${aws_cloudwatch_log_group.flow.arn}:*"]
  }
}
