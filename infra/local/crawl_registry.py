"""What a crawler found, written to its Glue database: tables are created, updated or left."""

import hashlib
import re
from typing import Any

from botocore.exceptions import ClientError

from infra.local import iceberg_files
from infra.local.iceberg_files import FoundTable

Table = dict[str, Any]


class Registry:
    """The crawler's database. A table that lies where one is registered is that one, whatever its name."""

    def __init__(self, glue: Any, database: str, *, prefix: str, updates: bool) -> None:
        self._glue, self._database, self._prefix, self._updates = glue, database, prefix, updates
        pages = glue.get_paginator("get_tables").paginate(DatabaseName=database)
        self._tables: dict[str, Table] = {table["Name"]: table for page in pages for table in page["TableList"]}
        self.created = self.updated = 0

    def register(self, found: FoundTable, metadata: dict[str, Any]) -> None:
        existing = next((table for table in self._tables.values() if _location(table) == found.location), None)
        if existing is None:
            entry = table_input(self._free_name(found.location), found, metadata)
            self._glue.create_table(DatabaseName=self._database, TableInput=entry)
            self._tables[entry["Name"]] = entry
            self.created += 1
        elif self._updates and is_older(existing, found):
            self._update(existing, table_input(existing["Name"], found, metadata))

    def _update(self, existing: Table, entry: Table) -> None:
        parameters = existing.get("Parameters", {})
        previous = {"previous_metadata_location": parameters.get("metadata_location", "")}
        entry["Parameters"] = {**parameters, **previous, **entry["Parameters"]}
        try:
            self._glue.update_table(DatabaseName=self._database, TableInput=entry, VersionId=existing["VersionId"])
        except ClientError as error:
            # A writer committed since we looked: the catalog is newer than what was found.
            if error.response["Error"]["Code"] != "ConcurrentModificationException":
                raise
            return
        self.updated += 1

    def _free_name(self, location: str) -> str:
        name = table_name(location, self._prefix)
        taken = name in self._tables
        return f"{name}_{hashlib.md5(location.encode(), usedforsecurity=False).hexdigest()}" if taken else name


def table_name(location: str, prefix: str) -> str:
    """A crawler's name for a table: its folder's, in lower case, with what Glue's names can't hold as underscores."""
    return re.sub(r"[^a-z0-9_]", "_", f"{prefix}{location.rpartition('/')[2]}".lower())


def table_input(name: str, found: FoundTable, metadata: dict[str, Any]) -> Table:
    return {
        "Name": name,
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {"table_type": "ICEBERG", "metadata_location": found.metadata_location, "EXTERNAL": "TRUE"},
        "StorageDescriptor": {"Columns": iceberg_files.columns(metadata), "Location": found.location},
    }


def is_older(registered: Table, found: FoundTable) -> bool:
    """Whether the catalog lags: a file of the same number may be the leftover of a commit that lost a race."""
    version = iceberg_files.metadata_version(registered.get("Parameters", {}).get("metadata_location", ""))
    return version is None or version < (iceberg_files.metadata_version(found.metadata_location) or 0)


def _location(table: Table) -> str:
    return str(table.get("StorageDescriptor", {}).get("Location", "")).rstrip("/")
