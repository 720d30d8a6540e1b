# --- what has to be said ------------------------------------------------------------------------

variable "site_name" {
  description = "Public name of the site, such as oracle.example.com; Grafana is monitoring.<site_name>."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$", var.site_name))
    error_message = "The site's name must be a domain name in lower case without https://, such as oracle.example.com."
  }

  validation {
    condition     = length(var.site_name) <= 64
    error_message = "A certificate's first name has at most 64 characters, so the site's name must not be longer."
  }
}

variable "public_zone_id" {
  description = "Route 53 hosted zone of that name; certificate, addresses and mail records are written into it."
  type        = string

  validation {
    condition     = can(regex("^[A-Z0-9]{1,32}$", var.public_zone_id))
    error_message = "The public zone must be given by its id, capitals and digits, as `aws route53 list-hosted-zones` shows it without /hostedzone/."
  }
}

variable "monitoring_cidrs" {
  description = "Address ranges from which Grafana can be reached."
  type        = list(string)

  validation {
    condition     = length(var.monitoring_cidrs) > 0 && length(var.monitoring_cidrs) <= 50
    error_message = "Monitoring needs from one to 50 address ranges; your own address is shown by `curl https://checkip.amazonaws.com`."
  }

  validation {
    condition     = alltrue([for range in var.monitoring_cidrs : can(cidrnetmask(range)) && try(cidrhost(range, 0) == split("/", range)[0], false)])
    error_message = "Each range of monitoring must be an IPv4 network with its first address, such as 203.0.113.0/24 or 203.0.113.7/32."
  }

  validation {
    condition     = alltrue([for range in var.monitoring_cidrs : try(tonumber(split("/", range)[1]) >= 8, true)])
    error_message = "Monitoring is never open to everybody: each range must be /8 or narrower, and 0.0.0.0/0 is refused."
  }
}

variable "admin_address" {
  description = "Who is told of alarms and of new pictures."
  type        = string

  validation {
    condition     = can(regex("^[^@\\s<>]+@[^@\\s<>]+\\.[^@\\s<>]+$", var.admin_address))
    error_message = "The admin's address must be a bare mail address, such as admin@example.com."
  }
}

variable "alert_mail" {
  description = "User of SES's SMTP door and the ARN of the secret with its password, by which Alertmanager mails; null for no mail of alerts."
  type        = object({ user = string, secret_arn = string })
  default     = null

  validation {
    condition     = var.alert_mail == null || try(can(regex("^[A-Z0-9]{16,32}$", var.alert_mail.user)) && can(regex("^arn:aws[a-z-]*:secretsmanager:", var.alert_mail.secret_arn)), false)
    error_message = "Mail of alerts needs the user name that SES gave for SMTP and the ARN of the secret that holds its password; the password itself must not be written here."
  }
}

variable "image_tag" {
  description = "Tag of the application's image in the registry, such as a release's version or a commit."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$", var.image_tag)) && var.image_tag != "latest"
    error_message = "The image's tag must be a version or commit of its own and never latest: a roll-back needs to name the one before."
  }
}

# --- where and how it is called -----------------------------------------------------------------

variable "name" {
  description = "Prefix of every name, unique in the account."
  type        = string
  default     = "oracle-production"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,21}[a-z0-9]$", var.name))
    error_message = "The name must be 3 to 23 lower-case letters, digits and hyphens, beginning with a letter: names of load balancers are no longer than 32."
  }
}

variable "region" {
  description = "Region that everything is in; CloudFront is everywhere."
  type        = string
  default     = "us-east-1"

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "The region must be one of AWS, such as us-east-1."
  }
}

variable "availability_zones" {
  description = "The two zones that everything is spread over; null for a and b of the region."
  type        = list(string)
  default     = null

  validation {
    condition     = var.availability_zones == null || try(length(distinct(var.availability_zones)) == 2 && length(var.availability_zones) == 2, false)
    error_message = "Exactly two different zones are needed, such as us-east-1a and us-east-1b."
  }

  validation {
    condition     = var.availability_zones == null || try(alltrue([for zone in var.availability_zones : startswith(zone, var.region)]), false)
    error_message = "The zones must be of the region that is given by region."
  }
}

variable "private_zone" {
  description = "Name of the private zone by which the parts find each other."
  type        = string
  default     = "oracle.internal"

  validation {
    condition     = can(regex("^[a-z0-9-]+(\\.[a-z0-9-]+)+$", var.private_zone))
    error_message = "The private zone must be a domain name such as oracle.internal."
  }
}

variable "network_cidr" {
  description = "Addresses of the private network."
  type        = string
  default     = "10.20.0.0/16"

  validation {
    condition     = can(cidrnetmask(var.network_cidr)) && try(tonumber(split("/", var.network_cidr)[1]) >= 16 && tonumber(split("/", var.network_cidr)[1]) <= 22, false)
    error_message = "The network must be an IPv4 range from /16 to /22, such as 10.20.0.0/16."
  }
}

# --- what costs money ---------------------------------------------------------------------------

variable "nat_per_zone" {
  description = "Whether each zone has a NAT gateway of its own."
  type        = bool
  default     = true
}

variable "interface_endpoints" {
  description = "AWS services that are reached inside the network instead of through NAT, such as ecr.api, ecr.dkr, secretsmanager, sqs."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for service in var.interface_endpoints : can(regex("^[a-z0-9.-]+$", service)) && service != "s3"])
    error_message = "Endpoints are named by their service without region, such as ecr.dkr; S3 has its gateway endpoint already."
  }
}

variable "instance_type" {
  description = "Size of the application's machines."
  type        = string
  default     = "t3.small"

  validation {
    condition     = can(regex("^[a-z0-9-]+\\.[a-z0-9]+$", var.instance_type))
    error_message = "The size must be one of EC2, such as t3.small."
  }
}

variable "architecture" {
  description = "Processor of the machines and of the image: x86_64 or arm64."
  type        = string
  default     = "x86_64"

  validation {
    condition     = contains(["x86_64", "arm64"], var.architecture)
    error_message = "The architecture must be x86_64 or arm64, and fit the sizes of the machines (t4g is arm64)."
  }
}

variable "machine_image" {
  description = "Image of the system that the application's machines start from, of Ubuntu 24.04 and that processor; null for the newest, so that an apply may replace all machines."
  type        = string
  default     = null

  validation {
    condition     = var.machine_image == null || can(regex("^ami-[0-9a-f]{8,17}$", var.machine_image))
    error_message = "The image of the system must be given by its id, such as ami-0123456789abcdef0, or be null."
  }
}

variable "group" {
  description = "How many machines there are at least and at most, and the percentage of CPU that the group is held at."
  type        = object({ min = optional(number, 2), max = optional(number, 4), cpu = optional(number, 50) })
  default     = {}

  validation {
    condition     = var.group.min >= 2 && var.group.max >= var.group.min && var.group.max <= 20
    error_message = "The group needs at least two machines, one per zone, and a maximum that is not smaller and at most 20."
  }

  validation {
    condition     = var.group.cpu >= 20 && var.group.cpu <= 90
    error_message = "The CPU target must be from 20 to 90 per cent."
  }
}

variable "database_class" {
  description = "Size of the database server."
  type        = string
  default     = "db.t4g.small"

  validation {
    condition     = can(regex("^db\\.[a-z0-9]+\\.[a-z0-9]+$", var.database_class))
    error_message = "The size of the database must be one of RDS, such as db.t4g.small."
  }
}

variable "database_multi_az" {
  description = "Whether the database has a standby in the other zone."
  type        = bool
  default     = true
}

variable "database_storage_gib" {
  description = "Storage of the database at the start."
  type        = number
  default     = 20

  validation {
    condition     = var.database_storage_gib >= 20 && var.database_storage_gib <= 1000
    error_message = "The database's storage must be from 20 to 1000 GiB."
  }
}

variable "database_backup_days" {
  description = "Days to whose every second the database can be restored."
  type        = number
  default     = 14

  validation {
    condition     = var.database_backup_days >= 1 && var.database_backup_days <= 35
    error_message = "Backups are kept from 1 to 35 days; without any there is nothing to restore."
  }
}

variable "database_performance_insights" {
  description = "Whether RDS keeps a week of what the server waited for; sizes below db.t4g.medium do not offer it."
  type        = bool
  default     = false
}

variable "monitoring_instance_type" {
  description = "Size of the machine of Prometheus, Grafana and Loki, whose containers may use 2.5 GiB."
  type        = string
  default     = "t3.medium"

  validation {
    condition     = can(regex("^[a-z0-9-]+\\.[a-z0-9]+$", var.monitoring_instance_type))
    error_message = "The size must be one of EC2, such as t3.small."
  }
}

variable "monitoring_volume_gib" {
  description = "Size of the volume that keeps figures and log lines."
  type        = number
  default     = 30

  validation {
    condition     = var.monitoring_volume_gib >= 10 && var.monitoring_volume_gib <= 2000
    error_message = "The volume of monitoring must have from 10 to 2000 GiB."
  }
}

variable "price_class" {
  description = "Where in the world pictures are cached: PriceClass_100, PriceClass_200 or PriceClass_All."
  type        = string
  default     = "PriceClass_100"

  validation {
    condition     = contains(["PriceClass_100", "PriceClass_200", "PriceClass_All"], var.price_class)
    error_message = "The price class must be PriceClass_100, PriceClass_200 or PriceClass_All."
  }
}

variable "log_days" {
  description = "Days that logs of network, database and function are kept."
  type        = number
  default     = 30

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400], var.log_days)
    error_message = "CloudWatch keeps logs for 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365 or 400 days."
  }
}

# --- the application ----------------------------------------------------------------------------

variable "mail_sender" {
  description = "Name and mailbox that mail comes from, as \"Name <mailbox>\" at the site's name; null for Oracle <digest@site_name>."
  type        = string
  default     = null

  validation {
    condition     = var.mail_sender == null || try(anytrue([for domain in regex("^[^<>'\"\r\n]+ <[^@\\s<>]+@([^@\\s<>]+)>$", var.mail_sender) : domain == var.site_name || endswith(domain, ".${var.site_name}")]), false)
    error_message = "The sender must be written as Oracle <digest@oracle.example.com>, with an address at the site's name or below it, which is what SES has verified."
  }
}

variable "settings" {
  description = "Further settings of the application, by the name of the variable; none that is a secret."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for name, value in var.settings : can(regex("^ORACLE_[A-Z0-9_]+$", name)) && length(value) > 0])
    error_message = "Settings are named ORACLE_... and have a value; leave one out to keep its default."
  }

  # The machines write settings between quotes into a file of lines, and start nothing if they cannot.
  validation {
    condition     = alltrue([for value in values(var.settings) : !can(regex("['\r\n]", value))])
    error_message = "Values of settings must hold neither quotes (') nor line ends: no machine could start with them."
  }

  validation {
    condition     = length(setintersection(keys(var.settings), ["ORACLE_SECRET_KEY", "ORACLE_DATABASE_URL", "ORACLE_SMTP_URL", "ORACLE_ADMIN_PASSWORD_HASH"])) == 0
    error_message = "Secrets must not be settings, which anybody in the account may read: the key is made by AWS, and the database is reached by its own secret."
  }
}

variable "secret_key_version" {
  description = "Raised by one to have a new signing key made; all links in mails that were sent become void."
  type        = number
  default     = 1

  validation {
    condition     = var.secret_key_version >= 1 && floor(var.secret_key_version) == var.secret_key_version
    error_message = "The version of the key must be a whole number from 1 on."
  }
}

variable "admin_password_hash" {
  description = "ARN of the secret with the hash of the admin's password, as `oracle admin hash-password` prints it; null for no admin page."
  type        = string
  default     = null

  validation {
    condition     = var.admin_password_hash == null || can(regex("^arn:aws[a-z-]*:secretsmanager:", var.admin_password_hash))
    error_message = "The admin's password must be given by the ARN of a secret that holds its hash; neither it nor the hash must be written here."
  }
}

variable "drain_seconds" {
  description = "How long a machine that is to go keeps serving what it has begun."
  type        = number
  default     = 20

  validation {
    condition     = var.drain_seconds >= 20 && var.drain_seconds <= 60
    error_message = "Draining must take from 20 seconds, in which the load balancer notices, to 60, which the application allows."
  }
}

# --- how it is run ------------------------------------------------------------------------------

variable "deletion_protection" {
  description = "Whether database, load balancer, buckets, secrets and registry refuse to be destroyed."
  type        = bool
  default     = true
}

variable "deployer_arns" {
  description = "Roles or users that run Terraform; empty for whoever applies. Others cannot plan: S3 does not tell them that the bucket of pictures exists."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for arn in var.deployer_arns : can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:(role|user)/.+$", arn))])
    error_message = "Deployers must be ARNs of roles or users, such as arn:aws:iam::123456789012:role/deployer."
  }
}

variable "images_kept" {
  description = "Images that the registry keeps to roll back to, and as many of those that were deployed."
  type        = number
  default     = 300

  validation {
    condition     = var.images_kept >= 50 && var.images_kept <= 1000
    error_message = "From 50 to 1000 images must be kept: every push to main brings one, and a roll-back needs the earlier ones."
  }
}

variable "github_repository" {
  description = "Repository, owner/name, whose workflows on the main branch may push images; null for none."
  type        = string
  default     = null

  validation {
    condition     = var.github_repository == null || can(regex("^[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+$", var.github_repository))
    error_message = "The repository must be written owner/name, or be null."
  }
}

variable "github_oidc_provider_arn" {
  description = "ARN of the provider for GitHub's tokens where the account has one already, since there can be only one; null to make it."
  type        = string
  default     = null

  validation {
    condition     = var.github_oidc_provider_arn == null || can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:oidc-provider/token\\.actions\\.githubusercontent\\.com$", var.github_oidc_provider_arn))
    error_message = "The provider must be the ARN that `aws iam list-open-id-connect-providers` shows for token.actions.githubusercontent.com, or be null."
  }
}

variable "lambda_package" {
  description = "The zip file of the function, made by `python -m scripts.package_lambda`; null for where that puts it."
  type        = string
  default     = null

  validation {
    condition     = var.lambda_package == null || try(endswith(var.lambda_package, ".zip"), false)
    error_message = "The package of the function must be a .zip file, made by `python -m scripts.package_lambda`."
  }
}
