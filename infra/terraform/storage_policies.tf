resource "aws_s3_bucket_policy" "main" {
  for_each = aws_s3_bucket.main

  bucket = each.value.id
  policy = data.aws_iam_policy_document.bucket[each.key].json

  # AWS refuses a policy while it makes up its mind whether it is public.
  depends_on = [aws_s3_bucket_public_access_block.main]
}

data "aws_iam_policy_document" "bucket" {
  for_each = local.buckets

  statement {
    sid    = "TlsOnly"
    effect = "Deny"
    # What is denied is everything.
    actions   = ["s3:*"]
    resources = [aws_s3_bucket.main[each.key].arn, "${aws_s3_bucket.main[each.key].arn}/*"]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }

  # Who asks for no encryption gets the bucket's key; who asks for another one is refused.
  statement {
    sid       = "NoOtherEncryption"
    effect    = "Deny"
    actions   = ["s3:PutObject"]
    resources = ["${aws_s3_bucket.main[each.key].arn}/*"]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Null"
      variable = "s3:x-amz-server-side-encryption"
      values   = ["false"]
    }

    condition {
      test     = "StringNotEquals"
      variable = "s3:x-amz-server-side-encryption"
      values   = ["aws:kms"]
    }
  }

  statement {
    sid       = "NoOtherKey"
    effect    = "Deny"
    actions   = ["s3:PutObject"]
    resources = ["${aws_s3_bucket.main[each.key].arn}/*"]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Null"
      variable = "s3:x-amz-server-side-encryption-aws-kms-key-id"
      values   = ["false"]
    }

    condition {
      test     = "StringNotEquals"
      variable = "s3:x-amz-server-side-encryption-aws-kms-key-id"
      values   = [aws_kms_key.main[each.value.key].arn]
    }
  }

  dynamic "statement" {
    for_each = each.value.is_data ? [true] : []

    content {
      sid    = "FromOurNetworkOnly"
      effect = "Deny"
      actions = [
        "s3:DeleteObject", "s3:DeleteObjectVersion", "s3:GetObject", "s3:GetObjectVersion", "s3:ListBucket",
        "s3:ListBucketVersions", "s3:PutObject",
      ]
      resources = [aws_s3_bucket.main[each.key].arn, "${aws_s3_bucket.main[each.key].arn}/*"]

      principals {
        type        = "*"
        identifiers = ["*"]
      }

      condition {
        test     = "StringNotEquals"
        variable = "aws:SourceVpce"
        values   = [aws_vpc_endpoint.s3.id]
      }

      # Athena reads and writes on behalf of whoever asked it.
      condition {
        test     = "ForAllValues:StringNotEquals"
        variable = "aws:CalledVia"
        values   = ["athena.amazonaws.com"]
      }

      # People and the pipeline sit outside of the VPC: ad hoc users fetch results, CI builds its own schema, a plan asks
      # whether the buckets are there, and whoever applies this configuration empties a bucket that it destroys.
      condition {
        test     = "ArnNotEquals"
        variable = "aws:PrincipalArn"
        values   = [for role in ["adhoc", "ci", "plan", "apply"] : "arn:${local.partition}:iam::${local.account_id}:role/${local.name}-${role}"]
      }
    }
  }
}
