"""ALTER and DROP."""

from typing import Any

from infra.local.athena.sql.hive_ddl import read_column
from infra.local.athena.sql.text import (
    Plan,
    Refused,
    Tokens,
    matching,
    properties,
    read_name,
    split_commas,
    unquote,
    value,
    words,
)


def plan_drop(sql: str, tokens: Tokens, database: str) -> Plan:
    """DROP {TABLE | VIEW | DATABASE}.

    Raises: Refused.
    """
    what = tokens[1].lower if len(tokens) > 1 else "<EOF>"
    if what not in ("table", "view", "schema", "database"):
        raise Refused(f"line 1:6: mismatched input '{what}'. Expecting: 'DATABASE', 'SCHEMA', 'TABLE', 'VIEW'")
    if_exists = words(tokens[2:4]) == ["if", "exists"]
    target, index = read_name(tokens, 4 if if_exists else 2)
    tail = tokens[index].lower if index < len(tokens) else ""
    arguments: dict[str, Any] = {"target": target, "if_exists": if_exists}
    if what in ("schema", "database"):
        return Plan("DDL", "DROP_DATABASE", "drop_database", {**arguments, "cascade": tail == "cascade"})
    if tail:
        raise Refused(f"FAILED: ParseException extraneous input '{tail}'")
    return Plan("DDL", f"DROP_{what.upper()}", f"drop_{what}", arguments)


def plan_alter(sql: str, tokens: Tokens, database: str) -> Plan:
    """ALTER {TABLE | DATABASE} in Hive's grammar.

    Raises: Refused.
    """
    what = tokens[1].lower if len(tokens) > 1 else "<EOF>"
    if what in ("database", "schema"):
        return _alter_database(sql, tokens)
    if what != "table":
        raise Refused(f"line 1:7: ALTER {what.upper()} is not supported by Athena")
    target, index = read_name(tokens, 2)
    operation, arguments = _alteration(sql, tokens, index)
    substatement = "ALTER_TABLE_RENAME" if operation == "rename_table" else "ALTER_TABLE"
    return Plan("DDL", substatement, operation, {"target": target, **arguments})


def _alter_database(sql: str, tokens: Tokens) -> Plan:
    spelled = words(tokens)
    if "dbproperties" not in spelled:
        raise Refused("ALTER DATABASE ... SET DBPROPERTIES only")
    opening = spelled.index("dbproperties") + 1
    values = properties(tokens[opening + 1 : matching(tokens, opening)], sql)
    arguments = {"target": [tokens[2].name.lower()], "properties": values}
    return Plan("DDL", "ALTER_DATABASE", "set_database_properties", arguments)


def _alteration(sql: str, tokens: Tokens, index: int) -> tuple[str, dict[str, Any]]:
    """The operation and its arguments, from the token behind the table's name on."""
    rest = tokens[index:]
    head = " ".join(words(rest[:2]))
    if head == "rename to":
        return "rename_table", {"new_name": read_name(tokens, index + 2)[0]}
    if head in ("add columns", "replace columns"):
        inside = rest[3 : matching(rest, 2)]
        return head.replace(" ", "_"), {"columns": [read_column(part, sql) for part in split_commas(inside)]}
    if head.startswith("change"):
        return "change_column", _change_column(sql, rest)
    if head == "drop column":
        return "drop_column", {"column": rest[2].name.lower()}
    if head == "set tblproperties":
        return "set_properties", {"properties": properties(rest[3 : matching(rest, 2)], sql)}
    if head == "unset tblproperties":
        return "unset_properties", {"keys": [unquote(token) for token in rest if token.kind == "string"]}
    if head == "set location":
        return "set_location", {"location": value(rest[2:3], sql)}
    if head in ("add partition", "add if"):
        return "add_partitions", _added_partitions(sql, rest)
    if head in ("drop partition", "drop if"):
        return "drop_partitions", _dropped_partitions(sql, rest)
    raise Refused(
        f"FAILED: ParseException mismatched input '{head}' in ALTER TABLE (Trino's own ALTER forms are not Athena's)"
    )


def _change_column(sql: str, rest: Tokens) -> dict[str, Any]:
    """CHANGE [COLUMN] old new type [COMMENT 'text'] [FIRST | AFTER other] (the position is ignored)."""
    start = 2 if rest[1].lower == "column" else 1
    definition = list(rest[start + 1 :])
    position = next((i for i, token in enumerate(definition) if i > 1 and token.lower in ("first", "after")), None)
    column = read_column(definition[:position], sql)
    return {"old": rest[start].name.lower(), "column": column}


def _added_partitions(sql: str, rest: Tokens) -> dict[str, Any]:
    """ADD [IF NOT EXISTS] PARTITION (…) [LOCATION '…'] …"""
    if_not_exists = words(rest[1:4]) == ["if", "not", "exists"]
    partitions: list[tuple[dict[str, Any], str | None]] = []
    index = 4 if if_not_exists else 1
    while not partitions or index < len(rest):
        spec, index = _partition(sql, rest, index)
        location = None
        if words(rest[index : index + 1]) == ["location"]:
            location, index = value(rest[index + 1 : index + 2], sql), index + 2
        partitions.append((spec, location))
    return {"partitions": partitions, "if_not_exists": if_not_exists}


def _dropped_partitions(sql: str, rest: Tokens) -> dict[str, Any]:
    """DROP [IF EXISTS] PARTITION (…), PARTITION (…) …"""
    if_exists = words(rest[1:3]) == ["if", "exists"]
    partitions: list[dict[str, Any]] = []
    index = 3 if if_exists else 1
    while not partitions or index < len(rest):
        index += bool(partitions) and rest[index].text == ","
        spec, index = _partition(sql, rest, index)
        partitions.append(spec)
    return {"partitions": partitions, "if_exists": if_exists}


def _partition(sql: str, rest: Tokens, index: int) -> tuple[dict[str, Any], int]:
    """The values by key of PARTITION (key = value, …), and the index behind it.

    Raises: Refused: also for the comparisons of Hive's own DROP PARTITION, which Athena does not have.
    """
    if rest[index].lower != "partition" or rest[index + 1].text != "(":
        raise Refused(f"FAILED: ParseException mismatched input '{rest[index].text}' expecting PARTITION (key = value)")
    closing = matching(rest, index + 1)
    parts = split_commas(rest[index + 2 : closing])
    for part in parts:
        if len(part) < 3 or part[1].text != "=":
            spelled = sql[part[0].start : part[-1].end] if part else ""
            raise Refused(f"FAILED: ParseException '{spelled}' in a partition spec, expecting key = value")
    if not parts:
        raise Refused("FAILED: ParseException an empty partition spec, expecting key = value")
    return {part[0].name.lower(): value(part[2:], sql) for part in parts}, closing + 1
