output "bucket" {
  description = "The bucket of pictures: its name and ARN."
  value = {
    name = aws_s3_bucket.this["images"].id
    arn  = aws_s3_bucket.this["images"].arn
  }
}

output "function_name" {
  description = "The function that mails the admin."
  value       = aws_lambda_function.image_upload.function_name
}

output "dead_letter_queue_url" {
  description = "Where events end that the function could not deal with."
  value       = aws_sqs_queue.dead.url
}
