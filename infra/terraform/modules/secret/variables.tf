variable "name" {
  description = "Name of the secret."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9/-]+$", var.name))
    error_message = "A secret's name must be lower-case letters, digits, hyphens and slashes."
  }
}

variable "description" {
  description = "What it is for."
  type        = string

  validation {
    condition     = length(var.description) > 0
    error_message = "Say what the secret is for."
  }
}

variable "length" {
  description = "Number of letters and digits."
  type        = number

  validation {
    condition     = var.length >= 32 && var.length <= 128
    error_message = "A secret must have from 32 to 128 characters."
  }
}

variable "secret_version" {
  description = "Raised by one to have a new one made."
  type        = number
  default     = 1

  validation {
    condition     = var.secret_version >= 1 && floor(var.secret_version) == var.secret_version
    error_message = "The version must be a whole number from 1 on."
  }
}

variable "recovery_days" {
  description = "Days in which a destroyed secret can be brought back; 0 for none."
  type        = number

  validation {
    condition     = var.recovery_days == 0 || (var.recovery_days >= 7 && var.recovery_days <= 30)
    error_message = "A secret can be recovered for 7 to 30 days, or not at all with 0."
  }
}
