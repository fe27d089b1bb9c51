# Builds of branches read raw and marts, and write schemas named ci_… under folders of the same name.
data "aws_iam_policy_document" "ci" {
  statement {
    sid = "BuildSchemasOfBranches"
    actions = [
      "glue:CreateDatabase", "glue:CreateTable", "glue:DeleteDatabase", "glue:DeleteTable", "glue:DeleteTableVersion",
      "glue:GetDatabase", "glue:GetPartitions", "glue:GetTable", "glue:GetTables", "glue:GetTableVersions", "glue:UpdateTable",
    ]
    resources = [
      local.catalog_arn,
      "arn:${local.partition}:glue:${var.region}:${local.account_id}:database/ci_*",
      "arn:${local.partition}:glue:${var.region}:${local.account_id}:table/ci_*/*",
    ]
  }

  statement {
    sid       = "WriteTablesOfBranches"
    actions   = ["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:ListMultipartUploadParts", "s3:PutObject"]
    resources = ["${aws_s3_bucket.main["marts"].arn}/ci_*", "${aws_s3_bucket.main["marts"].arn}/refresh_log/ci_*"]
  }

  statement {
    sid       = "EncryptTablesOfBranches"
    actions   = ["kms:GenerateDataKey"]
    resources = [aws_kms_key.main["marts"].arn]
  }

  statement {
    sid       = "FindTheNewestRelease"
    actions   = ["s3:ListBucket"]
    resources = [aws_s3_bucket.main["artifacts"].arn]
  }

  # The manifest of the release that is out, which unchanged models are deferred to.
  statement {
    sid       = "ReadTheManifest"
    actions   = ["s3:GetObject"]
    resources = ["${aws_s3_bucket.main["artifacts"].arn}/releases/*/manifest.json"]
  }

  statement {
    sid       = "DecryptTheManifest"
    actions   = ["kms:Decrypt"]
    resources = [aws_kms_key.main["operations"].arn]
  }

  source_policy_documents = [
    data.aws_iam_policy_document.query["ci"].json,
    data.aws_iam_policy_document.read_marts.json,
    data.aws_iam_policy_document.read_raw.json,
  ]
}
