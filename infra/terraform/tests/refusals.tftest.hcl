# Values that are refused. Every variable that has a rule is in here, once for each of its rules.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  site_name        = "oracle.example.com"
  public_zone_id   = "Z0123456789ABCDEFGHIJ"
  monitoring_cidrs = ["203.0.113.0/24"]
  admin_address    = "admin@example.com"
  image_tag        = "0.1.0"
}

run "first_rules" {
  command = plan

  variables {
    site_name                = "https://oracle.example.com"
    public_zone_id           = "/hostedzone/Z0123456789"
    monitoring_cidrs         = []
    admin_address            = "nobody"
    image_tag                = "latest"
    alert_mail               = { user = "me", secret_arn = "my password" }
    name                     = "Oracle"
    region                   = "Frankfurt"
    private_zone             = "internal"
    network_cidr             = "10.20.0.0/24"
    interface_endpoints      = ["s3"]
    instance_type            = "small"
    architecture             = "amd64"
    machine_image            = "ubuntu-24.04"
    group                    = { min = 1 }
    database_class           = "t4g.small"
    database_storage_gib     = 10
    database_backup_days     = 0
    monitoring_instance_type = "small"
    monitoring_volume_gib    = 5
    price_class              = "cheap"
    log_days                 = 31
    settings                 = { LOG_LEVEL = "info" }
    secret_key_version       = 0
    admin_password_hash      = "$argon2id$v=19"
    drain_seconds            = 5
    deployer_arns            = ["deployer"]
    images_kept              = 49
    github_repository        = "oracle"
    github_oidc_provider_arn = "token.actions.githubusercontent.com"
    lambda_package           = "image_upload.py"
  }

  expect_failures = [
    var.site_name, var.public_zone_id, var.monitoring_cidrs, var.admin_address, var.image_tag,
    var.alert_mail, var.name, var.region, var.private_zone, var.network_cidr,
    var.interface_endpoints, var.instance_type, var.architecture, var.machine_image, var.group, var.database_class,
    var.database_storage_gib, var.database_backup_days, var.monitoring_instance_type,
    var.monitoring_volume_gib, var.price_class, var.log_days, var.settings,
    var.secret_key_version, var.admin_password_hash, var.drain_seconds, var.deployer_arns, var.images_kept,
    var.github_repository, var.github_oidc_provider_arn, var.lambda_package,
  ]
}

run "second_rules" {
  command = plan

  variables {
    site_name          = "a-name-that-is-longer-than-what-a-certificate-can-hold.oracle.example.com"
    monitoring_cidrs   = ["203.0.113.7/24"]
    image_tag          = "a tag"
    availability_zones = ["eu-central-1a", "eu-central-1b"]
    group              = { cpu = 95 }
    settings           = { ORACLE_SECRET_KEY = "of my own" }
  }

  expect_failures = [
    var.site_name, var.monitoring_cidrs, var.image_tag, var.availability_zones, var.group,
    var.settings,
  ]
}

# Rules that look at another variable are passed over while that one is wrong.
run "monitoring_for_everybody" {
  command = plan

  variables {
    monitoring_cidrs   = ["203.0.113.0/24", "0.0.0.0/0"]
    availability_zones = ["us-east-1a"]
    mail_sender        = "digest@oracle.example.com"
    settings           = { ORACLE_MAIL_FROM = "The oracle's <digest@oracle.example.com>" }
  }

  expect_failures = [var.monitoring_cidrs, var.availability_zones, var.mail_sender, var.settings]
}

run "monitoring_for_half_of_everybody" {
  command = plan

  variables {
    monitoring_cidrs = ["128.0.0.0/1"]
    mail_sender      = "Oracle <digest@elsewhere.example.com>"
    settings         = { ORACLE_LOG_LEVEL = "warning\n" }
  }

  expect_failures = [var.monitoring_cidrs, var.mail_sender, var.settings]
}

run "mail_of_somebody_else" {
  command = plan

  variables {
    mail_sender = "Oracle <digest@notoracle.example.com>"
    settings    = { ORACLE_LOG_LEVEL = "warning\r" }
  }

  expect_failures = [var.mail_sender, var.settings]
}
