variable "name" {
  description = "Of the network: the beginning of all names, and the tag `project` by which costs are counted."
  type        = string
  default     = "wadati"
  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,20}$", var.name))
    error_message = "2 to 21 of a-z, 0-9 and -, a letter first."
  }
}

variable "region" {
  description = "Where it runs; take the region of the archive, so that reading it costs no egress."
  type        = string
  default     = "us-west-2"
}

variable "image" {
  description = "The image of deploy/Containerfile in a registry, named by its digest (…@sha256:…)."
  type        = string
  validation {
    condition     = can(regex("@sha256:[0-9a-f]{64}$", var.image))
    error_message = "Name the image by its digest: a tag may be another tomorrow."
  }
}

variable "image_repository_arn" {
  description = "The ARN of the ECR repository that holds the image; empty for a public registry."
  type        = string
  default     = ""
}

variable "vpc_id" {
  description = "The VPC of the workers."
  type        = string
}

variable "subnet_ids" {
  description = "Its subnets for the workers, with a way to S3 (a gateway endpoint is free) and to the registry."
  type        = list(string)
}

variable "public_address" {
  description = "Whether workers get a public address: true in public subnets, false behind NAT or endpoints."
  type        = bool
  default     = false
}

variable "archive_buckets" {
  description = "Names of the buckets of waveforms that workers read."
  type        = list(string)
  default     = ["ncedc-pds", "scedc-pds"]
}

variable "most_vcpus" {
  description = "How much runs at once, at most."
  type        = number
  default     = 64
}

variable "worker_vcpus" {
  description = "vCPU of one worker, as Fargate has them: 0.25, 0.5, 1, 2, 4."
  type        = number
  default     = 1
}

variable "worker_memory" {
  description = "Memory of one worker (MiB), as Fargate has it for so many vCPU."
  type        = number
  default     = 2048
}

variable "last_vcpus" {
  description = "vCPU of the jobs that associate and that write the catalog."
  type        = number
  default     = 2
}

variable "last_memory" {
  description = "Their memory (MiB): they hold all picks and amplitudes of a campaign."
  type        = number
  default     = 16384
}

variable "job_hours" {
  description = "After so many hours a job that still runs is ended."
  type        = number
  default     = 6
}

variable "shards_kept_days" {
  description = "After so many days the work of campaigns (shards) is deleted; results stay."
  type        = number
  default     = 90
}

variable "budget_dollars" {
  description = "A month; an e-mail goes out at 50, 80 and 100 % of it, and where 100 % is forecast."
  type        = number
}

variable "budget_email" {
  description = "Who is told of the budget."
  type        = string
}

variable "site_domain" {
  description = "The name of the public pages, with a certificate; empty for no public pages."
  type        = string
  default     = ""
}

variable "site_certificate_arn" {
  description = "The certificate (ACM, us-east-1) of site_domain."
  type        = string
  default     = ""
}
