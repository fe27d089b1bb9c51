"""DDL: databases, Hive tables in Glue, and changes of Iceberg tables on the engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from infra.local.athena import catalog, types
from infra.local.athena.errors import DDL_TASK, QueryFailed, hive_ddl_failed
from infra.local.athena.execution import Execution, Output
from infra.local.athena.sql.create import ICEBERG_PROPERTIES, extra_properties
from infra.local.athena.sql.text import Name, literal, quote

if TYPE_CHECKING:
    from infra.local.athena.trino_client import TrinoResult


Column = dict[str, Any]


class DdlOperations:
    execution: Execution
    on_engine: Callable[..., TrinoResult]
    iceberg_name: Callable[[Name], str]
    require_table: Callable[[Name], catalog.Table]
    drop_any_table: Callable[[str, catalog.Table], None]

    def create_database(
        self, target: Name, if_not_exists: bool, comment: str | None, location: str | None, properties: dict[str, str]
    ) -> Output:
        given = {"Description": comment, "LocationUri": location, "Parameters": properties}
        try:
            catalog.client("glue").create_database(
                DatabaseInput={"Name": target[-1], **{key: value for key, value in given.items() if value}}
            )
        except ClientError as error:
            if catalog.error_code(error) != "AlreadyExistsException":
                raise
            if not if_not_exists:
                raise hive_ddl_failed(f"{DDL_TASK} Database {target[-1]} already exists") from error
        return Output()

    def drop_database(self, target: Name, if_exists: bool, cascade: bool) -> Output:
        database = target[-1]
        try:
            catalog.client("glue").get_database(Name=database)
        except ClientError as error:
            if if_exists:
                return Output()
            raise _no_database(database) from error
        held = list(catalog.tables(database))
        if held and not cascade:
            raise hive_ddl_failed(
                f"{DDL_TASK} InvalidOperationException(message:Database {database} is not empty. "
                "One or more tables exist.)"
            )
        for table in held:
            self.drop_any_table(database, table)
        catalog.client("glue").delete_database(Name=database)
        return Output()

    def set_database_properties(self, target: Name, properties: dict[str, str]) -> Output:
        try:
            catalog.update_database_parameters(target[-1], properties)
        except ClientError as error:
            raise _no_database(target[-1]) from error
        return Output()

    def drop_table(self, target: Name, if_exists: bool) -> Output:
        database, name = self.execution.name_of(target)
        table = catalog.find_table(database, name) if if_exists else self.require_table(target)
        if table is None:
            return Output()
        if catalog.is_view(table):
            raise hive_ddl_failed("SemanticException Cannot drop a view with DROP TABLE")
        self.drop_any_table(database, table)
        return Output()

    def drop_view(self, target: Name, if_exists: bool) -> Output:
        self.on_engine(f"DROP VIEW {'IF EXISTS ' if if_exists else ''}{self.iceberg_name(target)}")
        return Output()

    def create_hive_table(self, facts: dict[str, Any]) -> Output:
        database, name = self.execution.name_of(facts["target"])
        try:
            catalog.client("glue").create_table(DatabaseName=database, TableInput=catalog.hive_table_input(name, facts))
        except ClientError as error:
            code = catalog.error_code(error)
            if code == "EntityNotFoundException":
                raise _no_database(database) from error
            if code != "AlreadyExistsException":
                raise
            if not facts["if_not_exists"]:
                message = f"{DDL_TASK} AlreadyExistsException(message:Table {name} already exists.)"
                raise hive_ddl_failed(message) from error
        return Output()

    def rename_table(self, target: Name, new_name: Name) -> Output:
        if not catalog.is_iceberg(self.require_table(target)):
            raise hive_ddl_failed("SemanticException Alter table rename is not supported for this table")
        database, name = self.execution.name_of(new_name)
        return self._alter_iceberg(target, f"RENAME TO {quote(database)}.{quote(name)}")

    def add_columns(self, target: Name, columns: list[Column]) -> Output:
        if not catalog.is_iceberg(self.require_table(target)):
            added = [catalog.glue_column(column) for column in columns]
            return self._alter_hive(target, lambda table: catalog.storage(table)["Columns"].extend(added))
        for column in columns:
            comment = f" COMMENT {literal(column['comment'])}" if column["comment"] else ""
            self._alter_iceberg(target, f"ADD COLUMN {_engine_column(column)}{comment}")
        return Output()

    def replace_columns(self, target: Name, columns: list[Column]) -> Output:
        """Iceberg: add what is new, retype what differs, drop what is not named."""
        table = self.require_table(target)
        if not catalog.is_iceberg(table):
            replaced = [catalog.glue_column(column) for column in columns]
            return self._alter_hive(target, lambda old: catalog.storage(old).update(Columns=replaced))
        present = {column["Name"]: column["Type"] for column in catalog.storage(table)["Columns"]}
        for column in columns:
            if column["name"] not in present:
                self._alter_iceberg(target, f"ADD COLUMN {_engine_column(column)}")
            elif present[column["name"]] != column["type"]:
                self._set_type(target, column)
        for name in present.keys() - {column["name"] for column in columns}:
            self._alter_iceberg(target, f"DROP COLUMN {quote(name)}")
        return Output()

    def change_column(self, target: Name, old: str, column: Column) -> Output:
        table = self.require_table(target)
        present = {found["Name"]: found for found in catalog.storage(table)["Columns"]}
        if old not in present:
            raise hive_ddl_failed(f"SemanticException Invalid column reference {old}")
        if not catalog.is_iceberg(table):
            changed = catalog.glue_column(column)
            renamed = [changed if name == old else found for name, found in present.items()]
            return self._alter_hive(target, lambda new: catalog.storage(new).update(Columns=renamed))
        if old != column["name"]:
            self._alter_iceberg(target, f"RENAME COLUMN {quote(old)} TO {quote(column['name'])}")
        if present[old]["Type"] != column["type"]:
            self._set_type(target, column)
        if column["comment"] is not None:
            name = f"{self.iceberg_name(target)}.{quote(column['name'])}"
            self.on_engine(f"COMMENT ON COLUMN {name} IS {literal(column['comment'])}")
        return Output()

    def drop_column(self, target: Name, column: str) -> Output:
        if not catalog.is_iceberg(self.require_table(target)):
            raise hive_ddl_failed("ParseException mismatched input DROP COLUMN: only Iceberg tables")
        return self._alter_iceberg(target, f"DROP COLUMN {quote(column)}")

    def set_properties(self, target: Name, properties: dict[str, str]) -> Output:
        if not catalog.is_iceberg(self.require_table(target)):
            return self._alter_hive(target, lambda table: table.setdefault("Parameters", {}).update(properties))
        unknown = [key for key in properties if key not in ICEBERG_PROPERTIES]
        if unknown:
            raise hive_ddl_failed(f"Unsupported table property key: {unknown[0]}")
        kept = {key: value for key, value in properties.items() if key not in ("format", "write_compression")}
        written = [f"format='{properties['format'].upper()}'"] if "format" in properties else []
        written += [extra_properties(kept)] if kept else []
        return self._alter_iceberg(target, f"SET PROPERTIES {', '.join(written)}") if written else Output()

    def unset_properties(self, target: Name, keys: list[str]) -> Output:
        if catalog.is_iceberg(self.require_table(target)):
            raise QueryFailed("NOT_SUPPORTED: unset of Iceberg properties is not imitated")

        def unset(table: catalog.Table) -> None:
            table["Parameters"] = {key: value for key, value in table.get("Parameters", {}).items() if key not in keys}

        return self._alter_hive(target, unset)

    def set_location(self, target: Name, location: str) -> Output:
        return self._alter_hive(target, lambda table: catalog.storage(table).update(Location=location))

    def _set_type(self, target: Name, column: Column) -> None:
        kind = types.trino_type(column["type"], iceberg=True)
        self._alter_iceberg(target, f"ALTER COLUMN {quote(column['name'])} SET DATA TYPE {kind}")

    def _alter_iceberg(self, target: Name, change: str) -> Output:
        self.on_engine(f"ALTER TABLE {self.iceberg_name(target)} {change}")
        return Output()

    def _alter_hive(self, target: Name, change: Callable[[catalog.Table], None]) -> Output:
        changed = catalog.table_input(self.require_table(target))
        change(changed)
        catalog.client("glue").update_table(DatabaseName=self.execution.name_of(target)[0], TableInput=changed)
        return Output()


def _engine_column(column: Column) -> str:
    return f"{quote(column['name'])} {types.trino_type(column['type'], iceberg=True)}"


def _no_database(name: str) -> QueryFailed:
    return hive_ddl_failed(f"SemanticException [Error 10072]: Database does not exist: {name}")
