# CloudFront in front of /images/ and of nothing else. The bucket answers the machines only, so the
# origin is the application behind the load balancer, over TLS.

locals {
  # Policies that AWS keeps for everybody: cache by what the origin says, compressed; or not at all.
  caching_optimized = "658327ea-f89d-4fab-a63d-7e88639e58f6"
  caching_disabled  = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
}

resource "aws_cloudfront_distribution" "images" {
  #checkov:skip=CKV_AWS_68:Pictures are public, static and read-only; there is no input for a firewall to look at.
  #checkov:skip=CKV2_AWS_47:Pictures are public, static and read-only; nothing here runs Log4j.
  #checkov:skip=CKV_AWS_86:Who looked at which picture is nobody's business; the origin counts requests.
  #checkov:skip=CKV_AWS_174:The certificate is CloudFront's own, whose lowest version of TLS is not ours to choose; no page has its address there.
  #checkov:skip=CKV2_AWS_42:The certificate is CloudFront's own: one of ours would have to lie in us-east-1 and would add a name that no person types.
  #checkov:skip=CKV_AWS_305:There is no page at the root, only pictures.
  #checkov:skip=CKV_AWS_310:The origin is a load balancer over two zones, which fails over by itself.
  #checkov:skip=CKV_AWS_374:The site is for everybody.
  #checkov:skip=CKV2_AWS_32:The application sets the headers of its pictures, and CloudFront passes them on.
  enabled         = true
  is_ipv6_enabled = true
  http_version    = "http2and3"
  price_class     = var.price_class
  comment         = "Pictures of ${var.name}"

  origin {
    origin_id   = "images"
    domain_name = var.origin_name

    custom_origin_config {
      http_port              = 80
      https_port             = 443
      origin_protocol_policy = "https-only"
      origin_ssl_protocols   = ["TLSv1.2"]
      origin_read_timeout    = 10
    }
  }

  # The same origin below /images: whatever is asked for that is not a picture is looked for among
  # the pictures and not found. Pages, the JSON interface and its cookies cannot be reached here.
  origin {
    origin_id   = "nothing-but-images"
    domain_name = var.origin_name
    origin_path = "/images"

    custom_origin_config {
      http_port              = 80
      https_port             = 443
      origin_protocol_policy = "https-only"
      origin_ssl_protocols   = ["TLSv1.2"]
      origin_read_timeout    = 10
    }
  }

  ordered_cache_behavior {
    path_pattern           = "/images/*"
    target_origin_id       = "images"
    viewer_protocol_policy = "https-only"
    allowed_methods        = ["GET", "HEAD"]
    cached_methods         = ["GET", "HEAD"]
    compress               = true
    cache_policy_id        = local.caching_optimized
  }

  default_cache_behavior {
    target_origin_id       = "nothing-but-images"
    viewer_protocol_policy = "https-only"
    allowed_methods        = ["GET", "HEAD"]
    cached_methods         = ["GET", "HEAD"]
    cache_policy_id        = local.caching_disabled
  }

  # A picture that was just uploaded is there at once, and an error is over when it is over.
  dynamic "custom_error_response" {
    for_each = [404, 500, 502, 503, 504]

    content {
      error_code            = custom_error_response.value
      error_caching_min_ttl = 0
    }
  }

  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }

  viewer_certificate {
    cloudfront_default_certificate = true
  }
}
