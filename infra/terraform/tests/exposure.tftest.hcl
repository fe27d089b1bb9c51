# Nothing is public, but a load balancer behind sign-in where chosen.

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

run "without_sign_in_the_load_balancer_is_internal_and_no_subnet_public" {
  command = plan

  assert {
    condition     = aws_lb.dashboard.internal
    error_message = "The load balancer faces the internet without sign-in."
  }

  assert {
    condition     = length(aws_subnet.public) == 0 && length(aws_internet_gateway.public) == 0 && length(aws_route_table.public) == 0
    error_message = "There is a way to the internet."
  }

  assert {
    condition     = [for action in aws_lb_listener.https.default_action : action.type] == ["forward"]
    error_message = "The listener of an internal load balancer forwards."
  }
}

run "an_internet_facing_load_balancer_signs_in_first" {
  command = plan

  variables {
    dashboard_allowed_cidrs = ["0.0.0.0/0"]
    oidc = {
      issuer                 = "https://id.example.com"
      authorization_endpoint = "https://id.example.com/authorize"
      token_endpoint         = "https://id.example.com/token"
      user_info_endpoint     = "https://id.example.com/userinfo"
      client_id              = "dashboard"
      client_secret_arn      = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:dashboard"
    }
  }

  assert {
    condition     = !aws_lb.dashboard.internal && [for action in aws_lb_listener.https.default_action : action.type] == ["authenticate-oidc", "forward"]
    error_message = "Whoever comes from the internet must sign in before anything is forwarded."
  }

  assert {
    condition     = aws_lb_listener.https.default_action[0].authenticate_oidc[0].on_unauthenticated_request == "authenticate"
    error_message = "Requests without a session must be sent to sign in."
  }

  assert {
    condition     = alltrue([for service in [aws_ecs_service.dashboard, aws_ecs_service.refresh] : !service.network_configuration[0].assign_public_ip])
    error_message = "Tasks stay in private subnets."
  }

  assert {
    condition     = alltrue([for subnet in merge(aws_subnet.private, { for zone, subnet in aws_subnet.public : "public-${zone}" => subnet }) : !subnet.map_public_ip_on_launch])
    error_message = "No subnet gives out public addresses."
  }
}

run "the_world_may_not_reach_a_dashboard_without_sign_in" {
  command = plan

  variables {
    dashboard_allowed_cidrs = ["0.0.0.0/0"]
  }

  expect_failures = [var.dashboard_allowed_cidrs]
}

run "the_load_balancer_speaks_tls_only" {
  command = plan

  assert {
    condition     = aws_lb_listener.https.protocol == "HTTPS" && aws_lb_listener.https.port == 443 && startswith(aws_lb_listener.https.ssl_policy, "ELBSecurityPolicy-TLS13-1-2")
    error_message = "The one listener is HTTPS with TLS 1.2 or newer."
  }

  assert {
    condition     = startswith(aws_lb_listener.https.routing_http_response_strict_transport_security_header_value, "max-age=31536000") && aws_lb_listener.https.routing_http_response_x_frame_options_header_value == "DENY" && aws_lb_listener.https.routing_http_response_x_content_type_options_header_value == "nosniff" && !aws_lb_listener.https.routing_http_response_server_enabled
    error_message = "Browsers are told to use TLS only, to frame no page and to guess no content type."
  }

  assert {
    condition     = !strcontains(aws_lb_listener.https.routing_http_response_content_security_policy_header_value, "unsafe-eval") && length(regexall("script-src [^;]*unsafe", aws_lb_listener.https.routing_http_response_content_security_policy_header_value)) == 0
    error_message = "Pages run the dashboard's own scripts only."
  }

  assert {
    condition     = alltrue([for rule in aws_vpc_security_group_ingress_rule.alb : rule.from_port == 443 && rule.to_port == 443])
    error_message = "The load balancer is reached on 443 only."
  }
}

run "every_bucket_blocks_public_access" {
  command = plan

  assert {
    condition     = toset(keys(aws_s3_bucket_public_access_block.main)) == toset(keys(aws_s3_bucket.main))
    error_message = "A bucket has no block of public access."
  }

  assert {
    condition = alltrue([
      for block in aws_s3_bucket_public_access_block.main :
      block.block_public_acls && block.block_public_policy && block.ignore_public_acls && block.restrict_public_buckets
    ])
    error_message = "Public access must be blocked in all four ways."
  }
}

run "every_bucket_refuses_requests_without_tls" {
  command = plan

  assert {
    condition     = toset(keys(aws_s3_bucket_policy.main)) == toset(keys(aws_s3_bucket.main))
    error_message = "A bucket has no policy."
  }

  assert {
    condition = alltrue([
      for document in data.aws_iam_policy_document.bucket : anytrue([
        for statement in document.statement :
        statement.effect == "Deny" && statement.actions == toset(["s3:*"]) && length(statement.condition) == 1 && anytrue([
          for condition in statement.condition : condition.variable == "aws:SecureTransport" && condition.values == tolist(["false"])
        ])
      ])
    ])
    error_message = "A bucket's policy lets requests without TLS pass."
  }
}

run "data_is_reached_from_our_network_only" {
  command = plan

  assert {
    condition = alltrue([
      for name in ["raw", "marts", "athena-results", "checkpoints"] :
      contains([for statement in data.aws_iam_policy_document.bucket[name].statement : statement.sid], "FromOurNetworkOnly")
    ])
    error_message = "A bucket with data can be reached from anywhere."
  }
}
