# The whole stack against a provider that makes everything up: no account, no network. Run by
# `make test`, on a copy in which the ephemeral password is a plain word, since mocks know no
# ephemeral values. What the resources look like is read by tests/infra/test_terraform.py from the
# state that this leaves.

mock_provider "aws" {
  source = "./tests/mocks"
}

# Where several of a kind have to be told apart.

override_resource {
  target = module.network.aws_security_group.this["balancer"]
  values = {
    id = "sg-balancer"
  }
}

override_resource {
  target = module.network.aws_security_group.this["application"]
  values = {
    id = "sg-application"
  }
}

override_resource {
  target = module.network.aws_security_group.this["database"]
  values = {
    id = "sg-database"
  }
}

override_resource {
  target = module.network.aws_security_group.this["monitoring"]
  values = {
    id = "sg-monitoring"
  }
}

override_resource {
  target = module.network.aws_security_group.this["endpoints"]
  values = {
    id = "sg-endpoints"
  }
}

override_resource {
  target = module.network.aws_subnet.public["us-east-1a"]
  values = {
    id = "subnet-public-a"
  }
}

override_resource {
  target = module.network.aws_subnet.public["us-east-1b"]
  values = {
    id = "subnet-public-b"
  }
}

override_resource {
  target = module.network.aws_subnet.application["us-east-1a"]
  values = {
    id = "subnet-application-a"
  }
}

override_resource {
  target = module.network.aws_subnet.application["us-east-1b"]
  values = {
    id = "subnet-application-b"
  }
}

override_resource {
  target = module.network.aws_subnet.data["us-east-1a"]
  values = {
    id = "subnet-data-a"
  }
}

override_resource {
  target = module.network.aws_subnet.data["us-east-1b"]
  values = {
    id = "subnet-data-b"
  }
}

override_resource {
  target = module.network.aws_nat_gateway.this["us-east-1a"]
  values = {
    id = "nat-a"
  }
}

override_resource {
  target = module.network.aws_route_table.application["us-east-1a"]
  values = {
    id = "rtb-a"
  }
}

override_resource {
  target = module.network.aws_nat_gateway.this["us-east-1b"]
  values = {
    id = "nat-b"
  }
}

override_resource {
  target = module.network.aws_route_table.application["us-east-1b"]
  values = {
    id = "rtb-b"
  }
}

override_resource {
  target = module.images.aws_s3_bucket.this["images"]
  values = {
    id  = "oracle-production-images"
    arn = "arn:aws:s3:::oracle-production-images"
  }
}

override_resource {
  target = module.images.aws_s3_bucket.this["notices"]
  values = {
    id  = "oracle-production-notices"
    arn = "arn:aws:s3:::oracle-production-notices"
  }
}

override_resource {
  target = module.monitoring.aws_s3_bucket.configuration
  values = {
    id  = "oracle-production-configuration"
    arn = "arn:aws:s3:::oracle-production-configuration"
  }
}

override_resource {
  target = module.mail.aws_sns_topic.events
  values = {
    arn = "arn:aws:sns:us-east-1:123456789012:events"
  }
}

override_resource {
  target = module.mail.aws_sns_topic.alarms
  values = {
    arn = "arn:aws:sns:us-east-1:123456789012:alarms"
  }
}

override_resource {
  target = module.mail.aws_sqs_queue.events
  values = {
    arn = "arn:aws:sqs:us-east-1:123456789012:events"
    id  = "https://sqs.us-east-1.amazonaws.com/123456789012/events"
    url = "https://sqs.us-east-1.amazonaws.com/123456789012/events"
  }
}

override_resource {
  target = module.mail.aws_sqs_queue.events_dead
  values = {
    arn = "arn:aws:sqs:us-east-1:123456789012:events-dead"
    id  = "https://sqs.us-east-1.amazonaws.com/123456789012/events-dead"
    url = "https://sqs.us-east-1.amazonaws.com/123456789012/events-dead"
  }
}

override_resource {
  target = module.images.aws_sqs_queue.dead
  values = {
    arn = "arn:aws:sqs:us-east-1:123456789012:upload-dead"
    id  = "https://sqs.us-east-1.amazonaws.com/123456789012/upload-dead"
    url = "https://sqs.us-east-1.amazonaws.com/123456789012/upload-dead"
  }
}

override_resource {
  target = module.service.module.secret_key.aws_secretsmanager_secret_version.this
  values = {
    arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:secret-key"
  }
}

override_resource {
  target = module.monitoring.module.grafana_password.aws_secretsmanager_secret_version.this
  values = {
    arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:grafana-admin"
  }
}

override_resource {
  target = module.monitoring.aws_lb_target_group.grafana
  values = {
    arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/grafana/0123456789abcdef"
  }
}

variables {
  site_name        = "oracle.example.com"
  public_zone_id   = "Z0123456789ABCDEFGHIJ"
  monitoring_cidrs = ["203.0.113.0/24", "198.51.100.7/32"]
  admin_address    = "admin@example.com"
  image_tag        = "0.1.0"
}

# As it is without any choice of one's own but GitHub's repository.
run "production" {
  variables {
    github_repository = "someone/oracle"
  }
}

run "shared_provider" {
  command = plan

  variables {
    github_repository        = "someone/oracle"
    github_oidc_provider_arn = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"
  }
}

# The other branch of every choice that there is.
run "smallest" {
  command = plan

  variables {
    region                        = "eu-central-1"
    availability_zones            = ["eu-central-1a", "eu-central-1c"]
    nat_per_zone                  = false
    interface_endpoints           = ["sqs"]
    database_multi_az             = false
    database_performance_insights = true
    deletion_protection           = false
    architecture                  = "arm64"
    instance_type                 = "t4g.small"
    machine_image                 = "ami-00000000000000024"
    monitoring_instance_type      = "t4g.medium"
    admin_password_hash           = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:admin"
    alert_mail                    = { user = "AKIAIOSFODNN7EXAMPLE", secret_arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:smtp" }
    mail_sender                   = "Somebody <evening@oracle.example.com>"
    settings                      = { ORACLE_MAIL_RATE = "14", ORACLE_LOG_LEVEL = "warning" }
    deployer_arns                 = ["arn:aws:iam::123456789012:role/pipeline"]
  }
}
