output "dashboard_address" {
  description = "Name of the load balancer, for the DNS record of the dashboard"
  value       = aws_lb.dashboard.dns_name
}

output "buckets" {
  description = "Bucket names by use"
  value       = { for name, bucket in aws_s3_bucket.main : name => bucket.bucket }
}

output "stream_name" {
  description = "Kinesis stream that phones put their events on"
  value       = aws_kinesis_stream.events.name
}

output "stream_job_name" {
  description = "Glue job that reads the stream"
  value       = aws_glue_job.stream.name
}

output "outages_topic_arn" {
  description = "SNS topic of what the outage models say; subscribe whoever is on call"
  value       = aws_sns_topic.outages.arn
}

output "cluster_name" {
  description = "ECS cluster of the dashboard and the refresh loop"
  value       = aws_ecs_cluster.main.name
}

output "repositories" {
  description = "Image repositories by service"
  value       = { for name, repository in aws_ecr_repository.main : name => repository.repository_url }
}

output "refresh_task" {
  description = "What `aws ecs run-task` needs to run a dbt command beside the refresh loop"
  value = {
    task_definition = aws_ecs_task_definition.refresh.arn
    subnets         = [for subnet in aws_subnet.private : subnet.id]
    security_group  = aws_security_group.caller["refresh"].id
  }
}

output "alarm_topic" {
  description = "SNS topic of every alarm"
  value       = aws_sns_topic.alarms.arn
}

output "feed_policy" {
  description = "IAM policy to attach to whatever puts events on the stream"
  value       = aws_iam_policy.feed.arn
}

output "roles" {
  description = "Role ARNs by use; people assume adhoc, GitHub's workflows ci, build, plan and apply"
  value       = { for name, role in merge(aws_iam_role.service, aws_iam_role.github, { adhoc = aws_iam_role.adhoc }) : name => role.arn }
}

output "saved_queries" {
  description = "Names of the queries saved in Athena's console"
  value       = [for query in aws_athena_named_query.analyses : query.name]

  precondition {
    condition     = length(local.saved_queries) > 0
    error_message = "build/saved_queries is empty: run `make package` first."
  }
}
