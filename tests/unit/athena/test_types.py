"""Types and values in Athena's words: column types, result texts, the Hive names in the Glue catalog."""

from typing import Any

import pytest

from infra.local.athena.types import column_info, hive_type, iceberg_refusal, text, trino_type


def signature(raw: str, *arguments: Any) -> dict[str, Any]:
    return {"rawType": raw, "arguments": list(arguments)}


def of_type(inner: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "TYPE", "value": inner}


def named(name: str, inner: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "NAMED_TYPE", "value": {"fieldName": {"name": name}, "typeSignature": inner}}


BIGINT, VARCHAR = signature("bigint"), signature("varchar")


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        (None, BIGINT, None),
        (5, BIGINT, "5"),
        (True, signature("boolean"), "true"),
        (False, signature("boolean"), "false"),
        ("NaN", signature("double"), "NaN"),
        ("2026-11-24 01:00:00.000000", signature("timestamp"), "2026-11-24 01:00:00.000000"),
        ("2026-11-24 01:00:00", signature("timestamp"), "2026-11-24 01:00:00.000"),
        ("2026-11-24 01:00:00.5 UTC", signature("timestamp with time zone"), "2026-11-24 01:00:00.500 UTC"),
        ("yv4=", signature("varbinary"), "ca fe"),
        ([1, None], signature("array", of_type(BIGINT)), "[1, null]"),
        ({"1": "a", "2": None}, signature("map", of_type(BIGINT), of_type(VARCHAR)), "{1=a, 2=null}"),
        ([1, "x"], signature("row", named("a", BIGINT), named("b", VARCHAR)), "{a=1, b=x}"),
    ],
)
def test_a_value_reads_as_in_athenas_results(value: Any, kind: dict[str, Any], expected: str | None) -> None:
    assert text(value, kind) == expected


def test_a_columns_type_has_athenas_name_and_precision() -> None:
    decimal = signature("decimal", {"kind": "LONG", "value": 10}, {"kind": "LONG", "value": 2})
    info = column_info({"name": "d", "typeSignature": decimal})
    assert (info["Type"], info["Precision"], info["Scale"]) == ("decimal", 10, 2)
    assert column_info({"name": "f", "typeSignature": signature("real")})["Type"] == "float"
    assert column_info({"name": "v", "typeSignature": VARCHAR})["CaseSensitive"] is True


@pytest.mark.parametrize(
    ("trino", "hive"),
    [
        ("varchar", "string"),
        ("varchar(10)", "string"),
        ("integer", "int"),
        ("timestamp(6)", "timestamp"),
        ("decimal(10, 2)", "decimal(10,2)"),
        ("array(bigint)", "array<bigint>"),
        ("map(integer, bigint)", "map<int,bigint>"),
        ('row("a" bigint, b array(varchar))', "struct<a:bigint,b:array<string>>"),
    ],
)
def test_a_trino_type_has_its_hive_name(trino: str, hive: str) -> None:
    assert hive_type(trino) == hive


@pytest.mark.parametrize(
    ("hive", "trino"),
    [
        ("string", "varchar"),
        ("timestamp", "timestamp(6)"),
        ("array<struct<a:int,b:string>>", 'array(row("a" integer, "b" varchar))'),
        ("map<string,double>", "map(varchar, double)"),
    ],
)
def test_a_hive_type_has_its_trino_name(hive: str, trino: str) -> None:
    assert trino_type(hive, iceberg=True) == trino


@pytest.mark.parametrize(
    ("trino", "says"),
    [
        ("timestamp(3)", "Timestamp precision"),
        ("timestamp(6) with time zone", "with time zone"),
        ("smallint", "smallint"),
        ("array(json)", "json"),
        ("unknown", "COLUMN_TYPE_UNKNOWN"),
    ],
)
def test_a_type_that_athenas_iceberg_writer_refuses_is_named(trino: str, says: str) -> None:
    assert says in (iceberg_refusal(trino, "c") or "")


def test_types_that_it_takes_pass() -> None:
    assert iceberg_refusal("map(integer, row(a timestamp(6), b varchar))", "c") is None
