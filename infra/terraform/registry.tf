resource "aws_ecr_repository" "main" {
  for_each = toset(["dashboard", "refresh"])

  name                 = "${local.name}/${each.key}"
  image_tag_mutability = "IMMUTABLE"
  force_delete         = !var.protect_from_destroy

  encryption_configuration {
    encryption_type = "KMS"
    kms_key         = aws_kms_key.main["operations"].arn
  }

  image_scanning_configuration {
    scan_on_push = true
  }
}

# Releases stay, for rolling back; what a failed push left behind goes.
resource "aws_ecr_lifecycle_policy" "main" {
  for_each = aws_ecr_repository.main

  repository = each.value.name
  policy = jsonencode({
    rules = [{
      rulePriority = 1
      description  = "Untagged images"
      selection    = { tagStatus = "untagged", countType = "sinceImagePushed", countUnit = "days", countNumber = 7 }
      action       = { type = "expire" }
    }]
  })
}
