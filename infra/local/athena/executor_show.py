"""SHOW and DESCRIBE, answered from the Glue catalog."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from infra.local.athena import catalog
from infra.local.athena.errors import hive_ddl_failed
from infra.local.athena.execution import Execution, Output
from infra.local.athena.sql.text import Name

if TYPE_CHECKING:
    from infra.local.athena.trino_client import TrinoResult

_WIDTH = 20


class ShowOperations:
    execution: Execution
    on_engine: Callable[..., TrinoResult]
    iceberg_name: Callable[[Name], str]
    require_table: Callable[[Name], catalog.Table]

    def describe(self, target: Name, is_detailed: bool) -> Output:
        table = self.require_table(target)
        rows = [[column["Name"], column["Type"], column.get("Comment", "")] for column in catalog.columns(table)]
        if is_detailed:
            rows += [
                ["", "", ""],
                ["# Detailed Table Information", "", ""],
                ["Location:", catalog.storage(table).get("Location", ""), ""],
                ["Table Type:", table.get("TableType", ""), ""],
                *([key, value, ""] for key, value in table.get("Parameters", {}).items()),
            ]
        padded = [[value.ljust(_WIDTH) for value in row] for row in rows]
        return Output.of_lines(["col_name", "data_type", "comment"], padded)

    def show_databases(self, pattern: str | None) -> Output:
        names = sorted(database["Name"] for database in catalog.databases())
        return Output.of_lines(["database_name"], [[name] for name in names if _is_like(name, pattern)])

    def show_tables(self, database: str | None, pattern: str | None) -> Output:
        return self._show_tables("tab_name", database, pattern, lambda table: True)

    def show_views(self, database: str | None, pattern: str | None) -> Output:
        return self._show_tables("views", database, pattern, catalog.is_view)

    def show_columns(self, target: Name) -> Output:
        columns = catalog.columns(self.require_table(target))
        return Output.of_lines(["field"], [[column["Name"].ljust(_WIDTH)] for column in columns])

    def show_tblproperties(self, target: Name) -> Output:
        parameters = self.require_table(target).get("Parameters", {})
        return Output.of_lines(["prpt_name", "prpt_value"], [[key, value] for key, value in parameters.items()])

    def show_partitions(self, target: Name) -> Output:
        table = self.require_table(target)
        if catalog.is_iceberg(table):
            raise hive_ddl_failed("SemanticException SHOW PARTITIONS is not supported for Iceberg tables")
        keys = [key["Name"] for key in table.get("PartitionKeys", [])]
        database, name = self.execution.name_of(target)
        pages = catalog.client("glue").get_paginator("get_partitions").paginate(DatabaseName=database, TableName=name)
        found = [partition["Values"] for page in pages for partition in page["Partitions"]]
        named = ["/".join(f"{key}={value}" for key, value in zip(keys, values, strict=True)) for values in found]
        return Output.of_lines(["partition"], [[name] for name in named])

    def show_create_view(self, target: Name) -> Output:
        statement = self.on_engine(f"SHOW CREATE VIEW {self.iceberg_name(target)}").rows[0][0]
        body = re.sub(r" SECURITY (DEFINER|INVOKER)", "", statement).partition(" AS\n")[2]
        lines = [f"CREATE VIEW {'.'.join(self.execution.name_of(target))} AS", *body.split("\n")]
        return Output.of_lines(["Create View"], [[line] for line in lines])

    def show_create_table(self, target: Name) -> Output:
        table = self.require_table(target)
        database, name = self.execution.name_of(target)
        is_iceberg = catalog.is_iceberg(table)
        columns = [
            f"  `{column['Name']}` {column['Type']}"
            + (f" COMMENT '{column['Comment']}'" if column.get("Comment") else "")
            for column in catalog.columns(table)
        ]
        lines = [f"CREATE {'' if is_iceberg else 'EXTERNAL '}TABLE `{database}.{name}`(", *_listed(columns)]
        lines += self._iceberg_clauses(target, table) if is_iceberg else _hive_clauses(table)
        return Output.of_lines(["createtab_stmt"], [[line] for line in lines])

    def _show_tables(
        self, heading: str, database: str | None, pattern: str | None, is_wanted: Callable[[catalog.Table], bool]
    ) -> Output:
        database = database or self.execution.database
        try:
            found = sorted(catalog.tables(database), key=lambda table: str(table["Name"]))
        except ClientError as error:
            raise hive_ddl_failed(f"SemanticException [Error 10072]: Database does not exist: {database}") from error
        names = [table["Name"] for table in found if is_wanted(table) and _is_like(table["Name"], pattern)]
        return Output.of_lines([heading], [[name] for name in names])

    def _iceberg_clauses(self, target: Name, table: catalog.Table) -> list[str]:
        statement = self.on_engine(f"SHOW CREATE TABLE {self.iceberg_name(target)}").rows[0][0]
        lines = []
        partitioning = re.search(r"partitioning = ARRAY\[(.*?)\]", statement)
        if partitioning:
            parts = re.findall(r"'([^']*)'", partitioning[1])
            named = ", ".join(part if "(" in part else f"`{part}`" for part in parts)
            lines.append(f"PARTITIONED BY ({named})")
        written = re.search(r"location = '([^']*)'", statement)
        location = catalog.storage(table).get("Location") or (written[1] if written else "")
        properties = {"table_type": "iceberg"}
        file_format = re.search(r"format = '(\w+)'", statement)
        if file_format:
            properties["format"] = file_format[1].lower()
        return lines + _location_and_properties(location, properties)


def _hive_clauses(table: catalog.Table) -> list[str]:
    storage = catalog.storage(table)
    return [
        "ROW FORMAT SERDE ",
        f"  '{storage.get('SerdeInfo', {}).get('SerializationLibrary', '')}' ",
        "STORED AS INPUTFORMAT ",
        f"  '{storage.get('InputFormat', '')}' ",
        "OUTPUTFORMAT ",
        f"  '{storage.get('OutputFormat', '')}'",
        *_location_and_properties(storage.get("Location", ""), table.get("Parameters", {})),
    ]


def _location_and_properties(location: str, properties: dict[str, str]) -> list[str]:
    written = [f"  '{key}'='{value}'" for key, value in properties.items()]
    return ["LOCATION", f"  '{location}'", "TBLPROPERTIES (", *_listed(written)]


def _listed(items: list[str]) -> list[str]:
    return [item + (", " if index + 1 < len(items) else ")") for index, item in enumerate(items)]


def _is_like(name: str, pattern: str | None) -> bool:
    """Hive's patterns: `*` and alternatives by `|`."""
    if not pattern:
        return True
    parts = (re.escape(part.replace(".*", "*")).replace(r"\*", ".*") for part in pattern.split("|"))
    return any(re.fullmatch(part, name) for part in parts)
