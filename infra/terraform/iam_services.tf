locals {
  # Who takes on each role, and what it may do.
  service_roles = {
    stream    = { service = "glue.amazonaws.com", description = "The streaming job", policy = data.aws_iam_policy_document.stream.json }
    crawler   = { service = "glue.amazonaws.com", description = "The crawlers of a restore", policy = data.aws_iam_policy_document.crawler.json }
    refresh   = { service = "ecs-tasks.amazonaws.com", description = "The refresh loop: dbt", policy = data.aws_iam_policy_document.refresh.json }
    dashboard = { service = "ecs-tasks.amazonaws.com", description = "The dashboard", policy = data.aws_iam_policy_document.dashboard.json }
    images    = { service = "ecs-tasks.amazonaws.com", description = "ECS itself: pulls images, writes logs", policy = data.aws_iam_policy_document.images.json }
    flow      = { service = "vpc-flow-logs.amazonaws.com", description = "Flow logs of the VPC", policy = data.aws_iam_policy_document.flow.json }
  }
}

resource "aws_iam_role" "service" {
  for_each = local.service_roles

  name               = "${local.name}-${each.key}"
  description        = each.value.description
  assume_role_policy = data.aws_iam_policy_document.assumed_by_service[each.value.service].json
}

resource "aws_iam_role_policy" "service" {
  for_each = local.service_roles

  name   = each.key
  role   = aws_iam_role.service[each.key].id
  policy = each.value.policy
}

data "aws_iam_policy_document" "assumed_by_service" {
  for_each = toset([for role in local.service_roles : role.service])

  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = [each.key]
    }

    # The service acts for this account only (the confused deputy).
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account_id]
    }
  }
}

data "aws_iam_policy_document" "images" {
  statement {
    sid       = "SignInToTheRegistry"
    actions   = ["ecr:GetAuthorizationToken"]
    resources = ["*"] # has no resource
  }

  statement {
    sid       = "PullImages"
    actions   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    resources = [for repository in aws_ecr_repository.main : repository.arn]
  }

  statement {
    sid       = "WriteLogs"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = [for group in aws_cloudwatch_log_group.service : "${group.arn}:log-stream:*"]
  }
}

data "aws_iam_policy_document" "flow" {
  statement {
    sid       = "WriteLogs"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.flow.arn}:log-stream:*"]
  }

  statement {
    sid       = "FindTheLogGroup"
    actions   = ["logs:DescribeLogGroups", "logs:DescribeLogStreams"]
    resources = ["arn:${local.partition}:logs:${var.region}:${local.account_id}:log-group:*"] # the service lists before it writes
  }
}
