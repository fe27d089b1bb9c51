"""CREATE [EXTERNAL] TABLE with columns in Hive's grammar: read by sqlglot, turned into plain facts."""

import logging
import re
from typing import Any

import sqlglot
from sqlglot import exp

from infra.local.athena.sql.text import Plan, Refused, Token, lex, matching, split_commas, words

logging.getLogger("sqlglot").setLevel(logging.ERROR)

Column = dict[str, Any]

# What ROW FORMAT DELIMITED says, as the SerDe's properties (Hive's serdeConstants, misspelling included).
_DELIMITERS = {
    "fields": "field.delim",
    "escaped": "escape.delim",
    "collection_items": "colelction.delim",
    "map_keys": "mapkey.delim",
    "lines": "line.delim",
    "null": "serialization.null.format",
}
_TRANSFORMS = ("bucket", "truncate", "year", "month", "day", "hour")


def plan_create(sql: str, *, is_external: bool) -> Plan:
    """CREATE [EXTERNAL] TABLE name (columns) …

    Raises: Refused.
    """
    try:
        parsed = sqlglot.parse_one(sql, dialect="athena")
    except sqlglot.errors.SqlglotError as error:
        raise Refused(f"FAILED: ParseException {str(error).splitlines()[0]}") from error
    if not isinstance(parsed, exp.Create) or not isinstance(parsed.this, exp.Schema):
        raise Refused("FAILED: ParseException in CREATE TABLE")
    table = parsed.this.this
    try:
        facts = _facts(parsed)
    except AttributeError as error:
        # sqlglot takes a column without a type and a clause without its value: the node is then missing.
        raise Refused("FAILED: ParseException a column lacks its type or a clause its value") from error
    is_iceberg = facts["properties"].get("table_type", "").upper() == "ICEBERG"
    if is_iceberg and is_external:
        raise Refused("External keyword not supported for table type ICEBERG")
    if not is_iceberg and not is_external:
        raise Refused(
            "FAILED: SemanticException CREATE-TABLE without EXTERNAL needs 'table_type'='ICEBERG' in TBLPROPERTIES"
        )
    if is_iceberg:
        facts["transforms"] = _transforms(sql)
    if not facts["location"]:
        raise Refused("FAILED: SemanticException table location is missing")
    facts["target"] = [part for part in (table.db.lower(), table.name.lower()) if part]
    facts["if_not_exists"] = bool(parsed.args.get("exists"))
    return Plan("DDL", "CREATE_TABLE", "create_iceberg_table" if is_iceberg else "create_hive_table", {"facts": facts})


def read_column(tokens: list[Token], sql: str) -> Column:
    """`name type [COMMENT 'text']` of ALTER TABLE.

    Raises: Refused.
    """
    comment = None
    at = next((index for index, token in enumerate(tokens) if index > 1 and token.lower == "comment"), None)
    if at is not None:
        comment = tokens[at + 1].text[1:-1].replace("''", "'")
        tokens = tokens[:at]
    spelled = sql[tokens[1].start : tokens[-1].end] if len(tokens) > 1 else ""
    try:
        kind = _hive_type(exp.DataType.build(spelled, dialect="hive"))
    except (ValueError, sqlglot.errors.SqlglotError) as error:
        raise Refused(f"FAILED: ParseException cannot recognize input near '{spelled}' in column type") from error
    return {"name": tokens[0].name.lower(), "type": kind, "comment": comment}


def _facts(parsed: exp.Create) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "columns": [_column(node) for node in parsed.this.expressions if isinstance(node, exp.ColumnDef)],
        "partition_columns": [],
        "transforms": [],
        "properties": {},
        "location": None,
        "comment": None,
        "serde": None,
        "serde_properties": {},
        "format": None,
        "input_format": None,
        "output_format": None,
    }
    clauses = parsed.args.get("properties") or exp.Properties(expressions=[])
    for clause in clauses.expressions:
        _read_clause(clause, facts)
    return facts


def _read_clause(clause: exp.Expression, facts: dict[str, Any]) -> None:
    kind = type(clause).__name__
    if kind == "LocationProperty":
        facts["location"] = clause.this.name
    elif kind == "SchemaCommentProperty":
        facts["comment"] = clause.this.name
    elif kind == "PartitionedByProperty":
        typed = [node for node in clause.this.expressions if isinstance(node, exp.ColumnDef) and node.args.get("kind")]
        facts["partition_columns"] = [_column(node) for node in typed]
    elif kind == "RowFormatSerdeProperty":
        facts["serde"] = clause.this.name
        options = clause.args.get("serde_properties")
        facts["serde_properties"] = {node.this.name: node.args["value"].name for node in options or []}
    elif kind == "RowFormatDelimitedProperty":
        facts["serde_properties"] = {
            property_name: clause.args[part].name
            for part, property_name in _DELIMITERS.items()
            if clause.args.get(part)
        }
    elif kind == "FileFormatProperty":
        if isinstance(clause.this, exp.InputOutputFormat):
            facts["input_format"] = clause.this.args["input_format"].name
            facts["output_format"] = clause.this.args["output_format"].name
        else:
            facts["format"] = clause.this.name.upper()
    elif kind == "Property":
        facts["properties"][clause.this.name] = clause.args["value"].name
    elif kind != "ExternalProperty":
        raise Refused(f"FAILED: ParseException unsupported clause {kind}")


def _column(node: exp.ColumnDef) -> Column:
    constraints = (constraint.args.get("kind") for constraint in node.args.get("constraints") or [])
    comments = [kind.this.name for kind in constraints if isinstance(kind, exp.CommentColumnConstraint)]
    return {
        "name": node.name.lower(),
        "type": _hive_type(node.args["kind"]),
        "comment": comments[0] if comments else None,
    }


def _hive_type(data_type: exp.DataType) -> str:
    """A type in Glue's spelling: lower case, no blanks."""
    spelled = data_type.sql("hive").lower().replace("`", "")
    spelled = re.sub(r":\s+", ":", re.sub(r"\s*,\s*", ",", spelled))
    return "int" if spelled == "integer" else spelled


def _transforms(sql: str) -> list[str]:
    """PARTITIONED BY of an Iceberg table: column names and transforms, in the engine's spelling."""
    tokens = lex(sql)
    spelled = words(tokens)
    for index in range(len(tokens) - 2):
        if spelled[index : index + 3] == ["partitioned", "by", "("]:
            return [_transform(part) for part in split_commas(tokens[index + 3 : matching(tokens, index + 2)])]
    return []


def _transform(part: list[Token]) -> str:
    if len(part) == 1:
        return part[0].name.lower()
    is_call = len(part) >= 4 and part[1].text == "(" and part[0].lower in _TRANSFORMS
    arguments = [argument[0] for argument in split_commas(part[2:-1])] if is_call else []
    columns = [token.name.lower() for token in arguments if token.kind != "number"]
    if not columns:
        raise Refused(
            "Unsupported partition transform: PARTITIONED BY of an Iceberg table takes column names and transforms, "
            "no types"
        )
    numbers = [token.text for token in arguments if token.kind == "number"]
    return f"{part[0].lower}({', '.join(columns + numbers)})"
