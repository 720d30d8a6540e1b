output "arn" {
  description = "Where the secret is, once it has a value."
  value       = aws_secretsmanager_secret_version.this.arn
}
