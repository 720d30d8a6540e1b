# Names: a private zone by which the parts find each other, the site's public names, and the
# certificate for these.

resource "aws_route53_zone" "private" {
  #checkov:skip=CKV2_AWS_38:DNSSEC cannot sign a private zone.
  #checkov:skip=CKV2_AWS_39:Query logs of a private zone repeat two names for ever.
  name    = var.private_zone
  comment = "Names inside the network of ${var.name}."

  vpc {
    vpc_id = var.vpc_id
  }
}

resource "aws_route53_record" "database" {
  zone_id = aws_route53_zone.private.zone_id
  name    = "database.${var.private_zone}"
  type    = "CNAME"
  ttl     = 30
  records = [var.database_address]
}

resource "aws_route53_record" "monitoring" {
  #checkov:skip=CKV2_AWS_23:The address is that of the machine in another module, which checkov does not follow.
  zone_id = aws_route53_zone.private.zone_id
  name    = "monitoring.${var.private_zone}"
  type    = "A"
  ttl     = 30
  records = [var.monitoring_address]
}

# --- public -------------------------------------------------------------------------------------

locals {
  public_names = { site = var.site_name, monitoring = var.monitoring_name }
}

resource "aws_route53_record" "public" {
  for_each = local.public_names

  zone_id = var.public_zone_id
  name    = each.value
  type    = "A"

  alias {
    name                   = var.balancer.dns_name
    zone_id                = var.balancer.zone_id
    evaluate_target_health = false
  }
}

resource "aws_acm_certificate" "this" {
  domain_name               = var.site_name
  subject_alternative_names = [var.monitoring_name]
  validation_method         = "DNS"

  tags = { Name = var.name }

  lifecycle {
    create_before_destroy = true
  }
}

# The names are known before the certificate is made, its options only afterwards.
resource "aws_route53_record" "validation" {
  for_each = local.public_names

  zone_id         = var.public_zone_id
  name            = one([for option in aws_acm_certificate.this.domain_validation_options : option.resource_record_name if option.domain_name == each.value])
  type            = one([for option in aws_acm_certificate.this.domain_validation_options : option.resource_record_type if option.domain_name == each.value])
  records         = [one([for option in aws_acm_certificate.this.domain_validation_options : option.resource_record_value if option.domain_name == each.value])]
  ttl             = 300
  allow_overwrite = true
}

resource "aws_acm_certificate_validation" "this" {
  certificate_arn         = aws_acm_certificate.this.arn
  validation_record_fqdns = [for record in aws_route53_record.validation : record.fqdn]
}
