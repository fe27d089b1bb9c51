resource "aws_ecs_task_definition" "refresh" {
  family                   = "${local.name}-refresh"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = 512
  memory                   = 2048
  execution_role_arn       = aws_iam_role.service["images"].arn
  task_role_arn            = aws_iam_role.service["refresh"].arn

  container_definitions = jsonencode([merge(local.container["refresh"], {
    # A running dbt command ends before the task is killed.
    stopTimeout = 120
    environment = [for name, value in local.environment["refresh"] : { name = name, value = value }]
  })])

  volume {
    name = "tmp"
  }

  tags = { release = var.release }
}

# Exactly one: two loops would do the same work twice. The old one ends before the new one starts.
resource "aws_ecs_service" "refresh" {
  name                               = "refresh"
  cluster                            = aws_ecs_cluster.main.id
  task_definition                    = aws_ecs_task_definition.refresh.arn
  launch_type                        = "FARGATE"
  platform_version                   = "LATEST"
  desired_count                      = 1
  deployment_maximum_percent         = 100
  deployment_minimum_healthy_percent = 0
  enable_ecs_managed_tags            = true
  propagate_tags                     = "SERVICE"

  network_configuration {
    subnets          = [for subnet in aws_subnet.private : subnet.id]
    security_groups  = [aws_security_group.caller["refresh"].id]
    assign_public_ip = false
  }

  depends_on = [aws_iam_role_policy.service, aws_vpc_endpoint.interface]
}
