resource "aws_lb" "dashboard" {
  name                       = "${local.name}-dashboard"
  load_balancer_type         = "application"
  internal                   = var.oidc == null
  subnets                    = var.oidc == null ? [for subnet in aws_subnet.private : subnet.id] : [for subnet in aws_subnet.public : subnet.id]
  security_groups            = [aws_security_group.alb.id]
  drop_invalid_header_fields = true
  enable_deletion_protection = var.protect_from_destroy
}

resource "aws_lb_target_group" "dashboard" {
  name                 = "${local.name}-dashboard"
  port                 = local.dashboard_port
  protocol             = "HTTP"
  target_type          = "ip"
  vpc_id               = aws_vpc.main.id
  deregistration_delay = 30

  health_check {
    path                = "/_stcore/health"
    matcher             = "200"
    interval            = 15
    timeout             = 5
    healthy_threshold   = 2
    unhealthy_threshold = 3
  }

  # A Streamlit session lives in one task.
  stickiness {
    type            = "lb_cookie"
    cookie_duration = 86400
  }
}

data "aws_secretsmanager_secret_version" "oidc" {
  count = var.oidc == null ? 0 : 1

  secret_id = var.oidc.client_secret_arn
}

locals {
  # What Streamlit's pages need and no more; the hash is that of the one script in its index.html. End-to-end tests open
  # every page under it.
  content_security_policy = join("; ", [
    "default-src 'self'",
    "script-src 'self' 'sha256-THxz9J9+wf7rhwR2YkXJoSZ13UCmYyC+3lNDv2+8ugA='",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    "base-uri 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "object-src 'none'",
  ])
}

resource "aws_lb_listener" "https" {
  load_balancer_arn = aws_lb.dashboard.arn
  port              = 443
  protocol          = "HTTPS"
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-2021-06"
  certificate_arn   = var.certificate_arn

  routing_http_response_content_security_policy_header_value   = local.content_security_policy
  routing_http_response_strict_transport_security_header_value = "max-age=31536000; includeSubDomains"
  routing_http_response_x_content_type_options_header_value    = "nosniff"
  routing_http_response_x_frame_options_header_value           = "DENY"
  routing_http_response_server_enabled                         = false

  dynamic "default_action" {
    for_each = var.oidc == null ? [] : [var.oidc]

    content {
      type  = "authenticate-oidc"
      order = 1

      authenticate_oidc {
        issuer                     = default_action.value.issuer
        authorization_endpoint     = default_action.value.authorization_endpoint
        token_endpoint             = default_action.value.token_endpoint
        user_info_endpoint         = default_action.value.user_info_endpoint
        client_id                  = default_action.value.client_id
        client_secret              = data.aws_secretsmanager_secret_version.oidc[0].secret_string
        on_unauthenticated_request = "authenticate"
        session_timeout            = 28800
      }
    }
  }

  default_action {
    type             = "forward"
    order            = var.oidc == null ? 1 : 2
    target_group_arn = aws_lb_target_group.dashboard.arn
  }
}
