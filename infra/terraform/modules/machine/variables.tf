variable "region" {
  description = "Region whose services the machine asks."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "The region must be one of AWS, such as us-east-1."
  }
}

variable "registry" {
  description = "Registry that Docker logs in to by the machine's role; null if its images are public."
  type        = string
  default     = null

  validation {
    condition     = var.registry == null || can(regex("^[a-z0-9.-]+$", var.registry))
    error_message = "The registry must be a host name without a path."
  }
}

variable "compose_file" {
  description = "Where the compose file lies below /opt/oracle."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9./-]+\\.yaml$", var.compose_file)) && !strcontains(var.compose_file, "..")
    error_message = "The compose file must be a relative path that ends with .yaml."
  }
}

variable "files" {
  description = "Texts that are written below /opt/oracle, by path; small ones, since user data has 16 KB in all."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for path in keys(var.files) : !startswith(path, "/") && !strcontains(path, "..")])
    error_message = "Paths of files must be relative and stay below /opt/oracle."
  }
}

variable "bucket" {
  description = "Bucket that holds further files, each under its path below /opt/oracle; null for none."
  type        = string
  default     = null

  validation {
    condition     = var.bucket == null || can(regex("^[a-z0-9.-]{3,63}$", var.bucket))
    error_message = "The bucket must be given by its name."
  }
}

variable "authorities" {
  description = "Addresses of certificates of authorities, by the name of the file below /opt/oracle/certificates."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for name, address in var.authorities : can(regex("^[a-z0-9-]+\\.pem$", name)) && startswith(address, "https://")])
    error_message = "Certificates must be named .pem and be fetched by https."
  }
}

variable "settings_path" {
  description = "Path in the Parameter Store below which the settings are; null for none."
  type        = string
  default     = null

  validation {
    condition     = var.settings_path == null || can(regex("^/.+/$", var.settings_path))
    error_message = "The path must begin and end with a slash."
  }
}

variable "settings_fingerprint" {
  description = "Changes with the settings, so that machines are replaced when a setting changes."
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^[0-9a-f]*$", var.settings_fingerprint))
    error_message = "The fingerprint must be hexadecimal."
  }
}

variable "environment" {
  description = "What the compose file may refer to, by name: nothing secret."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for name, value in var.environment : can(regex("^[A-Z][A-Z0-9_]*$", name)) && !can(regex("['\r\n]", value))])
    error_message = "Names must be capitals, digits and underscores; values must hold neither quotes nor line ends."
  }
}

variable "secrets" {
  description = "ARNs of secrets by the variable that their value becomes."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for arn in values(var.secrets) : startswith(arn, "arn:")])
    error_message = "Secrets must be given by their ARN; a value must never be written here."
  }
}

variable "volume_id" {
  description = "Volume that is mounted at /var/lib/oracle before anything starts; null for none."
  type        = string
  default     = null

  validation {
    condition     = var.volume_id == null || can(regex("^vol-", var.volume_id))
    error_message = "The volume must be given by its id, vol-..."
  }
}
