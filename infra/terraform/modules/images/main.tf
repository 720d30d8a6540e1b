# The private bucket of pictures, and the function that mails the admin about each new one.

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

# The role behind the session that applies, as policies have to name it.
data "aws_iam_session_context" "current" {
  arn = data.aws_caller_identity.current.arn
}

locals {
  account   = data.aws_caller_identity.current.account_id
  deployers = length(var.deployer_arns) > 0 ? var.deployer_arns : [data.aws_iam_session_context.current.issuer_arn]

  buckets = {
    images  = "${var.name}-images-${local.account}"
    notices = "${var.name}-notices-${local.account}"
  }
}

# `images` holds the pictures, `notices` an empty mark for each mail that was sent about one.
resource "aws_s3_bucket" "this" {
  #checkov:skip=CKV_AWS_18:Requests arrive from the application alone, which logs them itself.
  #checkov:skip=CKV_AWS_144:Pictures can be uploaded again; versions are kept against mistakes.
  #checkov:skip=CKV_AWS_145:S3 encrypts with its own key; one of ours would protect pictures that are public anyway.
  #checkov:skip=CKV2_AWS_62:The pictures' bucket tells the function; nobody asks about the marks.
  #checkov:skip=CKV_AWS_21:The pictures' bucket keeps versions; marks are written once and go after a month.
  for_each = local.buckets

  bucket        = each.value
  force_destroy = !var.deletion_protection
}

resource "aws_s3_bucket_public_access_block" "this" {
  for_each = local.buckets

  bucket                  = aws_s3_bucket.this[each.key].id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "this" {
  for_each = local.buckets

  bucket = aws_s3_bucket.this[each.key].id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  for_each = local.buckets

  bucket = aws_s3_bucket.this[each.key].id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_versioning" "images" {
  bucket = aws_s3_bucket.this["images"].id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "this" {
  for_each = { images = null, notices = 30 }

  bucket = aws_s3_bucket.this[each.key].id

  rule {
    id     = "old-versions-and-unfinished-uploads"
    status = "Enabled"

    filter {}

    noncurrent_version_expiration {
      noncurrent_days = 30
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 1
    }

    dynamic "expiration" {
      for_each = each.value == null ? [] : [each.value]

      content {
        days = expiration.value
      }
    }
  }
}

resource "aws_s3_bucket_policy" "this" {
  for_each = {
    images  = data.aws_iam_policy_document.images.json
    notices = data.aws_iam_policy_document.tls["notices"].json
  }

  bucket = aws_s3_bucket.this[each.key].id
  policy = each.value

  depends_on = [aws_s3_bucket_public_access_block.this]
}

data "aws_iam_policy_document" "tls" {
  for_each = local.buckets

  statement {
    sid     = "TlsOnly"
    effect  = "Deny"
    actions = ["s3:*"]
    resources = [
      aws_s3_bucket.this[each.key].arn,
      "${aws_s3_bucket.this[each.key].arn}/*",
    ]

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

# Denials hold for everybody, administrators too. They name what touches pictures and leave alone
# what manages the bucket, or nobody could ever change this policy again.
data "aws_iam_policy_document" "images" {
  source_policy_documents = [data.aws_iam_policy_document.tls["images"].json]

  statement {
    sid    = "PicturesOnlyThroughTheEndpoint"
    effect = "Deny"
    actions = [
      "s3:GetObject", "s3:GetObjectVersion", "s3:GetObjectAttributes",
      "s3:GetObjectVersionAttributes", "s3:GetObjectTagging", "s3:GetObjectVersionTagging",
      "s3:PutObject", "s3:PutObjectAcl", "s3:PutObjectTagging", "s3:RestoreObject",
      "s3:DeleteObject", "s3:DeleteObjectVersion", "s3:AbortMultipartUpload",
      "s3:ListMultipartUploadParts",
    ]
    resources = ["${aws_s3_bucket.this["images"].arn}/*"]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "StringNotEquals"
      variable = "aws:SourceVpce"
      values   = [var.s3_endpoint_id]
    }
  }

  statement {
    sid       = "ListingOnlyThroughTheEndpoint"
    effect    = "Deny"
    actions   = ["s3:ListBucketVersions", "s3:ListBucketMultipartUploads"]
    resources = [aws_s3_bucket.this["images"].arn]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "StringNotEquals"
      variable = "aws:SourceVpce"
      values   = [var.s3_endpoint_id]
    }
  }

  # S3 asks for the same permission when names are listed and when it is asked whether the bucket is
  # there. Terraform asks the latter with every plan, from wherever it runs.
  statement {
    sid       = "NamesOnlyThroughTheEndpointOrToTheDeployer"
    effect    = "Deny"
    actions   = ["s3:ListBucket"]
    resources = [aws_s3_bucket.this["images"].arn]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "StringNotEquals"
      variable = "aws:SourceVpce"
      values   = [var.s3_endpoint_id]
    }

    condition {
      test     = "ArnNotEquals"
      variable = "aws:PrincipalArn"
      values   = local.deployers
    }
  }
}

# --- the function -------------------------------------------------------------------------------

resource "aws_s3_bucket_notification" "images" {
  bucket = aws_s3_bucket.this["images"].id

  lambda_function {
    lambda_function_arn = aws_lambda_function.image_upload.arn
    events              = ["s3:ObjectCreated:*"]
  }

  depends_on = [aws_lambda_permission.images]
}

resource "aws_lambda_permission" "images" {
  statement_id   = "pictures"
  action         = "lambda:InvokeFunction"
  function_name  = aws_lambda_function.image_upload.function_name
  principal      = "s3.amazonaws.com"
  source_arn     = aws_s3_bucket.this["images"].arn
  source_account = local.account
}

resource "aws_lambda_function" "image_upload" {
  #checkov:skip=CKV_AWS_115:New accounts have too few executions to reserve any; the function is right however many run at once.
  #checkov:skip=CKV_AWS_117:It reads no picture and needs SES, S3 and SQS alone; inside the network it would wait for addresses and pay for NAT.
  #checkov:skip=CKV_AWS_173:Its variables are addresses and names, no secrets; Lambda encrypts them with its own key.
  #checkov:skip=CKV_AWS_272:The package is made from this repository by whoever applies; its hash is part of the plan.
  function_name    = "${var.name}-image-upload"
  description      = "Mails the admin about each new picture."
  role             = aws_iam_role.function.arn
  runtime          = "python3.13"
  architectures    = ["arm64"]
  handler          = "image_upload.handle"
  filename         = var.lambda_package
  source_code_hash = filebase64sha256(var.lambda_package)
  timeout          = 30
  memory_size      = 256

  environment {
    variables = {
      ADMIN_ADDRESS  = var.admin_address
      MAIL_FROM      = var.mail_from
      SITE_URL       = var.site_url
      NOTICES_BUCKET = aws_s3_bucket.this["notices"].id
    }
  }

  dead_letter_config {
    target_arn = aws_sqs_queue.dead.arn
  }

  tracing_config {
    mode = "PassThrough"
  }

  #checkov:skip=CKV_AWS_50:One event, one mail: the log says all that a trace could.

  logging_config {
    log_format = "JSON"
    log_group  = aws_cloudwatch_log_group.function.name
  }

  depends_on = [aws_iam_role_policy.function]
}

resource "aws_lambda_function_event_invoke_config" "image_upload" {
  function_name                = aws_lambda_function.image_upload.function_name
  maximum_retry_attempts       = 2
  maximum_event_age_in_seconds = 6 * 3600
}

resource "aws_sqs_queue" "dead" {
  name                      = "${var.name}-image-upload-dead"
  sqs_managed_sse_enabled   = true
  message_retention_seconds = 14 * 24 * 3600
}

resource "aws_cloudwatch_metric_alarm" "dead" {
  alarm_name          = "${var.name}-image-upload-dead"
  alarm_description   = "The admin was not told of a new picture; the event lies in the dead-letter queue."
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = aws_sqs_queue.dead.name }
  statistic           = "Maximum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  period              = 300
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.alarm_topic_arn]
  ok_actions          = [var.alarm_topic_arn]
}

resource "aws_cloudwatch_log_group" "function" {
  #checkov:skip=CKV_AWS_158:CloudWatch encrypts every log group; names of pictures need no key of our own.
  #checkov:skip=CKV_AWS_338:Nobody asks after a year who uploaded a picture.
  name              = "/aws/lambda/${var.name}-image-upload"
  retention_in_days = var.log_days
}

resource "aws_iam_role" "function" {
  name               = "${var.name}-image-upload"
  assume_role_policy = data.aws_iam_policy_document.function_trust.json
}

data "aws_iam_policy_document" "function_trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}

resource "aws_iam_role_policy" "function" {
  name   = "tell"
  role   = aws_iam_role.function.id
  policy = data.aws_iam_policy_document.function.json
}

data "aws_iam_policy_document" "function" {
  # While the account is in the sandbox SES asks for the recipient's identity as well.
  statement {
    sid     = "MailTheAdmin"
    actions = ["ses:SendEmail"]
    resources = [
      var.mail_identity_arn,
      "arn:${data.aws_partition.current.partition}:ses:*:${local.account}:identity/${var.admin_address}",
    ]

    condition {
      test     = "StringEquals"
      variable = "ses:FromAddress"
      values   = [var.mail_from]
    }

    condition {
      test     = "ForAllValues:StringEquals"
      variable = "ses:Recipients"
      values   = [var.admin_address]
    }
  }

  statement {
    sid       = "RememberWhatWasMailed"
    actions   = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]
    resources = ["${aws_s3_bucket.this["notices"].arn}/*"]
  }

  statement {
    sid       = "KeepWhatFailed"
    actions   = ["sqs:SendMessage"]
    resources = [aws_sqs_queue.dead.arn]
  }

  statement {
    sid       = "Log"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.function.arn}:*"]
  }
}
