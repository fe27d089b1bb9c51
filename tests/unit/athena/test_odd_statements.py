"""Whatever the text, the answer is a plan or Athena's refusal, never a Python error."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from infra.local.athena.sql.statements import plan
from infra.local.athena.sql.text import Refused

WHOLE = (
    "select a, 1.5 from t where b in (1, 2) order by a limit 3",
    "insert into t (a) values (1.5, 'x')",
    "merge into t using s on t.a = s.a when matched then delete",
    "update t set a = 1 where b = 2",
    "create table t with (table_type = 'iceberg', is_external = false, location = 's3://b/t/') as select 1 as a",
    "create external table t (a int comment 'x', s struct<b: array<int>>) partitioned by (d date) row format delimited "
    "fields terminated by ',' stored as textfile location 's3://b/t/' tblproperties ('k' = 'v')",
    "create table t (a int, d date) partitioned by (day(d), bucket(4, a)) location 's3://b/' "
    "tblproperties ('table_type' = 'ICEBERG')",
    "create database if not exists d comment 'x' location 's3://b/' with dbproperties ('k' = 'v')",
    "create or replace view v as select 1 as a",
    "alter table t change column a b bigint comment 'x' after c",
    "alter table t add columns (a int, b array<string> comment 'x')",
    "alter table t add if not exists partition (d = '1') location 's3://b/' partition (d = '2')",
    "alter table t set tblproperties ('k' = 'v')",
    "alter database d set dbproperties ('k' = 'v')",
    "drop table if exists d.t",
    "show columns from t in d",
    "show tables in d 'a*'",
    "describe formatted d.t",
    "optimize t rewrite data using bin_pack where a = 1",
    "vacuum t",
    "unload (select 1 as a) to 's3://b/' with (format = 'parquet', partitioned_by = ARRAY['a'])",
    "prepare p from select ?",
    "execute p using 1, 'x'",
    "deallocate prepare p",
    "msck repair table t",
    "explain analyze select 1",
)
PIECES = sorted({piece for statement in WHOLE for piece in statement.split()} | set("()[],.;'\"`?=<>{}\\\n\0é"))

# The time of a first parse says nothing about the next.
no_deadline = settings(deadline=None)


def answer(sql: str) -> str:
    """Any other error than Refused fails the test."""
    try:
        return plan(sql, "marts").operation
    except Refused:
        return "refused"


@pytest.mark.parametrize("statement", WHOLE)
def test_a_statement_cut_off_anywhere_is_planned_or_refused(statement: str) -> None:
    assert answer(statement) != "refused"
    for end in range(len(statement)):
        answer(statement[:end])


@no_deadline
@given(st.sampled_from(WHOLE), st.data())
def test_a_statement_with_one_piece_changed_is_planned_or_refused(statement: str, data: st.DataObject) -> None:
    pieces = statement.split()
    position = data.draw(st.integers(0, len(pieces) - 1))
    pieces[position] = data.draw(st.sampled_from(PIECES) | st.just("") | st.text(max_size=8))
    answer(" ".join(pieces))


@no_deadline
@given(st.lists(st.sampled_from(PIECES), max_size=12))
@example(["drop"])
@example(["create", "or", "replace"])
def test_pieces_in_any_order_are_planned_or_refused(pieces: list[str]) -> None:
    answer(" ".join(pieces))


@no_deadline
@given(st.text(max_size=60))
def test_any_text_is_planned_or_refused(text: str) -> None:
    answer(text)


def test_a_statement_that_ends_too_early_says_where() -> None:
    with pytest.raises(Refused, match="line 2:9: mismatched input '<EOF>'"):
        plan("prepare\np   from ")
