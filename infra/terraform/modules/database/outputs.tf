output "address" {
  description = "The name that RDS gave the database; the private zone has a shorter one for it."
  value       = aws_db_instance.this.address
}

output "identifier" {
  description = "The database's name for the command line."
  value       = aws_db_instance.this.identifier
}

output "secret_arn" {
  description = "Where RDS keeps user and password."
  value       = aws_db_instance.this.master_user_secret[0].secret_arn
}
