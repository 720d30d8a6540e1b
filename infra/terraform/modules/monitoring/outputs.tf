output "private_address" {
  description = "Address that the private zone's name leads to."
  value       = aws_instance.this.private_ip
}

output "instance_id" {
  description = "The machine, for a session on it."
  value       = aws_instance.this.id
}

output "url" {
  description = "Grafana, from the given address ranges."
  value       = "https://${var.public_name}:8443/"
}

output "volume_id" {
  description = "The volume that is kept."
  value       = aws_ebs_volume.kept.id
}

output "secret_arn" {
  description = "Where the first password of Grafana's admin is."
  value       = module.grafana_password.arn
}
