"""The server keeps connections, stays in step on them, and answers what it can't do in the client's protocol."""

import http.client
import io
import json
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from infra.local import cbor
from infra.local.aws_call import recognise

AUTHORIZATION = "AWS4-HMAC-SHA256 Credential=test/20260101/eu-west-1/{}/aws4_request, SignedHeaders=host, Signature=0"


@pytest.fixture
def connection(endpoint: str) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(urlsplit(endpoint).netloc, timeout=10)


def call(connection: http.client.HTTPConnection, target: str, body: bytes, **headers: str) -> tuple[int, bytes]:
    sent = {"X-Amz-Target": target, "Content-Type": "application/x-amz-json-1.1", **headers}
    connection.request("POST", "/", body, {"Authorization": AUTHORIZATION.format("kinesis"), **sent})
    answer = connection.getresponse()
    return answer.status, answer.read()


def test_calls_share_a_connection(connection: http.client.HTTPConnection) -> None:
    connection.connect()
    first = connection.sock
    for _ in range(3):
        assert call(connection, "Kinesis_20131202.ListStreams", b"{}")[0] == 200
        assert connection.sock is first


def test_a_body_that_nobody_read_does_not_become_the_next_request(connection: http.client.HTTPConnection) -> None:
    connection.request("DELETE", "/_telcopulse/faults", b"GET /nowhere HTTP/1.1\r\n\r\n" * 1000)
    assert connection.getresponse().read() == b'{"faults": []}\n'
    assert call(connection, "Kinesis_20131202.ListStreams", b"{}")[0] == 200


def test_an_answer_without_a_body_leaves_the_connection_in_step(connection: http.client.HTTPConnection) -> None:
    for method, path in (("PUT", "/head"), ("PUT", "/head/k"), ("HEAD", "/head/k"), ("DELETE", "/head/k")):
        body = b"body" if (method, path) == ("PUT", "/head/k") else None
        connection.request(
            method, path, body, {"Authorization": AUTHORIZATION.format("s3").replace("eu-west", "us-east")}
        )
        answer = connection.getresponse()
        answer.read()
        assert answer.status in (200, 204), (method, path, answer.status)
    assert call(connection, "Kinesis_20131202.ListStreams", b"{}")[0] == 200


def test_an_upload_larger_than_memory_may_hold_is_refused_with_the_way_out(endpoint: str) -> None:
    s3 = boto3.client("s3", endpoint_url=endpoint)
    s3.create_bucket(Bucket="large", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_object(Bucket="large", Key="fits", Body=b"x" * 8 * 1024 * 1024)
    with pytest.raises(ClientError, match=r"EntityTooLarge.*parts.*TELCOPULSE_S3_MAX_PUT_MB"):
        s3.put_object(Bucket="large", Key="does-not", Body=b"x" * 100 * 1024 * 1024)
    assert [found["Key"] for found in s3.list_objects_v2(Bucket="large")["Contents"]] == ["fits"]


@pytest.mark.parametrize(("mebibytes", "answer"), [(8, 200), (9, 400)])
def test_a_chunked_upload_is_bounded_too(
    connection: http.client.HTTPConnection, endpoint: str, mebibytes: int, answer: int
) -> None:
    s3 = boto3.client("s3", endpoint_url=endpoint)
    s3.create_bucket(Bucket=f"chunked{mebibytes}", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    headers = {"Authorization": AUTHORIZATION.format("s3"), "Transfer-Encoding": "chunked"}
    chunks = iter([b"x" * 1024 * 1024] * mebibytes)
    connection.request("PUT", f"/chunked{mebibytes}/k", chunks, headers, encode_chunked=True)
    found = connection.getresponse()
    assert (found.status, b"EntityTooLarge" in found.read()) == (answer, answer == 400)
    sizes = [one["Size"] for one in s3.list_objects_v2(Bucket=f"chunked{mebibytes}").get("Contents", [])]
    assert sizes == ([mebibytes * 1024 * 1024] if answer == 200 else [])


def test_cbor_is_refused_with_the_setting_that_turns_it_off(connection: http.client.HTTPConnection) -> None:
    status, body = call(connection, "Kinesis_20131202.ListStreams", b"\xbf\xff", **{"Content-Type": cbor.CONTENT_TYPE})
    assert status == 400
    assert b"AWS_CBOR_DISABLE=true" in body
    assert b"-Dcom.amazonaws.sdk.disableCbor" in body
    assert b"Traceback" not in body


def test_the_refusal_is_a_cbor_map_of_two_texts() -> None:
    assert cbor.encode({"a": "b" * 30}) == b"\xa1\x61a\x78\x1e" + b"b" * 30
    assert cbor.encode({"a": "b" * 300})[3:6] == b"\x79\x01\x2c"


def test_what_moto_lacks_is_an_aws_error_without_a_trace(endpoint: str) -> None:
    kinesis = boto3.client("kinesis", endpoint_url=endpoint, config=Config(retries={"total_max_attempts": 1}))
    with pytest.raises(ClientError) as caught:
        kinesis.list_tags_for_resource(ResourceARN="arn:aws:kinesis:eu-west-1:123456789012:stream/none")
    assert "Traceback" not in str(caught.value)


def environ(method: str, path: str, query: str = "", **more: Any) -> dict[str, Any]:
    signed = {"HTTP_AUTHORIZATION": AUTHORIZATION.format("s3")}
    return {"REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query, **signed, **more}


@pytest.mark.parametrize(
    ("method", "path", "query", "operation", "resource"),
    [
        ("GET", "/", "", "ListBuckets", "/"),
        ("PUT", "/b", "", "CreateBucket", "b/"),
        ("PUT", "/b", "versioning", "PutBucketVersioning", "b/"),
        ("GET", "/b", "location", "GetBucketLocation", "b/"),
        ("GET", "/b", "list-type=2&prefix=raw%2F", "ListObjectsV2", "b/raw/"),
        ("GET", "/b", "cors", "GetBucketCors", "b/"),
        ("GET", "/b", "website", "GetBucketWebsite", "b/"),
        ("GET", "/b", "X-Amz-Expires=9&prefix=raw%2F&max-keys=3", "ListObjects", "b/raw/"),
        ("GET", "/b", "versions&key-marker=a", "ListObjectVersions", "b/"),
        ("GET", "/b", "uploads&max-uploads=3", "ListMultipartUploads", "b/"),
        ("POST", "/b", "delete", "DeleteObjects", "b/"),
        ("GET", "/b/x/y", "x-id=GetObject", "GetObject", "b/x/y"),
        ("PUT", "/b/x", "partNumber=1&uploadId=u", "UploadPart", "b/x"),
        ("POST", "/b/x", "uploadId=u", "CompleteMultipartUpload", "b/x"),
        ("POST", "/b/x", "uploads", "CreateMultipartUpload", "b/x"),
        ("DELETE", "/b/x", "uploadId=u", "AbortMultipartUpload", "b/x"),
        ("DELETE", "/b/x", "", "DeleteObject", "b/x"),
    ],
)
def test_an_s3_request_is_recognised(method: str, path: str, query: str, operation: str, resource: str) -> None:
    call = recognise(environ(method, path, query))
    assert (call.service, call.operation, call.resource) == ("s3", operation, resource)


@pytest.mark.parametrize(
    ("target", "request_body", "service", "resource"),
    [
        ("AWSGlue.UpdateTable", {"DatabaseName": "raw", "TableInput": {"Name": "t"}}, "glue", "raw.t"),
        ("AWSGlue.GetTable", {"DatabaseName": "raw", "Name": "t"}, "glue", "raw.t"),
        ("AmazonAthena.StartQueryExecution", {"QueryString": "select 1"}, "athena", "primary select 1"),
        ("Kinesis_20131202.PutRecord", {"StreamARN": "arn:aws:kinesis:r:1:stream/s"}, "kinesis", "s"),
    ],
)
def test_a_json_request_is_recognised_and_its_body_put_back(
    target: str, request_body: dict[str, Any], service: str, resource: str
) -> None:
    raw = json.dumps(request_body).encode()
    asked = environ("POST", "/", HTTP_X_AMZ_TARGET=target, CONTENT_LENGTH=str(len(raw)))
    asked |= {"wsgi.input": io.BytesIO(raw), "HTTP_AUTHORIZATION": AUTHORIZATION.format(service)}
    call = recognise(asked)
    assert (call.service, call.operation, call.resource) == (service, target.split(".")[1], resource)
    assert asked["wsgi.input"].read() == raw
