output "shards" {
  description = "`shards` under [campaign] of a flow."
  value       = "s3://${aws_s3_bucket.kept["campaigns"].bucket}/shards"
}

output "results" {
  description = "The beginning of `output` under [campaign] of a flow."
  value       = "s3://${aws_s3_bucket.kept["campaigns"].bucket}/results"
}

output "job_queue" {
  description = "`queue` under [compute] of a flow."
  value       = aws_batch_job_queue.shards.name
}

output "jobs" {
  description = "`jobs` under [compute] of a flow, the beginning of the names of the job definitions."
  value       = var.name
}

output "job_definitions" {
  description = "Of picking (an array of shards), association (after it) and the end (after that)."
  value       = { for what, job in aws_batch_job_definition.work : what => job.arn }
}

output "site_bucket" {
  description = "`wadati site --to` this; empty without public pages."
  value       = local.site ? "s3://${aws_s3_bucket.kept["site"].bucket}" : ""
}

output "site_address" {
  description = "What site_domain has to be an alias of."
  value       = local.site ? aws_cloudfront_distribution.site[0].domain_name : ""
}
