locals {
  # Which runs of which workflow may take on a role; the environment `release` needs a person's approval.
  github_roles = {
    ci    = { subject = "environment:ci", description = "dbt.yml: builds a branch in a schema of its own", policy = data.aws_iam_policy_document.ci.json }
    build = { subject = "ref:refs/tags/v*", description = "release.yml: uploads a release's artifacts and images", policy = data.aws_iam_policy_document.build.json }
    plan  = { subject = "ref:refs/tags/v*", description = "release.yml: reads what is there and plans", policy = data.aws_iam_policy_document.plan.json }
    apply = { subject = "environment:release", description = "release.yml: applies an approved plan", policy = data.aws_iam_policy_document.apply.json }
  }

  state_bucket_arn = "arn:${local.partition}:s3:::telcopulse-terraform-state-${local.account_id}"
}

resource "aws_iam_openid_connect_provider" "github" {
  url            = "https://token.actions.githubusercontent.com"
  client_id_list = ["sts.amazonaws.com"]
}

resource "aws_iam_role" "github" {
  for_each = local.github_roles

  name               = "${local.name}-${each.key}"
  description        = each.value.description
  assume_role_policy = data.aws_iam_policy_document.assumed_by_github[each.key].json
}

resource "aws_iam_role_policy" "github" {
  for_each = local.github_roles

  name   = each.key
  role   = aws_iam_role.github[each.key].id
  policy = each.value.policy
}

# A plan reads every setting of every resource.
resource "aws_iam_role_policy_attachment" "plan_reads" {
  role       = aws_iam_role.github["plan"].name
  policy_arn = "arn:${local.partition}:iam::aws:policy/ReadOnlyAccess"
}

# Who applies may make and change every kind of resource here; the approval is what stands before it.
resource "aws_iam_role_policy_attachment" "apply_changes" {
  role       = aws_iam_role.github["apply"].name
  policy_arn = "arn:${local.partition}:iam::aws:policy/PowerUserAccess"
}

data "aws_iam_policy_document" "assumed_by_github" {
  for_each = local.github_roles

  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]

    principals {
      type        = "Federated"
      identifiers = [aws_iam_openid_connect_provider.github.arn]
    }

    condition {
      test     = "StringEquals"
      variable = "token.actions.githubusercontent.com:aud"
      values   = ["sts.amazonaws.com"]
    }

    condition {
      test     = "StringLike"
      variable = "token.actions.githubusercontent.com:sub"
      values   = ["repo:${var.github_repository}:${each.value.subject}"]
    }
  }
}

data "aws_iam_policy_document" "build" {
  # No DeleteObject: a release that is out stays as it is.
  statement {
    sid       = "UploadReleases"
    actions   = ["s3:GetObject", "s3:PutObject"]
    resources = ["${aws_s3_bucket.main["artifacts"].arn}/releases/*"]
  }

  statement {
    sid       = "EncryptReleases"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [aws_kms_key.main["operations"].arn]
  }

  statement {
    sid       = "SignInToTheRegistry"
    actions   = ["ecr:GetAuthorizationToken"]
    resources = ["*"] # has no resource
  }

  statement {
    sid = "PushImages"
    actions = [
      "ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:CompleteLayerUpload", "ecr:DescribeImages",
      "ecr:GetDownloadUrlForLayer", "ecr:InitiateLayerUpload", "ecr:PutImage", "ecr:UploadLayerPart",
    ]
    resources = [for repository in aws_ecr_repository.main : repository.arn]
  }
}

data "aws_iam_policy_document" "plan" {
  statement {
    sid       = "LockTheState"
    actions   = ["s3:DeleteObject", "s3:PutObject"]
    resources = ["${local.state_bucket_arn}/telcopulse/*.tflock"]
  }

  # The plan is applied as it was approved.
  statement {
    sid       = "KeepThePlan"
    actions   = ["s3:PutObject"]
    resources = ["${local.state_bucket_arn}/telcopulse/plans/*"]
  }

  # ReadOnlyAccess leaves connections out, for others' hold passwords.
  statement {
    sid     = "ReadTheConnections"
    actions = ["glue:GetConnection"]
    resources = concat(
      [local.catalog_arn],
      [for connection in aws_glue_connection.private : connection.arn],
    )
  }

  dynamic "statement" {
    for_each = var.oidc == null ? [] : [var.oidc.client_secret_arn]

    content {
      sid       = "ReadTheListenersSecret"
      actions   = ["secretsmanager:GetSecretValue"]
      resources = [statement.value]
    }
  }

  # ReadOnlyAccess reads every object; a plan needs those of the state only.
  statement {
    sid           = "ReadNoData"
    effect        = "Deny"
    actions       = ["athena:GetQueryResults", "kinesis:GetRecords", "s3:GetObject", "s3:GetObjectVersion"]
    not_resources = ["${local.state_bucket_arn}/*"]
  }
}

data "aws_iam_policy_document" "apply" {
  # PowerUserAccess leaves IAM out. These are the roles and policies of this configuration and no others.
  statement {
    sid = "ManageOurRoles"
    actions = [
      "iam:AttachRolePolicy", "iam:CreatePolicy", "iam:CreatePolicyVersion", "iam:CreateRole", "iam:DeletePolicy",
      "iam:DeletePolicyVersion", "iam:DeleteRole", "iam:DeleteRolePolicy", "iam:DetachRolePolicy", "iam:GetPolicy",
      "iam:GetPolicyVersion", "iam:GetRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies",
      "iam:ListInstanceProfilesForRole", "iam:ListPolicyTags", "iam:ListPolicyVersions", "iam:ListRolePolicies",
      "iam:ListRoleTags", "iam:PutRolePolicy", "iam:TagPolicy", "iam:TagRole", "iam:UntagPolicy", "iam:UntagRole",
      "iam:UpdateAssumeRolePolicy", "iam:UpdateRole", "iam:UpdateRoleDescription",
    ]
    resources = [
      "arn:${local.partition}:iam::${local.account_id}:role/${local.name}-*",
      "arn:${local.partition}:iam::${local.account_id}:policy/${local.name}-*",
    ]
  }

  statement {
    sid       = "HandRolesToTheirServices"
    actions   = ["iam:PassRole"]
    resources = ["arn:${local.partition}:iam::${local.account_id}:role/${local.name}-*"]

    condition {
      test     = "StringEquals"
      variable = "iam:PassedToService"
      values   = distinct([for role in local.service_roles : role.service])
    }
  }

  statement {
    sid = "ManageTheSignInOfGitHub"
    actions = [
      "iam:AddClientIDToOpenIDConnectProvider", "iam:CreateOpenIDConnectProvider", "iam:DeleteOpenIDConnectProvider",
      "iam:GetOpenIDConnectProvider", "iam:RemoveClientIDFromOpenIDConnectProvider", "iam:TagOpenIDConnectProvider",
      "iam:UntagOpenIDConnectProvider", "iam:UpdateOpenIDConnectProviderThumbprint",
    ]
    resources = ["arn:${local.partition}:iam::${local.account_id}:oidc-provider/token.actions.githubusercontent.com"]
  }
}
