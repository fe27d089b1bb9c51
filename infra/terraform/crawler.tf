locals {
  # Of marts not the whole bucket, which also holds what builds of branches made.
  crawled_folders = {
    raw   = ["network_events/"]
    marts = ["marts/", "refresh_log/marts/"]
  }
}

# On demand only: finds Iceberg tables in S3 that the catalog lost. Writers are stopped before (docs/restore.md).
resource "aws_glue_crawler" "restore" {
  for_each = aws_glue_catalog_database.lake

  name                   = "${local.name}-restore-${each.key}"
  description            = "On demand: registers the Iceberg tables of ${each.key} that the catalog lost"
  database_name          = each.value.name
  role                   = aws_iam_role.service["crawler"].arn
  security_configuration = aws_glue_security_configuration.stream.name

  iceberg_target {
    connection_name = values(aws_glue_connection.private)[0].name
    paths           = [for folder in local.crawled_folders[each.key] : "${each.value.location_uri}${folder}"]
    # dbt puts a table at <table>/<id>/.
    maximum_traversal_depth = 3
  }

  schema_change_policy {
    delete_behavior = "LOG"
    update_behavior = "UPDATE_IN_DATABASE"
  }
}
