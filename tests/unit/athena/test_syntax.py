"""The engine is asked once whether a statement parses, and anew whenever the answer could be another."""

from collections.abc import Iterator
from typing import Any, cast

import pytest

from infra.local.athena import syntax
from infra.local.athena.sql.statements import plan
from infra.local.athena.sql.text import Refused
from infra.local.athena.trino_client import TrinoClient, TrinoError, TrinoResult


class Parser:
    """Knows no statement with the word `wrong`."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def run(self, sql: str, **options: Any) -> TrinoResult:
        self.asked.append(sql)
        if "wrong" in sql:
            raise TrinoError({"errorName": "SYNTAX_ERROR", "message": "line 2:8: mismatched input 'wrong'"})
        return TrinoResult()


@pytest.fixture
def parser() -> Iterator[Parser]:
    syntax._known.clear()
    yield Parser()
    syntax._known.clear()


def check(parser: Parser, sql: str) -> None:
    syntax.refuse_what_does_not_parse(cast(TrinoClient, parser), plan("select 1", "default"), sql)


def test_a_statement_with_other_strings_and_comments_is_not_asked_about_again(parser: Parser) -> None:
    for word in ("it''s", "another", ""):
        check(parser, f"/* {{'node': '{word}'}} */ select a from t where b = '{word}' -- don't")
    assert len(parser.asked) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("select a from t", "select b from t"),
        ('select "a" from t', 'select "b" from t'),
        ("select 1 from t", "select 1e from t"),
        ("select x'00'", "select x'0'"),
        ("select U&'\\0041'", "select U&'\\00'"),
        ("select 1 -- it's\n from t -- it's", "select 1 -- it's\n frm t -- it's"),
        ("select 'a' \"'\" from t", "select 'a' \"'\" frm t"),
    ],
)
def test_what_the_parser_reads_is_never_taken_for_known(parser: Parser, one: str, other: str) -> None:
    check(parser, one)
    check(parser, other)
    assert len(parser.asked) == 2


def test_what_does_not_parse_is_refused_each_time_at_the_clients_line(parser: Parser) -> None:
    for _ in range(2):
        with pytest.raises(Refused, match="line 1:8: mismatched input 'wrong'"):
            check(parser, "select wrong")


def test_what_is_remembered_stays_bounded(parser: Parser) -> None:
    for number in range(syntax._MAX_KNOWN + 1):
        check(parser, f"select {number}")
    assert len(syntax._known) == 1
