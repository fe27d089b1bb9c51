locals {
  # Who runs in the private subnets and calls AWS from there.
  callers = {
    stream    = "The streaming job and the crawler"
    refresh   = "The refresh loop"
    dashboard = "The dashboard"
  }
}

resource "aws_security_group" "endpoints" {
  name        = "${local.name}-endpoints"
  description = "Interface endpoints of AWS services"
  vpc_id      = aws_vpc.main.id

  tags = { Name = "${local.name}-endpoints" }
}

resource "aws_security_group" "caller" {
  for_each = local.callers

  name        = "${local.name}-${each.key}"
  description = each.value
  vpc_id      = aws_vpc.main.id

  tags = { Name = "${local.name}-${each.key}" }
}

resource "aws_vpc_security_group_ingress_rule" "endpoints" {
  for_each = aws_security_group.caller

  description                  = "HTTPS from ${each.key}"
  security_group_id            = aws_security_group.endpoints.id
  referenced_security_group_id = each.value.id
  from_port                    = 443
  to_port                      = 443
  ip_protocol                  = "tcp"
}

resource "aws_vpc_security_group_egress_rule" "endpoints" {
  for_each = aws_security_group.caller

  description                  = "HTTPS to the interface endpoints"
  security_group_id            = each.value.id
  referenced_security_group_id = aws_security_group.endpoints.id
  from_port                    = 443
  to_port                      = 443
  ip_protocol                  = "tcp"
}

resource "aws_vpc_security_group_egress_rule" "s3" {
  for_each = aws_security_group.caller

  description       = "HTTPS to S3 by the gateway endpoint"
  security_group_id = each.value.id
  prefix_list_id    = aws_vpc_endpoint.s3.prefix_list_id
  from_port         = 443
  to_port           = 443
  ip_protocol       = "tcp"
}

# Glue demands that its workers may reach each other on every TCP port.
resource "aws_vpc_security_group_ingress_rule" "workers" {
  description                  = "Workers among themselves"
  security_group_id            = aws_security_group.caller["stream"].id
  referenced_security_group_id = aws_security_group.caller["stream"].id
  from_port                    = 0
  to_port                      = 65535
  ip_protocol                  = "tcp"
}

resource "aws_vpc_security_group_egress_rule" "workers" {
  description                  = "Workers among themselves"
  security_group_id            = aws_security_group.caller["stream"].id
  referenced_security_group_id = aws_security_group.caller["stream"].id
  from_port                    = 0
  to_port                      = 65535
  ip_protocol                  = "tcp"
}

resource "aws_security_group" "alb" {
  name        = "${local.name}-alb"
  description = "The load balancer of the dashboard"
  vpc_id      = aws_vpc.main.id

  tags = { Name = "${local.name}-alb" }
}

resource "aws_vpc_security_group_ingress_rule" "alb" {
  for_each = var.dashboard_allowed_cidrs

  description       = "HTTPS from the analysts' networks"
  security_group_id = aws_security_group.alb.id
  cidr_ipv4         = each.value
  from_port         = 443
  to_port           = 443
  ip_protocol       = "tcp"
}

resource "aws_vpc_security_group_egress_rule" "alb_to_dashboard" {
  description                  = "To the dashboard's tasks"
  security_group_id            = aws_security_group.alb.id
  referenced_security_group_id = aws_security_group.caller["dashboard"].id
  from_port                    = local.dashboard_port
  to_port                      = local.dashboard_port
  ip_protocol                  = "tcp"
}

resource "aws_vpc_security_group_egress_rule" "alb_to_identity_provider" {
  count = var.oidc == null ? 0 : 1

  description       = "To the identity provider, whose addresses are its own"
  security_group_id = aws_security_group.alb.id
  cidr_ipv4         = "0.0.0.0/0"
  from_port         = 443
  to_port           = 443
  ip_protocol       = "tcp"
}

resource "aws_vpc_security_group_ingress_rule" "dashboard" {
  description                  = "From the load balancer"
  security_group_id            = aws_security_group.caller["dashboard"].id
  referenced_security_group_id = aws_security_group.alb.id
  from_port                    = local.dashboard_port
  to_port                      = local.dashboard_port
  ip_protocol                  = "tcp"
}
