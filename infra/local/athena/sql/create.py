"""CREATE VIEW, DATABASE, TABLE AS and the Hive-flavoured CREATE TABLE."""

from typing import Any

from infra.local.athena.sql import hive_ddl
from infra.local.athena.sql.text import (
    HIVE,
    ICEBERG,
    Name,
    Plan,
    Refused,
    Tokens,
    array,
    literal,
    matching,
    properties,
    qualified,
    read_name,
    split_commas,
    value,
    words,
)

ICEBERG_PROPERTIES = frozenset(
    [
        "format",
        "write_compression",
        "optimize_rewrite_data_file_threshold",
        "optimize_rewrite_delete_file_threshold",
        "optimize_rewrite_min_data_file_size_bytes",
        "optimize_rewrite_max_data_file_size_bytes",
        "vacuum_min_snapshots_to_keep",
        "vacuum_max_snapshot_age_seconds",
        "vacuum_max_metadata_files_to_keep",
        "write_target_data_file_size_bytes",
        "compression_level",
    ]
)
_HIVE_PROPERTIES = frozenset(
    [
        "format",
        "write_compression",
        "external_location",
        "partitioned_by",
        "bucketed_by",
        "bucket_count",
        "field_delimiter",
        "compression_level",
        "bucketing_format",
    ]
)
_IF_NOT_EXISTS = ["if", "not", "exists"]


def plan(sql: str, tokens: Tokens, database: str) -> Plan:
    """CREATE …

    Raises: Refused.
    """
    spelled = words(tokens)
    index = 1
    if spelled[1:3] == ["or", "replace"]:
        index = 3
        if spelled[index] != "view":
            raise Refused(f"line 1:8: CREATE OR REPLACE {spelled[index].upper()} is not supported")
    what = spelled[index] if len(spelled) > index else "<EOF>"
    if what == "view":
        return _view(sql, tokens, index + 1)
    if what in ("schema", "database"):
        return _database(sql, tokens, index + 1)
    if what == "external":
        return hive_ddl.plan_create(sql, is_external=True)
    if what != "table":
        raise Refused(f"line 1:8: mismatched input '{what}'. CREATE {what.upper()} is not supported by Athena")
    return _table(sql, tokens, database, index + 1)


def _view(sql: str, tokens: Tokens, index: int) -> Plan:
    if words(tokens[index : index + 3]) == _IF_NOT_EXISTS:
        raise Refused("line 1:13: mismatched input 'IF'")
    target, index = read_name(tokens, index)
    if index < len(tokens) and tokens[index].lower in ("comment", "security"):
        raise Refused(f"line 1:1: mismatched input '{tokens[index].text.upper()}'. Expecting: 'AS'")
    if index >= len(tokens) or tokens[index].lower != "as":
        raise Refused("line 1:1: mismatched input. Expecting: 'AS'")
    return Plan("DDL", "CREATE_VIEW", "create_view", {"target": target, "sql": sql, "query": sql[tokens[index].end :]})


def _database(sql: str, tokens: Tokens, index: int) -> Plan:
    if_not_exists = words(tokens[index : index + 3]) == _IF_NOT_EXISTS
    target, index = read_name(tokens, index + 3 * if_not_exists)
    found: dict[str, Any] = {"comment": None, "location": None, "properties": {}}
    while index < len(tokens):
        clause = tokens[index].lower
        if clause in ("comment", "location"):
            found[clause] = value(tokens[index + 1 : index + 2], sql)
            index += 2
        elif clause == "with" and words(tokens[index + 1 : index + 2]) == ["dbproperties"]:
            closing = matching(tokens, index + 2)
            found["properties"] = properties(tokens[index + 3 : closing], sql)
            index = closing + 1
        else:
            near = tokens[index - 1].text
            raise Refused(f"FAILED: ParseException missing EOF at '{tokens[index].text}' near '{near}'")
    return Plan(
        "DDL", "CREATE_DATABASE", "create_database", {"target": target, "if_not_exists": if_not_exists, **found}
    )


def _table(sql: str, tokens: Tokens, database: str, index: int) -> Plan:
    if_not_exists = words(tokens[index : index + 3]) == _IF_NOT_EXISTS
    target, index = read_name(tokens, index + 3 * if_not_exists)
    following = tokens[index].lower if index < len(tokens) else ""
    if not following:
        raise Refused("missing column list or AS")
    if following == "like":
        raise Refused("CREATE TABLE LIKE is not supported")
    if following in ("with", "as", "comment") or (following == "(" and _is_column_alias_list(tokens, index)):
        return _table_as(sql, tokens, database, index, target, if_not_exists)
    return hive_ddl.plan_create(sql, is_external=False)


def _is_column_alias_list(tokens: Tokens, opening: int) -> bool:
    closing = matching(tokens, opening)
    is_followed = len(tokens) > closing + 1 and tokens[closing + 1].lower in ("as", "with")
    inside = tokens[opening + 1 : closing]
    return is_followed and all(token.kind in ("word", "quoted") or token.text == "," for token in inside)


def _table_as(sql: str, tokens: Tokens, database: str, index: int, target: Name, if_not_exists: bool) -> Plan:
    if if_not_exists:
        raise Refused("line 1:14: mismatched input 'IF'. CREATE TABLE AS takes no IF NOT EXISTS")
    aliases = ""
    if tokens[index].text == "(":
        closing = matching(tokens, index)
        aliases = sql[tokens[index].start : tokens[closing].end]
        index = closing + 1
    if tokens[index].lower == "comment":
        raise Refused("line 1:1: mismatched input 'COMMENT'. Expecting: 'AS', 'WITH'")
    options: dict[str, Any] = {}
    if tokens[index].lower == "with":
        closing = matching(tokens, index + 1)
        options = _options(tokens[index + 2 : closing], sql)
        index = closing + 1
    if index >= len(tokens) or tokens[index].lower != "as":
        raise Refused("missing AS: CREATE TABLE without a query takes Hive syntax (columns, LOCATION, TBLPROPERTIES)")
    query, with_data = _split_with_data(sql, tokens, index)
    table_type = str(options.pop("table_type", "hive")).lower()
    is_external = options.pop("is_external", None)
    if table_type == "iceberg":
        if is_external is not False:
            raise Refused("is_external must be false for an Iceberg table: set is_external = false")
        arguments = _iceberg_table_as(options)
    elif table_type == "hive":
        arguments = _hive_table_as(options)
    else:
        raise Refused(f"table_type '{table_type}' is not supported")
    catalog = ICEBERG if arguments["iceberg"] else HIVE
    head = f"CREATE TABLE {qualified(catalog, target, database)} {aliases}".rstrip()
    arguments |= {"query": query, "sql": f"{head} WITH ({arguments.pop('with')}) AS {query}{with_data}"}
    return Plan("DDL", "CREATE_TABLE_AS_SELECT", "create_table_as", arguments)


def _options(tokens: Tokens, sql: str) -> dict[str, Any]:
    options = {}
    for part in split_commas(tokens):
        if len(part) < 3 or part[1].text != "=":
            raise Refused("bad table property")
        options[part[0].name.lower()] = value(part[2:], sql)
    return options


def _split_with_data(sql: str, tokens: Tokens, as_index: int) -> tuple[str, str]:
    """The query, and its WITH [NO] DATA."""
    for length in (3, 2):
        if words(tokens[-length:]) in (["with", "no", "data"], ["with", "data"]):
            start = tokens[-length].start
            return sql[tokens[as_index].end : start].strip(), " " + sql[start:]
    return sql[tokens[as_index].end :].strip(), ""


def _iceberg_table_as(options: dict[str, Any]) -> dict[str, Any]:
    if "external_location" in options or "partitioned_by" in options:
        raise Refused("Iceberg CTAS takes location and partitioning, not external_location and partitioned_by")
    location = options.pop("location", None)
    if not location:
        raise Refused("An Iceberg table needs a location property")
    partitioning = options.pop("partitioning", None)
    require_known(options, ICEBERG_PROPERTIES)
    written = [f"location={literal(location)}", f"format='{str(options.pop('format', 'PARQUET')).upper()}'"]
    if partitioning:
        written.append(f"partitioning={array(partitioning)}")
    compression = options.pop("write_compression", None)
    if options:
        written.append(extra_properties(options))
    session = {f"{ICEBERG}.compression_codec": compression.upper()} if compression else {}
    return {"iceberg": True, "location": location, "session": session, "with": ", ".join(written)}


def _hive_table_as(options: dict[str, Any]) -> dict[str, Any]:
    if "location" in options or "partitioning" in options:
        raise Refused("Hive CTAS takes external_location and partitioned_by")
    require_known(options, _HIVE_PROPERTIES)
    compression = options.pop("write_compression", None)
    location = options.pop("external_location", None)
    written = ["external_location=%LOCATION%", f"format='{str(options.pop('format', 'PARQUET')).upper()}'"]
    if options.get("field_delimiter"):
        written.append(f"textfile_field_separator={literal(options['field_delimiter'])}")
    written += [f"{key}={array(options[key])}" for key in ("partitioned_by", "bucketed_by") if options.get(key)]
    if options.get("bucket_count"):
        written.append(f"bucket_count={options['bucket_count']}")
    session = {f"{HIVE}.compression_codec": compression.upper()} if compression else {}
    return {"iceberg": False, "location": location, "session": session, "with": ", ".join(written)}


def require_known(options: dict[str, Any], known: frozenset[str]) -> None:
    """Raises: Refused."""
    unknown = [key for key in options if key not in known]
    if unknown:
        raise Refused(f"Table properties {unknown} are not supported.")


def extra_properties(options: dict[str, Any]) -> str:
    """Athena's own table properties, kept as Iceberg properties that the engine does not interpret."""
    return f"extra_properties=MAP({array(list(options))}, {array(list(options.values()))})"
