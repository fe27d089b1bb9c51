"""S3 requests that moto takes and AWS refuses: conditions, digests, the size of a list's page."""

import base64
import hashlib
import zlib
from functools import wraps
from typing import Any

from moto.s3 import responses
from moto.s3.exceptions import MissingKey, PreconditionFailed, S3ClientError

MAX_KEYS = 1000

_CHECKSUMS = {
    "crc32": lambda body: zlib.crc32(body).to_bytes(4, "big"),
    "sha1": lambda body: hashlib.sha1(body, usedforsecurity=False).digest(),
    "sha256": lambda body: hashlib.sha256(body).digest(),
}


class BadDigest(S3ClientError):
    code = "BadDigest"

    def __init__(self, name: str) -> None:
        super().__init__(f"The {name} you specified did not match what we received.")


def on_conditions(method: Any) -> Any:
    """CopyObject and CompleteMultipartUpload with If-Match and If-None-Match, of which moto has some.

    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
    """

    @wraps(method)
    def call(self: responses.S3Response, *args: Any, **kwargs: Any) -> Any:
        if method.__name__ == "copy_object" or "uploadId" in self.querystring:
            _require_conditions(self)
        return method(self, *args, **kwargs)

    return call


def with_its_digest(method: Any) -> Any:
    """PutObject and UploadPart whose body is not what its Content-MD5 or x-amz-checksum header says: BadDigest.

    Checksums that follow a body, and CRC32C and CRC64NVME, are not checked.
    Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
    """

    @wraps(method)
    def call(self: responses.S3Response, *args: Any, **kwargs: Any) -> Any:
        body = self.body or b""
        if isinstance(body, bytes):
            _require_digest(self.headers, body)
        return method(self, *args, **kwargs)

    return call


def in_pages(method: Any) -> Any:
    """Lists of at most 1,000 keys a page, whatever `max-keys` asks for.

    Source: S3 API reference, ListObjectsV2: "the action returns up to 1,000 key names … will never contain more".
    """

    @wraps(method)
    def call(self: responses.S3Response, *args: Any, **kwargs: Any) -> Any:
        asked = self.querystring.get("max-keys", [""])[0]
        if str(asked).isdigit():
            self.querystring["max-keys"] = [str(min(int(asked), MAX_KEYS))]
        return method(self, *args, **kwargs)

    return call


def _require_conditions(self: responses.S3Response) -> None:
    """Raises: MissingKey, PreconditionFailed."""
    if_match, if_none_match = self.headers.get("If-Match"), self.headers.get("If-None-Match")
    if not if_match and not if_none_match:
        return
    existing = self.backend.get_object(self.bucket_name, self.parse_key_name())
    upload = self.querystring.get("uploadId", [""])[0]
    if existing is not None and existing.multipart and existing.multipart.id == upload:
        return  # completed already: the call is repeated
    if if_match and existing is None:
        raise MissingKey(self.parse_key_name())
    if if_match and if_match.strip('"') not in ("*", existing.etag.strip('"')):
        raise PreconditionFailed("If-Match")
    if if_none_match == "*" and existing is not None:
        raise PreconditionFailed("If-None-Match")


def _require_digest(headers: Any, body: bytes) -> None:
    """Raises: BadDigest."""
    md5 = headers.get("Content-MD5")
    if md5 and md5 != _base64(hashlib.md5(body, usedforsecurity=False).digest()):
        raise BadDigest("Content-MD5")
    for name, digest in _CHECKSUMS.items():
        given = headers.get(f"x-amz-checksum-{name}")
        if given and given != _base64(digest(body)):
            raise BadDigest(name.upper())


def _base64(digest: bytes) -> str:
    return base64.b64encode(digest).decode()
