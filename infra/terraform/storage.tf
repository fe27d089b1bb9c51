locals {
  # is_data: reached from the VPC, through Athena or by the listed roles only. expire_days: null keeps for good.
  buckets = {
    raw            = { key = "raw", is_data = true, is_versioned = true, expire_days = null }
    marts          = { key = "marts", is_data = true, is_versioned = true, expire_days = null }
    athena-results = { key = "results", is_data = true, is_versioned = false, expire_days = var.athena_results_days }
    # Losing a file of the checkpoint makes a new query, which commits its batches a second time: nothing expires here.
    checkpoints = { key = "stream", is_data = true, is_versioned = true, expire_days = null }
    # Older releases are what a roll-back applies.
    artifacts = { key = "operations", is_data = false, is_versioned = true, expire_days = null }
  }
}

resource "aws_s3_bucket" "main" {
  for_each = local.buckets

  bucket        = "${local.name}-${each.key}-${local.account_id}"
  force_destroy = !var.protect_from_destroy
}

resource "aws_s3_bucket_public_access_block" "main" {
  for_each = aws_s3_bucket.main

  bucket                  = each.value.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "main" {
  for_each = aws_s3_bucket.main

  bucket = each.value.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "main" {
  for_each = aws_s3_bucket.main

  bucket = each.value.id

  rule {
    bucket_key_enabled = true

    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = aws_kms_key.main[local.buckets[each.key].key].arn
    }
  }
}

resource "aws_s3_bucket_versioning" "main" {
  for_each = { for name, bucket in local.buckets : name => bucket if bucket.is_versioned }

  bucket = aws_s3_bucket.main[each.key].id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "main" {
  for_each = local.buckets

  bucket = aws_s3_bucket.main[each.key].id

  rule {
    id     = "clean-up"
    status = "Enabled"

    filter {}

    abort_incomplete_multipart_upload {
      days_after_initiation = 2
    }

    noncurrent_version_expiration {
      noncurrent_days = var.noncurrent_days
    }
  }

  dynamic "rule" {
    for_each = each.value.expire_days == null ? [] : [each.value.expire_days]

    content {
      id     = "expire"
      status = "Enabled"

      filter {}

      expiration {
        days = rule.value
      }
    }
  }

  depends_on = [aws_s3_bucket_versioning.main]
}
