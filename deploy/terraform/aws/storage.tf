# Two buckets: what campaigns make, and the public pages. Both encrypted, neither public: CloudFront reads the pages.
locals {
  buckets = toset(local.site ? ["campaigns", "site"] : ["campaigns"])
  site    = var.site_domain != ""
  # What jobs do, and what each is told to do.
  pieces = { pick = "array", associate = "associate", finish = "finish" }
}

resource "aws_s3_bucket" "kept" {
  for_each = local.buckets
  bucket   = "${var.name}-${each.key}-${data.aws_caller_identity.here.account_id}"
}

resource "aws_s3_bucket_public_access_block" "kept" {
  for_each                = local.buckets
  bucket                  = aws_s3_bucket.kept[each.key].id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "kept" {
  for_each = local.buckets
  bucket   = aws_s3_bucket.kept[each.key].id
  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "kept" {
  for_each = local.buckets
  bucket   = aws_s3_bucket.kept[each.key].id
  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "campaigns" {
  bucket = aws_s3_bucket.kept["campaigns"].id
  rule {
    id     = "shards"
    status = "Enabled"
    filter {
      prefix = "shards/"
    }
    expiration {
      days = var.shards_kept_days
    }
  }
  rule {
    id     = "broken-uploads"
    status = "Enabled"
    filter {}
    abort_incomplete_multipart_upload {
      days_after_initiation = 2
    }
  }
}

data "aws_iam_policy_document" "bucket" {
  for_each = local.buckets
  statement {
    sid       = "OnlyByTls"
    effect    = "Deny"
    actions   = ["s3:*"] # a denial: nothing at all goes over an open line
    resources = [aws_s3_bucket.kept[each.key].arn, "${aws_s3_bucket.kept[each.key].arn}/*"]
    principals {
      type        = "*" # a denial: for everybody
      identifiers = ["*"]
    }
    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
  dynamic "statement" {
    for_each = each.key == "site" ? [1] : []
    content {
      sid       = "CloudFrontReads"
      actions   = ["s3:GetObject"]
      resources = ["${aws_s3_bucket.kept["site"].arn}/*"]
      principals {
        type        = "Service"
        identifiers = ["cloudfront.amazonaws.com"]
      }
      condition {
        test     = "StringEquals"
        variable = "AWS:SourceArn"
        values   = [aws_cloudfront_distribution.site[0].arn]
      }
    }
  }
}

resource "aws_s3_bucket_policy" "kept" {
  for_each   = local.buckets
  bucket     = aws_s3_bucket.kept[each.key].id
  policy     = data.aws_iam_policy_document.bucket[each.key].json
  depends_on = [aws_s3_bucket_public_access_block.kept]
}
