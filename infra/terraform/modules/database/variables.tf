variable "name" {
  description = "Prefix of every name."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,22}$", var.name))
    error_message = "The name must be 2 to 23 lower-case letters, digits and hyphens, beginning with a letter."
  }
}

variable "subnet_ids" {
  description = "Subnets of the database, in two zones at least."
  type        = list(string)

  validation {
    condition     = length(var.subnet_ids) >= 2
    error_message = "The database needs subnets in two zones, or it could not fail over."
  }
}

variable "security_group_id" {
  description = "Security group that lets the application alone through."
  type        = string

  validation {
    condition     = startswith(var.security_group_id, "sg-")
    error_message = "The security group must be given by its id, sg-..."
  }
}

variable "instance_class" {
  description = "Size of the database server."
  type        = string

  validation {
    condition     = can(regex("^db\\.[a-z0-9]+\\.[a-z0-9]+$", var.instance_class))
    error_message = "The size must be one of RDS, such as db.t4g.small."
  }
}

variable "storage_gib" {
  description = "Storage at the start; it grows by itself up to five times as much."
  type        = number

  validation {
    condition     = var.storage_gib >= 20 && var.storage_gib <= 1000
    error_message = "The database's storage must be from 20 to 1000 GiB."
  }
}

variable "multi_az" {
  description = "Whether a standby in the other zone takes over within a minute or two."
  type        = bool
}

variable "backup_days" {
  description = "Days to whose every second the database can be restored."
  type        = number

  validation {
    condition     = var.backup_days >= 1 && var.backup_days <= 35
    error_message = "Backups are kept from 1 to 35 days; without any there is nothing to restore."
  }
}

variable "deletion_protection" {
  description = "Whether the database refuses to be destroyed; without it no last snapshot is taken either."
  type        = bool
}

variable "performance_insights" {
  description = "Whether RDS keeps a week of what the server waited for; not every size offers it."
  type        = bool
}

variable "log_days" {
  description = "Days that what the database logs is kept for."
  type        = number

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400], var.log_days)
    error_message = "CloudWatch keeps logs for 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365 or 400 days."
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
