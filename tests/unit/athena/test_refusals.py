"""SQL that Athena refuses is refused here, so that what passes here passes there."""

import pytest

from infra.local.athena.sql.statements import plan
from infra.local.athena.sql.text import Refused

DOCUMENTED = (
    ("", "Query is empty"),
    ("-- only a comment", "Query is empty"),
    ("select 1; select 2", "Only one sql statement is allowed"),
    ("set session x = 1", "Queries of this type are not supported: SET"),
    ("truncate table t", "TRUNCATE"),
    ("analyze t", "ANALYZE"),
    ("comment on table t is 'x'", "COMMENT"),
    ("grant select on t to u", "GRANT"),
    ("call system.runtime.kill_query('x')", "CALL"),
    ("use marts", "USE"),
    ("start transaction", "START"),
    ("lock table t", "LOCK"),
    ("selec 1", "mismatched input 'selec'"),
    ("insert t values 1", "Expecting: 'INTO'"),
    ('select * from "t$properties"', r"metadata table '\$properties'"),
    ("select * from system.runtime.nodes", "Catalog 'system' does not exist"),
    ("select * from awsdatacatalog_hive.d.t", "Catalog 'awsdatacatalog_hive' does not exist"),
    ("drop table other.d.t", "Catalog 'other' does not exist"),
    ("select '" + "x" * 262_144 + "'", "less than or equal to 262144"),
    ("create table t like u", "CREATE TABLE LIKE"),
    ("create role r", "CREATE ROLE"),
    ("create or replace table t as select 1 as a", "CREATE OR REPLACE TABLE"),
    ("create materialized view v as select 1 as a", "CREATE MATERIALIZED"),
    ("create view v security invoker as select 1 as a", "Expecting: 'AS'"),
    ("create table if not exists t as select 1 as a", "takes no IF NOT EXISTS"),
    ("create table t with (table_type = 'iceberg', is_external = false) as select 1 as a", "needs a location"),
    (
        "create table t with (table_type = 'iceberg', location = 's3://b/') as select 1 as a",
        "is_external must be false",
    ),
    ("create table t with (table_type = 'delta') as select 1 as a", "table_type 'delta'"),
    ("create table t with (colour = 'red') as select 1 as a", "'colour'"),
    ("create table t (a int) location 's3://b/'", "needs 'table_type'='ICEBERG'"),
    ("create external table t (a int)", "location is missing"),
    (
        "create external table t (a int) location 's3://b/' tblproperties ('table_type' = 'iceberg')",
        "External keyword not supported",
    ),
    (
        "create table t (a int) partitioned by (d date) location 's3://b/' tblproperties ('table_type' = 'iceberg')",
        "Unsupported partition transform",
    ),
    ("alter table t execute optimize", "Trino's own ALTER forms"),
    ("alter table t add column a int", "Trino's own ALTER forms"),
    ("alter table t touch", "mismatched input 'touch'"),
    ("alter view v rename to w", "ALTER VIEW"),
    ("alter database d set owner user x", "SET DBPROPERTIES only"),
    ("drop role r", "mismatched input 'role'"),
    ("drop table t purge", "extraneous input 'purge'"),
    ("show functions", "SHOW FUNCTIONS"),
    ("show stats for t", "SHOW STATS FOR"),
    ("describe output p", "DESCRIBE OUTPUT"),
    ("describe input p", "DESCRIBE INPUT"),
    ("optimize t", "BIN_PACK"),
    ("prepare p from drop table t", "not supported in PREPARE"),
    ("prepare p from selec 1", "mismatched input 'selec'"),
    ("unload (select 1 as a)", "UNLOAD"),
    ("unload (select 1 as a) to 's3://b/' with (format = 'csv')", "UNLOAD has no format CSV"),
    ("unload (select 1 as a) to 's3://b/' with (format = 'orc', header = 'x')", "UNLOAD has no property header"),
    ("unload (select 1 as a) to 's3://b/' with (format = 'orc', field_delimiter = ',')", "TEXTFILE only"),
    ("unload (select 1 as a) to 's3://b/' with (format = 'orc') x", "UNLOAD"),
    ("alter table t drop partition (d < '1')", "'d < '1'' in a partition spec"),
    ("alter table t drop if exists partition (d >= '1')", "in a partition spec"),
    ("alter table t add partition (d <> '1')", "in a partition spec"),
    ("alter table t add partition (d)", "in a partition spec"),
    ("alter table t add partition ()", "empty partition spec"),
    ("alter table t add if not exists", "mismatched input '<EOF>'"),
    ("alter table t drop partition (d = '1') purge", "mismatched input 'purge'"),
    ('explain select * from "t$properties"', "metadata table"),
    ("explain set session a = 1", "SET"),
    ("explain selec 1", "mismatched input 'selec'"),
    ("explain", "mismatched input '<EOF>'"),
)
ASSUMED = (
    ("select cosine_similarity(a, b) from t", "Function 'cosine_similarity' not registered"),
    ("select 1_000", "1_000"),
    ("select 0xff", "0xff"),
    ("with function f() returns int return 1 select f()", "WITH FUNCTION"),
    ("select 1 union corresponding select 2", "CORRESPONDING"),
    ("execute immediate 'select 1'", "EXECUTE IMMEDIATE"),
    ("explain analyze insert into t select 1", "not supported in EXPLAIN ANALYZE: INSERT"),
    ("explain analyze create table t with (format = 'orc') as select 1 as a", "EXPLAIN ANALYZE: CREATE"),
    ("explain create table t with (format = 'orc') as select 1 as a", "not supported in EXPLAIN: CREATE"),
    ("explain show tables", "not supported in EXPLAIN: SHOW"),
)


@pytest.mark.parametrize(("sql", "says"), [*DOCUMENTED, *ASSUMED])
def test_it_is_refused_with_a_reason(sql: str, says: str) -> None:
    with pytest.raises(Refused, match=says):
        plan(sql)


@pytest.mark.parametrize(
    "sql",
    [
        'select * from "t$files"',
        "select \"a;b\", ';' from t",
        "select array_first from t",
        "select x.system from x",
        "select with_function from t",
        "select 1;",
    ],
)
def test_what_only_looks_like_it_passes(sql: str) -> None:
    assert plan(sql).operation == "query"
