"""Iceberg tables as they lie in S3: find their metadata, choose the newest, describe them for Glue."""

import gzip
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_METADATA_FILE = re.compile(r"(?:v(?P<hadoop>\d+)|(?P<catalog>\d+)-[^/]+?)(?:\.gz)?\.metadata\.json(?:\.gz)?")
_HINT_FILE = "version-hint.text"
_GLUE_TYPES = {
    "long": "bigint",
    "time": "string",
    "uuid": "string",
    "timestamptz": "timestamp",
    "timestamp_ns": "timestamp",
    "timestamptz_ns": "timestamp",
}


@dataclass(frozen=True)
class FoundTable:
    """A table folder, without the slash at its end, and its newest metadata file."""

    location: str
    metadata_location: str


def find(s3: Any, path: str, *, exclusions: list[str], depth: int) -> Iterator[FoundTable]:
    """Walk down from `path` (s3://bucket/prefix) to the folders that hold a metadata folder, at most `depth` levels.

    The metadata folder of a table at `path` itself is at depth 1. `exclusions` are globs relative to `path`.
    """
    bucket, _, prefix = path.removeprefix("s3://").partition("/")
    root = f"{prefix.rstrip('/')}/" if prefix.strip("/") else ""
    excluded = [re.compile(glob_pattern(glob)) for glob in exclusions]
    waiting = [(root, 1)]
    while waiting:
        folder, level = waiting.pop()
        if level > depth:
            continue
        below = _folders(s3, bucket, folder)
        newest = _newest_in(s3, bucket, f"{folder}metadata/") if f"{folder}metadata/" in below else None
        if newest:
            location = f"s3://{bucket}/{folder}".rstrip("/")
            yield FoundTable(location, f"s3://{bucket}/{folder}metadata/{newest}")
            continue
        relative = ((child, child.removeprefix(root)) for child in below)
        kept = [child for child, name in relative if not any(glob.fullmatch(name.rstrip("/")) for glob in excluded)]
        waiting += [(child, level + 1) for child in reversed(kept)]


def read_metadata(s3: Any, location: str) -> dict[str, Any]:
    bucket, _, key = location.removeprefix("s3://").partition("/")
    content: bytes = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    metadata: dict[str, Any] = json.loads(gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content)
    return metadata


def newest_metadata(files: dict[str, Any], hint: str | None) -> str | None:
    """The file name that `hint` (version-hint.text) names, else the highest number's, the last modified of equals.

    `files`: last modified time by file name.
    """
    numbered = {name: version for name in files if (version := metadata_version(name)) is not None}
    if hint is not None and hint.strip().isdigit():
        hinted = {name for name, version in numbered.items() if version == int(hint)}
        numbered = {name: version for name, version in numbered.items() if name in hinted} or numbered
    return max(numbered, key=lambda name: (numbered[name], files[name], name), default=None)


def metadata_version(name: str) -> int | None:
    """The number in a metadata file's name or location; None when it isn't one."""
    match = _METADATA_FILE.fullmatch(name.rpartition("/")[2])
    return int(match["hadoop"] or match["catalog"]) if match else None


def glob_pattern(glob: str) -> str:
    """A glob as a regular expression: `*` and `?` stay within a folder, `**` crosses folders, `{a,b}` are choices.

    Source: AWS Glue developer guide, "Include and exclude patterns".
    """
    tokens = re.findall(r"\*\*|\[[^\]]+\]|.", glob)
    special = {"**": ".*", "*": "[^/]*", "?": "[^/]", "{": "(?:", "}": ")", ",": "|"}
    inside, parts = False, []
    for token in tokens:
        inside = token == "{" or (inside and token != "}")
        if token.startswith("[") and len(token) > 1:
            parts.append(token.replace("[!", "[^", 1))
        else:
            parts.append(special[token] if token in special and (token != "," or inside) else re.escape(token))
    return "".join(parts)


def glue_type(iceberg_type: Any) -> str:
    """An Iceberg type of the metadata file in Glue's (Hive's) words."""
    if isinstance(iceberg_type, dict):
        kind = iceberg_type["type"]
        if kind == "list":
            return f"array<{glue_type(iceberg_type['element'])}>"
        if kind == "map":
            return f"map<{glue_type(iceberg_type['key'])},{glue_type(iceberg_type['value'])}>"
        fields = (f"{field['name']}:{glue_type(field['type'])}" for field in iceberg_type["fields"])
        return f"struct<{','.join(fields)}>"
    if iceberg_type.startswith("fixed"):
        return "binary"
    return _GLUE_TYPES.get(iceberg_type, iceberg_type.replace(" ", ""))


def columns(metadata: dict[str, Any]) -> list[dict[str, Any]]:
    """The current schema's fields as Glue columns."""
    schemas = metadata.get("schemas") or [metadata["schema"]]
    current = metadata.get("current-schema-id", schemas[-1].get("schema-id"))
    schema = next(schema for schema in schemas if schema.get("schema-id") == current)
    return [_column(field) for field in schema["fields"]]


def _column(field: dict[str, Any]) -> dict[str, Any]:
    parameters = {
        "iceberg.field.id": str(field["id"]),
        "iceberg.field.optional": str(not field["required"]).lower(),
        "iceberg.field.current": "true",
    }
    comment = {"Comment": field["doc"]} if field.get("doc") else {}
    return {"Name": field["name"], "Type": glue_type(field["type"]), "Parameters": parameters, **comment}


def _folders(s3: Any, bucket: str, prefix: str) -> list[str]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix, Delimiter="/")
    return [common["Prefix"] for page in pages for common in page.get("CommonPrefixes", [])]


def _newest_in(s3: Any, bucket: str, prefix: str) -> str | None:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix, Delimiter="/")
    found = {
        item["Key"].removeprefix(prefix): item["LastModified"] for page in pages for item in page.get("Contents", [])
    }
    hint = None
    if _HINT_FILE in found:
        hint = s3.get_object(Bucket=bucket, Key=f"{prefix}{_HINT_FILE}")["Body"].read().decode()
    return newest_metadata(found, hint)
