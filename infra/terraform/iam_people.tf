# Ad hoc users assume it; who in the account may do so is said by their own policies (sts:AssumeRole on this role).
resource "aws_iam_role" "adhoc" {
  name               = "${local.name}-adhoc"
  description        = "People who query marts"
  assume_role_policy = data.aws_iam_policy_document.assumed_by_people.json
}

data "aws_iam_policy_document" "assumed_by_people" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "AWS"
      identifiers = ["arn:${local.partition}:iam::${local.account_id}:root"]
    }
  }
}

resource "aws_iam_role_policy" "adhoc" {
  name   = "adhoc"
  role   = aws_iam_role.adhoc.id
  policy = data.aws_iam_policy_document.adhoc.json
}

data "aws_iam_policy_document" "adhoc" {
  # What Athena's console shows: the workgroup's history and its saved queries.
  statement {
    sid = "UseTheConsole"
    actions = [
      "athena:BatchGetNamedQuery", "athena:BatchGetQueryExecution", "athena:GetNamedQuery", "athena:ListNamedQueries",
      "athena:ListQueryExecutions",
    ]
    resources = [aws_athena_workgroup.main["adhoc"].arn]
  }

  statement {
    sid       = "SeeWhatThereIs"
    actions   = ["athena:GetDataCatalog", "athena:GetDatabase", "athena:GetTableMetadata", "athena:ListDatabases", "athena:ListTableMetadata"]
    resources = ["arn:${local.partition}:athena:${var.region}:${local.account_id}:datacatalog/AwsDataCatalog"]
  }

  statement {
    sid       = "ListWorkgroupsAndCatalogs"
    actions   = ["athena:ListDataCatalogs", "athena:ListEngineVersions", "athena:ListWorkGroups"]
    resources = ["*"] # these have no resource
  }

  source_policy_documents = [data.aws_iam_policy_document.query["adhoc"].json, data.aws_iam_policy_document.read_marts.json]
}

# Phones don't talk to AWS themselves: what gathers their events gets this policy.
resource "aws_iam_policy" "feed" {
  name        = "${local.name}-feed"
  description = "Put events on the stream"
  policy      = data.aws_iam_policy_document.feed.json
}

data "aws_iam_policy_document" "feed" {
  statement {
    sid       = "PutEvents"
    actions   = ["kinesis:DescribeStreamSummary", "kinesis:PutRecord", "kinesis:PutRecords"]
    resources = [aws_kinesis_stream.events.arn]
  }

  statement {
    sid       = "EncryptEvents"
    actions   = ["kms:GenerateDataKey"]
    resources = [aws_kms_key.main["stream"].arn]
  }
}
