locals {
  # A key a kind of data: who may read marts can't decrypt raw.
  keys = {
    raw        = "Raw events, which hold people's positions"
    marts      = "Marts"
    results    = "Results of Athena queries"
    stream     = "The stream of events and the job's checkpoints"
    operations = "Logs, alarms, artifacts and images"
  }
}

resource "aws_kms_key" "main" {
  for_each = local.keys

  description             = each.value
  enable_key_rotation     = true
  deletion_window_in_days = 30
  policy                  = data.aws_iam_policy_document.key[each.key].json
}

resource "aws_kms_alias" "main" {
  for_each = aws_kms_key.main

  name          = "alias/${local.name}-${each.key}"
  target_key_id = each.value.key_id
}

data "aws_iam_policy_document" "key" {
  for_each = local.keys

  # The account's own policies say who may use a key; without this statement nobody could ever change it again.
  statement {
    sid = "PoliciesOfTheAccount"
    actions = [
      "kms:CancelKeyDeletion", "kms:CreateAlias", "kms:CreateGrant", "kms:Decrypt", "kms:DeleteAlias", "kms:DescribeKey",
      "kms:DisableKey", "kms:DisableKeyRotation", "kms:EnableKey", "kms:EnableKeyRotation", "kms:Encrypt",
      "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus",
      "kms:ListGrants", "kms:ListKeyPolicies", "kms:ListKeyRotations", "kms:ListResourceTags", "kms:PutKeyPolicy",
      "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:RetireGrant", "kms:RevokeGrant", "kms:RotateKeyOnDemand",
      "kms:ScheduleKeyDeletion", "kms:TagResource", "kms:UntagResource", "kms:UpdateAlias", "kms:UpdateKeyDescription",
    ]
    # In a key's policy it means this key.
    resources = ["*"]

    principals {
      type        = "AWS"
      identifiers = ["arn:${local.partition}:iam::${local.account_id}:root"]
    }
  }

  dynamic "statement" {
    for_each = each.key == "operations" ? ["logs.${var.region}.amazonaws.com"] : []

    content {
      sid       = "LogGroups"
      actions   = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:ReEncryptTo"]
      resources = ["*"]

      principals {
        type        = "Service"
        identifiers = [statement.value]
      }

      condition {
        test     = "ArnLike"
        variable = "kms:EncryptionContext:aws:logs:arn"
        values = [
          for group in ["/${local.name}/*", "/aws-glue/crawlers*"] :
          "arn:${local.partition}:logs:${var.region}:${local.account_id}:log-group:${group}"
        ]
      }
    }
  }

  dynamic "statement" {
    for_each = each.key == "operations" ? [["cloudwatch.amazonaws.com", "events.amazonaws.com"]] : []

    content {
      sid       = "AlarmsIntoTheEncryptedTopic"
      actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
      resources = ["*"]

      principals {
        type        = "Service"
        identifiers = statement.value
      }

      condition {
        test     = "StringEquals"
        variable = "aws:SourceAccount"
        values   = [local.account_id]
      }
    }
  }
}
