"""Partitions of Hive tables, which are entries of Glue."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from infra.local.athena import catalog
from infra.local.athena.errors import hive_ddl_failed
from infra.local.athena.execution import Execution, Output
from infra.local.athena.sql.text import HIVE, Name, literal

if TYPE_CHECKING:
    from infra.local.athena.trino_client import TrinoResult

Spec = dict[str, Any]


class PartitionOperations:
    execution: Execution
    on_engine: Callable[..., TrinoResult]
    require_table: Callable[[Name], catalog.Table]

    def add_partitions(self, target: Name, partitions: list[tuple[Spec, str | None]], if_not_exists: bool) -> Output:
        database, name = self.execution.name_of(target)
        table = self.require_table(target)
        root = catalog.storage(table).get("Location", "").rstrip("/")
        asked = [(_values(table, spec), location) for spec, location in partitions]
        for values, location in asked:
            folder = "/".join(f"{key}={value}" for key, value in zip(_keys(table), values, strict=True))
            storage = {**catalog.storage(table), "Location": location or f"{root}/{folder}/"}
            partition = {"Values": values, "StorageDescriptor": storage}
            try:
                catalog.client("glue").create_partition(DatabaseName=database, TableName=name, PartitionInput=partition)
            except ClientError as error:
                if catalog.error_code(error) != "AlreadyExistsException" or not if_not_exists:
                    raise
        return Output()

    def drop_partitions(self, target: Name, partitions: list[Spec], if_exists: bool) -> Output:
        database, name = self.execution.name_of(target)
        table = self.require_table(target)
        for values in [_values(table, spec) for spec in partitions]:
            try:
                catalog.client("glue").delete_partition(DatabaseName=database, TableName=name, PartitionValues=values)
            except ClientError as error:
                if catalog.error_code(error) != "EntityNotFoundException":
                    raise
                if not if_exists:
                    raise hive_ddl_failed(f"SemanticException [Error 10006]: Partition not found {values}") from error
        return Output()

    def repair(self, target: Name) -> Output:
        database, name = self.execution.name_of(target)
        self.on_engine(f"CALL {HIVE}.system.sync_partition_metadata({literal(database)}, {literal(name)}, 'ADD')")
        return Output()


def _keys(table: catalog.Table) -> list[str]:
    return [key["Name"] for key in table.get("PartitionKeys", [])]


def _values(table: catalog.Table, spec: Spec) -> list[str]:
    """The partition's values in the order of the table's keys.

    Raises: QueryFailed: the table has no such keys, in Hive's words.
    """
    if catalog.is_iceberg(table):
        raise hive_ddl_failed("SemanticException ALTER TABLE ADD / DROP PARTITION is not supported for Iceberg tables")
    keys = _keys(table)
    shown = "{" + ", ".join(f"{key}={value}" for key, value in spec.items()) + "}"
    if not keys:
        raise hive_ddl_failed(f"ValidationFailureSemanticException table is not partitioned but has the spec {shown}")
    unknown = [key for key in spec if key not in keys]
    if unknown:
        raise hive_ddl_failed(
            "SemanticException [Error 10098]: Non-Partition column appears in the partition specification: "
            f"{unknown[0]}"
        )
    if len(spec) < len(keys):
        raise hive_ddl_failed(
            f"ValidationFailureSemanticException partition spec {shown} doesn't contain all ({len(keys)}) "
            "partition columns"
        )
    return [str(spec[key]) for key in keys]
