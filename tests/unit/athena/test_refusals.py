"""SQL that Athena refuses is refused here, so that what passes here passes there."""

import pytest

from infra.local.athena.sql.statements import plan
from infra.local.athena.sql.text import Refused


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("", "Query is empty"),
        ("-- only a comment", "Query is empty"),
        ("select 1; select 2", "Only one sql statement is allowed"),
        ("set session x = 1", "SET"),
        ("truncate table t", "TRUNCATE"),
        ("analyze t", "ANALYZE"),
        ("comment on table t is 'x'", "COMMENT"),
        ("grant select on t to u", "GRANT"),
        ("call system.runtime.kill_query('x')", "CALL"),
        ("use marts", "USE"),
        ("selec 1", "mismatched input 'selec'"),
        ("insert t values 1", "Expecting: 'INTO'"),
        ('select * from "t$properties"', r"metadata table '\$properties'"),
        ("select * from system.runtime.nodes", "Catalog 'system' does not exist"),
        ("select cosine_similarity(a, b) from t", "Function 'cosine_similarity' not registered"),
        ("select 1_000", "1_000"),
        ("select 0xff", "0xff"),
        ("with function f() returns int return 1 select f()", "WITH FUNCTION"),
        ("select 1 union corresponding select 2", "CORRESPONDING"),
        ("execute immediate 'select 1'", "EXECUTE IMMEDIATE"),
        ("select '" + "x" * 262_144 + "'", "less than or equal to 262144"),
    ],
)
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
    ],
)
def test_what_only_looks_like_it_passes(sql: str) -> None:
    assert plan(sql).operation == "query"
