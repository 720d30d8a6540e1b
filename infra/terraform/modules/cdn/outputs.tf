output "base_url" {
  description = "Where pages take pictures from."
  value       = "https://${aws_cloudfront_distribution.images.domain_name}"
}

output "distribution_id" {
  description = "The distribution, for invalidations."
  value       = aws_cloudfront_distribution.images.id
}
