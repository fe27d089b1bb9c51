"""A bucket policy that allows TLS only leaves a bucket usable; one that denies everybody denies."""

import json
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from infra.local.patches import bucket_policy

TLS_ONLY = {"Bool": {"aws:SecureTransport": "false"}}


@pytest.fixture(scope="module", autouse=True)
def _patched() -> None:
    bucket_policy.install()


def bucket_with_deny(**condition: Any) -> Any:
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="lake", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:PutObject",
        "Resource": "arn:aws:s3:::lake/*",
        **condition,
    }
    s3.put_bucket_policy(Bucket="lake", Policy=json.dumps({"Version": "2012-10-17", "Statement": [deny]}))
    return s3


@mock_aws
def test_a_tls_only_bucket_takes_objects() -> None:
    s3 = bucket_with_deny(Condition=TLS_ONLY)
    s3.put_object(Bucket="lake", Key="k", Body=b"x")
    assert "aws:SecureTransport" in s3.get_bucket_policy(Bucket="lake")["Policy"]


@mock_aws
def test_an_unconditional_deny_denies() -> None:
    with pytest.raises(ClientError, match=r"AccessDenied|Forbidden"):
        bucket_with_deny().put_object(Bucket="lake", Key="k", Body=b"x")
