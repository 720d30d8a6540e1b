# MySQL 8.4 with a standby in the other zone. RDS makes, keeps and rotates the password: neither
# Terraform nor its state ever holds it.

locals {
  logs = toset(["error", "slowquery"])
}

resource "aws_db_subnet_group" "this" {
  name        = var.name
  description = "Private subnets without a way out."
  subnet_ids  = var.subnet_ids
}

resource "aws_db_parameter_group" "this" {
  name_prefix = "${var.name}-mysql84-"
  family      = "mysql8.4"
  description = "TLS alone, whole Unicode, and the isolation that the application is written for."

  dynamic "parameter" {
    for_each = {
      require_secure_transport = "1"
      character_set_server     = "utf8mb4"
      collation_server         = "utf8mb4_0900_ai_ci"
      transaction_isolation    = "READ-COMMITTED"
      time_zone                = "UTC"
      slow_query_log           = "1"
      long_query_time          = "1"
      log_output               = "FILE"
    }

    content {
      name  = parameter.key
      value = parameter.value
    }
  }

  lifecycle {
    create_before_destroy = true
  }
}

# RDS would make them by itself, and keep for ever what slow queries say of people.
resource "aws_cloudwatch_log_group" "this" {
  #checkov:skip=CKV_AWS_158:CloudWatch encrypts every log group; a key of our own would guard a month of slow queries.
  #checkov:skip=CKV_AWS_338:Slow queries hold addresses of subscribers, and are of use for weeks.
  for_each = local.logs

  name              = "/aws/rds/instance/${var.name}/${each.key}"
  retention_in_days = var.log_days
}

resource "aws_db_instance" "this" {
  #checkov:skip=CKV_AWS_118:Prometheus watches the application's own deadlines; per-second figures of the server's machine cost more than they tell.
  #checkov:skip=CKV_AWS_161:The password is RDS's own and rotates; the application reads it when it connects.
  #checkov:skip=CKV_AWS_353:Chosen by the variable performance_insights, which the smallest sizes do not offer.
  #checkov:skip=CKV_AWS_354:A week of waits holds no rows; AWS's key for RDS is enough.
  #checkov:skip=CKV_AWS_293:Chosen by the variable deletion_protection, on unless it is turned off.
  #checkov:skip=CKV_AWS_157:Chosen by the variable database_multi_az, on unless it is turned off.
  #checkov:skip=CKV2_AWS_30:Queries hold addresses of subscribers; slow ones are logged, not all.
  #checkov:skip=CKV2_AWS_69:The parameter group refuses whatever is not TLS (require_secure_transport).
  identifier = var.name

  engine                     = "mysql"
  engine_version             = "8.4"
  auto_minor_version_upgrade = true
  instance_class             = var.instance_class
  parameter_group_name       = aws_db_parameter_group.this.name
  ca_cert_identifier         = "rds-ca-rsa2048-g1"

  db_name                     = "oracle"
  username                    = "oracle"
  manage_master_user_password = true

  multi_az               = var.multi_az
  db_subnet_group_name   = aws_db_subnet_group.this.name
  vpc_security_group_ids = [var.security_group_id]
  publicly_accessible    = false

  storage_type          = "gp3"
  allocated_storage     = var.storage_gib
  max_allocated_storage = var.storage_gib * 5
  storage_encrypted     = true

  # After the digest's window and before the next session opens in New York, all in UTC.
  backup_retention_period  = var.backup_days
  backup_window            = "07:00-08:00"
  maintenance_window       = "sun:08:30-sun:09:30"
  copy_tags_to_snapshot    = true
  delete_automated_backups = false

  deletion_protection       = var.deletion_protection
  skip_final_snapshot       = !var.deletion_protection
  final_snapshot_identifier = "${var.name}-last"

  performance_insights_enabled    = var.performance_insights
  enabled_cloudwatch_logs_exports = local.logs

  depends_on = [aws_cloudwatch_log_group.this]
}

resource "aws_cloudwatch_metric_alarm" "storage" {
  alarm_name          = "${var.name}-database-storage"
  alarm_description   = "Less than 2 GiB of the database's storage are free."
  namespace           = "AWS/RDS"
  metric_name         = "FreeStorageSpace"
  dimensions          = { DBInstanceIdentifier = aws_db_instance.this.identifier }
  statistic           = "Minimum"
  comparison_operator = "LessThanThreshold"
  threshold           = 2 * 1024 * 1024 * 1024
  period              = 300
  evaluation_periods  = 3
  treat_missing_data  = "missing"
  alarm_actions       = [var.alarm_topic_arn]
  ok_actions          = [var.alarm_topic_arn]
}
