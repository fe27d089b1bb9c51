"""A call needs the permission that AWS asks for, on the resources that AWS names."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from infra.local.aws_call import AwsCall
from infra.local.permissions import Permission, needed

GLUE, ATHENA = "arn:aws:glue:eu-west-1:123456789012", "arn:aws:athena:eu-west-1:123456789012"


def of(call: AwsCall, body: Any = None, headers: Mapping[str, str] | None = None) -> list[Permission]:
    text = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
    return needed(call, text, headers or {}, workgroup_of=lambda execution: {"q1": "dashboard"}.get(execution, ""))


def s3(operation: str, resource: str) -> AwsCall:
    return AwsCall("s3", operation, resource, "s3")


def json_call(service: str, operation: str, resource: str = "") -> AwsCall:
    return AwsCall(service, operation, resource, "json")


@pytest.mark.parametrize(
    ("operation", "action", "resource"),
    [
        ("HeadObject", "s3:GetObject", "bucket/a/key"),
        ("UploadPart", "s3:PutObject", "bucket/a/key"),
        ("CompleteMultipartUpload", "s3:PutObject", "bucket/a/key"),
        ("AbortMultipartUpload", "s3:AbortMultipartUpload", "bucket/a/key"),
        ("ListParts", "s3:ListMultipartUploadParts", "bucket/a/key"),
        ("ListObjectsV2", "s3:ListBucket", "bucket"),
        ("HeadBucket", "s3:ListBucket", "bucket"),
        ("GetBucketLocation", "s3:GetBucketLocation", "bucket"),
    ],
)
def test_an_s3_call_is_named_as_its_permission(operation: str, action: str, resource: str) -> None:
    assert of(s3(operation, "bucket/a/key")) == [Permission(action, (f"arn:aws:s3:::{resource}",))]


def test_deleting_many_objects_needs_each_of_them() -> None:
    body = b"<Delete><Object><Key>a</Key></Object><Object><Key>b</Key></Object></Delete>"
    assert [one.resources[0] for one in of(s3("DeleteObjects", "bucket/"), body)] == [
        "arn:aws:s3:::bucket/a",
        "arn:aws:s3:::bucket/b",
    ]


def test_a_copy_reads_its_source() -> None:
    found = of(s3("CopyObject", "there/b"), headers={"x-amz-copy-source": "/here/a%20b"})
    assert [(one.action, one.resources[0]) for one in found] == [
        ("s3:GetObject", "arn:aws:s3:::here/a b"),
        ("s3:PutObject", "arn:aws:s3:::there/b"),
    ]


def test_the_encryption_that_a_put_asks_for_is_seen_by_conditions() -> None:
    (found,) = of(s3("PutObject", "bucket/a"), headers={"x-amz-server-side-encryption": "AES256", "host": "x"})
    assert found.context == {"s3:x-amz-server-side-encryption": "AES256"}


@pytest.mark.parametrize(
    ("operation", "body", "parts"),
    [
        ("GetTable", {"DatabaseName": "d", "Name": "t"}, ["catalog", "database/d", "table/d/t"]),
        ("UpdateTable", {"DatabaseName": "d", "TableInput": {"Name": "t"}}, ["catalog", "database/d", "table/d/t"]),
        ("GetPartitions", {"DatabaseName": "d", "TableName": "t"}, ["catalog", "database/d", "table/d/t"]),
        ("GetTables", {"DatabaseName": "d"}, ["catalog", "database/d", "table/d/*"]),
        ("GetDatabase", {"Name": "d"}, ["catalog", "database/d"]),
        ("CreateDatabase", {"DatabaseInput": {"Name": "d"}}, ["catalog", "database/d"]),
        ("GetDatabases", {}, ["catalog"]),
    ],
)
def test_glue_wants_the_table_its_database_and_the_catalog(operation: str, body: Any, parts: list[str]) -> None:
    assert of(json_call("glue", operation), body) == [
        Permission(f"glue:{operation}", tuple(f"{GLUE}:{part}" for part in parts))
    ]


def test_a_query_is_of_the_workgroup_that_it_was_asked_in() -> None:
    for call, body in (
        (json_call("athena", "StartQueryExecution"), {"WorkGroup": "dashboard"}),
        (json_call("athena", "GetQueryResults"), {"QueryExecutionId": "q1"}),
        (json_call("athena", "BatchGetQueryExecution"), {"QueryExecutionIds": ["q1"]}),
    ):
        assert [one.resources for one in of(call, body)] == [(f"{ATHENA}:workgroup/dashboard",)]


def test_an_image_is_of_its_repository() -> None:
    (found,) = of(json_call("ecr", "DescribeImages"), {"repositoryName": "a/b"})
    assert found.resources == ("arn:aws:ecr:eu-west-1:123456789012:repository/a/b",)


def test_metrics_have_no_resource_but_a_namespace() -> None:
    query = AwsCall("monitoring", "PutMetricData", "", "query")
    assert of(query, b"Action=PutMetricData&Namespace=TelcoPulse") == [
        Permission("cloudwatch:PutMetricData", ("*",), {"cloudwatch:namespace": "TelcoPulse"})
    ]


def test_handing_a_role_to_a_service_needs_leave_to_pass_it() -> None:
    roles = [f"arn:aws:iam::123456789012:role/{name}" for name in ("refresh", "images")]
    body = {"family": "refresh", "taskRoleArn": roles[0], "executionRoleArn": roles[1]}
    found = of(json_call("ecs", "RegisterTaskDefinition"), body)
    assert [(one.action, one.resources, dict(one.context)) for one in found] == [
        ("ecs:RegisterTaskDefinition", ("*",), {}),
        *[("iam:PassRole", (role,), {"iam:PassedToService": "ecs-tasks.amazonaws.com"}) for role in sorted(roles)],
    ]
    assert [one.action for one in of(json_call("ecs", "DescribeTaskDefinition"), body)] == [
        "ecs:DescribeTaskDefinition"
    ]


@pytest.mark.parametrize("operation", ["Publish", "PublishBatch"])
def test_one_message_and_many_need_the_same_permission(operation: str) -> None:
    assert of(json_call("sns", operation), {"TopicArn": "arn:topic"}) == [Permission("sns:Publish", ("arn:topic",))]
