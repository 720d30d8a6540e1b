variable "name" {
  description = "Prefix of every name."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,22}$", var.name))
    error_message = "The name must be 2 to 23 lower-case letters, digits and hyphens, beginning with a letter."
  }
}

variable "s3_endpoint_id" {
  description = "The only way to the pictures: the network's gateway endpoint."
  type        = string

  validation {
    condition     = startswith(var.s3_endpoint_id, "vpce-")
    error_message = "The endpoint must be given by its id, vpce-..."
  }
}

variable "deployer_arns" {
  description = "Roles or users that run Terraform and so must see that the bucket is there; empty for whoever applies."
  type        = list(string)

  validation {
    condition     = alltrue([for arn in var.deployer_arns : can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:(role|user)/.+$", arn))])
    error_message = "Deployers must be ARNs of roles or users, such as arn:aws:iam::123456789012:role/deployer."
  }
}

variable "lambda_package" {
  description = "The zip file of the function, made by `python -m scripts.package_lambda`."
  type        = string

  validation {
    condition     = fileexists(var.lambda_package)
    error_message = "The function's zip file is not there: run `python -m scripts.package_lambda` first."
  }
}

variable "log_days" {
  description = "Days that the function's log is kept."
  type        = number

  validation {
    condition     = var.log_days >= 1
    error_message = "Logs must be kept for a day at least."
  }
}

variable "admin_address" {
  description = "Who is told of a new picture."
  type        = string

  validation {
    condition     = can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", var.admin_address))
    error_message = "The admin's address must be a mail address, such as admin@example.com."
  }
}

variable "mail_from" {
  description = "Address that the function sends from."
  type        = string

  validation {
    condition     = can(regex("^[^@\\s<>]+@[^@\\s<>]+\\.[^@\\s<>]+$", var.mail_from))
    error_message = "The sender must be a bare mail address, such as oracle@example.com."
  }
}

variable "mail_identity_arn" {
  description = "Identity of SES that it sends in the name of."
  type        = string

  validation {
    condition     = startswith(var.mail_identity_arn, "arn:")
    error_message = "The identity must be given by its ARN."
  }
}

variable "site_url" {
  description = "Address of the site, for the link in the mail."
  type        = string

  validation {
    condition     = can(regex("^https://[^/]+$", var.site_url))
    error_message = "The site's address must begin with https:// and end without a slash."
  }
}

variable "alarm_topic_arn" {
  description = "Topic that hears of trouble."
  type        = string

  validation {
    condition     = startswith(var.alarm_topic_arn, "arn:")
    error_message = "The topic must be given by its ARN."
  }
}

variable "deletion_protection" {
  description = "Whether the bucket refuses to be destroyed while it holds pictures."
  type        = bool
}
