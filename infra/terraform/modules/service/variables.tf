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

variable "public_subnet_ids" {
  description = "Subnets of the load balancer, in two zones."
  type        = list(string)

  validation {
    condition     = length(var.public_subnet_ids) >= 2
    error_message = "The load balancer needs subnets in two zones."
  }
}

variable "application_subnet_ids" {
  description = "Private subnets of the machines, in two zones."
  type        = list(string)

  validation {
    condition     = length(var.application_subnet_ids) >= 2
    error_message = "The machines need subnets in two zones, or one zone's failure would end the service."
  }
}

variable "security_group_ids" {
  description = "Security groups of the load balancer and of the machines."
  type        = object({ balancer = string, application = string })

  validation {
    condition     = startswith(var.security_group_ids.balancer, "sg-") && startswith(var.security_group_ids.application, "sg-")
    error_message = "Security groups must be given by their ids, sg-..."
  }
}

variable "certificate_arn" {
  description = "Certificate of the site's names."
  type        = string

  validation {
    condition     = startswith(var.certificate_arn, "arn:")
    error_message = "The certificate must be given by its ARN."
  }
}

variable "image" {
  description = "Image of the application, with its tag."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9./-]+(:[A-Za-z0-9_][A-Za-z0-9_.-]*|@sha256:[0-9a-f]{64})$", var.image)) && !endswith(var.image, ":latest")
    error_message = "The image must have a tag or digest of its own, never latest: a roll-back needs to name the one before."
  }
}

variable "repository" {
  description = "The repository of images: its registry and ARN."
  type        = object({ registry = string, arn = string })

  validation {
    condition     = startswith(var.repository.arn, "arn:") && length(var.repository.registry) > 0
    error_message = "The repository needs its registry's host name and its ARN."
  }
}

variable "private_zone" {
  description = "Private zone in which the parts find each other."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9-]+(\\.[a-z0-9-]+)+$", var.private_zone))
    error_message = "The private zone must be a domain name such as oracle.internal."
  }
}

variable "compose_file" {
  description = "Text of the compose file that the machines run."
  type        = string

  validation {
    condition     = can(yamldecode(var.compose_file).services.app)
    error_message = "The compose file must be YAML with a service named app."
  }
}

variable "files" {
  description = "Further small texts for the machines, by their path below /opt/oracle."
  type        = map(string)

  validation {
    condition     = !contains(keys(var.files), "compose.yaml")
    error_message = "The compose file is given by compose_file."
  }
}

variable "settings" {
  description = "The application's settings that are no secrets, by the name of the variable."
  type        = map(string)

  validation {
    condition     = alltrue([for name, value in var.settings : can(regex("^ORACLE_[A-Z0-9_]+$", name)) && length(value) > 0])
    error_message = "Settings are named ORACLE_... and have a value; leave one out to keep its default."
  }

  validation {
    condition     = length(setintersection(keys(var.settings), ["ORACLE_SECRET_KEY", "ORACLE_SMTP_URL"])) == 0 && !can(regex("//[^/]*@", lookup(var.settings, "ORACLE_DATABASE_URL", "")))
    error_message = "Secrets must not be settings, which anybody in the account may read: the key is made by AWS, and the database's address holds no password."
  }
}

variable "secret_key_version" {
  description = "Raised by one to have a new signing key made; all links in mails that were sent become void."
  type        = number

  validation {
    condition     = var.secret_key_version >= 1 && floor(var.secret_key_version) == var.secret_key_version
    error_message = "The version of the key must be a whole number from 1 on."
  }
}

variable "admin_password_hash" {
  description = "ARN of the secret with the hash of the admin's password; null for no admin page."
  type        = string
  default     = null

  validation {
    condition     = var.admin_password_hash == null || can(regex("^arn:aws[a-z-]*:secretsmanager:", var.admin_password_hash))
    error_message = "The admin's password must be given by the ARN of a secret that holds its hash."
  }
}

variable "database_secret_arn" {
  description = "Where RDS keeps user and password of the database."
  type        = string

  validation {
    condition     = startswith(var.database_secret_arn, "arn:")
    error_message = "The database's secret must be given by its ARN."
  }
}

variable "images_bucket_arn" {
  description = "Bucket of pictures."
  type        = string

  validation {
    condition     = startswith(var.images_bucket_arn, "arn:")
    error_message = "The bucket must be given by its ARN."
  }
}

variable "mail" {
  description = "ARNs of what mail is sent with: the identity, the admin's as a recipient, the configuration set and the queue of its reports."
  type        = object({ identity_arn = string, admin_identity_arn = string, configuration_set_arn = string, events_queue_arn = string })

  validation {
    condition     = alltrue([for arn in values(var.mail) : startswith(arn, "arn:")])
    error_message = "Identities, configuration set and queue must be given by their ARNs."
  }
}

variable "mail_sender_address" {
  description = "The one address that mail comes from, without a name."
  type        = string

  validation {
    condition     = can(regex("^[^@\\s<>]+@[^@\\s<>]+$", var.mail_sender_address))
    error_message = "The sender must be a bare mail address, such as digest@oracle.example.com."
  }
}

variable "instance_type" {
  description = "Size of a machine."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9-]+\\.[a-z0-9]+$", var.instance_type))
    error_message = "The size must be one of EC2, such as t3.small."
  }
}

variable "architecture" {
  description = "Processor of that size, which the image is built for: x86_64 or arm64."
  type        = string

  validation {
    condition     = contains(["x86_64", "arm64"], var.architecture)
    error_message = "The architecture must be x86_64 or arm64."
  }
}

variable "machine_image" {
  description = "Image of the system that the machines start from; null for Ubuntu's newest."
  type        = string
  default     = null

  validation {
    condition     = var.machine_image == null || can(regex("^ami-", var.machine_image))
    error_message = "The image of the system must be given by its id, ami-..."
  }
}

variable "group" {
  description = "How many machines there are at least and at most, and the percentage of CPU that the group is held at."
  type        = object({ min = number, max = number, cpu = number })

  validation {
    condition     = var.group.min >= 2 && var.group.max >= var.group.min && var.group.cpu >= 20 && var.group.cpu <= 90
    error_message = "The group needs at least two machines, one per zone, a maximum that is not smaller, and a CPU target from 20 to 90 per cent."
  }
}

variable "drain_seconds" {
  description = "How long a machine that is to go keeps serving what it has begun."
  type        = number

  validation {
    condition     = var.drain_seconds >= 20 && var.drain_seconds <= 60
    error_message = "Draining must take from 20 seconds, in which the load balancer notices, to 60, which the application allows."
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
  description = "Whether the load balancer refuses to be destroyed."
  type        = bool
}
