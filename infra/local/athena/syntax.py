"""Refuses a statement that does not parse when it is submitted, as Athena does; everything else fails later.

The engine's own parser decides: PREPARE parses the text and looks nothing up (about 10 ms on an idle machine; sqlglot
takes too much, EXPLAIN (TYPE VALIDATE) would also report missing tables, which on AWS fail the execution).
Source: reports of InvalidRequestException "line 2:49: mismatched input '.5'. Expecting: …" from StartQueryExecution.
"""

import re

from infra.local.athena.sql.text import ICEBERG, Plan, Refused
from infra.local.athena.trino_client import TrinoClient, TrinoError

_IN_THE_ENGINES_GRAMMAR = frozenset(["query", "change_rows", "explain", "create_table_as", "create_view"])
_POSITION = re.compile(r"^line (\d+):")


def refuse_what_does_not_parse(trino: TrinoClient, plan: Plan, sql: str) -> None:
    """Check the text as the client wrote it, so that the reported position is the client's.

    Raises: Refused.
    """
    if plan.operation not in _IN_THE_ENGINES_GRAMMAR:
        return
    try:
        trino.run(f"PREPARE checked FROM\n{sql.strip().rstrip(';')}", catalog=ICEBERG, schema="default")
    except TrinoError as error:
        if error.name == "SYNTAX_ERROR":
            raise Refused(_POSITION.sub(_one_line_up, error.message)) from error


def _one_line_up(position: re.Match[str]) -> str:
    """PREPARE stands on a line of its own above the statement."""
    return f"line {int(position[1]) - 1}:"
