variable "name" {
  description = "Prefix of every name."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,22}$", var.name))
    error_message = "The name must be 2 to 23 lower-case letters, digits and hyphens, beginning with a letter."
  }
}

variable "region" {
  description = "Region that all of it is in."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "The region must be one of AWS, such as us-east-1."
  }
}

variable "vpc_id" {
  description = "The private network."
  type        = string

  validation {
    condition     = startswith(var.vpc_id, "vpc-")
    error_message = "The network must be given by its id, vpc-..."
  }
}

variable "subnet_id" {
  description = "Private subnet of the machine."
  type        = string

  validation {
    condition     = startswith(var.subnet_id, "subnet-")
    error_message = "The subnet must be given by its id, subnet-..."
  }
}

variable "availability_zone" {
  description = "Zone of that subnet, which the volume must be in."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9][a-z]$", var.availability_zone))
    error_message = "The zone must be one of AWS, such as us-east-1a."
  }
}

variable "security_group_id" {
  description = "Security group that lets the load balancer and log lines through."
  type        = string

  validation {
    condition     = startswith(var.security_group_id, "sg-")
    error_message = "The security group must be given by its id, sg-..."
  }
}

variable "balancer_arn" {
  description = "Load balancer that has the door to Grafana."
  type        = string

  validation {
    condition     = startswith(var.balancer_arn, "arn:")
    error_message = "The load balancer must be given by its ARN."
  }
}

variable "certificate_arn" {
  description = "Certificate of Grafana's name."
  type        = string

  validation {
    condition     = startswith(var.certificate_arn, "arn:")
    error_message = "The certificate must be given by its ARN."
  }
}

variable "public_name" {
  description = "Name that people type to see Grafana."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9-]+(\\.[a-z0-9-]+)+$", var.public_name))
    error_message = "Grafana's name must be a domain name in lower case, such as monitoring.oracle.example.com."
  }
}

variable "files" {
  description = "Configuration by its path in the repository, which is its path below /opt/oracle as well."
  type        = map(string)
}

variable "compose_file" {
  description = "Which of these files is the compose file."
  type        = string

  validation {
    condition     = endswith(var.compose_file, ".yaml")
    error_message = "The compose file must be a .yaml file."
  }
}

variable "instance_type" {
  description = "Size of the machine."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9-]+\\.[a-z0-9]+$", var.instance_type))
    error_message = "The size must be one of EC2, such as t3.small."
  }
}

variable "architecture" {
  description = "Processor of that size: x86_64 or arm64."
  type        = string

  validation {
    condition     = contains(["x86_64", "arm64"], var.architecture)
    error_message = "The architecture must be x86_64 or arm64."
  }
}

variable "volume_gib" {
  description = "Size of the volume that keeps figures and log lines."
  type        = number

  validation {
    condition     = var.volume_gib >= 10 && var.volume_gib <= 2000
    error_message = "The volume must have from 10 to 2000 GiB."
  }
}

variable "admin_address" {
  description = "Who is told of alerts."
  type        = string

  validation {
    condition     = can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", var.admin_address))
    error_message = "The admin's address must be a mail address, such as admin@example.com."
  }
}

variable "alert_mail" {
  description = "User of SES's SMTP door and the ARN of the secret with its password; null for no mail of alerts."
  type        = object({ user = string, secret_arn = string })

  validation {
    condition     = var.alert_mail == null || try(startswith(var.alert_mail.secret_arn, "arn:"), false)
    error_message = "The password must be given by the ARN of its secret."
  }
}

variable "runbooks_url" {
  description = "What stands before docs/runbooks/ in mails of alerts, with a slash at its end; empty for nothing."
  type        = string

  validation {
    condition     = var.runbooks_url == "" || can(regex("^https://.+/$", var.runbooks_url))
    error_message = "The address of the runbooks must begin with https:// and end with a slash."
  }
}

variable "alarm_topic" {
  description = "Topic that alerts are sent to: its ARN and its key's."
  type        = object({ arn = string, key_arn = string })

  validation {
    condition     = startswith(var.alarm_topic.arn, "arn:") && startswith(var.alarm_topic.key_arn, "arn:")
    error_message = "The topic and its key must be given by their ARNs."
  }
}

variable "deletion_protection" {
  description = "Whether the machine refuses to be terminated and its secret can be recovered; the volume is kept in any case."
  type        = bool
}
