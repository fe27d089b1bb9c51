data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

locals {
  # Start of every name, but for what people type in a query: databases and workgroups.
  name       = "telcopulse-${var.environment}"
  account_id = data.aws_caller_identity.current.account_id
  partition  = data.aws_partition.current.partition

  # As in glue_streaming and dbt_project/models/staging/_sources.yml.
  raw_table         = "network_events"
  metrics_namespace = "TelcoPulse"

  release_prefix = "releases/${var.release}"
  catalog_arn    = "arn:${local.partition}:glue:${var.region}:${local.account_id}:catalog"
  database_arns  = { for name, database in aws_glue_catalog_database.lake : name => database.arn }
  table_arns = {
    for name, database in aws_glue_catalog_database.lake :
    name => "arn:${local.partition}:glue:${var.region}:${local.account_id}:table/${database.name}/*"
  }
}
