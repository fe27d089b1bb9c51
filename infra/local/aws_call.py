"""Which AWS call an HTTP request is, and how its errors look on the wire."""

import io
import json
import re
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote
from xml.sax.saxutils import escape

from moto.kinesis.exceptions import InvalidArgumentError

from infra.local.patches.kinesis_reads import Position
from infra.local.wsgi import Environ

_CREDENTIAL = re.compile(r"Credential=[^/,]+/\d+/[^/]+/([^/]+)/aws4_request")
_SERVICES_BY_TARGET = {"Kinesis": "kinesis", "AWSGlue": "glue", "AmazonAthena": "athena"}
_LIST_PARAMETERS = frozenset(
    [
        "continuation-token",
        "delimiter",
        "encoding-type",
        "fetch-owner",
        "key-marker",
        "list-type",
        "marker",
        "max-keys",
        "max-uploads",
        "prefix",
        "start-after",
        "upload-id-marker",
        "uploads",
        "version-id-marker",
        "versions",
        "x-id",
    ]
)
_JSON_BODY_LIMIT = 16 * 1024 * 1024


@dataclass(frozen=True)
class AwsCall:
    service: str
    operation: str
    resource: str
    protocol: str
    is_head: bool = False


def service_of(environ: Environ) -> str:
    """The signing name; an unsigned request without a target is S3's."""
    query = unquote(environ.get("QUERY_STRING", ""))
    text = environ.get("HTTP_AUTHORIZATION") or query.replace("X-Amz-Credential=", "Credential=")
    found = _CREDENTIAL.search(text)
    if found:
        return found.group(1).lower()
    prefix = re.split(r"[_.]", environ.get("HTTP_X_AMZ_TARGET", ""))[0]
    return _SERVICES_BY_TARGET.get(prefix, "s3")


def recognise(environ: Environ) -> AwsCall:
    """Name the call; reads the body of JSON and form requests and puts it back."""
    service, target = service_of(environ), environ.get("HTTP_X_AMZ_TARGET", "")
    if target:
        return AwsCall(service, target.rpartition(".")[2], _json_resource(service, _body(environ)), "json")
    if service == "s3":
        return _s3_call(environ)
    form = parse_qs(_body(environ).decode("utf-8", "replace") or environ.get("QUERY_STRING", ""))
    return AwsCall(service, form.get("Action", [""])[0], " ".join(value[0] for value in form.values()), "query")


def error_response(call: AwsCall, code: str, message: str, status: int) -> tuple[str, list[tuple[str, str]], bytes]:
    """Status line, headers and body that AWS's clients read as this error."""
    request_id = str(uuid.uuid4())
    headers = [("x-amzn-RequestId", request_id), ("x-amz-request-id", request_id)]
    if call.protocol == "json":
        body = json.dumps({"__type": code, "message": message}).encode()
        headers += [("Content-Type", "application/x-amz-json-1.1"), ("x-amzn-ErrorType", code)]
    else:
        error = f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
        request = f"<RequestId>{request_id}</RequestId>"
        if call.protocol == "s3":
            xml = f"<Error>{error}<Resource>/{escape(call.resource)}</Resource>{request}</Error>"
        else:
            xml = f"<ErrorResponse><Error><Type>Sender</Type>{error}</Error>{request}</ErrorResponse>"
        body = b"" if call.is_head else f'<?xml version="1.0" encoding="UTF-8"?>\n{xml}'.encode()
        headers.append(("Content-Type", "application/xml"))
    return f"{status} AWS", [*headers, ("Content-Length", str(len(body)))], body


def _body(environ: Environ) -> bytes:
    length = int(environ.get("CONTENT_LENGTH") or 0)
    if not 0 < length <= _JSON_BODY_LIMIT:
        return b""
    body = bytes(environ["wsgi.input"].read(length))
    environ["wsgi.input"] = io.BytesIO(body)
    return body


def _json_resource(service: str, body: bytes) -> str:
    """Stream, `database.table`, or `workgroup SQL`; other services: every text at the top of the request."""
    try:
        request = json.loads(body or b"{}")
    except ValueError:
        return ""
    if service == "kinesis":
        return _stream_of(request)
    if service == "glue":
        table = request.get("TableName") or request.get("TableInput", {}).get("Name") or request.get("Name", "")
        database = request.get("DatabaseName") or request.get("DatabaseInput", {}).get("Name", "")
        return ".".join(part for part in (database, table) if part)
    if service == "athena":
        return f"{request.get('WorkGroup', 'primary')} {request.get('QueryString', '')}"
    return " ".join(value for value in request.values() if isinstance(value, str))


def _stream_of(request: Mapping[str, Any]) -> str:
    if "ShardIterator" in request:
        try:
            return Position.decode(request["ShardIterator"]).stream
        except InvalidArgumentError:
            return ""
    return str(request.get("StreamName") or request.get("StreamARN", "").rpartition("/")[2])


def _s3_call(environ: Environ) -> AwsCall:
    method = environ["REQUEST_METHOD"]
    path = environ.get("PATH_INFO", "").encode("latin-1", "replace").decode("utf-8", "replace")
    bucket, _, key = path.lstrip("/").partition("/")
    query = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    operation = _s3_operation(method, bool(bucket), bool(key), query, "HTTP_X_AMZ_COPY_SOURCE" in environ)
    resource = f"{bucket}/{key or query.get('prefix', [''])[0]}"
    return AwsCall("s3", operation, resource, "s3", method == "HEAD")


def _s3_operation(method: str, bucket: bool, key: bool, query: Iterable[str], copy: bool) -> str:
    has = set(query)
    if not bucket:
        return "ListBuckets"
    if key:
        return _s3_object_operation(method, has, copy)
    if method == "POST" and "delete" in has:
        return "DeleteObjects"
    subresource = next((name for name in sorted(has) if name not in _LIST_PARAMETERS and name[:6] != "X-Amz-"), "")
    if method == "GET" and not subresource:
        if "uploads" in has:
            return "ListMultipartUploads"
        if "versions" in has:
            return "ListObjectVersions"
        return "ListObjectsV2" if "list-type" in has else "ListObjects"
    verb = {"PUT": "Create", "GET": "Get"}.get(method, method.title())
    return f"{'Put' if subresource and method == 'PUT' else verb}Bucket{subresource.title()}"


def _s3_object_operation(method: str, has: set[str], copy: bool) -> str:
    if "uploadId" in has:
        part = "UploadPartCopy" if copy else "UploadPart"
        uploads = {"PUT": part, "POST": "CompleteMultipartUpload", "DELETE": "AbortMultipartUpload", "GET": "ListParts"}
        return uploads.get(method, "")
    if method == "POST" and "uploads" in has:
        return "CreateMultipartUpload"
    if "tagging" in has or "acl" in has:
        return f"{method.title()}Object{'Tagging' if 'tagging' in has else 'Acl'}"
    if method == "PUT" and copy:
        return "CopyObject"
    return f"{method.title()}Object"
