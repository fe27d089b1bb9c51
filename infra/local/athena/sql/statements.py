"""The entry: one statement to one plan. Queries and changes of rows go to the engine almost untouched."""

import re
from collections.abc import Callable
from typing import Any

from infra.local.athena.sql import alter, create, show
from infra.local.athena.sql.refusals import STATEMENTS, refuse
from infra.local.athena.sql.text import (
    ICEBERG,
    Plan,
    Refused,
    Tokens,
    end_position,
    lex,
    matching,
    qualified,
    read_name,
    split_commas,
    value,
    words,
)

# Statements in Hive's grammar have no decimal literals to rewrite.
_NO_LITERALS = frozenset({"show", "describe", "desc", "drop", "alter", "msck"})
_QUERIES = frozenset({"select", "with", "values", "table", "("})
_PREPARABLE = frozenset(["query", "change_rows"])
_EXPLAIN_OPTIONS = ("format", "type")
# Documented, https://docs.aws.amazon.com/athena/latest/ug/unload.html; compression_level, too, which has no equal here.
_UNLOAD_OPTIONS = ("format", "partitioned_by", "compression", "field_delimiter")
_UNLOAD_FORMATS = ("ORC", "PARQUET", "AVRO", "JSON", "TEXTFILE")
_EXPONENT = re.compile(r"[eE]")

Planner = Callable[[str, Tokens, str], Plan]


def plan(sql: str, database: str = "default") -> Plan:
    """Classify and translate one statement.

    Raises: Refused: Athena would not take it.
    """
    sql = sql.strip()
    while sql.endswith(";"):
        sql = sql[:-1].rstrip()
    try:
        return _plan(sql, database)
    except IndexError as error:
        # A planner looked behind the statement's end.
        raise Refused(f"line {end_position(sql)}: mismatched input '<EOF>'") from error


def _plan(sql: str, database: str) -> Plan:
    tokens = lex(sql)
    refuse(sql, tokens)
    first = tokens[0].lower
    if first in STATEMENTS - _NO_LITERALS:
        sql = double_literals(sql, tokens)
        tokens = lex(sql)
    if first in _QUERIES:
        return Plan("DML", "SELECT", "query", {"sql": sql})
    return _PLANNERS[first](sql, tokens, database)


def double_literals(sql: str, tokens: Tokens) -> str:
    """Athena reads 1.5 as double (1 / 0.0 is Infinity there), Trino as decimal(2,1): write 1.5E0."""
    written, position = [], 0
    for index, token in enumerate(tokens):
        if token.kind != "number" or _EXPONENT.search(token.text):
            continue
        if re.fullmatch(r"\d+\.\d*", token.text) or (token.text.isdigit() and _has_leading_point(tokens, index)):
            written.append(sql[position : token.end] + "E0")
            position = token.end
    return "".join(written) + sql[position:]


def _has_leading_point(tokens: Tokens, index: int) -> bool:
    """Whether the digits belong to a literal like .5, and not to a dotted name."""
    if not index or tokens[index - 1].text != "." or tokens[index - 1].end != tokens[index].start:
        return False
    if index < 2 or tokens[index - 2].end != tokens[index - 1].start:
        return True
    return tokens[index - 2].kind == "operator" and tokens[index - 2].text not in ")]"


def _insert(sql: str, tokens: Tokens, database: str) -> Plan:
    if len(tokens) < 2 or tokens[1].lower != "into":
        found = tokens[1].text if len(tokens) > 1 else "<EOF>"
        raise Refused(f"line 1:8: mismatched input '{found}'. Expecting: 'INTO'")
    return Plan("DML", "INSERT", "change_rows", {"sql": sql})


def _change_rows(sql: str, tokens: Tokens, database: str) -> Plan:
    verb = tokens[0].lower
    target, _ = read_name(tokens, 1 if verb == "update" else 2)
    return Plan("DML", verb.upper(), "change_rows", {"sql": sql, "iceberg_target": target})


def _explain(sql: str, tokens: Tokens, database: str) -> Plan:
    """EXPLAIN [ANALYZE] [(options)] statement: refused where the statement itself is, and beyond queries and DML.

    Raises: Refused.
    """
    is_executed = tokens[1].lower == "analyze"
    start = 2 if is_executed else 1
    start += tokens[start].lower == "verbose"
    if tokens[start].text == "(" and tokens[start + 1].lower in _EXPLAIN_OPTIONS:
        start = matching(tokens, start) + 1
    inner = _plan(sql[tokens[start].start :], database)
    if inner.operation != "query" and (is_executed or inner.operation != "change_rows"):
        verb = "EXPLAIN ANALYZE" if is_executed else "EXPLAIN"
        raise Refused(f"Queries of this type are not supported in {verb}: {tokens[start].text.upper()}")
    target = inner.arguments.get("iceberg_target")
    return Plan("DML", "EXPLAIN", "explain", {"sql": sql, **({"iceberg_target": target} if target else {})})


def _optimize(sql: str, tokens: Tokens, database: str) -> Plan:
    target, index = read_name(tokens, 1)
    if words(tokens[index : index + 4]) != ["rewrite", "data", "using", "bin_pack"]:
        raise Refused("OPTIMIZE needs REWRITE DATA USING BIN_PACK")
    where = sql[tokens[index + 4].start :] if len(tokens) > index + 4 else ""
    translated = f"ALTER TABLE {qualified(ICEBERG, target, database)} EXECUTE optimize {where}".rstrip()
    return Plan("DML", "OPTIMIZE", "maintain", {"sql": translated, "iceberg_target": target})


def _vacuum(sql: str, tokens: Tokens, database: str) -> Plan:
    return Plan("DML", "VACUUM_TABLE", "vacuum", {"target": read_name(tokens, 1)[0]})


def _unload(sql: str, tokens: Tokens, database: str) -> Plan:
    closing = matching(tokens, 1)
    index = closing + 1
    if len(tokens) < index + 2 or tokens[index].lower != "to":
        raise Refused("UNLOAD (query) TO 's3://...' WITH (...)")
    with_options = tokens[index + 2 :]
    options = _unload_options(sql, with_options) if with_options else {}
    query = sql[tokens[1].end : tokens[closing].start]
    destination = value(tokens[index + 1 : index + 2], sql)
    return Plan("DML", "UNLOAD", "unload", {"query": query, "destination": destination, "options": options})


def _unload_options(sql: str, tokens: Tokens) -> dict[str, Any]:
    """Raises: Refused."""
    closing = matching(tokens, 1)
    if tokens[0].lower != "with" or tokens[1].text != "(" or closing + 1 < len(tokens):
        raise Refused("UNLOAD (query) TO 's3://...' WITH (...)")
    options = {part[0].lower: value(part[2:], sql) for part in split_commas(tokens[2:closing])}
    unknown = [name for name in options if name not in _UNLOAD_OPTIONS]
    if unknown:
        raise Refused(f"UNLOAD has no property {unknown[0]}, or not here: {', '.join(_UNLOAD_OPTIONS)}")
    kind = str(options.get("format", "PARQUET")).upper()
    if kind not in _UNLOAD_FORMATS:
        raise Refused(f"UNLOAD has no format {kind}: {', '.join(_UNLOAD_FORMATS)}")
    if "field_delimiter" in options and kind != "TEXTFILE":
        raise Refused("UNLOAD takes a field_delimiter with the format TEXTFILE only")
    return options


def _prepare(sql: str, tokens: Tokens, database: str) -> Plan:
    prepared = sql[tokens[3].start :]
    if _plan(prepared, database).operation not in _PREPARABLE:
        raise Refused("Queries of this type are not supported in PREPARE")
    return Plan("UTILITY", "PREPARE", "prepare", {"name": tokens[1].name, "sql": prepared})


def _deallocate(sql: str, tokens: Tokens, database: str) -> Plan:
    return Plan("UTILITY", "DEALLOCATE", "deallocate", {"name": tokens[2].name})


def _execute(sql: str, tokens: Tokens, database: str) -> Plan:
    if len(tokens) > 1 and tokens[1].lower == "immediate":
        raise Refused("EXECUTE IMMEDIATE is not supported")
    return Plan("DML", "SELECT", "execute", {"name": tokens[1].name, "sql": sql})


def _msck(sql: str, tokens: Tokens, database: str) -> Plan:
    return Plan("DDL", "MSCK", "repair", {"target": read_name(tokens, 3)[0]})


_PLANNERS: dict[str, Planner] = {
    "insert": _insert,
    "update": _change_rows,
    "delete": _change_rows,
    "merge": _change_rows,
    "explain": _explain,
    "optimize": _optimize,
    "vacuum": _vacuum,
    "unload": _unload,
    "prepare": _prepare,
    "deallocate": _deallocate,
    "execute": _execute,
    "msck": _msck,
    "create": create.plan,
    "drop": alter.plan_drop,
    "alter": alter.plan_alter,
    "show": show.plan_show,
    "describe": show.plan_describe,
    "desc": show.plan_describe,
}
