# The public pages, as `wadati site --to s3://…` writes them, behind CloudFront. Only where site_domain is set.
resource "aws_cloudfront_origin_access_control" "site" {
  count                             = local.site ? 1 : 0
  name                              = "${var.name}-site"
  origin_access_control_origin_type = "s3"
  signing_behavior                  = "always"
  signing_protocol                  = "sigv4"
}

data "aws_cloudfront_cache_policy" "as_told" {
  count = local.site ? 1 : 0
  name  = "UseOriginCacheControlHeaders"
}

data "aws_cloudfront_response_headers_policy" "careful" {
  count = local.site ? 1 : 0
  name  = "Managed-SecurityHeadersPolicy"
}

resource "aws_cloudfront_distribution" "site" {
  count               = local.site ? 1 : 0
  enabled             = true
  is_ipv6_enabled     = true
  http_version        = "http2and3"
  default_root_object = "index.html"
  aliases             = [var.site_domain]
  price_class         = "PriceClass_100"
  origin {
    origin_id                = "site"
    domain_name              = aws_s3_bucket.kept["site"].bucket_regional_domain_name
    origin_access_control_id = aws_cloudfront_origin_access_control.site[0].id
  }
  default_cache_behavior {
    target_origin_id           = "site"
    viewer_protocol_policy     = "redirect-to-https"
    allowed_methods            = ["GET", "HEAD"]
    cached_methods             = ["GET", "HEAD"]
    compress                   = true
    cache_policy_id            = data.aws_cloudfront_cache_policy.as_told[0].id
    response_headers_policy_id = data.aws_cloudfront_response_headers_policy.careful[0].id
  }
  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }
  viewer_certificate {
    acm_certificate_arn      = var.site_certificate_arn
    ssl_support_method       = "sni-only"
    minimum_protocol_version = "TLSv1.2_2021"
  }
}

# Who writes the pages: attach it to the account or role that runs `wadati site`.
data "aws_iam_policy_document" "writes_site" {
  count = local.site ? 1 : 0
  statement {
    sid       = "Pages"
    actions   = ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"]
    resources = ["${aws_s3_bucket.kept["site"].arn}/*"]
  }
  statement {
    sid       = "FindPages"
    actions   = ["s3:ListBucket"]
    resources = [aws_s3_bucket.kept["site"].arn]
  }
}

resource "aws_iam_policy" "writes_site" {
  count  = local.site ? 1 : 0
  name   = "${var.name}-writes-site"
  policy = data.aws_iam_policy_document.writes_site[0].json
}
