# What the roles' policies may not say; what they must allow is proven against the rendered policies.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  environment             = "test"
  region                  = "eu-west-1"
  release                 = "v1.2.3"
  github_repository       = "telcopulse/telcopulse"
  protect_from_destroy    = true
  alarm_emails            = ["ops@example.com"]
  certificate_arn         = "arn:aws:acm:eu-west-1:123456789012:certificate/1"
  dashboard_allowed_cidrs = ["10.0.0.0/8"]
}

run "no_role_is_allowed_a_wildcard_of_actions" {
  command = plan

  assert {
    condition = alltrue(flatten([
      for document in concat(
        [
          data.aws_iam_policy_document.stream, data.aws_iam_policy_document.crawler, data.aws_iam_policy_document.refresh,
          data.aws_iam_policy_document.images, data.aws_iam_policy_document.flow, data.aws_iam_policy_document.adhoc,
          data.aws_iam_policy_document.feed, data.aws_iam_policy_document.build, data.aws_iam_policy_document.plan,
          data.aws_iam_policy_document.apply, data.aws_iam_policy_document.ci, data.aws_iam_policy_document.read_marts,
          data.aws_iam_policy_document.read_raw, data.aws_iam_policy_document.publish_metrics,
          data.aws_iam_policy_document.glue_in_vpc, data.aws_iam_policy_document.s3_endpoint,
        ],
        values(data.aws_iam_policy_document.query), values(data.aws_iam_policy_document.key),
      ) :
      [for statement in document.statement : [for action in statement.actions : !strcontains(action, "*")]]
    ]))
    error_message = "A policy allows a wildcard of actions."
  }
}

run "roles_are_taken_on_by_their_service_and_our_repository_only" {
  command = plan

  assert {
    condition = alltrue([
      for document in data.aws_iam_policy_document.assumed_by_github : anytrue(flatten([
        for statement in document.statement : [
          for condition in statement.condition :
          condition.variable == "token.actions.githubusercontent.com:sub" && alltrue([for value in condition.values : startswith(value, "repo:telcopulse/telcopulse:")])
        ]
      ]))
    ])
    error_message = "Another repository's workflow could take on a role."
  }

  assert {
    condition = anytrue(flatten([
      for statement in data.aws_iam_policy_document.assumed_by_github["apply"].statement : [
        for condition in statement.condition : condition.values == tolist(["repo:telcopulse/telcopulse:environment:release"])
      ]
    ]))
    error_message = "Applying needs the environment whose approval stands before it."
  }
}
