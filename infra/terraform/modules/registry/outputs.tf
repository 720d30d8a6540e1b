output "repository" {
  description = "The repository of images: its URL, ARN and the registry it is part of."
  value = {
    url      = aws_ecr_repository.this.repository_url
    arn      = aws_ecr_repository.this.arn
    registry = split("/", aws_ecr_repository.this.repository_url)[0]
  }
}

output "github_oidc_provider_arn" {
  description = "Provider for GitHub's tokens, which a role of the deployer's trusts too; null without a repository."
  value       = var.github_repository == null ? null : coalesce(var.github_oidc_provider_arn, one(aws_iam_openid_connect_provider.github[*].arn))
}

output "push_role_arn" {
  description = "Role for the workflow that pushes images; null without a repository."
  value       = one(aws_iam_role.push[*].arn)
}
