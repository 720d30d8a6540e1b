output "site_url" {
  description = "The site."
  value       = local.site_url
}

output "monitoring_url" {
  description = "Grafana, from monitoring_cidrs alone; its first password is shown by monitoring_password_command."
  value       = module.monitoring.url
}

output "monitoring_password_command" {
  description = "Shows the first password of Grafana's user admin."
  value       = "aws secretsmanager get-secret-value --region ${var.region} --secret-id ${module.monitoring.secret_arn} --query SecretString --output text"
}

output "repository_url" {
  description = "Where images are pushed to; the tag is image_tag."
  value       = module.registry.repository.url
}

output "registry_login_command" {
  description = "Logs Docker in to that registry for half a day."
  value       = "aws ecr get-login-password --region ${var.region} | docker login --username AWS --password-stdin ${module.registry.repository.registry}"
}

output "push_role_arn" {
  description = "Role for the workflow that pushes images; null without github_repository."
  value       = module.registry.push_role_arn
}

output "github_oidc_provider_arn" {
  description = "Provider for GitHub's tokens, which the deployer's role has to trust; null without github_repository."
  value       = module.registry.github_oidc_provider_arn
}

output "image_base_url" {
  description = "CloudFront, where pages take pictures from."
  value       = module.cdn.base_url
}

output "image_bucket" {
  description = "The bucket of pictures, which answers the machines alone."
  value       = module.images.bucket.name
}

output "distribution_id" {
  description = "The distribution, for `aws cloudfront create-invalidation`."
  value       = module.cdn.distribution_id
}

output "group_name" {
  description = "The Auto Scaling group, for `aws autoscaling describe-instance-refreshes`."
  value       = module.service.group_name
}

output "settings_path" {
  description = "Where the settings are in the Parameter Store."
  value       = module.service.settings_path
}

output "database_identifier" {
  description = "The database, for `aws rds reboot-db-instance --force-failover` and restores."
  value       = module.database.identifier
}

output "monitoring_instance_id" {
  description = "The monitoring machine, for `aws ssm start-session --target`."
  value       = module.monitoring.instance_id
}

output "monitoring_volume_id" {
  description = "The volume with figures and log lines, which is kept when all else is destroyed."
  value       = module.monitoring.volume_id
}

output "nat_addresses" {
  description = "Public addresses from which the machines reach the internet."
  value       = module.network.nat_addresses
}

output "dead_letter_queues" {
  description = "Where pictures' events end that nobody was told of, and reports of mail that could not be read."
  value       = [module.images.dead_letter_queue_url, module.mail.events_dead_letter_queue_url]
}
