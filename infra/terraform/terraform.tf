terraform {
  # State locking by a lock file in S3 needs 1.10, validation across variables 1.9.
  required_version = ">= 1.10"

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
