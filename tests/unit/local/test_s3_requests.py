"""S3 refuses what does not meet a condition or its digest, and lists 1,000 keys a page."""

import base64
import hashlib
import zlib
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from moto import mock_aws

from infra.local.patches import s3

IRELAND = {"LocationConstraint": "eu-west-1"}


@pytest.fixture
def client(tmp_path: Path) -> Any:
    s3.install(tmp_path / "s3")
    with mock_aws():
        # The SDK adds no checksum of its own.
        found = boto3.client("s3", config=Config(request_checksum_calculation="when_required"))
        found.create_bucket(Bucket="bucket", CreateBucketConfiguration=IRELAND)
        yield found


def code(refusal: Any) -> str:
    return str(refusal.value.response["Error"]["Code"])


def complete(client: Any, key: str, **conditions: str) -> None:
    upload = client.create_multipart_upload(Bucket="bucket", Key=key)["UploadId"]
    etag = client.upload_part(Bucket="bucket", Key=key, UploadId=upload, PartNumber=1, Body=b"new")["ETag"]
    parts = {"Parts": [{"PartNumber": 1, "ETag": etag}]}
    client.complete_multipart_upload(Bucket="bucket", Key=key, UploadId=upload, MultipartUpload=parts, **conditions)


def test_an_upload_is_completed_over_the_object_that_it_matches_only(client: Any) -> None:
    etag = client.put_object(Bucket="bucket", Key="k", Body=b"old")["ETag"]
    with pytest.raises(ClientError) as refusal:
        complete(client, "k", IfMatch='"0123"')
    assert code(refusal) == "PreconditionFailed"
    with pytest.raises(ClientError) as refusal:
        complete(client, "none", IfMatch=etag)
    assert code(refusal) == "NoSuchKey"
    complete(client, "k", IfMatch=etag)
    assert client.get_object(Bucket="bucket", Key="k")["Body"].read() == b"new"


def add_if_none_match(params: dict[str, Any], **kwargs: Any) -> None:
    """For an SDK that does not know the header of CopyObject yet."""
    params["headers"]["If-None-Match"] = "*"


def test_a_copy_replaces_nothing_when_told_so(client: Any) -> None:
    client.meta.events.register("before-call.s3.CopyObject", add_if_none_match)
    client.put_object(Bucket="bucket", Key="from", Body=b"x")
    client.copy_object(Bucket="bucket", Key="to", CopySource="bucket/from")
    with pytest.raises(ClientError) as refusal:
        client.copy_object(Bucket="bucket", Key="to", CopySource="bucket/from")
    assert code(refusal) == "PreconditionFailed"


@pytest.mark.parametrize("operation", ["list_objects", "list_objects_v2", "list_object_versions"])
def test_a_page_has_at_most_1000_keys(client: Any, operation: str) -> None:
    client.put_object(Bucket="bucket", Key="k", Body=b"x")
    assert getattr(client, operation)(Bucket="bucket", MaxKeys=5000)["MaxKeys"] == 1000
    assert getattr(client, operation)(Bucket="bucket", MaxKeys=5)["MaxKeys"] == 5


DIGESTS = {
    "ContentMD5": hashlib.md5(b"body").digest(),
    "ChecksumSHA256": hashlib.sha256(b"body").digest(),
    "ChecksumSHA1": hashlib.sha1(b"body").digest(),
    "ChecksumCRC32": zlib.crc32(b"body").to_bytes(4, "big"),
}


@pytest.mark.parametrize("name", list(DIGESTS))
def test_a_body_that_is_not_what_its_digest_says_is_refused(client: Any, name: str) -> None:
    digest = {name: base64.b64encode(DIGESTS[name]).decode()}
    client.put_object(Bucket="bucket", Key="k", Body=b"body", **digest)
    upload = client.create_multipart_upload(Bucket="bucket", Key="k")["UploadId"]
    with pytest.raises(ClientError) as refusal:
        client.put_object(Bucket="bucket", Key="k", Body=b"other", **digest)
    assert code(refusal) == "BadDigest"
    with pytest.raises(ClientError) as refusal:
        client.upload_part(Bucket="bucket", Key="k", UploadId=upload, PartNumber=1, Body=b"other", **digest)
    assert code(refusal) == "BadDigest"
    assert client.get_object(Bucket="bucket", Key="k")["Body"].read() == b"body"
