terraform {
  # State locking by a lock file in S3 came with 1.10, overrides of tests that hold for a plan with 1.11.
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 6.0"
    }
  }

  # The bucket is named at init: it is the account's, made by infra/release/bootstrap.sh.
  backend "s3" {
    key          = "telcopulse/terraform.tfstate"
    encrypt      = true
    use_lockfile = true
  }
}
