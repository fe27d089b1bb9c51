"""Athena's statements become what Trino takes: kind of statement, operation and text."""

import pytest

from infra.local.athena.sql.statements import plan
from infra.local.athena.sql.text import Plan, Refused


def normal(text: str) -> str:
    return " ".join(text.split())


def planned(sql: str) -> Plan:
    return plan(sql, "marts")


@pytest.mark.parametrize(
    ("sql", "kind", "operation"),
    [
        ("select 1", "SELECT", "query"),
        ("with a as (select 1 x) select * from a;", "SELECT", "query"),
        ("(select 1)", "SELECT", "query"),
        ("values 1, 2", "SELECT", "query"),
        ("insert into t select 1", "INSERT", "change_rows"),
        ("update t set a = 1", "UPDATE", "change_rows"),
        ("delete from t where a = 1", "DELETE", "change_rows"),
        ("merge into t using s on t.a = s.a when matched then delete", "MERGE", "change_rows"),
        ("explain select 1", "EXPLAIN", "explain"),
        ("vacuum t", "VACUUM_TABLE", "vacuum"),
        ("msck repair table t", "MSCK", "repair"),
        ("prepare p from select ?", "PREPARE", "prepare"),
        ("deallocate prepare p", "DEALLOCATE", "deallocate"),
    ],
)
def test_each_statement_has_its_kind_and_operation(sql: str, kind: str, operation: str) -> None:
    found = planned(sql)
    assert (found.substatement, found.operation) == (kind, operation)


@pytest.mark.parametrize(
    ("athena", "trino"),
    [
        ("select 1.5", "select 1.5E0"),
        ("select .5, 2.", "select .5E0, 2.E0"),
        ("select a.b, t.1x from t", "select a.b, t.1x from t"),
        ("select 1e3, 7", "select 1e3, 7"),
        ("select '1.5', \"1.5\"", "select '1.5', \"1.5\""),
        ("select decimal '1.5'", "select decimal '1.5'"),
        ("select 1 -- 1.5", "select 1 -- 1.5"),
    ],
)
def test_a_decimal_literal_is_a_double(athena: str, trino: str) -> None:
    assert planned(athena).arguments["sql"] == trino


def test_optimize_becomes_the_tables_procedure() -> None:
    found = planned("optimize t rewrite data using bin_pack where day >= date '2026-01-01'")
    assert normal(found.arguments["sql"]).endswith("EXECUTE optimize where day >= date '2026-01-01'")
    assert '"t"' in found.arguments["sql"]
    with pytest.raises(Refused, match="BIN_PACK"):
        planned("optimize t rewrite data")


def test_unload_keeps_query_destination_and_options() -> None:
    found = planned("unload (select 1 a) to 's3://bucket/x/' with (format = 'parquet', compression = 'SNAPPY')")
    assert found.arguments["query"].strip() == "select 1 a"
    assert found.arguments["destination"] == "s3://bucket/x/"
    assert found.arguments["options"] == {"format": "parquet", "compression": "SNAPPY"}


def test_ctas_keeps_athenas_table_options() -> None:
    found = planned(
        "create table t with (table_type='iceberg', location='s3://b/t/', is_external=false, format='parquet', "
        "write_compression='zstd', partitioning=ARRAY['day(ts)']) as select 1 a"
    )
    assert (found.substatement, found.operation) == ("CREATE_TABLE_AS_SELECT", "create_table_as")
    sql = normal(found.arguments["sql"])
    assert "\"marts\".\"t\" WITH (location='s3://b/t/', format='PARQUET', partitioning=ARRAY['day(ts)'])" in sql
    assert "ZSTD" in str(found.arguments["session"])


def test_an_iceberg_tables_columns_comments_and_transforms_are_read() -> None:
    found = planned(
        "create table `d`.`t` (id bigint comment 'the id', m map<int,string>) partitioned by (day(ts), bucket(4, id)) "
        "location 's3://b/t/' tblproperties ('table_type'='ICEBERG')"
    )
    facts = found.arguments["facts"]
    assert found.operation == "create_iceberg_table"
    assert facts["target"] == ["d", "t"]
    assert facts["columns"][0] == {"name": "id", "type": "bigint", "comment": "the id"}
    assert facts["columns"][1]["type"] == "map<int,string>"
    assert facts["transforms"] == ["day(ts)", "bucket(id, 4)"]


def test_a_seeds_external_csv_table_is_kept_for_the_hive_catalog() -> None:
    found = planned(
        "create external table s (a string) row format serde 'org.apache.hadoop.hive.serde2.OpenCSVSerde' "
        "location 's3://b/s/' tblproperties ('skip.header.line.count'='1')"
    )
    assert found.operation == "create_hive_table"
    assert found.arguments["facts"]["serde"].endswith("OpenCSVSerde")
    assert found.arguments["facts"]["properties"] == {"skip.header.line.count": "1"}


def test_a_hive_ctas_writes_to_its_location_or_the_results() -> None:
    found = planned(
        "create table d.t with (format = 'orc', external_location = 's3://b/t/', partitioned_by = ARRAY['p'], "
        "write_compression = 'snappy', bucketed_by = ARRAY['a'], bucket_count = 4) as select 1 as a, 2 as p"
    )
    assert found.arguments["location"] == "s3://b/t/"
    assert found.arguments["session"] == {"awsdatacatalog_hive.compression_codec": "SNAPPY"}
    assert normal(found.arguments["sql"]) == (
        'CREATE TABLE awsdatacatalog_hive."d"."t" WITH (external_location=%LOCATION%, format=\'ORC\', '
        "partitioned_by=ARRAY['p'], bucketed_by=ARRAY['a'], bucket_count=4) AS select 1 as a, 2 as p"
    )
    assert planned("create table t as select 1 as a with no data").arguments["location"] is None


def test_ctas_keeps_column_names_and_with_no_data() -> None:
    sql = planned("create table t (b) as select 1 as a with no data").arguments["sql"]
    assert normal(sql).startswith('CREATE TABLE awsdatacatalog_hive."marts"."t" (b) WITH')
    assert sql.endswith("AS select 1 as a with no data")


@pytest.mark.parametrize(
    ("sql", "target"),
    [
        ("update D.t set a = 1.5", ["d", "t"]),
        ("delete from t where a = 1", ["t"]),
        ('merge into "awsdatacatalog"."d"."t" using s on true when matched then delete', ["d", "t"]),
    ],
)
def test_a_change_of_rows_names_the_iceberg_table(sql: str, target: list[str]) -> None:
    assert planned(sql).arguments["iceberg_target"] == target


def test_vacuum_names_its_table() -> None:
    assert planned("vacuum d.t").arguments == {"target": ["d", "t"]}


def test_a_prepared_statement_keeps_name_and_text() -> None:
    assert planned('prepare "p" from\nselect ? + 1.5').arguments == {"name": "p", "sql": "select ? + 1.5E0"}
    assert planned("deallocate prepare p").arguments == {"name": "p"}
    assert planned("execute p using 1, 'x'").arguments == {"name": "p", "sql": "execute p using 1, 'x'"}


def test_explain_is_the_engines() -> None:
    found = planned("explain analyze verbose select 1.5")
    assert found.arguments == {"sql": "explain analyze verbose select 1.5E0"}
    assert planned("explain (type io, format json) (select 1)").operation == "explain"
    assert planned("explain delete from d.t").arguments["iceberg_target"] == ["d", "t"]
