output "user_data" {
  description = "User data, compressed and in base64; the launch fails above 16 KB, so this does before."
  value       = base64gzip(local.cloud_config)

  precondition {
    condition     = length(base64gzip(local.cloud_config)) <= 16384 * 4 / 3
    error_message = "The user data is larger than the 16 KB that EC2 takes: give the larger files by the bucket."
  }
}

output "cloud_config" {
  description = "The same as text."
  value       = local.cloud_config
}
