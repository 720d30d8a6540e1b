variable "name" {
  description = "Prefix of every name."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,22}$", var.name))
    error_message = "The name must be 2 to 23 lower-case letters, digits and hyphens, beginning with a letter."
  }
}

variable "vpc_id" {
  description = "Network in which the private names are known."
  type        = string

  validation {
    condition     = startswith(var.vpc_id, "vpc-")
    error_message = "The network must be given by its id, vpc-..."
  }
}

variable "private_zone" {
  description = "Name of the private zone."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9-]+(\\.[a-z0-9-]+)+$", var.private_zone))
    error_message = "The private zone must be a domain name such as oracle.internal."
  }
}

variable "public_zone_id" {
  description = "Route 53 zone of the site's public name."
  type        = string

  validation {
    condition     = can(regex("^[A-Z0-9]{1,32}$", var.public_zone_id))
    error_message = "The public zone must be given by its id, capitals and digits."
  }
}

variable "site_name" {
  description = "Public name of the site."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9-]+(\\.[a-z0-9-]+)+$", var.site_name))
    error_message = "The site's name must be a domain name in lower case, such as oracle.example.com."
  }
}

variable "monitoring_name" {
  description = "Public name of Grafana, which answers some address ranges only."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9-]+(\\.[a-z0-9-]+)+$", var.monitoring_name))
    error_message = "Grafana's name must be a domain name in lower case, such as monitoring.oracle.example.com."
  }
}

variable "balancer" {
  description = "The load balancer that both public names lead to: its DNS name and zone."
  type        = object({ dns_name = string, zone_id = string })

  validation {
    condition     = length(var.balancer.dns_name) > 0 && length(var.balancer.zone_id) > 0
    error_message = "The load balancer needs its DNS name and its zone."
  }
}

variable "database_address" {
  description = "Name that RDS gave the database."
  type        = string

  validation {
    condition     = length(var.database_address) > 0
    error_message = "The database's address must not be empty."
  }
}

variable "monitoring_address" {
  description = "Private address of the monitoring machine."
  type        = string

  validation {
    condition     = can(cidrnetmask("${var.monitoring_address}/32"))
    error_message = "The monitoring machine must be given by its IPv4 address."
  }
}
