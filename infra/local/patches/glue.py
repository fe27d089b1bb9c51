"""Glue Data Catalog: optimistic locking, archived versions, and descriptions that survive engine commits."""

import json
import threading
from collections.abc import Callable
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.core.responses import ActionResult, EmptyResult
from moto.glue import models, responses
from moto.glue.exceptions import InvalidInputException

from infra.local.settings import ENGINE_ACCESS_KEY

TableInput = dict[str, Any]

VIEW_COMMENT = "Presto View"

catalog_lock = threading.RLock()
_column_statistics: dict[tuple[str, str, tuple[str, ...]], dict[str, Any]] = {}


class ConcurrentModification(JsonRESTError):
    code = 400

    def __init__(self, table: str, expected: str, found: str) -> None:
        super().__init__(
            "ConcurrentModificationException",
            f"Update table failed due to concurrent modifications: {table} is at version {found}, not {expected}",
        )


def install() -> None:
    responses.GlueResponse.update_table = _update_table
    for kind in ("table", "partition"):
        for verb, handler in (("update", _put_stats), ("get", _get_stats), ("delete", _delete_stats)):
            setattr(responses.GlueResponse, f"{verb}_column_statistics_for_{kind}", handler)
    responses.GlueResponse.get_table = _locked(_get_table)
    responses.GlueResponse.get_table_version = _locked(responses.GlueResponse.get_table_version)
    models.GlueBackend.get_partitions = _locked(models.GlueBackend.get_partitions)
    for name in ("delete_table", "delete_database"):
        _wrap(name, _with_statistics)
    for name in ("create_table", "delete_table", "create_database", "delete_database"):
        _wrap(name, _locked)


def _locked(method: Any) -> Any:
    """Serialise a catalog call: moto walks dictionaries that other threads change.

    GetTable looks twice, for the current version's number and for its content, and failed when a commit came between.
    """

    def call(*args: Any, **kwargs: Any) -> Any:
        with catalog_lock:
            return method(*args, **kwargs)

    return call


def _wrap(name: str, wrapper: Callable[[Any], Any]) -> None:
    """Wrap a method of moto's backend once, however often we are installed."""
    method = getattr(models.GlueBackend, name)
    if wrapper not in (done := getattr(method, "wrappers", ())):
        wrapped = wrapper(method)
        wrapped.wrappers = (*done, wrapper)
        setattr(models.GlueBackend, name, wrapped)


def _with_statistics(method: Any) -> Any:
    """Column statistics go with their table, so that the next one of that name starts without."""

    def call(self: models.GlueBackend, database: str, *table: str) -> Any:
        with catalog_lock:
            answer = method(self, database, *table)
            for key in [key for key in _column_statistics if key[: 1 + len(table)] == (database, *table)]:
                del _column_statistics[key]
            return answer

    return call


def as_seen_by(access_key: str, table: TableInput) -> TableInput:
    """The table; to the engine, a view whose description dbt has written looks as the engine made it.

    Athena knows a view by the parameter `presto_view`. Trino also wants a word of its own in `comment`, where dbt's
    adapter puts a description.
    """
    parameters = table.get("Parameters") or {}
    if access_key != ENGINE_ACCESS_KEY or parameters.get("presto_view") != "true":
        return table
    return {**table, "Parameters": {**parameters, "comment": VIEW_COMMENT}}


def _get_table(self: responses.GlueResponse) -> ActionResult:
    table = self.glue_backend.get_table(self.parameters["DatabaseName"], self.parameters["Name"])
    return ActionResult({"Table": as_seen_by(self.access_key, table.as_dict())})


def _update_table(self: responses.GlueResponse) -> EmptyResult:
    """UpdateTable with `VersionId` (compare-and-swap) and `SkipArchive`.

    Source: AWS Glue API reference, UpdateTable: "VersionId: the version ID at which to update the table contents";
    Iceberg's Glue catalog relies on it for atomic commits.
    """
    database, table_input = self.parameters["DatabaseName"], self.parameters["TableInput"]
    expected, name = self.parameters.get("VersionId"), table_input.get("Name")
    if not name:
        raise InvalidInputException("UpdateTable", "TableInput has no Name")
    with catalog_lock:
        table = self.glue_backend.get_table(database, name)
        current = str(table._current_version)
        if expected is not None and str(expected) != current:
            raise ConcurrentModification(f"{database}.{name}", str(expected), current)
        if self.access_key == ENGINE_ACCESS_KEY:
            _carry_descriptions(table.get_version(current), table_input)
        self.glue_backend.update_table(database, name, table_input)
        if self.parameters.get("SkipArchive"):
            table.versions.pop(current, None)
    return EmptyResult()


def _carry_descriptions(old: TableInput, new: TableInput) -> None:
    """Keep an Iceberg table's description, parameters and column comments over a commit of the engine.

    Athena keeps them; Trino, which stands in for it, writes the entry anew. What other clients leave out is gone.
    """
    old_parameters, new_parameters = old.get("Parameters") or {}, new.setdefault("Parameters", {})
    is_iceberg = old_parameters.get("table_type", "").upper() == "ICEBERG"
    if not is_iceberg or new_parameters.get("metadata_location") in (
        None,
        old_parameters.get("metadata_location"),
    ):
        return
    for key, value in old_parameters.items():
        if not key.startswith("trino_") and key != "previous_metadata_location":
            new_parameters.setdefault(key, value)
    if old.get("Description"):
        new.setdefault("Description", old["Description"])
    comments = {column["Name"]: column.get("Comment") for column in _columns(old)}
    for column in _columns(new):
        if comments.get(column["Name"]):
            column.setdefault("Comment", comments[column["Name"]])


def _columns(table: TableInput) -> list[dict[str, Any]]:
    return (table.get("StorageDescriptor") or {}).get("Columns") or []


def _stats_key(self: responses.GlueResponse) -> tuple[str, str, tuple[str, ...]]:
    partition = tuple(self._get_param("PartitionValues") or ())
    return self._get_param("DatabaseName"), self._get_param("TableName"), partition


def _put_stats(self: responses.GlueResponse) -> str:
    """UpdateColumnStatisticsFor…, which the engine's Hive connector calls and moto lacks."""
    with catalog_lock:
        kept = _column_statistics.setdefault(_stats_key(self), {})
        kept.update({stats["ColumnName"]: stats for stats in self._get_param("ColumnStatisticsList") or []})
    return json.dumps({"Errors": []})


def _get_stats(self: responses.GlueResponse) -> str:
    kept = _column_statistics.get(_stats_key(self), {})
    wanted = self._get_param("ColumnNames") or []
    return json.dumps({"ColumnStatisticsList": [kept[name] for name in wanted if name in kept], "Errors": []})


def _delete_stats(self: responses.GlueResponse) -> str:
    with catalog_lock:
        _column_statistics.get(_stats_key(self), {}).pop(self._get_param("ColumnName"), None)
    return "{}"
