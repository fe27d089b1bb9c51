"""Give crawled tables their names back: a crawler calls a table by its folder, and dbt's folders are ids.

python -m infra.release.name_crawled --database marts     after the crawler, before any writer (docs/restore.md)

Of several copies of a table the one that was written last is kept; what dbt left of its own temporary tables is not.
No file is touched.
"""

import argparse
import gzip
import json
import re
import sys
from typing import Any

import boto3

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_TEMPORARY = re.compile(r"__(dbt_tmp|bkp|ha|tmp)")
_INPUT_KEYS = ("StorageDescriptor", "PartitionKeys", "TableType", "Parameters")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="name_crawled.py", description="Name crawled tables after their folders.")
    parser.add_argument("--database", required=True, help="Glue database that a crawler has filled")
    database = parser.parse_args(arguments).database
    glue: Any = boto3.client("glue")
    pages = glue.get_paginator("get_tables").paginate(DatabaseName=database)
    tables = {table["Name"]: table for page in pages for table in page["TableList"]}
    crawled = {
        name: wanted for name, table in tables.items() if (wanted := name_of(_location(table))) not in (None, name)
    }
    newest_first = sorted(crawled, key=lambda name: _written_ms(tables[name]), reverse=True)
    for name in newest_first:
        wanted = str(crawled[name])
        if wanted in tables or _TEMPORARY.search(wanted):
            print(f"left out: {wanted} at {_location(tables[name])}")
        else:
            kept = {key: tables[name][key] for key in _INPUT_KEYS if key in tables[name]}
            glue.create_table(DatabaseName=database, TableInput={"Name": wanted, **kept})
            tables[wanted] = tables[name]
            print(f"named: {wanted} at {_location(tables[name])}")
        glue.delete_table(DatabaseName=database, Name=name)
    return 0


def name_of(location: str) -> str | None:
    """The name that dbt gave a table, from where it put it; None: the folder is its name.

    Tables lie at <schema>/<table>/<id>, the log of the refreshes at refresh_log/<schema>.
    """
    *_, above, folder = location.rstrip("/").split("/")
    if above == "refresh_log":
        return above
    return above if _ID.fullmatch(folder) else None


def _location(table: dict[str, Any]) -> str:
    return str(table.get("StorageDescriptor", {}).get("Location", "//"))


def _written_ms(table: dict[str, Any]) -> int:
    bucket, _, key = table["Parameters"]["metadata_location"].removeprefix("s3://").partition("/")
    content = boto3.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    metadata = json.loads(gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content)
    return int(metadata["last-updated-ms"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
