"""What Athena engine v3 refuses although Trino 476 would take it: what AWS documents, then what is assumed.

Refusals that concern one kind of statement stand with its planner. docs/local-athena.md lists all of them.
"""

import re

from infra.local.athena.sql.text import HIVE, Refused, Token, Tokens

# Documented: the SQL reference's lists of DML and DDL statements.
# Source: https://docs.aws.amazon.com/athena/latest/ug/ddl-sql-reference.html
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
# Documented: absent from those lists, or named by https://docs.aws.amazon.com/athena/latest/ug/unsupported-ddl.html.
_UNSUPPORTED_STATEMENTS = frozenset(
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
        "lock",
        "unlock",
        "import",
        "export",
        "reload",
        "dfs",
    ]
)
# Documented: https://docs.aws.amazon.com/athena/latest/ug/querying-iceberg-table-data.html, "metadata".
_METADATA_TABLES = frozenset(["files", "manifests", "history", "partitions", "snapshots", "refs"])
# Documented: the quotas page.
_MAX_BYTES = 262_144
# Assumed: they came to Trino after the release that engine v3 builds on, and AWS's release notes don't name them.
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
_EXPECTED = (
    "'ALTER', 'CREATE', 'DELETE', 'DESC', 'DESCRIBE', 'DROP', 'EXECUTE', 'EXPLAIN', 'INSERT', 'MERGE', 'PREPARE', "
    "'SHOW', 'UPDATE', 'UNLOAD', <query>"
)


def refuse(sql: str, tokens: Tokens) -> None:
    """Raises: Refused."""
    _refuse_as_documented(sql, tokens)
    _refuse_as_assumed(tokens)


def _refuse_as_documented(sql: str, tokens: Tokens) -> None:
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
    if first.lower in _UNSUPPORTED_STATEMENTS:
        raise Refused(f"Queries of this type are not supported: {first.text.upper()}")
    if first.lower not in STATEMENTS:
        raise Refused(f"line 1:1: mismatched input '{first.text}'. Expecting: {_EXPECTED}")
    for token, before, after in _with_neighbours(tokens):
        _refuse_metadata_table(token)
        _refuse_catalog(token, before, after)


def _refuse_metadata_table(token: Token) -> None:
    table, dollar, suffix = token.name.lower().rpartition("$")
    if token.kind in ("word", "quoted") and dollar and table and suffix not in _METADATA_TABLES:
        raise Refused(f"Athena has no Iceberg metadata table '${suffix}'")


def _refuse_catalog(token: Token, before: str, after: str) -> None:
    """The engine's own catalogs, which are none of the account's."""
    name = token.name.lower()
    if token.kind in ("word", "quoted") and name in ("system", HIVE) and after == "." and before != ".":
        raise Refused(f"CATALOG_NOT_FOUND: Catalog '{name}' does not exist")


def _refuse_as_assumed(tokens: Tokens) -> None:
    for token, before, after in _with_neighbours(tokens):
        _refuse_newer_number(token)
        if token.kind == "word":
            _refuse_newer_word(token.lower, before, after)


def _refuse_newer_number(token: Token) -> None:
    if token.kind == "number" and _NEWER_NUMBER.match(token.text):
        raise Refused(f"line 1:1: mismatched input '{token.text}' (numeric literal form newer than Athena's parser)")


def _refuse_newer_word(name: str, before: str, after: str) -> None:
    if name in _NEWER_FUNCTIONS and after == "(" and before != ".":
        raise Refused(f"FUNCTION_NOT_FOUND: line 1:1: Function '{name}' not registered")
    if name == "with" and after in ("function", "session"):
        raise Refused(f"WITH {after.upper()} is not supported")
    if name == "corresponding" and before in ("union", "all", "intersect", "except", "distinct"):
        raise Refused("CORRESPONDING is not supported")


def _with_neighbours(tokens: Tokens) -> list[tuple[Token, str, str]]:
    """Each token with the names before and behind it."""
    names = ["", *(token.name.lower() for token in tokens), ""]
    return list(zip(tokens, names, names[2:], strict=False))
