# Everything, put together. Who needs what of whom is read here; why, in the modules.

locals {
  repository_root = "${path.root}/../.."
  zones           = coalesce(var.availability_zones, ["${var.region}a", "${var.region}b"])
  site_url        = "https://${var.site_name}"
  monitoring_name = "monitoring.${var.site_name}"
  mail_sender     = coalesce(var.mail_sender, "Oracle <digest@${var.site_name}>")
  lambda_package  = coalesce(var.lambda_package, "${path.root}/../../dist/image_upload.zip")

  # What the machines run is configured in the repository, and reaches them by its path there. The
  # name is the tag that Prometheus tells this installation's machines from others by.
  collector_files = {
    for path in fileset("${local.repository_root}/infra/alloy", "**") :
    "alloy/${path}" => file("${local.repository_root}/infra/alloy/${path}")
  }
  monitoring_files = merge([
    for pattern in ["infra/compose.monitoring.yaml", "infra/{prometheus,alertmanager,alloy}/**", "{grafana,loki}/**"] : {
      for path in fileset(local.repository_root, pattern) :
      path => replace(file("${local.repository_root}/${path}"), "%ENVIRONMENT%", var.name)
    }
  ]...)

  settings = merge(
    {
      ORACLE_ENVIRONMENT     = "production"
      ORACLE_HOST            = "0.0.0.0"
      ORACLE_METRICS_HOST    = "0.0.0.0"
      ORACLE_BASE_URL        = local.site_url
      ORACLE_TRUSTED_PROXIES = "1"
      ORACLE_MARKET          = "yahoo"
      ORACLE_LOG_FORMAT      = "json"
      ORACLE_DRAIN_SECONDS   = tostring(var.drain_seconds)
      ORACLE_CACHE_FOLDER    = "/tmp/oracle-cache"
      ORACLE_DATABASE_URL    = "mysql://database.${var.private_zone}:3306/oracle"
      ORACLE_DATABASE_SECRET = module.database.secret_arn
      ORACLE_DATABASE_TLS    = "verify"
      # The private name is not in RDS's certificate, which its own authorities have signed.
      ORACLE_DATABASE_TLS_NAME     = module.database.address
      ORACLE_DATABASE_CA           = "/etc/oracle/certificates/rds.pem"
      ORACLE_IMAGE_BUCKET          = module.images.bucket.name
      ORACLE_IMAGE_BASE_URL        = module.cdn.base_url
      ORACLE_MAILER                = "ses"
      ORACLE_MAIL_FROM             = local.mail_sender
      ORACLE_SES_REGION            = var.region
      ORACLE_SES_CONFIGURATION_SET = module.mail.configuration_set.name
      ORACLE_MAIL_EVENTS_QUEUE     = module.mail.events_queue.url
      ORACLE_MAIL_EVENTS_TOPIC     = module.mail.events_topic_arn
    },
    var.settings,
  )
}

module "network" {
  source = "./modules/network"

  name                = var.name
  region              = var.region
  cidr                = var.network_cidr
  availability_zones  = local.zones
  nat_per_zone        = var.nat_per_zone
  interface_endpoints = var.interface_endpoints
  monitoring_cidrs    = var.monitoring_cidrs
  log_days            = var.log_days
}

module "dns" {
  source = "./modules/dns"

  name               = var.name
  vpc_id             = module.network.vpc_id
  private_zone       = var.private_zone
  public_zone_id     = var.public_zone_id
  site_name          = var.site_name
  monitoring_name    = local.monitoring_name
  balancer           = { dns_name = module.service.balancer.dns_name, zone_id = module.service.balancer.zone_id }
  database_address   = module.database.address
  monitoring_address = module.monitoring.private_address
}

module "registry" {
  source = "./modules/registry"

  name                     = var.name
  images_kept              = var.images_kept
  github_repository        = var.github_repository
  github_oidc_provider_arn = var.github_oidc_provider_arn
  deletion_protection      = var.deletion_protection
}

module "mail" {
  source = "./modules/mail"

  name           = var.name
  region         = var.region
  mail_domain    = var.site_name
  public_zone_id = var.public_zone_id
  admin_address  = var.admin_address
}

module "database" {
  source = "./modules/database"

  name                 = var.name
  subnet_ids           = module.network.data_subnet_ids
  security_group_id    = module.network.security_group_ids["database"]
  instance_class       = var.database_class
  storage_gib          = var.database_storage_gib
  multi_az             = var.database_multi_az
  backup_days          = var.database_backup_days
  performance_insights = var.database_performance_insights
  log_days             = var.log_days
  alarm_topic_arn      = module.mail.alarm_topic.arn
  deletion_protection  = var.deletion_protection
}

module "images" {
  source = "./modules/images"

  name                = var.name
  s3_endpoint_id      = module.network.s3_endpoint_id
  deployer_arns       = var.deployer_arns
  lambda_package      = local.lambda_package
  log_days            = var.log_days
  admin_address       = var.admin_address
  mail_from           = "pictures@${var.site_name}"
  mail_identity_arn   = module.mail.identity_arn
  site_url            = local.site_url
  alarm_topic_arn     = module.mail.alarm_topic.arn
  deletion_protection = var.deletion_protection
}

module "cdn" {
  source = "./modules/cdn"

  name        = var.name
  origin_name = var.site_name
  price_class = var.price_class
}

module "service" {
  source = "./modules/service"

  name                   = var.name
  region                 = var.region
  vpc_id                 = module.network.vpc_id
  public_subnet_ids      = module.network.public_subnet_ids
  application_subnet_ids = module.network.application_subnet_ids
  certificate_arn        = module.dns.certificate_arn
  image                  = "${module.registry.repository.url}:${var.image_tag}"
  repository             = { registry = module.registry.repository.registry, arn = module.registry.repository.arn }
  private_zone           = var.private_zone
  compose_file           = file("${path.root}/../compose.production.yaml")
  files                  = local.collector_files
  settings               = local.settings
  secret_key_version     = var.secret_key_version
  database_secret_arn    = module.database.secret_arn
  admin_password_hash    = var.admin_password_hash
  images_bucket_arn      = module.images.bucket.arn
  instance_type          = var.instance_type
  architecture           = var.architecture
  machine_image          = var.machine_image
  group                  = var.group
  drain_seconds          = var.drain_seconds
  alarm_topic_arn        = module.mail.alarm_topic.arn
  deletion_protection    = var.deletion_protection
  mail_sender_address    = regex("<([^>]+)>$", local.mail_sender)[0]

  security_group_ids = {
    balancer    = module.network.security_group_ids["balancer"]
    application = module.network.security_group_ids["application"]
  }

  mail = {
    identity_arn          = module.mail.identity_arn
    admin_identity_arn    = module.mail.admin_identity_arn
    configuration_set_arn = module.mail.configuration_set.arn
    events_queue_arn      = module.mail.events_queue.arn
  }
}

module "monitoring" {
  source = "./modules/monitoring"

  name                = var.name
  region              = var.region
  vpc_id              = module.network.vpc_id
  subnet_id           = module.network.application_subnet_ids[0]
  availability_zone   = local.zones[0]
  security_group_id   = module.network.security_group_ids["monitoring"]
  balancer_arn        = module.service.balancer.arn
  certificate_arn     = module.dns.certificate_arn
  public_name         = local.monitoring_name
  files               = local.monitoring_files
  compose_file        = "infra/compose.monitoring.yaml"
  instance_type       = var.monitoring_instance_type
  architecture        = var.architecture
  volume_gib          = var.monitoring_volume_gib
  alarm_topic         = module.mail.alarm_topic
  admin_address       = var.admin_address
  alert_mail          = var.alert_mail
  runbooks_url        = var.github_repository == null ? "" : "https://github.com/${var.github_repository}/blob/main/"
  deletion_protection = var.deletion_protection
}
