"""Athena's duties in the Glue catalog: look-ups, Hive tables, a view's columns."""

import base64
import json
import re
import time
from collections.abc import Iterator
from functools import cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from infra.local.athena import asker, types
from infra.local.settings import SECRET_KEY

Table = dict[str, Any]

_TABLE_INPUT_KEYS = (
    "Name",
    "Description",
    "Owner",
    "Retention",
    "StorageDescriptor",
    "PartitionKeys",
    "ViewOriginalText",
    "ViewExpandedText",
    "TableType",
    "Parameters",
)
_HIVE_IO = "org.apache.hadoop.hive.ql.io"
_FORMATS = {
    "PARQUET": (
        f"{_HIVE_IO}.parquet.MapredParquetInputFormat",
        f"{_HIVE_IO}.parquet.MapredParquetOutputFormat",
        f"{_HIVE_IO}.parquet.serde.ParquetHiveSerDe",
    ),
    "ORC": (f"{_HIVE_IO}.orc.OrcInputFormat", f"{_HIVE_IO}.orc.OrcOutputFormat", f"{_HIVE_IO}.orc.OrcSerde"),
    "AVRO": (
        f"{_HIVE_IO}.avro.AvroContainerInputFormat",
        f"{_HIVE_IO}.avro.AvroContainerOutputFormat",
        "org.apache.hadoop.hive.serde2.avro.AvroSerDe",
    ),
    "TEXTFILE": (
        "org.apache.hadoop.mapred.TextInputFormat",
        f"{_HIVE_IO}.HiveIgnoreKeyTextOutputFormat",
        "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe",
    ),
}


def client(service: str) -> Any:
    """A client of whoever Athena acts for in this thread."""
    return client_of(service, asker.access_key())


@cache
def client_of(service: str, access_key: str) -> Any:
    """One client a service and asker: they are thread-safe, and making one costs 0.2 s."""
    session: Any = boto3.session.Session(aws_access_key_id=access_key, aws_secret_access_key=SECRET_KEY)
    return session.client(service, config=Config(max_pool_connections=64))


def error_code(error: ClientError) -> str:
    return str(error.response["Error"]["Code"])


def find_table(database: str, name: str) -> Table | None:
    try:
        table: Table = client("glue").get_table(DatabaseName=database, Name=name)["Table"]
    except ClientError as error:
        if error_code(error) == "EntityNotFoundException":
            return None
        raise
    return table


def tables(database: str, expression: str | None = None) -> Iterator[Table]:
    """A database's tables; those whose names match Glue's `Expression`."""
    asked = {"DatabaseName": database, **({"Expression": expression} if expression else {})}
    for page in client("glue").get_paginator("get_tables").paginate(**asked):
        yield from page["TableList"]


def databases() -> Iterator[dict[str, Any]]:
    for page in client("glue").get_paginator("get_databases").paginate():
        yield from page["DatabaseList"]


def update_database_parameters(name: str, parameters: dict[str, str]) -> None:
    """Set some of a database's parameters and keep the rest."""
    found = client("glue").get_database(Name=name)["Database"]
    kept = {key: found[key] for key in ("Name", "Description", "LocationUri", "Parameters") if key in found}
    kept["Parameters"] = {**kept.get("Parameters", {}), **parameters}
    client("glue").update_database(Name=name, DatabaseInput=kept)


def is_iceberg(table: Table) -> bool:
    return str(table.get("Parameters", {}).get("table_type", "")).upper() == "ICEBERG"


def is_view(table: Table) -> bool:
    return table.get("TableType") == "VIRTUAL_VIEW"


def storage(table: Table) -> dict[str, Any]:
    """The table's StorageDescriptor, which Glue does not require, nor its columns: both are there afterwards."""
    descriptor: dict[str, Any] = table.setdefault("StorageDescriptor", {})
    descriptor.setdefault("Columns", [])
    return descriptor


def columns(table: Table) -> list[dict[str, Any]]:
    return list(storage(table)["Columns"]) + list(table.get("PartitionKeys", []))


def table_input(table: Table) -> Table:
    """What GetTable answered, as UpdateTable takes it."""
    return {key: value for key, value in table.items() if key in _TABLE_INPUT_KEYS}


def glue_column(column: dict[str, Any]) -> dict[str, str]:
    named = (("Name", column["name"]), ("Type", column["type"]), ("Comment", column["comment"]))
    return {key: value for key, value in named if value}


def hive_table_input(name: str, facts: dict[str, Any]) -> Table:
    """CREATE EXTERNAL TABLE as a Glue table."""
    input_format, output_format, serde = _FORMATS.get(facts["format"] or "TEXTFILE", _FORMATS["TEXTFILE"])
    serde_properties = dict(facts["serde_properties"])
    if not facts["serde"]:
        serde_properties.setdefault("serialization.format", serde_properties.get("field.delim", "1"))
    comment = {"comment": facts["comment"]} if facts["comment"] else {}
    parameters = {"EXTERNAL": "TRUE", "transient_lastDdlTime": str(int(time.time())), **comment, **facts["properties"]}
    return {
        "Name": name,
        "TableType": "EXTERNAL_TABLE",
        "Parameters": parameters,
        "PartitionKeys": [glue_column(column) for column in facts["partition_columns"]],
        "StorageDescriptor": {
            "Columns": [glue_column(column) for column in facts["columns"]],
            "Location": facts["location"],
            "InputFormat": facts["input_format"] or input_format,
            "OutputFormat": facts["output_format"] or output_format,
            "Compressed": False,
            "NumberOfBuckets": -1,
            "SerdeInfo": {"SerializationLibrary": facts["serde"] or serde, "Parameters": serde_properties},
            "BucketColumns": [],
            "SortColumns": [],
            "Parameters": {},
            "StoredAsSubDirectories": False,
        },
    }


def describe_view(database: str, name: str) -> None:
    """Write a new view's columns to Glue, as Athena does and Trino does not."""
    table = find_table(database, name)
    assert table is not None
    encoded = re.match(r"/\* Presto View: (\S+) \*/", table.get("ViewOriginalText", ""))
    assert encoded is not None
    view = json.loads(base64.b64decode(encoded[1]))
    changed = table_input(table)
    descriptor = storage(changed)
    descriptor["Columns"] = [{"Name": c["name"], "Type": types.hive_type(c["type"])} for c in view["columns"]]
    descriptor.setdefault("Location", "")
    descriptor.setdefault("SerdeInfo", {})
    parameters = changed.get("Parameters", {})
    changed["Parameters"] = {**parameters, "presto_view": "true", "comment": parameters.get("comment") or "Presto View"}
    changed["ViewExpandedText"] = "/* Presto View */"
    client("glue").update_table(DatabaseName=database, TableInput=changed, SkipArchive=True)
