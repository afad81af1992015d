# Fargate's role, which fetches the image and writes the log, and a role for each piece of work.
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
  for_each           = local.pieces
  name               = "${var.name}-${each.key}"
  assume_role_policy = data.aws_iam_policy_document.tasks.json
}

# Picking and the pictures of the report read archives; only the last piece writes results, and it writes no shards.
data "aws_iam_policy_document" "worker" {
  for_each = local.pieces
  dynamic "statement" {
    for_each = each.key == "associate" ? [] : [1]
    content {
      sid       = "ReadArchives"
      actions   = ["s3:GetObject"]
      resources = [for bucket in var.archive_buckets : "arn:${data.aws_partition.here.partition}:s3:::${bucket}/*"]
    }
  }
  dynamic "statement" {
    for_each = each.key == "associate" ? [] : [1]
    content {
      sid       = "ListArchives"
      actions   = ["s3:ListBucket"]
      resources = [for bucket in var.archive_buckets : "arn:${data.aws_partition.here.partition}:s3:::${bucket}"]
    }
  }
  statement {
    sid       = "ReadShards"
    actions   = ["s3:GetObject"]
    resources = ["${aws_s3_bucket.kept["campaigns"].arn}/shards/*"]
  }
  # Without it, and under a condition too, S3 answers "refused" and not "not found" for what is not there yet.
  statement {
    sid       = "FindShards"
    actions   = ["s3:ListBucket"]
    resources = [aws_s3_bucket.kept["campaigns"].arn]
  }
  dynamic "statement" {
    for_each = each.key == "finish" ? [] : [1]
    content {
      sid       = "WriteShards"
      actions   = ["s3:AbortMultipartUpload", "s3:PutObject"]
      resources = ["${aws_s3_bucket.kept["campaigns"].arn}/shards/*"]
    }
  }
  dynamic "statement" {
    for_each = each.key == "finish" ? [1] : []
    content {
      sid       = "Results"
      actions   = ["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"]
      resources = ["${aws_s3_bucket.kept["campaigns"].arn}/results/*"]
    }
  }
}

resource "aws_iam_role_policy" "worker" {
  for_each = local.pieces
  name     = "worker"
  role     = aws_iam_role.worker[each.key].id
  policy   = data.aws_iam_policy_document.worker[each.key].json
}
