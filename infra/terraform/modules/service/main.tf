# The application: a load balancer with TLS, and behind it a group of machines over two zones.

locals {
  settings_path = "/${var.name}/settings/"
  settings_arn  = "arn:${data.aws_partition.current.partition}:ssm:${var.region}:${data.aws_caller_identity.current.account_id}:parameter/${var.name}/settings"

  # As Canonical names its processors.
  ubuntu = { x86_64 = "amd64", arm64 = "arm64" }
}

# --- load balancer ------------------------------------------------------------------------------

resource "aws_lb" "this" {
  #checkov:skip=CKV_AWS_91:The application logs every request itself, and forgets addresses sooner.
  #checkov:skip=CKV_AWS_150:Chosen by the variable deletion_protection, on unless it is turned off.
  #checkov:skip=CKV2_AWS_28:The application limits rates, sizes and origins itself; a firewall's price is as high as the machines'.
  name                       = var.name
  load_balancer_type         = "application"
  internal                   = false
  subnets                    = var.public_subnet_ids
  security_groups            = [var.security_group_ids.balancer]
  drop_invalid_header_fields = true
  desync_mitigation_mode     = "strictest"
  enable_deletion_protection = var.deletion_protection

  # Shorter than the application keeps a silent connection, or a request would meet one that it has
  # just closed; longer than the pause between two signs of life of an event stream.
  idle_timeout = 60
}

resource "aws_lb_target_group" "application" {
  #checkov:skip=CKV_AWS_378:Between load balancer and machines lies nothing but two security groups; visitors speak TLS.
  name                          = "${var.name}-app"
  vpc_id                        = var.vpc_id
  port                          = 8000
  protocol                      = "HTTP"
  load_balancing_algorithm_type = "least_outstanding_requests"

  # What was begun may end while the application drains; it listens longer than this needs.
  deregistration_delay = var.drain_seconds + 10

  health_check {
    path                = "/healthz/ready"
    matcher             = "200"
    interval            = 10
    timeout             = 5
    healthy_threshold   = 2
    unhealthy_threshold = 2
  }
}

resource "aws_lb_listener" "https" {
  load_balancer_arn = aws_lb.this.arn
  port              = 443
  protocol          = "HTTPS"
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-2021-06"
  certificate_arn   = var.certificate_arn

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.application.arn
  }
}

resource "aws_lb_listener" "redirect" {
  load_balancer_arn = aws_lb.this.arn
  port              = 80
  protocol          = "HTTP"

  default_action {
    type = "redirect"

    redirect {
      port        = "443"
      protocol    = "HTTPS"
      status_code = "HTTP_301"
    }
  }
}

# --- machines -----------------------------------------------------------------------------------

data "aws_ssm_parameter" "ubuntu" {
  name = "/aws/service/canonical/ubuntu/server/24.04/stable/current/${local.ubuntu[var.architecture]}/hvm/ebs-gp3/ami-id"
}

module "machine" {
  source = "../machine"

  region               = var.region
  registry             = var.repository.registry
  compose_file         = "compose.yaml"
  files                = merge(var.files, { "compose.yaml" = var.compose_file })
  settings_path        = local.settings_path
  settings_fingerprint = sha256(jsonencode([var.settings, var.secret_key_version]))
  environment = {
    ORACLE_IMAGE = var.image
    LOKI_URL     = "http://monitoring.${var.private_zone}:3100/loki/api/v1/push"
  }
  secrets = merge(
    { ORACLE_SECRET_KEY = module.secret_key.arn },
    var.admin_password_hash == null ? {} : { ORACLE_ADMIN_PASSWORD_HASH = var.admin_password_hash },
  )
  # Those of RDS, which no system knows by itself.
  authorities = { "rds.pem" = "https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem" }
}

resource "aws_launch_template" "this" {
  #checkov:skip=CKV_AWS_341:The application runs in a container, one hop further away, and reads its role's credentials there.
  name                   = var.name
  image_id               = coalesce(var.machine_image, data.aws_ssm_parameter.ubuntu.insecure_value)
  instance_type          = var.instance_type
  user_data              = module.machine.user_data
  update_default_version = true

  iam_instance_profile {
    arn = aws_iam_instance_profile.this.arn
  }

  network_interfaces {
    associate_public_ip_address = false
    security_groups             = [var.security_group_ids.application]
    delete_on_termination       = true
  }

  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 2
  }

  # Figures of each minute instead of five, or the group would answer too late.
  monitoring {
    enabled = true
  }

  block_device_mappings {
    device_name = "/dev/sda1"

    ebs {
      volume_size           = 16
      volume_type           = "gp3"
      encrypted             = true
      delete_on_termination = true
    }
  }

  dynamic "tag_specifications" {
    for_each = ["instance", "volume"]

    content {
      resource_type = tag_specifications.value
      tags          = { Name = "${var.name}-application" }
    }
  }

  lifecycle {
    create_before_destroy = true
  }
}

data "aws_default_tags" "current" {}

resource "aws_autoscaling_group" "this" {
  name                      = var.name
  min_size                  = var.group.min
  max_size                  = var.group.max
  vpc_zone_identifier       = var.application_subnet_ids
  target_group_arns         = [aws_lb_target_group.application.arn]
  health_check_type         = "ELB"
  health_check_grace_period = 300
  default_instance_warmup   = 180

  # Terraform waits until the machines serve, and fails if they never do.
  wait_for_capacity_timeout = "15m"
  min_elb_capacity          = var.group.min

  launch_template {
    id      = aws_launch_template.this.id
    version = aws_launch_template.this.latest_version
  }

  # A new image, setting or compose file replaces the machines one after the other; new ones come
  # first. If they do not get healthy, the group goes back to the template it had.
  instance_refresh {
    strategy = "Rolling"

    preferences {
      min_healthy_percentage = 100
      max_healthy_percentage = 150
      auto_rollback          = true
      skip_matching          = true
    }
  }

  # Tags of the provider do not reach machines that a group starts. Prometheus finds them by Role.
  dynamic "tag" {
    for_each = merge(data.aws_default_tags.current.tags, {
      Name = "${var.name}-application"
      Role = "app"
    })

    content {
      key                 = tag.key
      value               = tag.value
      propagate_at_launch = true
    }
  }

  depends_on = [
    aws_iam_role_policy.this,
    aws_lb_listener.https,
    aws_ssm_parameter.settings,
  ]
}

resource "aws_autoscaling_policy" "cpu" {
  name                   = "cpu"
  autoscaling_group_name = aws_autoscaling_group.this.name
  policy_type            = "TargetTrackingScaling"

  target_tracking_configuration {
    target_value = var.group.cpu

    predefined_metric_specification {
      predefined_metric_type = "ASGAverageCPUUtilization"
    }
  }
}

# --- settings and secrets -----------------------------------------------------------------------

resource "aws_ssm_parameter" "settings" {
  #checkov:skip=CKV2_AWS_34:Settings that are no secrets; those are in the Secrets Manager.
  for_each = var.settings

  name  = "${local.settings_path}${each.key}"
  type  = "String"
  value = each.value
}

module "secret_key" {
  source = "../secret"

  name           = "${var.name}/secret-key"
  description    = "Signs the links in mails."
  length         = 64
  secret_version = var.secret_key_version
  recovery_days  = var.deletion_protection ? 30 : 0
}

# --- role ---------------------------------------------------------------------------------------

resource "aws_iam_instance_profile" "this" {
  name = "${var.name}-application"
  role = aws_iam_role.this.name
}

resource "aws_iam_role" "this" {
  name               = "${var.name}-application"
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
  name   = "application"
  role   = aws_iam_role.this.id
  policy = data.aws_iam_policy_document.this.json
}

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_iam_policy_document" "this" {
  #checkov:skip=CKV_AWS_356:Only calls that know no resource have "*": logging in to ECR, the day's quota of SES, sessions of administrators.
  #checkov:skip=CKV_AWS_111:Only calls that know no resource have "*": logging in to ECR, the day's quota of SES, sessions of administrators.
  statement {
    sid = "CallsThatKnowNoResource"
    actions = [
      "ecr:GetAuthorizationToken",
      "ses:GetAccount",
      "ssm:UpdateInstanceInformation",
      "ssmmessages:CreateControlChannel",
      "ssmmessages:CreateDataChannel",
      "ssmmessages:OpenControlChannel",
      "ssmmessages:OpenDataChannel",
    ]
    resources = ["*"]
  }

  statement {
    sid       = "PullTheImage"
    actions   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    resources = [var.repository.arn]
  }

  statement {
    sid     = "ReadTheSettings"
    actions = ["ssm:GetParametersByPath"]
    resources = [
      local.settings_arn,
      "${local.settings_arn}/*",
    ]
  }

  statement {
    sid       = "ReadTheSecrets"
    actions   = ["secretsmanager:GetSecretValue"]
    resources = compact([module.secret_key.arn, var.database_secret_arn, var.admin_password_hash])
  }

  statement {
    sid       = "KeepPictures"
    actions   = ["s3:GetObject", "s3:PutObject"]
    resources = ["${var.images_bucket_arn}/*"]
  }

  statement {
    sid       = "ListPictures"
    actions   = ["s3:ListBucket"]
    resources = [var.images_bucket_arn]
  }

  statement {
    sid     = "SendMail"
    actions = ["ses:SendEmail", "ses:SendRawEmail"]
    # In SES's sandbox the recipient is a verified identity as well, and asked for the same right.
    resources = [var.mail.identity_arn, var.mail.configuration_set_arn, var.mail.admin_identity_arn]

    condition {
      test     = "StringEquals"
      variable = "ses:FromAddress"
      values   = [var.mail_sender_address]
    }
  }

  statement {
    sid       = "ReadReportsOfMail"
    actions   = ["sqs:ReceiveMessage", "sqs:DeleteMessage"]
    resources = [var.mail.events_queue_arn]
  }
}

# --- alarms -------------------------------------------------------------------------------------

resource "aws_cloudwatch_metric_alarm" "unhealthy" {
  alarm_name          = "${var.name}-few-healthy-machines"
  alarm_description   = "Fewer machines than the group's minimum have answered the ready check for five minutes."
  namespace           = "AWS/ApplicationELB"
  metric_name         = "HealthyHostCount"
  dimensions          = { LoadBalancer = aws_lb.this.arn_suffix, TargetGroup = aws_lb_target_group.application.arn_suffix }
  statistic           = "Minimum"
  comparison_operator = "LessThanThreshold"
  threshold           = var.group.min
  period              = 60
  evaluation_periods  = 5
  treat_missing_data  = "breaching"
  alarm_actions       = [var.alarm_topic_arn]
  ok_actions          = [var.alarm_topic_arn]
}

resource "aws_cloudwatch_metric_alarm" "errors" {
  alarm_name          = "${var.name}-errors"
  alarm_description   = "The application answered more than 20 requests of five minutes with errors of its own."
  namespace           = "AWS/ApplicationELB"
  metric_name         = "HTTPCode_Target_5XX_Count"
  dimensions          = { LoadBalancer = aws_lb.this.arn_suffix, TargetGroup = aws_lb_target_group.application.arn_suffix }
  statistic           = "Sum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 20
  period              = 300
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.alarm_topic_arn]
  ok_actions          = [var.alarm_topic_arn]
}
