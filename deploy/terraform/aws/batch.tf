# Tasks, not services: what is left when no job waits costs nothing but what the buckets hold.
resource "aws_cloudwatch_log_group" "workers" {
  name              = "/${var.name}/workers"
  retention_in_days = 30
}

resource "aws_security_group" "workers" {
  name        = "${var.name}-workers"
  description = "Workers reach S3 and the registry; nobody reaches them."
  vpc_id      = var.vpc_id
  egress {
    description = "HTTPS"
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_batch_compute_environment" "spot" {
  compute_environment_name_prefix = "${var.name}-spot-"
  type                            = "MANAGED"
  compute_resources {
    type               = "FARGATE_SPOT"
    max_vcpus          = var.most_vcpus
    subnets            = var.subnet_ids
    security_group_ids = [aws_security_group.workers.id]
  }
  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_batch_job_queue" "shards" {
  name     = "${var.name}-shards"
  state    = "ENABLED"
  priority = 1
  compute_environment_order {
    order               = 1
    compute_environment = aws_batch_compute_environment.spot.arn
  }
}

# Three pieces of work, each with a role of its own. `wadati run` sends them: the flow comes as text in FLOW, the piece as
# the parameter `shard`, which in an array is the shard of the job's number. A shard commits whole or not at all, so an
# attempt whose machine was taken back is simply made again.
resource "aws_batch_job_definition" "work" {
  for_each              = local.pieces
  name                  = "${var.name}-${each.key}"
  type                  = "container"
  platform_capabilities = ["FARGATE"]
  propagate_tags        = true
  parameters            = { shard = each.value }
  container_properties = jsonencode({
    image            = var.image
    command          = ["wadati", "run", "env:FLOW", "--workers", "1", "--shard", "Ref::shard"]
    environment      = [{ name = "AWS_REGION", value = var.region }]
    jobRoleArn       = aws_iam_role.worker[each.key].arn
    executionRoleArn = aws_iam_role.starting.arn
    resourceRequirements = [
      { type = "VCPU", value = tostring(each.key == "pick" ? var.worker_vcpus : var.last_vcpus) },
      { type = "MEMORY", value = tostring(each.key == "pick" ? var.worker_memory : var.last_memory) },
    ]
    networkConfiguration         = { assignPublicIp = var.public_address ? "ENABLED" : "DISABLED" }
    fargatePlatformConfiguration = { platformVersion = "1.4.0" }
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        "awslogs-group"         = aws_cloudwatch_log_group.workers.name
        "awslogs-region"        = var.region
        "awslogs-stream-prefix" = each.key
      }
    }
  })
  timeout {
    attempt_duration_seconds = var.job_hours * 3600
  }
  retry_strategy {
    attempts = 5
    # Made again whatever happened (a machine taken back, a line cut), but for wrong settings (2) and a cancelled campaign (4).
    evaluate_on_exit {
      action       = "EXIT"
      on_exit_code = "2"
    }
    evaluate_on_exit {
      action       = "EXIT"
      on_exit_code = "4"
    }
  }
}
