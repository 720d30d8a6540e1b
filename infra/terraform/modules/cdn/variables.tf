variable "name" {
  description = "Prefix of every name."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,22}$", var.name))
    error_message = "The name must be 2 to 23 lower-case letters, digits and hyphens, beginning with a letter."
  }
}

variable "origin_name" {
  description = "Public name of the site, which the load balancer has a certificate for."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9-]+(\\.[a-z0-9-]+)+$", var.origin_name))
    error_message = "The origin must be a domain name in lower case, such as oracle.example.com."
  }
}

variable "price_class" {
  description = "Where in the world pictures are cached: PriceClass_100, PriceClass_200 or PriceClass_All."
  type        = string

  validation {
    condition     = contains(["PriceClass_100", "PriceClass_200", "PriceClass_All"], var.price_class)
    error_message = "The price class must be PriceClass_100, PriceClass_200 or PriceClass_All."
  }
}
