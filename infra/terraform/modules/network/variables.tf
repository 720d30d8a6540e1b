variable "name" {
  description = "Prefix of every name."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,22}$", var.name))
    error_message = "The name must be 2 to 23 lower-case letters, digits and hyphens, beginning with a letter: names of load balancers are no longer than 32."
  }
}

variable "region" {
  description = "Region, in whose S3 service the gateway endpoint ends."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "The region must be one of AWS, such as us-east-1."
  }
}

variable "cidr" {
  description = "Addresses of the private network; six subnets of a sixteenth each are cut from it."
  type        = string

  validation {
    condition     = can(cidrnetmask(var.cidr)) && try(tonumber(split("/", var.cidr)[1]) >= 16 && tonumber(split("/", var.cidr)[1]) <= 22, false)
    error_message = "The network must be an IPv4 range from /16 to /22, such as 10.20.0.0/16."
  }
}

variable "availability_zones" {
  description = "The two zones that everything is spread over."
  type        = list(string)

  validation {
    condition     = length(distinct(var.availability_zones)) == 2 && length(var.availability_zones) == 2
    error_message = "Exactly two different zones are needed, such as us-east-1a and us-east-1b."
  }
}

variable "nat_per_zone" {
  description = "Whether each zone has a NAT gateway of its own; one for both is cheaper, and the other zone loses the internet with it."
  type        = bool
}

variable "interface_endpoints" {
  description = "AWS services that are reached by endpoints inside the network instead of through NAT; each costs by the hour and zone."
  type        = set(string)

  validation {
    condition     = alltrue([for service in var.interface_endpoints : can(regex("^[a-z0-9.-]+$", service)) && service != "s3"])
    error_message = "Endpoints are named by their service without region, such as ecr.dkr; S3 has its gateway endpoint already."
  }
}

variable "monitoring_cidrs" {
  description = "Address ranges from which monitoring can be reached."
  type        = list(string)

  validation {
    condition     = length(var.monitoring_cidrs) > 0 && alltrue([for range in var.monitoring_cidrs : can(cidrnetmask(range)) && try(tonumber(split("/", range)[1]) >= 8, false)])
    error_message = "Monitoring needs at least one IPv4 range, each /8 or narrower and never 0.0.0.0/0, such as 203.0.113.0/24."
  }
}

variable "log_days" {
  description = "Days that the flow logs are kept."
  type        = number

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400], var.log_days)
    error_message = "CloudWatch keeps logs for 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365 or 400 days."
  }
}
