output "identity_arn" {
  description = "The domain that mail is sent in the name of."
  value       = aws_sesv2_email_identity.this.arn
}

output "admin_identity_arn" {
  description = "The admin's address as an identity, which a person verifies while the account is in the sandbox."
  value       = "arn:${data.aws_partition.current.partition}:ses:${var.region}:${local.account}:identity/${var.admin_address}"
}

output "events_dead_letter_queue_url" {
  description = "Where reports of SES end that could not be read."
  value       = aws_sqs_queue.events_dead.url
}

output "configuration_set" {
  description = "The configuration set that reports what became of mail: its name and ARN."
  value = {
    name = aws_sesv2_configuration_set.this.configuration_set_name
    arn  = aws_sesv2_configuration_set.this.arn
  }
}

output "events_queue" {
  description = "The queue of SES's reports: its URL and ARN."
  value = {
    url = aws_sqs_queue.events.url
    arn = aws_sqs_queue.events.arn
  }
}

output "events_topic_arn" {
  description = "The one topic that the reports come by."
  value       = aws_sns_topic.events.arn
}

output "alarm_topic" {
  description = "The topic that the admin is told by: its ARN and its key's."
  value = {
    arn     = aws_sns_topic.alarms.arn
    key_arn = aws_kms_key.topics.arn
  }
}
