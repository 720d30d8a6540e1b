# One machine with Prometheus, Grafana and Loki. It can be replaced at any time: its configuration
# lies in a bucket, and what it has gathered on a volume of its own.

data "aws_caller_identity" "current" {}

data "aws_ssm_parameter" "ubuntu" {
  name = "/aws/service/canonical/ubuntu/server/24.04/stable/current/${local.ubuntu[var.architecture]}/hvm/ebs-gp3/ami-id"
}

locals {
  # As Canonical names its processors.
  ubuntu = { x86_64 = "amd64", arm64 = "arm64" }

  secrets = merge(
    { GF_SECURITY_ADMIN_PASSWORD = module.grafana_password.arn },
    var.alert_mail == null ? {} : { OPERATORS_SMTP_PASSWORD = var.alert_mail.secret_arn },
  )
}

module "machine" {
  source = "../machine"

  region       = var.region
  compose_file = var.compose_file
  bucket       = aws_s3_bucket.configuration.id
  volume_id    = aws_ebs_volume.kept.id
  secrets      = local.secrets

  environment = {
    ALARM_TOPIC_ARN     = var.alarm_topic.arn
    DATA_FOLDER         = "/var/lib/oracle"
    GF_SERVER_ROOT_URL  = "https://${var.public_name}:8443/"
    GRAFANA_URL         = "https://${var.public_name}:8443"
    OPERATORS_MAIL      = var.admin_address
    OPERATORS_MAIL_FROM = "alerts@${trimprefix(var.public_name, "monitoring.")}"
    OPERATORS_SMTP_HOST = "email-smtp.${var.region}.amazonaws.com:587"
    OPERATORS_SMTP_TLS  = "true"
    OPERATORS_SMTP_USER = var.alert_mail == null ? "" : var.alert_mail.user
    RUNBOOKS_URL        = var.runbooks_url
  }
}

resource "aws_instance" "this" {
  #checkov:skip=CKV_AWS_126:Its own node-exporter shows more than detailed figures would.
  #checkov:skip=CKV_AWS_341:Prometheus finds the machines by the role from inside a container, one hop further away.
  ami                         = data.aws_ssm_parameter.ubuntu.insecure_value
  instance_type               = var.instance_type
  subnet_id                   = var.subnet_id
  vpc_security_group_ids      = [var.security_group_id]
  associate_public_ip_address = false
  iam_instance_profile        = aws_iam_instance_profile.this.name
  disable_api_termination     = var.deletion_protection
  ebs_optimized               = true
  user_data_base64            = module.machine.user_data
  user_data_replace_on_change = true

  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 2
  }

  root_block_device {
    volume_size = 16
    volume_type = "gp3"
    encrypted   = true
  }

  tags = {
    Name = "${var.name}-monitoring"
    Role = "monitoring"
  }

  # A newer image of the system is taken when the machine is replaced on purpose.
  lifecycle {
    ignore_changes = [ami]
  }

  depends_on = [aws_iam_role_policy.this, aws_s3_object.configuration]
}

# What was gathered outlives the machine, and a mistaken destroy.
resource "aws_ebs_volume" "kept" {
  #checkov:skip=CKV_AWS_189:AWS's own key suffices inside one account; figures and log lines are read by the machine alone.
  availability_zone = var.availability_zone
  size              = var.volume_gib
  type              = "gp3"
  encrypted         = true
  final_snapshot    = true

  tags = { Name = "${var.name}-monitoring" }

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_volume_attachment" "kept" {
  device_name                    = "/dev/sdf"
  instance_id                    = aws_instance.this.id
  volume_id                      = aws_ebs_volume.kept.id
  stop_instance_before_detaching = true
}

# --- the door -----------------------------------------------------------------------------------

# A port of its own, which the load balancer's security group opens for the given ranges alone:
# everybody else does not even get a connection.
resource "aws_lb_listener" "grafana" {
  load_balancer_arn = var.balancer_arn
  port              = 8443
  protocol          = "HTTPS"
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-2021-06"
  certificate_arn   = var.certificate_arn

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.grafana.arn
  }
}

resource "aws_lb_target_group" "grafana" {
  #checkov:skip=CKV_AWS_378:Between load balancer and machine lies nothing but two security groups; people speak TLS.
  name                 = "${var.name}-grafana"
  vpc_id               = var.vpc_id
  port                 = 3000
  protocol             = "HTTP"
  deregistration_delay = 10

  health_check {
    path    = "/api/health"
    matcher = "200"
  }
}

resource "aws_lb_target_group_attachment" "grafana" {
  target_group_arn = aws_lb_target_group.grafana.arn
  target_id        = aws_instance.this.id
  port             = 3000
}

# --- configuration ------------------------------------------------------------------------------

# Dashboards are larger than user data may be. The machine looks for changes every five minutes.
resource "aws_s3_bucket" "configuration" {
  #checkov:skip=CKV_AWS_18:One machine reads it every five minutes; there is nothing to find in a log.
  #checkov:skip=CKV_AWS_144:Every file is in the repository.
  #checkov:skip=CKV_AWS_145:S3 encrypts with its own key; the files are those of the repository and hold no secret.
  #checkov:skip=CKV2_AWS_62:The machine looks by itself.
  bucket        = "${var.name}-configuration-${data.aws_caller_identity.current.account_id}"
  force_destroy = true
}

resource "aws_s3_bucket_public_access_block" "configuration" {
  bucket                  = aws_s3_bucket.configuration.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_versioning" "configuration" {
  bucket = aws_s3_bucket.configuration.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "configuration" {
  bucket = aws_s3_bucket.configuration.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "configuration" {
  bucket = aws_s3_bucket.configuration.id

  rule {
    id     = "old-versions"
    status = "Enabled"

    filter {}

    noncurrent_version_expiration {
      noncurrent_days = 30
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 1
    }
  }
}

resource "aws_s3_bucket_policy" "configuration" {
  bucket = aws_s3_bucket.configuration.id
  policy = data.aws_iam_policy_document.configuration.json

  depends_on = [aws_s3_bucket_public_access_block.configuration]
}

data "aws_iam_policy_document" "configuration" {
  statement {
    sid       = "TlsOnly"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [aws_s3_bucket.configuration.arn, "${aws_s3_bucket.configuration.arn}/*"]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

resource "aws_s3_object" "configuration" {
  #checkov:skip=CKV_AWS_186:S3 encrypts with its own key; the files are those of the repository and hold no secret.
  for_each = var.files

  bucket       = aws_s3_bucket.configuration.id
  key          = each.key
  content      = each.value
  content_type = "text/plain; charset=utf-8"
}

# --- secret -------------------------------------------------------------------------------------

module "grafana_password" {
  source = "../secret"

  name          = "${var.name}/grafana-admin"
  description   = "First password of Grafana's admin."
  length        = 32
  recovery_days = var.deletion_protection ? 30 : 0
}

# --- role ---------------------------------------------------------------------------------------

resource "aws_iam_instance_profile" "this" {
  name = "${var.name}-monitoring"
  role = aws_iam_role.this.name
}

resource "aws_iam_role" "this" {
  name               = "${var.name}-monitoring"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ec2.amazonaws.com"]
    }
  }
}

resource "aws_iam_role_policy" "this" {
  name   = "monitoring"
  role   = aws_iam_role.this.id
  policy = data.aws_iam_policy_document.this.json
}

data "aws_iam_policy_document" "this" {
  #checkov:skip=CKV_AWS_356:Only calls that know no resource have "*": finding machines, sessions of administrators.
  #checkov:skip=CKV_AWS_111:Only calls that know no resource have "*": finding machines, sessions of administrators.
  statement {
    sid = "CallsThatKnowNoResource"
    actions = [
      "ec2:DescribeAvailabilityZones",
      "ec2:DescribeInstances",
      "ssm:UpdateInstanceInformation",
      "ssmmessages:CreateControlChannel",
      "ssmmessages:CreateDataChannel",
      "ssmmessages:OpenControlChannel",
      "ssmmessages:OpenDataChannel",
    ]
    resources = ["*"]
  }

  statement {
    sid       = "ReadTheConfiguration"
    actions   = ["s3:GetObject"]
    resources = ["${aws_s3_bucket.configuration.arn}/*"]
  }

  statement {
    sid       = "ListTheConfiguration"
    actions   = ["s3:ListBucket"]
    resources = [aws_s3_bucket.configuration.arn]
  }

  statement {
    sid       = "ReadTheSecrets"
    actions   = ["secretsmanager:GetSecretValue"]
    resources = values(local.secrets)
  }

  statement {
    sid       = "SendAlerts"
    actions   = ["sns:Publish"]
    resources = [var.alarm_topic.arn]
  }

  statement {
    sid       = "EncryptAlerts"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [var.alarm_topic.key_arn]
  }
}
