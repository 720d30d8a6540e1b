# A secret that AWS makes up and nobody reads on the way: Terraform hands it on without writing it
# into a plan or a state.

resource "aws_secretsmanager_secret" "this" {
  #checkov:skip=CKV_AWS_149:AWS's own key suffices inside one account, and cannot lock it out.
  #checkov:skip=CKV2_AWS_57:A new value has consequences for people, so a person decides when; the runbook says how.
  name                    = var.name
  description             = var.description
  recovery_window_in_days = var.recovery_days
}

ephemeral "aws_secretsmanager_random_password" "this" {
  password_length     = var.length
  exclude_punctuation = true
}

resource "aws_secretsmanager_secret_version" "this" {
  secret_id                = aws_secretsmanager_secret.this.id
  secret_string_wo         = ephemeral.aws_secretsmanager_random_password.this.random_password
  secret_string_wo_version = var.secret_version
}
