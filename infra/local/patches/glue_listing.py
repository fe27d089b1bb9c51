"""Glue Data Catalog: pages, name patterns and archived versions as AWS lists them."""

import base64
import binascii
import re
from collections.abc import Callable
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.core.responses import ActionResult, EmptyResult
from moto.glue import models, responses
from moto.glue.exceptions import InvalidInputException, VersionNotFoundException

from infra.local.patches.glue import as_seen_by, catalog_lock

MAX_PAGE = 100
MAX_BATCH = 100

# Glue reads a pattern as Hive does: a star that repeats nothing stands for any characters.
_WILDCARD = re.compile(r"(?<![.)\]])\*")


class InvalidToken(JsonRESTError):
    code = 400

    def __init__(self, token: str) -> None:
        super().__init__("InvalidInputException", f"Invalid NextToken: {token}")


def install() -> None:
    responses.GlueResponse.get_tables = _get_tables
    responses.GlueResponse.get_databases = _get_databases
    responses.GlueResponse.get_table_versions = _get_table_versions
    responses.GlueResponse.batch_delete_table_version = _batch_delete_table_version
    models.FakeTable.delete_version = _delete_version


def matches(pattern: str, name: str) -> bool:
    """Whether a table is listed under an `Expression`: the whole name must match, in any case."""
    try:
        return re.fullmatch(_WILDCARD.sub(".*", pattern), name, re.IGNORECASE) is not None
    except re.error as error:
        raise InvalidInputException("GetTables", f"Expression {pattern}: {error}") from error


def page(
    items: list[Any], key: Callable[[Any], Any], token: str | None, size: int | None
) -> tuple[list[Any], str | None]:
    """The items after the one that the token names, and the token of the rest.

    The token holds a key, not a position, so that a page neither repeats nor skips what others create and delete.
    """
    size = MAX_PAGE if size is None else size
    if not 1 <= size <= MAX_PAGE:
        raise InvalidInputException("List", f"MaxResults {size} is not between 1 and {MAX_PAGE}")
    if token is not None:
        last = _decoded(token)
        items = [item for item in items if str(key(item)) > last]
    shown = items[:size]
    return shown, _encoded(str(key(shown[-1]))) if len(items) > size else None


def _encoded(key: str) -> str:
    return base64.urlsafe_b64encode(key.encode()).decode()


def _decoded(token: str) -> str:
    try:
        return base64.b64decode(token, altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise InvalidToken(token) from error


def _answer(self: responses.GlueResponse, name: str, items: list[Any], key: Callable[[Any], Any]) -> ActionResult:
    shown, token = page(items, key, self._get_param("NextToken"), self._get_param("MaxResults"))
    listed = [item if isinstance(item, dict) else item.as_dict() for item in shown]
    return ActionResult({name: listed, **({"NextToken": token} if token else {})})


def _get_tables(self: responses.GlueResponse) -> ActionResult:
    """GetTables by name, at most 100 a page, with `Expression`.

    Source: AWS Glue API reference, GetTables: "Expression: A regular expression pattern", "MaxResults: Valid Range:
    Minimum value of 1. Maximum value of 100."
    """
    pattern = self._get_param("Expression")
    with catalog_lock:
        database = self.glue_backend.get_database(self._get_param("DatabaseName"))
        names = sorted(name for name in database.tables if not pattern or matches(pattern, name))
        tables = [as_seen_by(self.access_key, database.tables[name].as_dict()) for name in names]
        return _answer(self, "TableList", tables, lambda table: table["Name"])


def _get_databases(self: responses.GlueResponse) -> ActionResult:
    """GetDatabases by name, at most 100 a page."""
    with catalog_lock:
        databases = sorted(self.glue_backend.databases.values(), key=lambda database: database.name)
        return _answer(self, "DatabaseList", databases, lambda database: database.name)


def _get_table_versions(self: responses.GlueResponse) -> ActionResult:
    """GetTableVersions, newest first, at most 100 a page."""
    with catalog_lock:
        table = self.glue_backend.get_table(self._get_param("DatabaseName"), self._get_param("TableName"))
        numbers = sorted(map(int, table.versions), reverse=True)
        versions = [{"Table": table.as_dict(str(number)), "VersionId": str(number)} for number in numbers]
        return _answer(self, "TableVersions", versions, _descending)


def _descending(version: dict[str, Any]) -> str:
    """A key that grows while version numbers fall."""
    return f"{10**18 - int(version['VersionId']):019d}"


def _delete_version(self: models.FakeTable, version_id: str) -> None:
    """DeleteTableVersion: an unknown version is not found; the current one stays, for the table reads from it."""
    self.get_version(version_id)
    if version_id == str(self._current_version):
        raise InvalidInputException("DeleteTableVersion", f"Version {version_id} is the table's current version")
    del self.versions[version_id]


def _batch_delete_table_version(self: responses.GlueResponse) -> ActionResult:
    """BatchDeleteTableVersion, which moto lacks: deletes what it can and lists the rest under `Errors`."""
    wanted: list[str] = self._get_param("VersionIds") or []
    if len(wanted) > MAX_BATCH:
        raise InvalidInputException("BatchDeleteTableVersion", f"{len(wanted)} VersionIds: at most {MAX_BATCH}")
    errors = []
    with catalog_lock:
        table = self.glue_backend.get_table(self._get_param("DatabaseName"), self._get_param("TableName"))
        for version_id in wanted:
            try:
                table.delete_version(version_id)
            except (VersionNotFoundException, InvalidInputException, JsonRESTError) as error:
                detail = {"ErrorCode": error.error_type, "ErrorMessage": error.message}
                errors.append({"TableName": table.name, "VersionId": version_id, "ErrorDetail": detail})
    return ActionResult({"Errors": errors}) if errors else EmptyResult()
