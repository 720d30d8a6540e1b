variable "name" {
  description = "Prefix of every name."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,22}$", var.name))
    error_message = "The name must be 2 to 23 lower-case letters, digits and hyphens, beginning with a letter."
  }
}

variable "images_kept" {
  description = "Images that are kept; older ones cannot be rolled back to."
  type        = number

  validation {
    condition     = var.images_kept >= 50 && var.images_kept <= 1000
    error_message = "From 50 to 1000 images must be kept: every push to main brings one, and a roll-back needs the earlier ones."
  }
}

variable "github_repository" {
  description = "Repository, owner/name, whose main branch may push images; null for none."
  type        = string

  validation {
    condition     = var.github_repository == null || can(regex("^[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+$", var.github_repository))
    error_message = "The repository must be written owner/name, or be null."
  }
}

variable "github_oidc_provider_arn" {
  description = "The account's provider for GitHub's tokens; null to make it."
  type        = string

  validation {
    condition     = var.github_oidc_provider_arn == null || can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:oidc-provider/token\\.actions\\.githubusercontent\\.com$", var.github_oidc_provider_arn))
    error_message = "The provider must be the ARN that `aws iam list-open-id-connect-providers` shows for token.actions.githubusercontent.com, or be null."
  }
}

variable "deletion_protection" {
  description = "Whether the registry refuses to be destroyed while it holds images."
  type        = bool
}
