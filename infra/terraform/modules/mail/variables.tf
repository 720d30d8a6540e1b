variable "name" {
  description = "Prefix of every name."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,22}$", var.name))
    error_message = "The name must be 2 to 23 lower-case letters, digits and hyphens, beginning with a letter."
  }
}

variable "region" {
  description = "Region of SES."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "The region must be one of AWS, such as us-east-1."
  }
}

variable "mail_domain" {
  description = "Domain that mail comes from; its records are written into the public zone."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9-]+(\\.[a-z0-9-]+)+$", var.mail_domain))
    error_message = "The domain of the mail must be a domain name in lower case, such as oracle.example.com."
  }
}

variable "public_zone_id" {
  description = "Route 53 zone of that domain."
  type        = string

  validation {
    condition     = can(regex("^[A-Z0-9]{1,32}$", var.public_zone_id))
    error_message = "The public zone must be given by its id, capitals and digits."
  }
}

variable "admin_address" {
  description = "Who is told of alarms."
  type        = string

  validation {
    condition     = can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", var.admin_address))
    error_message = "The admin's address must be a mail address, such as admin@example.com."
  }
}
