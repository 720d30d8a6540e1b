output "balancer" {
  description = "The load balancer: its ARN, DNS name and zone."
  value = {
    arn      = aws_lb.this.arn
    dns_name = aws_lb.this.dns_name
    zone_id  = aws_lb.this.zone_id
  }
}

output "group_name" {
  description = "The Auto Scaling group, whose refreshes the command line shows."
  value       = aws_autoscaling_group.this.name
}

output "settings_path" {
  description = "Where the settings are in the Parameter Store."
  value       = local.settings_path
}

output "secret_key_arn" {
  description = "Where the signing key is in the Secrets Manager."
  value       = module.secret_key.arn
}
