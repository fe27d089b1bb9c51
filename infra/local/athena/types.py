"""Trino's type signatures as Athena's ColumnInfo, result text and Hive (Glue) type names. Pure functions."""

import base64
import re
from typing import Any

Signature = dict[str, Any]

MAX_LENGTH = 2_147_483_647
_PRECISION = {
    "tinyint": 3,
    "smallint": 5,
    "integer": 10,
    "bigint": 19,
    "float": 17,
    "double": 17,
    "timestamp": 3,
    "timestamp with time zone": 3,
    "time": 3,
    "time with time zone": 3,
    "varbinary": 1_073_741_824,
    "varchar": MAX_LENGTH,
}
_TO_HIVE = {"varchar": "string", "integer": "int", "real": "float", "varbinary": "binary"}
_SAME_IN_HIVE = ("boolean", "tinyint", "smallint", "bigint", "double", "date")
_TO_TRINO = {"string": "varchar", "int": "integer", "float": "real", "binary": "varbinary", "numeric": "decimal"}
_NOT_IN_ICEBERG = re.compile(
    r"\b(tinyint|smallint|char\(\d+\)|json|ipaddress|interval [a-z ]+|unknown|hyperloglog|"
    r"time with time zone|time\(\d+\) with time zone)"
)


def column_info(column: dict[str, Any]) -> dict[str, Any]:
    """Athena's ColumnInfo of a Trino result column."""
    signature = column["typeSignature"]
    raw = signature["rawType"]
    kind = "float" if raw == "real" else raw
    precision, scale = _PRECISION.get(kind, 0), 0
    numbers = [int(argument["value"]) for argument in _arguments(signature) if argument["kind"].startswith("LONG")]
    if raw == "decimal" and len(numbers) == 2:
        precision, scale = numbers
    elif raw in ("varchar", "char") and numbers:
        precision = numbers[0]
    info = string_column(column["name"], kind)
    return info | {
        "Precision": min(precision, MAX_LENGTH),
        "Scale": scale,
        "CaseSensitive": raw in ("varchar", "char"),
    }


def string_column(name: str, kind: str = "string") -> dict[str, Any]:
    """ColumnInfo of a column that the catalog, not the engine, answers."""
    return {
        "CatalogName": "hive",
        "SchemaName": "",
        "TableName": "",
        "Name": name,
        "Label": name,
        "Type": kind,
        "Precision": 0,
        "Scale": 0,
        "Nullable": "UNKNOWN",
        "CaseSensitive": False,
    }


def text(value: Any, signature: Signature) -> str | None:
    """Athena's text of one value; None stays None at the top level and is `null` inside arrays, maps and rows."""
    if value is None:
        return None
    raw = signature["rawType"]
    if raw == "boolean":
        return "true" if value in (True, "true") else "false"
    if raw == "varbinary":
        return " ".join(f"{byte:02x}" for byte in base64.b64decode(value))
    if raw == "array":
        (element,) = _type_arguments(signature)
        return "[" + ", ".join(_nested(item, element) for item in value) + "]"
    if raw == "map":
        key, element = _type_arguments(signature)
        items = value.items() if isinstance(value, dict) else value
        return "{" + ", ".join(f"{_nested(name, key)}={_nested(item, element)}" for name, item in items) + "}"
    if raw == "row":
        fields = zip(_type_arguments(signature), value, strict=True)
        return "{" + ", ".join(_row_field(index, *pair) for index, pair in enumerate(fields)) + "}"
    if raw.startswith("time"):
        return _pad_fraction(str(value))
    return str(value)


def hive_type(trino: str) -> str:
    """A Trino type's text as a Hive type's, for the Glue catalog."""
    trino = trino.strip()
    nested = re.match(r"(array|map|row)\((.*)\)$", trino, re.S | re.I)
    if nested:
        kind, parts = nested[1].lower(), _split(nested[2])
        if kind == "array":
            return f"array<{hive_type(parts[0])}>"
        if kind == "map":
            return f"map<{hive_type(parts[0])},{hive_type(parts[1])}>"
        return "struct<" + ",".join(_struct_field(index, part) for index, part in enumerate(parts)) + ">"
    base = re.sub(r"\(.*", "", trino).strip().lower()
    if base.startswith("timestamp"):
        return "timestamp"
    if base == "decimal":
        return trino.lower().replace(" ", "")
    if base == "char":
        return trino.lower()
    return _TO_HIVE.get(base, base if base in _SAME_IN_HIVE else "string")


def trino_type(hive: str, *, iceberg: bool) -> str:
    """A Hive DDL type's text as a Trino type's; timestamps have 6 digits in Iceberg tables and 3 elsewhere."""
    hive = hive.strip()
    nested = re.match(r"(array|map|struct)\s*<(.*)>$", hive, re.S | re.I)
    if nested:
        kind, parts = nested[1].lower(), _split(nested[2])
        if kind == "struct":
            named = (part.split(":", 1) for part in parts)
            fields = ", ".join(f'"{name.strip(" `")}" {trino_type(kind, iceberg=iceberg)}' for name, kind in named)
            return f"row({fields})"
        return f"{kind}({', '.join(trino_type(part, iceberg=iceberg) for part in parts)})"
    base = hive.lower()
    if base.startswith("timestamp"):
        zone = " with time zone" if "zone" in base and iceberg else ""
        return f"timestamp({6 if iceberg else 3}){zone}"
    return _TO_TRINO.get(base, base)


def iceberg_refusal(trino: str, column: str) -> str | None:
    """What Athena says to a CTAS column that its Iceberg writer does not take (Trino would coerce it)."""
    for match in re.finditer(r"timestamp\((\d+)\)( with time zone)?", trino):
        if match[2]:
            return f"NOT_SUPPORTED: Unsupported Hive type: {match[0]}"
        if match[1] != "6":
            return (
                f"NOT_SUPPORTED: Timestamp precision ({match[1]}) not supported for Iceberg. "
                'Use "timestamp(6)" instead.'
            )
    unsupported = _NOT_IN_ICEBERG.search(trino)
    if unsupported is None:
        return None
    if unsupported[1] == "unknown":
        return f"COLUMN_TYPE_UNKNOWN: line 1:1: Column type is unknown: {column}"
    return f"NOT_SUPPORTED: Type not supported for Iceberg: {unsupported[1]}"


def view_refusal(trino: str, column: str) -> str | None:
    """What Athena says to a view's column that has no Hive type (Trino would keep it)."""
    zoned = re.search(r"timestamp\(\d+\) with time zone", trino)
    return f"Invalid column type for column {column}: Unsupported Hive type: {zoned[0]}" if zoned else None


def _arguments(signature: Signature) -> list[dict[str, Any]]:
    return signature.get("arguments") or []


def _type_arguments(signature: Signature) -> list[Any]:
    return [argument["value"] for argument in _arguments(signature)]


def _nested(value: Any, signature: Signature) -> str:
    rendered = text(value, signature)
    return "null" if rendered is None else rendered


def _row_field(index: int, argument: dict[str, Any], value: Any) -> str:
    name = (argument.get("fieldName") or {}).get("name") or f"field{index}"
    return f"{name}={_nested(value, argument['typeSignature'])}"


def _struct_field(index: int, part: str) -> str:
    named = re.match(r'("(?:[^"]|"")*"|[^\s"]+)\s+(.*)$', part, re.S)
    if named is None:
        return f"field{index}:{hive_type(part)}"
    return f"{named[1].strip(chr(34))}:{hive_type(named[2])}"


def _pad_fraction(value: str) -> str:
    """Athena never prints fewer than three digits of a second's fraction."""
    return re.sub(
        r"(\d\d:\d\d:\d\d)(?:\.(\d{1,2}))?(?![\d.])", lambda m: f"{m[1]}.{(m[2] or '').ljust(3, '0')}", value, count=1
    )


def _split(types: str) -> list[str]:
    """Split at the commas of the top level."""
    parts, depth, current = [], 0, ""
    for character in types:
        depth += (character in "(<") - (character in ")>")
        if character == "," and depth == 0:
            parts.append(current.strip())
            current = ""
        else:
            current += character
    return [*parts, current.strip()] if current.strip() else parts
