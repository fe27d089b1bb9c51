"""SHOW and DESCRIBE."""

from infra.local.athena.sql.text import Name, Plan, Refused, Tokens, read_name, unquote, words

_SHOW = (
    "columns",
    "create table",
    "create view",
    "databases",
    "schemas",
    "partitions",
    "tables",
    "tblproperties",
    "views",
)


def plan_describe(sql: str, tokens: Tokens, database: str) -> Plan:
    """DESCRIBE [FORMATTED | EXTENDED] table.

    Raises: Refused.
    """
    first = tokens[1].lower if len(tokens) > 1 else ""
    if first in ("input", "output"):
        raise Refused(f"DESCRIBE {first.upper()} is not supported")
    is_detailed = first in ("formatted", "extended")
    target, _ = read_name(tokens, 2 if is_detailed else 1)
    return Plan("UTILITY", "DESCRIBE_TABLE", "describe", {"target": target, "is_detailed": is_detailed})


def plan_show(sql: str, tokens: Tokens, database: str) -> Plan:
    """SHOW {DATABASES | TABLES | VIEWS | COLUMNS | PARTITIONS | TBLPROPERTIES | CREATE …}.

    Raises: Refused.
    """
    asked = " ".join(words(tokens[1:3]))
    what = next((kind for kind in _SHOW if asked.startswith(kind)), None)
    if what is None:
        raise Refused(f"line 1:6: mismatched input '{asked}'. SHOW {asked.upper()} is not supported by Athena")
    index = 1 + len(what.split())
    substatement = f"SHOW_{what.upper().replace(' ', '_')}"
    if what in ("databases", "schemas"):
        return Plan("UTILITY", substatement, "show_databases", {"pattern": _pattern(tokens, index)})
    if what in ("tables", "views"):
        names: Name = []
        if words(tokens[index : index + 1]) in (["in"], ["from"]):
            names, index = read_name(tokens, index + 1)
        arguments = {"database": names[-1] if names else None, "pattern": _pattern(tokens, index)}
        return Plan("UTILITY", substatement, f"show_{what}", arguments)
    if what == "columns":
        return Plan("UTILITY", substatement, "show_columns", {"target": _columns_target(tokens, index)})
    target, _ = read_name(tokens, index)
    return Plan("UTILITY", substatement, f"show_{what.replace(' ', '_')}", {"target": target})


def _columns_target(tokens: Tokens, index: int) -> Name:
    if words(tokens[index : index + 1]) not in (["in"], ["from"]):
        raise Refused("SHOW COLUMNS {FROM|IN} table")
    target, index = read_name(tokens, index + 1)
    if words(tokens[index : index + 1]) in (["in"], ["from"]):
        return [tokens[index + 1].name.lower(), target[-1]]
    return target


def _pattern(tokens: Tokens, index: int) -> str | None:
    if words(tokens[index : index + 1]) == ["like"]:
        index += 1
    return unquote(tokens[index]) if index < len(tokens) and tokens[index].kind == "string" else None
