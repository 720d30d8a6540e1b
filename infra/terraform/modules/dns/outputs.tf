output "certificate_arn" {
  description = "The certificate of the public names, once it is valid."
  value       = aws_acm_certificate_validation.this.certificate_arn
}

output "private_zone_id" {
  description = "The private zone."
  value       = aws_route53_zone.private.zone_id
}
