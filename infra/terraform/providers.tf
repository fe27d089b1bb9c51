provider "aws" {
  region = var.region

  default_tags {
    tags = {
      project     = "telcopulse"
      environment = var.environment
      managed_by  = "terraform"
    }
  }
}
