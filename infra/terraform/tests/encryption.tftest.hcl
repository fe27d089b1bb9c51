# Everything at rest is encrypted with a key of ours.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  environment             = "test"
  region                  = "eu-west-1"
  release                 = "v1.2.3"
  github_repository       = "telcopulse/telcopulse"
  protect_from_destroy    = true
  alarm_emails            = ["ops@example.com"]
  certificate_arn         = "arn:aws:acm:eu-west-1:123456789012:certificate/1"
  dashboard_allowed_cidrs = ["10.0.0.0/8"]
}

run "keys_rotate" {
  command = plan

  assert {
    condition     = alltrue([for key in aws_kms_key.main : key.enable_key_rotation])
    error_message = "A key keeps its material for good."
  }
}

run "buckets_stream_and_catalog_work_are_encrypted" {
  command = plan

  assert {
    condition     = toset(keys(aws_s3_bucket_server_side_encryption_configuration.main)) == toset(keys(aws_s3_bucket.main))
    error_message = "A bucket has no encryption of ours."
  }

  assert {
    condition = alltrue(flatten([
      for encryption in aws_s3_bucket_server_side_encryption_configuration.main : [
        for rule in encryption.rule : rule.apply_server_side_encryption_by_default[0].sse_algorithm == "aws:kms"
      ]
    ]))
    error_message = "A bucket is not encrypted with KMS."
  }

  assert {
    condition     = aws_kinesis_stream.events.encryption_type == "KMS"
    error_message = "The stream is not encrypted."
  }

  assert {
    condition = (
      aws_glue_security_configuration.stream.encryption_configuration[0].cloudwatch_encryption[0].cloudwatch_encryption_mode == "SSE-KMS" &&
      aws_glue_security_configuration.stream.encryption_configuration[0].s3_encryption[0].s3_encryption_mode == "SSE-KMS" &&
      aws_glue_security_configuration.stream.encryption_configuration[0].job_bookmarks_encryption[0].job_bookmarks_encryption_mode == "CSE-KMS"
    )
    error_message = "The job writes something unencrypted."
  }

  assert {
    condition     = aws_glue_job.stream.security_configuration == "telcopulse-test-stream" && alltrue([for crawler in aws_glue_crawler.restore : crawler.security_configuration == "telcopulse-test-stream"])
    error_message = "The job or a crawler runs without the security configuration."
  }
}

run "query_results_and_images_are_encrypted" {
  command = plan

  assert {
    condition = alltrue([
      for workgroup in aws_athena_workgroup.main :
      workgroup.configuration[0].result_configuration[0].encryption_configuration[0].encryption_option == "SSE_KMS"
    ])
    error_message = "A workgroup's results are not encrypted with KMS."
  }

  assert {
    condition     = alltrue([for repository in aws_ecr_repository.main : repository.encryption_configuration[0].encryption_type == "KMS" && repository.image_tag_mutability == "IMMUTABLE"])
    error_message = "Images are not encrypted, or a tag may be overwritten."
  }
}

run "logs_and_alarms_are_encrypted" {
  command = plan

  override_resource {
    target          = aws_kms_key.main
    override_during = plan
    values          = { arn = "arn:aws:kms:eu-west-1:123456789012:key/1", key_id = "1" }
  }

  assert {
    condition = alltrue([
      for group in concat(values(aws_cloudwatch_log_group.service), values(aws_cloudwatch_log_group.stream), [aws_cloudwatch_log_group.flow]) :
      group.kms_key_id == "arn:aws:kms:eu-west-1:123456789012:key/1"
    ])
    error_message = "A log group is not encrypted with a key of ours."
  }

  assert {
    condition     = aws_sns_topic.alarms.kms_master_key_id == "1"
    error_message = "The topic of alarms is not encrypted with a key of ours."
  }
}
