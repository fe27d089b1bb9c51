"""What Athena engine v3 refuses although Trino 476 would take it.

Documented: statements outside Athena's DML and DDL lists, one statement a query, 256 KB a query, the list of Iceberg
metadata tables. Assumed (newer than the Trino that engine v3 builds on): the functions and syntax under `_NEWER_…`.
"""

import re

from infra.local.athena.sql.text import HIVE, Refused, Token, Tokens

STATEMENTS = frozenset(
    [
        "select",
        "with",
        "values",
        "table",
        "(",
        "insert",
        "update",
        "delete",
        "merge",
        "create",
        "drop",
        "alter",
        "show",
        "describe",
        "desc",
        "explain",
        "msck",
        "optimize",
        "vacuum",
        "unload",
        "prepare",
        "execute",
        "deallocate",
    ]
)
_TRINO_STATEMENTS = frozenset(
    [
        "set",
        "reset",
        "use",
        "call",
        "analyze",
        "comment",
        "truncate",
        "grant",
        "revoke",
        "deny",
        "start",
        "commit",
        "rollback",
        "refresh",
    ]
)
_METADATA_TABLES = frozenset(["files", "manifests", "history", "partitions", "snapshots", "refs"])
_NEWER_FUNCTIONS = frozenset(
    [
        "cosine_distance",
        "cosine_similarity",
        "dot_product",
        "euclidean_distance",
        "json_table",
        "bitwise_xor_agg",
        "array_histogram",
        "array_first",
        "array_last",
    ]
)
_NEWER_NUMBER = re.compile(r"(\d+_\d|0[xob])", re.I)
_MAX_BYTES = 262_144
_EXPECTED = (
    "'ALTER', 'CREATE', 'DELETE', 'DESC', 'DESCRIBE', 'DROP', 'EXECUTE', 'EXPLAIN', 'INSERT', 'MERGE', 'PREPARE', "
    "'SHOW', 'UPDATE', 'UNLOAD', <query>"
)


def refuse(sql: str, tokens: Tokens) -> None:
    """Raises: Refused."""
    if not tokens:
        raise Refused("Query is empty")
    if len(sql.encode()) > _MAX_BYTES:
        raise Refused(
            "1 validation error detected: Value at 'queryString' failed to satisfy constraint: "
            f"Member must have length less than or equal to {_MAX_BYTES}"
        )
    if any(token.text == ";" for token in tokens):
        raise Refused(f"Only one sql statement is allowed. Got: {sql[:200]}")
    first = tokens[0]
    if first.lower in _TRINO_STATEMENTS:
        raise Refused(f"line 1:1: Athena does not support the statement '{first.text.upper()}'")
    if first.lower not in STATEMENTS:
        raise Refused(f"line 1:1: mismatched input '{first.text}'. Expecting: {_EXPECTED}")
    names = [token.name.lower() for token in tokens]
    for index, token in enumerate(tokens):
        before = names[index - 1] if index else ""
        after = names[index + 1] if index + 1 < len(names) else ""
        _refuse_name(token, names[index], before, after)
        _refuse_newer_syntax(token, names[index], before, after)


def _refuse_name(token: Token, name: str, before: str, after: str) -> None:
    if token.kind not in ("word", "quoted"):
        return
    if "$" in name:
        table, suffix = name.rsplit("$", 1)
        if table and suffix not in _METADATA_TABLES:
            raise Refused(f"Athena has no Iceberg metadata table '${suffix}'")
    if name in ("system", HIVE) and after == "." and before != ".":
        raise Refused(f"CATALOG_NOT_FOUND: Catalog '{name}' does not exist")
    if token.kind == "word" and name in _NEWER_FUNCTIONS and after == "(" and before != ".":
        raise Refused(f"FUNCTION_NOT_FOUND: line 1:1: Function '{name}' not registered")


def _refuse_newer_syntax(token: Token, name: str, before: str, after: str) -> None:
    if token.kind == "number" and _NEWER_NUMBER.match(token.text):
        raise Refused(f"line 1:1: mismatched input '{token.text}' (numeric literal form newer than Athena's parser)")
    if token.kind != "word":
        return
    if name == "with" and after in ("function", "session"):
        raise Refused(f"WITH {after.upper()} is not supported")
    if name == "corresponding" and before in ("union", "all", "intersect", "except", "distinct"):
        raise Refused("CORRESPONDING is not supported")
