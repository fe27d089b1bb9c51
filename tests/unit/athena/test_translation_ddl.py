"""DDL, SHOW and DESCRIBE become the executor's operations and arguments, one case per statement kind."""

import inspect
from typing import Any

import pytest

from infra.local.athena import catalog
from infra.local.athena.executor import Executor
from infra.local.athena.executor_ddl import DdlOperations
from infra.local.athena.executor_show import ShowOperations
from infra.local.athena.sql.statements import plan
from tests.unit.athena.statements import STATEMENTS

A_BIGINT = {"name": "a", "type": "bigint", "comment": None}


@pytest.mark.parametrize(
    ("sql", "substatement", "operation", "arguments"),
    [
        (
            "create database if not exists `D` comment 'it''s' location 's3://b/d/' with dbproperties ('k' = 'v')",
            "CREATE_DATABASE",
            "create_database",
            {
                "target": ["d"],
                "if_not_exists": True,
                "comment": "it's",
                "location": "s3://b/d/",
                "properties": {"k": "v"},
            },
        ),
        (
            "drop schema if exists d cascade",
            "DROP_DATABASE",
            "drop_database",
            {"target": ["d"], "if_exists": True, "cascade": True},
        ),
        (
            "alter database d set dbproperties ('k' = 'v')",
            "ALTER_DATABASE",
            "set_database_properties",
            {"target": ["d"], "properties": {"k": "v"}},
        ),
        (
            "create or replace view d.v as select 1 as a",
            "CREATE_VIEW",
            "create_view",
            {"target": ["d", "v"], "sql": "create or replace view d.v as select 1 as a", "query": " select 1 as a"},
        ),
        ("drop view if exists v", "DROP_VIEW", "drop_view", {"target": ["v"], "if_exists": True}),
        ("drop table `d`.`t`", "DROP_TABLE", "drop_table", {"target": ["d", "t"], "if_exists": False}),
        (
            "alter table `d.t` rename to `d`.`u`",
            "ALTER_TABLE_RENAME",
            "rename_table",
            {"target": ["d", "t"], "new_name": ["d", "u"]},
        ),
        (
            "alter table t add columns (a bigint, s struct<b:array<int>> comment 'x')",
            "ALTER_TABLE",
            "add_columns",
            {
                "target": ["t"],
                "columns": [A_BIGINT, {"name": "s", "type": "struct<b:array<int>>", "comment": "x"}],
            },
        ),
        (
            "alter table t replace columns (a bigint)",
            "ALTER_TABLE",
            "replace_columns",
            {"target": ["t"], "columns": [A_BIGINT]},
        ),
        (
            "alter table t change column old a bigint first",
            "ALTER_TABLE",
            "change_column",
            {"target": ["t"], "old": "old", "column": A_BIGINT},
        ),
        ("alter table t drop column a", "ALTER_TABLE", "drop_column", {"target": ["t"], "column": "a"}),
        (
            "alter table t set tblproperties ('k' = 'v', 'l' = 'w')",
            "ALTER_TABLE",
            "set_properties",
            {"target": ["t"], "properties": {"k": "v", "l": "w"}},
        ),
        (
            "alter table t unset tblproperties ('k', 'l')",
            "ALTER_TABLE",
            "unset_properties",
            {"target": ["t"], "keys": ["k", "l"]},
        ),
        (
            "alter table t set location 's3://b/u/'",
            "ALTER_TABLE",
            "set_location",
            {"target": ["t"], "location": "s3://b/u/"},
        ),
        (
            "alter table t add if not exists partition (d = '1', e = 2) location 's3://b/1/' partition (d='2', e=3)",
            "ALTER_TABLE",
            "add_partitions",
            {
                "target": ["t"],
                "partitions": [({"d": "1", "e": "2"}, "s3://b/1/"), ({"d": "2", "e": "3"}, None)],
                "if_not_exists": True,
            },
        ),
        (
            "alter table t drop partition (d = '1')",
            "ALTER_TABLE",
            "drop_partitions",
            {"target": ["t"], "partitions": [{"d": "1"}], "if_exists": False},
        ),
        ("msck repair table d.t", "MSCK", "repair", {"target": ["d", "t"]}),
        ("show schemas like 'a*'", "SHOW_SCHEMAS", "show_databases", {"pattern": "a*"}),
        ("show databases", "SHOW_DATABASES", "show_databases", {"pattern": None}),
        ("show tables in d 'a*|b*'", "SHOW_TABLES", "show_tables", {"database": "d", "pattern": "a*|b*"}),
        ("show views", "SHOW_VIEWS", "show_views", {"database": None, "pattern": None}),
        ("show columns in t from d", "SHOW_COLUMNS", "show_columns", {"target": ["d", "t"]}),
        ("show partitions d.t", "SHOW_PARTITIONS", "show_partitions", {"target": ["d", "t"]}),
        ("show tblproperties t", "SHOW_TBLPROPERTIES", "show_tblproperties", {"target": ["t"]}),
        ("show create table t", "SHOW_CREATE_TABLE", "show_create_table", {"target": ["t"]}),
        ("show create view v", "SHOW_CREATE_VIEW", "show_create_view", {"target": ["v"]}),
        ("describe t", "DESCRIBE_TABLE", "describe", {"target": ["t"], "is_detailed": False}),
        ("desc formatted d.t", "DESCRIBE_TABLE", "describe", {"target": ["d", "t"], "is_detailed": True}),
    ],
)
def test_a_statement_becomes_its_operation(
    sql: str, substatement: str, operation: str, arguments: dict[str, Any]
) -> None:
    found = plan(sql, "marts")
    assert (found.substatement, found.operation) == (substatement, operation)
    assert found.arguments == arguments


@pytest.mark.parametrize("sql", STATEMENTS)
def test_the_executor_takes_the_plan(sql: str) -> None:
    found = plan(sql, "marts")
    inspect.signature(getattr(Executor, found.operation)).bind(None, **found.arguments)


def test_every_operation_on_the_catalog_has_a_statement() -> None:
    planned = {plan(sql, "marts").operation for sql in STATEMENTS}
    operations = {
        name
        for mixin in (DdlOperations, ShowOperations)
        for name, member in vars(mixin).items()
        if inspect.isfunction(member) and not name.startswith("_")
    }
    assert operations - planned == set()


def test_a_delimited_row_format_becomes_the_properties_of_its_serde() -> None:
    sql = (
        "create external table t (a int) row format delimited fields terminated by '\\t' lines terminated by '\\n' "
        "stored as textfile location 's3://b/t/'"
    )
    serde = catalog.hive_table_input("t", plan(sql).arguments["facts"])["StorageDescriptor"]["SerdeInfo"]
    assert serde["SerializationLibrary"].endswith("LazySimpleSerDe")
    assert serde["Parameters"] == {"field.delim": "\t", "line.delim": "\n", "serialization.format": "\t"}
