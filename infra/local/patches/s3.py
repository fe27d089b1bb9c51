"""S3: listings that stay correct while other threads put and delete keys."""

from collections.abc import Iterator
from typing import Any

from moto.s3 import models, utils

_LISTING_ATTEMPTS = 50


def install() -> None:
    store = utils._VersionedKeyStore
    store._iteritems = store.items = store.iteritems = _items
    store._itervalues = store.values = store.itervalues = _values
    store._iterlists = store.lists = store.iterlists = _lists
    for name in ("list_objects", "list_object_versions", "list_objects_v2", "delete_bucket"):
        method = getattr(models.S3Backend, name, None)
        if method is not None:
            setattr(models.S3Backend, name, _repeat_when_changed(method))


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

    def call(*args: Any, **kwargs: Any) -> Any:
        for _ in range(_LISTING_ATTEMPTS):
            try:
                return method(*args, **kwargs)
            except RuntimeError as error:
                if "changed size" not in str(error) and "mutated" not in str(error):
                    raise
        return method(*args, **kwargs)

    return call
