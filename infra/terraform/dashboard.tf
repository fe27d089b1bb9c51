resource "aws_ecs_task_definition" "dashboard" {
  family                   = "${local.name}-dashboard"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = 512
  memory                   = 1024
  execution_role_arn       = aws_iam_role.service["images"].arn
  task_role_arn            = aws_iam_role.service["dashboard"].arn

  container_definitions = jsonencode([merge(local.container["dashboard"], {
    portMappings = [{ containerPort = local.dashboard_port, protocol = "tcp" }]
    environment  = [for name, value in local.environment["dashboard"] : { name = name, value = value }]
    healthCheck = {
      command     = ["CMD", "python", "-m", "dashboard.health"]
      interval    = 15
      timeout     = 5
      retries     = 3
      startPeriod = 30
    }
  })])

  volume {
    name = "tmp"
  }

  tags = { release = var.release }
}

resource "aws_ecs_service" "dashboard" {
  name                               = "dashboard"
  cluster                            = aws_ecs_cluster.main.id
  task_definition                    = aws_ecs_task_definition.dashboard.arn
  launch_type                        = "FARGATE"
  platform_version                   = "LATEST"
  desired_count                      = var.dashboard_tasks.min
  deployment_maximum_percent         = 200
  deployment_minimum_healthy_percent = 100
  health_check_grace_period_seconds  = 60
  availability_zone_rebalancing      = "ENABLED"
  enable_ecs_managed_tags            = true
  propagate_tags                     = "SERVICE"

  # A release whose tasks don't become healthy is taken back by ECS itself.
  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  network_configuration {
    subnets          = [for subnet in aws_subnet.private : subnet.id]
    security_groups  = [aws_security_group.caller["dashboard"].id]
    assign_public_ip = false
  }

  load_balancer {
    target_group_arn = aws_lb_target_group.dashboard.arn
    container_name   = "dashboard"
    container_port   = local.dashboard_port
  }

  # Autoscaling owns the number of tasks.
  lifecycle {
    ignore_changes = [desired_count]
  }

  depends_on = [aws_iam_role_policy.service, aws_lb_listener.https, aws_vpc_endpoint.interface]
}

resource "aws_appautoscaling_target" "dashboard" {
  service_namespace  = "ecs"
  resource_id        = "service/${aws_ecs_cluster.main.name}/${aws_ecs_service.dashboard.name}"
  scalable_dimension = "ecs:service:DesiredCount"
  min_capacity       = var.dashboard_tasks.min
  max_capacity       = var.dashboard_tasks.max
}

resource "aws_appautoscaling_policy" "dashboard" {
  name               = "${local.name}-dashboard-cpu"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = aws_appautoscaling_target.dashboard.service_namespace
  resource_id        = aws_appautoscaling_target.dashboard.resource_id
  scalable_dimension = aws_appautoscaling_target.dashboard.scalable_dimension

  target_tracking_scaling_policy_configuration {
    target_value       = 60
    scale_in_cooldown  = 300
    scale_out_cooldown = 60

    predefined_metric_specification {
      predefined_metric_type = "ECSServiceAverageCPUUtilization"
    }
  }
}
