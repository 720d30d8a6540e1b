# Where images of the application are kept, and who may bring them.

resource "aws_ecr_repository" "this" {
  #checkov:skip=CKV_AWS_136:Images hold no secret and are encrypted by S3's key; a key of our own could lock every start out.
  name                 = var.name
  image_tag_mutability = "IMMUTABLE"
  force_delete         = !var.deletion_protection

  image_scanning_configuration {
    scan_on_push = true
  }

  encryption_configuration {
    encryption_type = "AES256"
  }
}

resource "aws_ecr_lifecycle_policy" "this" {
  repository = aws_ecr_repository.this.name

  policy = jsonencode({
    rules = [
      {
        rulePriority = 1
        description  = "What lost its tag is of no use."
        selection    = { tagStatus = "untagged", countType = "sinceImagePushed", countUnit = "days", countNumber = 1 }
        action       = { type = "expire" }
      },
      {
        rulePriority = 2
        description  = "What was deployed outlives all that was only pushed."
        selection    = { tagStatus = "tagged", tagPrefixList = ["deployed-"], countType = "imageCountMoreThan", countNumber = var.images_kept }
        action       = { type = "expire" }
      },
      {
        rulePriority = 3
        description  = "The newest ones are kept."
        selection    = { tagStatus = "any", countType = "imageCountMoreThan", countNumber = var.images_kept }
        action       = { type = "expire" }
      },
    ]
  })
}

# --- GitHub -------------------------------------------------------------------------------------

# A workflow proves by a token of GitHub's which repository and branch it runs for; no key is stored.
# An account can have one provider of that address, so one that is there already is used.
resource "aws_iam_openid_connect_provider" "github" {
  count = var.github_repository != null && var.github_oidc_provider_arn == null ? 1 : 0

  url            = "https://token.actions.githubusercontent.com"
  client_id_list = ["sts.amazonaws.com"]
}

resource "aws_iam_role" "push" {
  count = var.github_repository == null ? 0 : 1

  name                 = "${var.name}-push"
  description          = "Workflows of ${var.github_repository} that push an image."
  max_session_duration = 3600
  assume_role_policy   = data.aws_iam_policy_document.push_trust[0].json
}

data "aws_iam_policy_document" "push_trust" {
  count = var.github_repository == null ? 0 : 1

  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]

    principals {
      type        = "Federated"
      identifiers = [coalesce(var.github_oidc_provider_arn, one(aws_iam_openid_connect_provider.github[*].arn))]
    }

    condition {
      test     = "StringEquals"
      variable = "token.actions.githubusercontent.com:aud"
      values   = ["sts.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "token.actions.githubusercontent.com:sub"
      values   = ["repo:${var.github_repository}:ref:refs/heads/main"]
    }
  }
}

resource "aws_iam_role_policy" "push" {
  count = var.github_repository == null ? 0 : 1

  name   = "push"
  role   = aws_iam_role.push[0].id
  policy = data.aws_iam_policy_document.push.json
}

data "aws_iam_policy_document" "push" {
  #checkov:skip=CKV_AWS_356:The call ecr:GetAuthorizationToken knows no resource; it gives a token that can do what the other statement allows.
  statement {
    sid       = "LogIn"
    actions   = ["ecr:GetAuthorizationToken"]
    resources = ["*"]
  }

  statement {
    sid = "Push"
    actions = [
      "ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:CompleteLayerUpload",
      "ecr:GetDownloadUrlForLayer", "ecr:InitiateLayerUpload", "ecr:PutImage", "ecr:UploadLayerPart",
    ]
    resources = [aws_ecr_repository.this.arn]
  }
}
