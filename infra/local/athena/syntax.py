"""Refuses a statement that does not parse when it is submitted, as Athena does; everything else fails later.

The engine's own parser decides: PREPARE parses the text and looks nothing up (10 ms on an idle machine, 100 on a busy
one; sqlglot takes too much, EXPLAIN (TYPE VALIDATE) would also report missing tables, which on AWS fail the execution).
A statement that differs from one that parses only in its strings and comments is not asked about again: dbt's do.
Source: reports of InvalidRequestException "line 2:49: mismatched input '.5'. Expecting: …" from StartQueryExecution.
"""

import re

from infra.local.athena.sql.text import COMMENT, ICEBERG, QUOTED, STRING, Plan, Refused
from infra.local.athena.trino_client import TrinoClient, TrinoError

_IN_THE_ENGINES_GRAMMAR = frozenset(["query", "change_rows", "explain", "create_table_as", "create_view"])
_POSITION = re.compile(r"^line (\d+):")
# Bytes and escapes are parsed, too. Cut by one pattern, for taking a statement apart by token costs as much as asking.
_APART = re.compile(rf"(?P<comment>{COMMENT})|(?:[xX]|[uU]&){STRING}|(?P<text>{STRING})|{QUOTED}", re.DOTALL)
_MAX_KNOWN = 1000
_known = set[str]()


def refuse_what_does_not_parse(trino: TrinoClient, plan: Plan, sql: str) -> None:
    """Check the text as the client wrote it, so that the reported position is the client's.

    Raises: Refused.
    """
    if plan.operation not in _IN_THE_ENGINES_GRAMMAR:
        return
    shape = shape_of(sql)
    if shape in _known:
        return
    try:
        trino.run(f"PREPARE checked FROM\n{sql.strip().rstrip(';')}", catalog=ICEBERG, schema="default")
    except TrinoError as error:
        if error.name == "SYNTAX_ERROR":
            raise Refused(_POSITION.sub(_one_line_up, error.message)) from error
    else:
        if len(_known) >= _MAX_KNOWN:
            _known.clear()
        _known.add(shape)


def shape_of(sql: str) -> str:
    """`sql` without what its comments say and its strings hold; names in double quotes stay."""
    return _APART.sub(lambda found: " " if found["comment"] else "''" if found["text"] else found[0], sql)


def _one_line_up(position: re.Match[str]) -> str:
    """PREPARE stands on a line of its own above the statement."""
    return f"line {int(position[1]) - 1}:"
