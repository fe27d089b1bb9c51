# What the outage models say, as they say it; whoever is on call subscribes.
resource "aws_sns_topic" "outages" {
  name              = "${local.name}-outages"
  kms_master_key_id = aws_kms_key.main["operations"].key_id
}

data "aws_iam_policy_document" "publish_outages" {
  statement {
    sid       = "PublishOutages"
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.outages.arn]
  }

  statement {
    sid       = "EncryptMessages"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [aws_kms_key.main["operations"].arn]
  }
}

# An analyst's acknowledgement is a row of one table, the only thing that the dashboard writes.
data "aws_iam_policy_document" "acknowledge_outages" {
  statement {
    sid     = "CommitAcknowledgements"
    actions = ["glue:UpdateTable"]
    resources = [
      local.catalog_arn,
      local.database_arns["marts"],
      "arn:${local.partition}:glue:${var.region}:${local.account_id}:table/${aws_glue_catalog_database.lake["marts"].name}/outage_acknowledgements",
    ]
  }

  statement {
    sid       = "WriteAcknowledgements"
    actions   = ["s3:AbortMultipartUpload", "s3:ListMultipartUploadParts", "s3:PutObject"]
    resources = ["${aws_s3_bucket.main["marts"].arn}/${aws_glue_catalog_database.lake["marts"].name}/outage_acknowledgements/*"]
  }

  statement {
    sid       = "EncryptAcknowledgements"
    actions   = ["kms:GenerateDataKey"]
    resources = [aws_kms_key.main["marts"].arn]
  }
}
