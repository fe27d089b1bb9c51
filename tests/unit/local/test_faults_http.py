"""What clients see of a fault: the error, the wait, the reset; and that their next call works."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import boto3
import botocore.exceptions
import pytest
import requests
from botocore.config import Config
from botocore.exceptions import ClientError

from infra.local.faults_client import FaultRefused, FaultsClient

ONE_ATTEMPT = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})


@pytest.fixture
def faults(endpoint: str) -> Iterator[FaultsClient]:
    client = FaultsClient(endpoint)
    yield client
    client.clear()


@pytest.fixture(scope="module")
def s3(endpoint: str) -> Any:
    client = boto3.client("s3", endpoint_url=endpoint, config=ONE_ATTEMPT)
    client.create_bucket(Bucket="bucket", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    client.put_object(Bucket="bucket", Key="a/k", Body=b"0123456789")
    return client


@pytest.fixture(scope="module")
def kinesis(endpoint: str) -> Any:
    client = boto3.client("kinesis", endpoint_url=endpoint, config=ONE_ATTEMPT)
    client.create_stream(StreamName="events", ShardCount=1)
    return client


def put(kinesis: Any, data: bytes) -> Any:
    return kinesis.put_record(StreamName="events", Data=data, PartitionKey="k")


def stored(kinesis: Any) -> list[bytes]:
    place = kinesis.get_shard_iterator(
        StreamName="events", ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
    )
    return [record["Data"] for record in kinesis.get_records(ShardIterator=place["ShardIterator"])["Records"]]


def test_a_json_service_fails_with_the_code_and_status_asked_for(kinesis: Any, faults: FaultsClient) -> None:
    fault = faults.add("kinesis", "PutRecord", resource="events", code="InternalFailure", message="as asked", times=1)
    with pytest.raises(ClientError) as caught:
        put(kinesis, b"struck")
    assert caught.value.response["Error"] == {"Code": "InternalFailure", "Message": "as asked"}
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
    put(kinesis, b"passed")
    assert b"struck" not in stored(kinesis)
    assert (faults.hits(fault), faults.seen(fault)) == (1, 2)


def test_s3_fails_in_its_own_xml(s3: Any, faults: FaultsClient) -> None:
    faults.add("s3", "PutObject", resource="bucket/a/", code="AccessDenied", times=1)
    with pytest.raises(ClientError) as caught:
        s3.put_object(Bucket="bucket", Key="a/large", Body=b"x" * 3_000_000)
    assert caught.value.response["Error"]["Code"] == "AccessDenied"
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    s3.put_object(Bucket="bucket", Key="a/large", Body=b"x" * 3_000_000)
    assert s3.head_object(Bucket="bucket", Key="a/large")["ContentLength"] == 3_000_000


def test_a_head_fails_by_its_status(s3: Any, faults: FaultsClient) -> None:
    faults.add("s3", "HeadObject", code="InternalError", times=1)
    with pytest.raises(ClientError) as caught:
        s3.head_object(Bucket="bucket", Key="a/k")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
    assert s3.head_object(Bucket="bucket", Key="a/k")["ContentLength"] == 10


def test_a_query_service_fails_in_its_own_xml(endpoint: str, faults: FaultsClient) -> None:
    sts = boto3.client("sts", endpoint_url=endpoint, config=ONE_ATTEMPT)
    faults.add("sts", "GetCallerIdentity", action="throttle")
    with pytest.raises(ClientError) as caught:
        sts.get_caller_identity()
    assert caught.value.response["Error"]["Code"] == "ThrottlingException"


def test_a_throttled_client_that_retries_succeeds(endpoint: str, kinesis: Any, faults: FaultsClient) -> None:
    patient = boto3.client("kinesis", endpoint_url=endpoint)
    fault = faults.add("kinesis", "PutRecord", action="throttle", times=2)
    assert put(patient, b"in the end")["ResponseMetadata"]["RetryAttempts"] == 2
    assert faults.hits(fault) == 2


def test_a_stalled_call_is_answered_late(s3: Any, faults: FaultsClient) -> None:
    faults.add("s3", "GetObject", action="stall", seconds=0.4, times=1)
    started = time.monotonic()
    assert s3.get_object(Bucket="bucket", Key="a/k")["Body"].read() == b"0123456789"
    assert time.monotonic() - started > 0.4


def test_removing_a_fault_lets_go_of_the_calls_that_it_holds(s3: Any, faults: FaultsClient) -> None:
    fault = faults.add("s3", "GetObject", action="stall", seconds=60, times=1)
    started = time.monotonic()
    threading.Timer(0.3, faults.clear, [fault]).start()
    assert s3.get_object(Bucket="bucket", Key="a/k")["Body"].read() == b"0123456789"
    assert 0.3 < time.monotonic() - started < 30


def test_a_reset_connection_is_seen_as_such(endpoint: str, s3: Any, faults: FaultsClient) -> None:
    faults.add("s3", "GetObject", action="reset", times=1)
    with pytest.raises(requests.ConnectionError, match="reset by peer"):
        requests.get(f"{endpoint}/bucket/a/k", timeout=5)
    assert requests.get(f"{endpoint}/bucket/a/k", timeout=5).status_code in (200, 403), "the server goes on"


def test_an_answer_that_is_lost_leaves_the_record_in_the_stream(kinesis: Any, faults: FaultsClient) -> None:
    faults.add("kinesis", "PutRecord", action="reset", when="after", times=1)
    with pytest.raises(botocore.exceptions.ConnectionClosedError):
        put(kinesis, b"kept")
    assert b"kept" in stored(kinesis)


def test_get_records_is_found_by_the_stream_of_its_iterator(kinesis: Any, faults: FaultsClient) -> None:
    faults.add("kinesis", "GetRecords", resource="another", code="InternalFailure")
    stored(kinesis)
    with faults.active("kinesis", "GetRecords", resource="events", code="InternalFailure"), pytest.raises(ClientError):
        stored(kinesis)
    stored(kinesis)


def test_a_fault_that_makes_no_sense_is_refused_in_words(faults: FaultsClient) -> None:
    with pytest.raises(FaultRefused, match="probability=7: expected a number from 0 to 1"):
        faults.add("s3", code="InternalError", probability=7)


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [("POST", "", b"{", 400), ("POST", "", b"[]", 400), ("PUT", "", b"", 405), ("GET", "/99", b"", 404)],
)
def test_a_wrong_use_of_the_control_api_is_told(
    endpoint: str, method: str, path: str, body: bytes, status: int
) -> None:
    answer = requests.request(method, f"{endpoint}/_telcopulse/faults{path}", data=body, timeout=5)
    assert answer.status_code == status
    assert answer.json()["error"]
