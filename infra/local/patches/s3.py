"""S3 under concurrent clients: atomic conditional writes, consistent lists; AWS's errors where moto has a trace."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import wraps
from pathlib import Path
from typing import Any

from moto.s3 import models, responses, utils
from moto.s3.exceptions import InvalidContinuationToken, NoSuchUpload

from infra.local.patches import s3_bodies, s3_requests

_LISTING_ATTEMPTS = 50

_key_locks = [threading.RLock() for _ in range(256)]


def install(folder: Path) -> None:
    """Patch moto; bodies of objects go to `folder`."""
    s3_bodies.install(folder)
    store = utils._VersionedKeyStore
    store._iteritems = store.items = store.iteritems = _items
    store._itervalues = store.values = store.itervalues = _values
    store._iterlists = store.lists = store.iterlists = _lists
    for name in ("list_objects", "list_object_versions", "list_objects_v2", "delete_bucket"):
        _wrap(models.S3Backend, name, _repeat_when_changed)
    _wrap(models.S3Backend, "list_objects_v2", _known_token)
    _wrap(models.S3Backend, "get_object", _none_when_deleted_meanwhile)
    _wrap(models.S3Backend, "delete_object", _one_deleter_a_key)
    for name in ("upload_part", "upload_part_copy", "complete_multipart_upload"):
        _wrap(models.S3Backend, name, _known_upload)
    for name in ("list_objects", "list_objects_v2", "list_object_versions"):
        _wrap(responses.S3Response, name, s3_requests.in_pages)
    for name in ("put_object", "upload_part"):
        _wrap(responses.S3Response, name, s3_requests.with_its_digest)
    # Under the locks that come next: a condition and its write are one step.
    for name in ("copy_object", "_key_response_post"):
        _wrap(responses.S3Response, name, s3_requests.on_conditions)
    for name in ("put_object", "copy_object", "delete_object", "_key_response_post"):
        _wrap(responses.S3Response, name, _one_writer_a_key)


def _wrap(owner: Any, name: str, wrapper: Callable[[Any], Any]) -> None:
    """Wrap moto's method once, however often we are installed."""
    method = getattr(owner, name)
    if wrapper not in (done := getattr(method, "wrappers", ())):
        wrapped = wrapper(method)
        wrapped.wrappers = (*done, wrapper)
        setattr(owner, name, wrapped)


def _items(self: Any) -> Iterator[tuple[str, Any]]:
    """Newest versions from one snapshot: moto snapshots the keys, then looks each up in the live store."""
    return ((key, versions[-1]) for key, versions in _snapshot(self) if versions)


def _values(self: Any) -> Iterator[Any]:
    return (versions[-1] for _, versions in _snapshot(self) if versions)


def _lists(self: Any) -> Iterator[tuple[str, list[Any]]]:
    return iter(_snapshot(self))


def _snapshot(store: Any) -> list[tuple[str, list[Any]]]:
    return list(dict(store).items())


def _repeat_when_changed(method: Any) -> Any:
    """Repeat a listing whose dictionary changed under it: S3 lists are strongly consistent and never fail for that."""

    @wraps(method)
    def call(*args: Any, **kwargs: Any) -> Any:
        for _ in range(_LISTING_ATTEMPTS):
            try:
                return method(*args, **kwargs)
            except RuntimeError as error:
                if "changed size" not in str(error) and "mutated" not in str(error):
                    raise
        return method(*args, **kwargs)

    return call


def _known_token(method: Any) -> Any:
    """ListObjectsV2 with a token that we never gave: InvalidArgument, as on AWS."""

    @wraps(method)
    def call(self: models.S3Backend, *args: Any, **kwargs: Any) -> Any:
        token = kwargs.get("continuation_token")
        if token and token not in self._pagination_tokens:
            raise InvalidContinuationToken
        return method(self, *args, **kwargs)

    return call


def _none_when_deleted_meanwhile(method: Any) -> Any:
    """GetObject of a key that goes while we look: NoSuchKey; moto looks twice and fails the second time."""

    @wraps(method)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return method(*args, **kwargs)
        except (KeyError, IndexError):
            return None

    return call


def _known_upload(method: Any) -> Any:
    """A part of, or the end of, an upload that was completed, aborted or never begun: NoSuchUpload, as on AWS."""

    @wraps(method)
    def call(self: models.S3Backend, bucket_name: str, multipart_id: str, *args: Any, **kwargs: Any) -> Any:
        if multipart_id not in self.get_bucket(bucket_name).multiparts:
            raise NoSuchUpload(multipart_id)
        return method(self, bucket_name, multipart_id, *args, **kwargs)

    return call


def _one_writer_a_key(method: Any) -> Any:
    """Make the check of If-None-Match and If-Match and the write that follows one step.

    Source: S3 user guide, "Conditional requests": of several conditional writes to a key, the first to finish succeeds
    and the others fail. In moto two writers both find that there is no object and both succeed.
    """

    @wraps(method)
    def call(self: responses.S3Response, *args: Any, **kwargs: Any) -> Any:
        with _lock_of(self.bucket_name, self.parse_key_name()):
            return method(self, *args, **kwargs)

    return call


def _one_deleter_a_key(method: Any) -> Any:
    """DeleteObjects takes its keys one by one past the same locks."""

    @wraps(method)
    def call(self: models.S3Backend, bucket_name: str, key_name: str, *args: Any, **kwargs: Any) -> Any:
        with _lock_of(bucket_name, key_name):
            return method(self, bucket_name, key_name, *args, **kwargs)

    return call


def _lock_of(bucket: str, key: str) -> AbstractContextManager[bool]:
    return _key_locks[hash((bucket, key)) % len(_key_locks)]
