"""The local S3 behaves as S3 does for the writers, readers and listers of a lakehouse."""

import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import psutil
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from infra.local.settings import LocalSettings
from tests.integration.programs import wait_until

BUCKET = "telcopulse-artifacts"
MIB = 1024 * 1024


@pytest.fixture(scope="module")
def s3(local_aws: LocalSettings) -> Any:
    return boto3.client("s3", config=Config(max_pool_connections=20, retries={"total_max_attempts": 1}))


@pytest.fixture
def prefix() -> str:
    return f"test-{uuid.uuid4().hex}/"


def code_of(call: Callable[[], Any]) -> tuple[str, int]:
    with pytest.raises(ClientError) as caught:
        call()
    return caught.value.response["Error"]["Code"], caught.value.response["ResponseMetadata"]["HTTPStatusCode"]


def put(s3: Any, key: str, body: bytes, **conditions: str) -> str:
    return str(s3.put_object(Bucket=BUCKET, Key=key, Body=body, **conditions)["ETag"])


def get(s3: Any, key: str, **arguments: str) -> bytes:
    return bytes(s3.get_object(Bucket=BUCKET, Key=key, **arguments)["Body"].read())


def upload(s3: Any, key: str, parts: list[bytes], **conditions: str) -> Any:
    upload_id = s3.create_multipart_upload(Bucket=BUCKET, Key=key)["UploadId"]
    where = {"Bucket": BUCKET, "Key": key, "UploadId": upload_id}
    etags = [
        {"PartNumber": number, "ETag": s3.upload_part(**where, PartNumber=number, Body=part)["ETag"]}
        for number, part in enumerate(parts, start=1)
    ]
    return s3.complete_multipart_upload(**where, MultipartUpload={"Parts": etags}, **conditions)


def test_if_none_match_writes_only_where_nothing_is(s3: Any, prefix: str) -> None:
    put(s3, prefix + "k", b"1", IfNoneMatch="*")
    assert code_of(lambda: put(s3, prefix + "k", b"2", IfNoneMatch="*")) == ("PreconditionFailed", 412)
    assert get(s3, prefix + "k") == b"1"


def test_if_match_writes_only_over_what_was_read(s3: Any, prefix: str) -> None:
    first = put(s3, prefix + "k", b"1")
    put(s3, prefix + "k", b"2", IfMatch=first)
    assert code_of(lambda: put(s3, prefix + "k", b"3", IfMatch=first)) == ("PreconditionFailed", 412)
    assert code_of(lambda: put(s3, prefix + "none", b"3", IfMatch=first)) == ("NoSuchKey", 404)
    assert get(s3, prefix + "k") == b"2"


def test_of_many_conditional_writers_one_wins(s3: Any, prefix: str) -> None:
    def won(number: int, key: str) -> bool:
        try:
            put(s3, key, b"%d" % number * 50_000, IfNoneMatch="*")
        except ClientError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        for attempt in range(15):
            winners = list(pool.map(won, range(8), [f"{prefix}{attempt}"] * 8))
            assert sum(winners) == 1
            assert get(s3, f"{prefix}{attempt}")[:1] == b"%d" % winners.index(True)


def test_a_multipart_upload_is_the_sum_of_its_parts(s3: Any, prefix: str) -> None:
    parts = [bytes([number]) * 5 * MIB for number in (1, 2)] + [b"end"]
    answer = upload(s3, prefix + "k", parts)
    assert answer["ETag"].endswith('-3"')
    assert get(s3, prefix + "k") == b"".join(parts)
    assert get(s3, prefix + "k", Range=f"bytes={5 * MIB - 2}-{5 * MIB + 1}") == b"\1\1\2\2"
    assert s3.head_object(Bucket=BUCKET, Key=prefix + "k")["ContentLength"] == 10 * MIB + 3


def test_completing_an_upload_over_an_object_can_be_refused(s3: Any, prefix: str) -> None:
    put(s3, prefix + "k", b"first")
    refused = code_of(lambda: upload(s3, prefix + "k", [b"second"], IfNoneMatch="*"))
    assert refused == ("PreconditionFailed", 412)
    assert get(s3, prefix + "k") == b"first"


def test_a_part_of_an_aborted_upload_is_refused(s3: Any, prefix: str) -> None:
    where = {"Bucket": BUCKET, "Key": prefix + "k"}
    where["UploadId"] = s3.create_multipart_upload(**where)["UploadId"]
    s3.abort_multipart_upload(**where)
    assert code_of(lambda: s3.upload_part(**where, PartNumber=1, Body=b"x")) == ("NoSuchUpload", 404)
    done = {"Parts": [{"PartNumber": 1, "ETag": "x"}]}
    assert code_of(lambda: s3.complete_multipart_upload(**where, MultipartUpload=done)) == ("NoSuchUpload", 404)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [("0-3", b"0123"), ("8-99", b"89"), ("-3", b"789"), ("4-", b"456789"), ("0-0", b"0")],
)
def test_a_range_is_read(s3: Any, prefix: str, asked: str, expected: bytes) -> None:
    put(s3, prefix + "k", b"0123456789")
    answer = s3.get_object(Bucket=BUCKET, Key=prefix + "k", Range=f"bytes={asked}")
    assert answer["Body"].read() == expected
    assert answer["ContentRange"].endswith("/10")
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 206


def test_a_range_behind_the_end_is_refused(s3: Any, prefix: str) -> None:
    put(s3, prefix + "k", b"0123456789")
    assert code_of(lambda: get(s3, prefix + "k", Range="bytes=10-12")) == ("InvalidRange", 416)


def test_a_list_pages_through_keys_and_common_prefixes(s3: Any, prefix: str) -> None:
    for number in range(12):
        put(s3, f"{prefix}a{number:02}", b"")
        put(s3, f"{prefix}day={number:02}/f", b"")
    pages, arguments = [], {"Bucket": BUCKET, "Prefix": prefix, "Delimiter": "/", "MaxKeys": 7}
    while True:
        page = s3.list_objects_v2(**arguments)
        pages.append([each["Key"] for each in page.get("Contents", [])])
        pages[-1] += [each["Prefix"] for each in page.get("CommonPrefixes", [])]
        if not page["IsTruncated"]:
            break
        arguments["ContinuationToken"] = page["NextContinuationToken"]
    assert [len(page) for page in pages] == [7, 7, 7, 3]
    listed = [name.removeprefix(prefix) for page in pages for name in page]
    assert listed == [f"a{number:02}" for number in range(12)] + [f"day={number:02}/" for number in range(12)]
    after = s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix, StartAfter=f"{prefix}day=09/f")
    assert [each["Key"][-6:] for each in after["Contents"]] == ["y=10/f", "y=11/f"]


def test_a_made_up_continuation_token_is_refused(s3: Any) -> None:
    refused = code_of(lambda: s3.list_objects_v2(Bucket=BUCKET, ContinuationToken="made-up"))
    assert refused == ("InvalidArgument", 400)


def test_deleting_many_reports_each_also_those_that_were_not_there(s3: Any, prefix: str) -> None:
    for number in range(3):
        put(s3, f"{prefix}{number}", b"")
    keys = [{"Key": f"{prefix}{number}"} for number in range(5)]
    answer = s3.delete_objects(Bucket=BUCKET, Delete={"Objects": keys})
    assert len(answer["Deleted"]) == 5
    assert "Errors" not in answer
    assert s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix)["KeyCount"] == 0


def test_a_copy_outlives_its_source(s3: Any, prefix: str) -> None:
    put(s3, prefix + "source", b"x" * MIB)
    s3.copy_object(Bucket=BUCKET, Key=prefix + "copy", CopySource={"Bucket": BUCKET, "Key": prefix + "source"})
    s3.delete_object(Bucket=BUCKET, Key=prefix + "source")
    assert get(s3, prefix + "copy") == b"x" * MIB


def test_lists_and_reads_hold_while_others_put_and_delete(s3: Any, prefix: str) -> None:
    """Keys that nobody touches are in every list; a key that is overwritten reads as one version or another."""
    for number in range(20):
        put(s3, f"{prefix}stays{number}", b"")
    put(s3, prefix + "hot", b"0" * 100_000)
    stop = threading.Event()

    def churn(name: str) -> None:
        number = 0
        while not stop.is_set():
            put(s3, f"{prefix}{name}{number % 7}", b"x" * 10_000)
            put(s3, prefix + "hot", b"%d" % (number % 10) * 100_000)
            s3.delete_object(Bucket=BUCKET, Key=f"{prefix}{name}{(number + 3) % 7}")
            number += 1

    def look(_: int) -> None:
        while not stop.is_set():
            listed = s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix)["Contents"]
            assert sum("stays" in each["Key"] for each in listed) == 20
            hot = get(s3, prefix + "hot")
            assert len(hot) == 100_000
            assert len(set(hot)) == 1

    with ThreadPoolExecutor(6) as pool:
        tasks = [pool.submit(churn, name) for name in "abc"] + [pool.submit(look, number) for number in range(3)]
        time.sleep(4)
        stop.set()
        for task in tasks:
            task.result()


def test_memory_and_descriptors_do_not_grow_with_what_is_stored(s3: Any, local_aws: LocalSettings, prefix: str) -> None:
    server = psutil.Process(int((local_aws.state_dir / "aws.pid").read_text()))
    folder = local_aws.objects_dir
    for number in range(30):  # What the allocator keeps for itself is kept once.
        put(s3, prefix + "warm", bytes([number]) * 4 * MIB)
    before, files, descriptors = server.memory_info().rss, set(folder.iterdir()), server.num_fds()
    for number in range(100):
        put(s3, f"{prefix}{number}", bytes([number]) * 4 * MIB)
    bodies = set(folder.iterdir()) - files
    assert len(bodies) >= 100
    for number in range(100):
        assert get(s3, f"{prefix}{number}", Range="bytes=1000-1001") == bytes([number]) * 2
    grown_mb = (server.memory_info().rss - before) / 1e6
    assert grown_mb < 100, f"400 MB stored: the server grew by {grown_mb:.0f} MB"
    assert server.num_fds() - descriptors < 30
    keys = [{"Key": f"{prefix}{number}"} for number in range(100)]
    s3.delete_objects(Bucket=BUCKET, Delete={"Objects": keys})
    wait_until(lambda: not bodies & set(folder.iterdir()), "deleted bodies", timeout_s=30)
