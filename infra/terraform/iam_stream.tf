data "aws_iam_policy_document" "stream" {
  statement {
    sid       = "ReadTheStream"
    actions   = ["kinesis:DescribeStreamSummary", "kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:ListShards"]
    resources = [aws_kinesis_stream.events.arn]
  }

  # Iceberg writes data and metadata, and deletes metadata files that it has replaced.
  statement {
    sid     = "WriteTheRawTable"
    actions = ["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:PutObject"]
    resources = [
      "${aws_s3_bucket.main["raw"].arn}/*",
      "${aws_s3_bucket.main["checkpoints"].arn}/${local.checkpoint_prefix}/*",
    ]
  }

  statement {
    sid       = "ListRawAndCheckpoints"
    actions   = ["s3:GetBucketLocation", "s3:ListBucket"]
    resources = [aws_s3_bucket.main["raw"].arn, aws_s3_bucket.main["checkpoints"].arn]
  }

  # Every release: a roll-back changes the job, not its role.
  statement {
    sid       = "ReadReleasesAndBackfillFiles"
    actions   = ["s3:GetObject"]
    resources = ["${aws_s3_bucket.main["artifacts"].arn}/releases/*", "${aws_s3_bucket.main["artifacts"].arn}/backfill/*"]
  }

  statement {
    sid     = "CommitToTheRawTable"
    actions = ["glue:CreateTable", "glue:GetDatabase", "glue:GetTable", "glue:UpdateTable"]
    resources = [
      local.catalog_arn,
      local.database_arns["raw"],
      "arn:${local.partition}:glue:${var.region}:${local.account_id}:table/${aws_glue_catalog_database.lake["raw"].name}/${local.raw_table}",
    ]
  }

  statement {
    sid       = "DecryptTheStreamAndTheReleases"
    actions   = ["kms:Decrypt"]
    resources = [aws_kms_key.main["stream"].arn, aws_kms_key.main["operations"].arn]
  }

  statement {
    sid       = "EncryptRawAndCheckpoints"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [aws_kms_key.main["raw"].arn, aws_kms_key.main["stream"].arn]
  }

  # Glue looks the groups up with the job's role, and makes their streams.
  statement {
    sid       = "WriteLogs"
    actions   = ["logs:AssociateKmsKey", "logs:CreateLogStream", "logs:PutLogEvents"]
    resources = flatten([for group in aws_cloudwatch_log_group.stream : [group.arn, "${group.arn}:log-stream:*"]])
  }

  source_policy_documents = [data.aws_iam_policy_document.publish_metrics.json, data.aws_iam_policy_document.glue_in_vpc.json]
}

data "aws_iam_policy_document" "crawler" {
  statement {
    sid       = "ReadTables"
    actions   = ["s3:GetBucketLocation", "s3:GetObject", "s3:ListBucket"]
    resources = flatten([for name in ["raw", "marts"] : [aws_s3_bucket.main[name].arn, "${aws_s3_bucket.main[name].arn}/*"]])
  }

  statement {
    sid       = "RegisterTables"
    actions   = ["glue:BatchGetPartition", "glue:CreateTable", "glue:GetDatabase", "glue:GetTable", "glue:GetTables", "glue:UpdateTable"]
    resources = concat([local.catalog_arn], values(local.database_arns), values(local.table_arns))
  }

  statement {
    sid       = "DecryptTables"
    actions   = ["kms:Decrypt"]
    resources = [aws_kms_key.main["raw"].arn, aws_kms_key.main["marts"].arn]
  }

  # Glue gives crawlers' logs a group of its own, named after the security configuration and the role.
  statement {
    sid       = "WriteLogs"
    actions   = ["logs:AssociateKmsKey", "logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["arn:${local.partition}:logs:${var.region}:${local.account_id}:log-group:/aws-glue/crawlers*"]
  }

  source_policy_documents = [data.aws_iam_policy_document.glue_in_vpc.json]
}

data "aws_iam_policy_document" "publish_metrics" {
  statement {
    sid       = "PublishMetrics"
    actions   = ["cloudwatch:PutMetricData"]
    resources = ["*"] # has no resource; the namespace limits it

    condition {
      test     = "StringEquals"
      variable = "cloudwatch:namespace"
      values   = [local.metrics_namespace, "Glue"]
    }
  }
}

# What Glue does with the job's role to put its workers into the private subnets.
data "aws_iam_policy_document" "glue_in_vpc" {
  statement {
    sid       = "ReadConnections"
    actions   = ["glue:GetConnection", "glue:GetConnections"]
    resources = concat([local.catalog_arn], [for connection in aws_glue_connection.private : connection.arn])
  }

  statement {
    sid       = "ReadTheSecurityConfiguration"
    actions   = ["glue:GetSecurityConfiguration"]
    resources = ["*"] # has no resource
  }

  statement {
    sid = "LookUpTheNetwork"
    actions = [
      "ec2:DescribeNetworkInterfaces", "ec2:DescribeRouteTables", "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets",
      "ec2:DescribeVpcAttribute", "ec2:DescribeVpcEndpoints",
    ]
    resources = ["*"] # these have no resource
  }

  statement {
    sid     = "AttachWorkers"
    actions = ["ec2:CreateNetworkInterface"]
    resources = concat(
      [for subnet in aws_subnet.private : subnet.arn],
      [aws_security_group.caller["stream"].arn, "arn:${local.partition}:ec2:${var.region}:${local.account_id}:network-interface/*"], # not there yet
    )
  }

  statement {
    sid       = "DetachWorkers"
    actions   = ["ec2:DeleteNetworkInterface"]
    resources = ["arn:${local.partition}:ec2:${var.region}:${local.account_id}:network-interface/*"] # in our subnets

    condition {
      test     = "ArnEquals"
      variable = "ec2:Subnet"
      values   = [for subnet in aws_subnet.private : subnet.arn]
    }
  }

  statement {
    sid       = "MarkWorkers"
    actions   = ["ec2:CreateTags", "ec2:DeleteTags"]
    resources = ["arn:${local.partition}:ec2:${var.region}:${local.account_id}:network-interface/*"] # with Glue's own tag

    condition {
      test     = "ForAllValues:StringEquals"
      variable = "aws:TagKeys"
      values   = ["aws-glue-service-resource"]
    }
  }
}
