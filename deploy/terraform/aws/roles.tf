# Two roles: Fargate's, which fetches the image and writes the log, and the workers', which read archives and write shards.
data "aws_iam_policy_document" "tasks" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [data.aws_caller_identity.here.account_id]
    }
  }
}

resource "aws_iam_role" "starting" {
  name               = "${var.name}-starting"
  assume_role_policy = data.aws_iam_policy_document.tasks.json
}

data "aws_iam_policy_document" "starting" {
  statement {
    sid       = "Log"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.workers.arn}:*"]
  }
  dynamic "statement" {
    for_each = var.image_repository_arn == "" ? [] : [var.image_repository_arn]
    content {
      sid       = "Image"
      actions   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
      resources = [statement.value]
    }
  }
  dynamic "statement" {
    for_each = var.image_repository_arn == "" ? [] : [1]
    content {
      sid       = "RegistryToken"
      actions   = ["ecr:GetAuthorizationToken"]
      resources = ["*"]
    }
  }
}

resource "aws_iam_role_policy" "starting" {
  name   = "starting"
  role   = aws_iam_role.starting.id
  policy = data.aws_iam_policy_document.starting.json
}

resource "aws_iam_role" "worker" {
  name               = "${var.name}-worker"
  assume_role_policy = data.aws_iam_policy_document.tasks.json
}

data "aws_iam_policy_document" "worker" {
  statement {
    sid       = "ReadArchives"
    actions   = ["s3:GetObject"]
    resources = [for bucket in var.archive_buckets : "arn:${data.aws_partition.here.partition}:s3:::${bucket}/*"]
  }
  statement {
    sid       = "ListArchives"
    actions   = ["s3:ListBucket"]
    resources = [for bucket in var.archive_buckets : "arn:${data.aws_partition.here.partition}:s3:::${bucket}"]
  }
  statement {
    sid       = "Shards"
    actions   = ["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:PutObject"]
    resources = ["${aws_s3_bucket.kept["campaigns"].arn}/shards/*"]
  }
  statement {
    sid       = "FindShards"
    actions   = ["s3:ListBucket"]
    resources = [aws_s3_bucket.kept["campaigns"].arn]
    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = ["shards/*"]
    }
  }
}

resource "aws_iam_role_policy" "worker" {
  name   = "worker"
  role   = aws_iam_role.worker.id
  policy = data.aws_iam_policy_document.worker.json
}
