"""Which IAM permissions an AWS call needs: the action, the ARNs that it must be allowed on, and what conditions see.

Source: the service authorization reference, https://docs.aws.amazon.com/service-authorization/latest/reference/
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote

from infra.local.aws_call import AwsCall
from infra.local.settings import ACCOUNT_ID, REGION

_S3_ACTIONS = {
    "HeadObject": "GetObject",
    "HeadBucket": "ListBucket",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "ListObjectVersions": "ListBucketVersions",
    "ListBuckets": "ListAllMyBuckets",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "ListParts": "ListMultipartUploadParts",
    "CreateMultipartUpload": "PutObject",
    "UploadPart": "PutObject",
    "CompleteMultipartUpload": "PutObject",
    "DeleteObjects": "DeleteObject",
    "GetBucketAccelerate": "GetAccelerateConfiguration",
    "GetBucketCors": "GetBucketCORS",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "GetBucketLifecycle": "GetLifecycleConfiguration",
    "GetBucketObject-Lock": "GetBucketObjectLockConfiguration",
    "GetBucketOwnershipcontrols": "GetBucketOwnershipControls",
    "GetBucketPublicaccessblock": "GetBucketPublicAccessBlock",
    "GetBucketReplication": "GetReplicationConfiguration",
    "GetBucketRequestpayment": "GetBucketRequestPayment",
}
_IAM_PREFIXES = {"monitoring": "cloudwatch", "email": "ses"}
# What hands a role to a service needs iam:PassRole on it. https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
_PASSING = {
    "glue:CreateJob": "glue.amazonaws.com",
    "glue:UpdateJob": "glue.amazonaws.com",
    "glue:CreateCrawler": "glue.amazonaws.com",
    "glue:UpdateCrawler": "glue.amazonaws.com",
    "ecs:RegisterTaskDefinition": "ecs-tasks.amazonaws.com",
    "ec2:CreateFlowLogs": "vpc-flow-logs.amazonaws.com",
}
_ROLE_ARN = re.compile(r"arn:aws:iam::\d{12}:role/[\w+=,.@/-]+")
_GLUE_OF_DATABASES = ("CreateDatabase", "DeleteDatabase", "GetDatabase", "UpdateDatabase")


@dataclass(frozen=True)
class Permission:
    """`resources`: each must be allowed; `context`: condition keys that the request itself decides."""

    action: str
    resources: tuple[str, ...]
    context: Mapping[str, str] = field(default_factory=dict)


def needed(
    call: AwsCall, body: bytes, headers: Mapping[str, str], workgroup_of: Callable[[str], str]
) -> list[Permission]:
    """`headers`: of an S3 request, in lower case; `workgroup_of`: of an Athena query by its id."""
    if call.service == "s3":
        return list(_of_s3(call, body, headers))
    return [*_of_call(call, _request(call, body), workgroup_of), *_of_passing(call, body)]


def _of_call(call: AwsCall, request: Mapping[str, Any], workgroup_of: Callable[[str], str]) -> list[Permission]:
    prefix = _IAM_PREFIXES.get(call.service, call.service)
    action = f"{prefix}:{call.operation}"
    if call.service == "glue":
        return [Permission(action, _glue_arns(call.operation, request))]
    if call.service == "athena":
        return [Permission(action, arns) for arns in _athena_arns(request, workgroup_of)]
    if call.service == "kinesis":
        return [Permission(action, (_arn("kinesis", f"stream/{call.resource}"),) if call.resource else ("*",))]
    if call.service == "sns":
        # https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-language-api-permissions-reference.html
        action = action.removesuffix("Batch")
        return [Permission(action, (str(request.get("TopicArn", "*")),))]
    if prefix == "cloudwatch":
        namespace = request.get("Namespace")
        return [Permission(action, ("*",), {"cloudwatch:namespace": str(namespace)} if namespace else {})]
    if call.service == "ecr" and "repositoryName" in request:
        return [Permission(action, (_arn("ecr", f"repository/{request['repositoryName']}"),))]
    if call.service == "iam":
        return [Permission(action, (_iam_arn(request),))]
    return [Permission(action, ("*",))]


def _of_passing(call: AwsCall, body: bytes) -> list[Permission]:
    service = _PASSING.get(f"{call.service}:{call.operation}")
    if service is None:
        return []
    roles = sorted(set(_ROLE_ARN.findall(unquote(body.decode("utf-8", "replace")))))
    return [Permission("iam:PassRole", (role,), {"iam:PassedToService": service}) for role in roles]


def _of_s3(call: AwsCall, body: bytes, headers: Mapping[str, str]) -> Iterator[Permission]:
    bucket, _, key = call.resource.partition("/")
    arn = f"arn:aws:s3:::{bucket}"
    encryption = {name: value for name, value in headers.items() if name.startswith("x-amz-server-side-encryption")}
    if call.operation in ("CopyObject", "UploadPartCopy"):
        source = unquote(headers["x-amz-copy-source"]).lstrip("/").partition("?")[0]
        yield Permission("s3:GetObject", (f"arn:aws:s3:::{source}",))
        yield Permission("s3:PutObject", (f"{arn}/{key}",), {f"s3:{name}": text for name, text in encryption.items()})
    elif call.operation == "DeleteObjects":
        for name in re.findall(r"<Key>(.*?)</Key>", body.decode("utf-8", "replace")):
            yield Permission("s3:DeleteObject", (f"{arn}/{name}",))
    else:
        action = f"s3:{_S3_ACTIONS.get(call.operation, call.operation)}"
        is_object = call.operation.endswith(("Object", "Upload", "UploadPart", "ListParts", "Tagging", "Acl")) and key
        context = {f"s3:{name}": text for name, text in encryption.items()} if action == "s3:PutObject" else {}
        yield Permission(action, (f"{arn}/{key}" if is_object else arn if bucket else "*",), context)


def _glue_arns(operation: str, request: Mapping[str, Any]) -> tuple[str, ...]:
    """The catalog, and the database and the table if the call is about one; a list of tables is about each."""
    if operation in ("GetDatabases", "GetCatalogImportStatus"):
        return (_arn("glue", "catalog"),)
    if operation == "GetConnection":
        return (_arn("glue", "catalog"), _arn("glue", f"connection/{request.get('Name')}"))
    database = request.get("DatabaseName") or request.get("DatabaseInput", {}).get("Name")
    if operation in _GLUE_OF_DATABASES:
        return (_arn("glue", "catalog"), _arn("glue", f"database/{database or request.get('Name')}"))
    if not database:
        return ("*",)
    table = request.get("TableName") or request.get("TableInput", {}).get("Name") or request.get("Name") or "*"
    tables = [table, *request.get("TablesToDelete", [])] if table != "*" else request.get("TablesToDelete") or ["*"]
    parts = ("catalog", f"database/{database}", *(f"table/{database}/{name}" for name in tables))
    return tuple(_arn("glue", part) for part in parts)


def _athena_arns(request: Mapping[str, Any], workgroup_of: Callable[[str], str]) -> list[tuple[str, ...]]:
    if "CatalogName" in request or (set(request) == {"Name"}):
        return [(_arn("athena", f"datacatalog/{request.get('CatalogName') or request['Name']}"),)]
    ids = request.get("QueryExecutionIds") or [request.get("QueryExecutionId")]
    groups = {workgroup_of(one) for one in ids if one} or {str(request.get("WorkGroup", ""))}
    return [(_arn("athena", f"workgroup/{group}") if group else "*",) for group in sorted(groups)]


def _iam_arn(request: Mapping[str, Any]) -> str:
    for name in ("PolicyArn", "OpenIDConnectProviderArn"):
        if name in request and "RoleName" not in request:
            return str(request[name])
    for name, kind in (("RoleName", "role"), ("PolicyName", "policy")):
        if name in request:
            return f"arn:aws:iam::{ACCOUNT_ID}:{kind}/{request[name]}"
    url = str(request.get("Url", ""))
    return f"arn:aws:iam::{ACCOUNT_ID}:oidc-provider/{url.removeprefix('https://')}" if url else "*"


def _arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT_ID}:{resource}"


def _request(call: AwsCall, body: bytes) -> dict[str, Any]:
    if call.protocol == "query":
        return {name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}
    try:
        request = json.loads(body or b"{}")
    except ValueError:
        return {}
    return request if isinstance(request, dict) else {}
