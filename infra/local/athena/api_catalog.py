"""Athena's calls about data catalogs, databases and tables: Glue's, in Athena's form."""

import json
from typing import Any

from botocore.exceptions import ClientError

from infra.local.athena import catalog, paging
from infra.local.athena.errors import InvalidRequest, MetadataError
from infra.local.athena.paging import Request

_CATALOG = "AwsDataCatalog"


def get_data_catalog(self: Request) -> str:
    name = self._get_param("Name")
    if name.lower() == _CATALOG.lower():
        found = {"Name": name, "Type": "GLUE", "Parameters": {"catalog-id": self.current_account}}
    else:
        found = self.athena_backend.get_data_catalog(name)
    if not found:
        raise InvalidRequest(f"DataCatalog {name} was not found")
    return json.dumps({"DataCatalog": found})


def list_data_catalogs(self: Request) -> str:
    own = {"CatalogName": _CATALOG, "Type": "GLUE"}
    return json.dumps(paging.of(self, "DataCatalogsSummary", [own, *self.athena_backend.list_data_catalogs()]))


def list_databases(self: Request) -> str:
    found = [_database(database) for database in catalog.databases()]
    return json.dumps(paging.of(self, "DatabaseList", found))


def get_database(self: Request) -> str:
    try:
        found = catalog.client("glue").get_database(Name=self._get_param("DatabaseName"))["Database"]
    except ClientError as error:
        raise MetadataError(str(error)) from error
    return json.dumps({"Database": _database(found)})


def get_table_metadata(self: Request) -> str:
    name = self._get_param("TableName")
    table = catalog.find_table(self._get_param("DatabaseName"), name)
    if table is None:
        raise MetadataError(f"EntityNotFoundException: Table {name} not found.")
    return json.dumps({"TableMetadata": _table_metadata(table)})


def list_table_metadata(self: Request) -> str:
    expression = self._get_param("Expression")
    try:
        found = [_table_metadata(table) for table in catalog.tables(self._get_param("DatabaseName"), expression)]
    except ClientError as error:
        raise MetadataError(str(error)) from error
    return json.dumps(paging.of(self, "TableMetadataList", found))


HANDLERS = (
    get_data_catalog,
    list_data_catalogs,
    list_databases,
    get_database,
    get_table_metadata,
    list_table_metadata,
)


def _database(database: dict[str, Any]) -> dict[str, Any]:
    return {key: database[key] for key in ("Name", "Description", "Parameters") if database.get(key)}


def _table_metadata(table: catalog.Table) -> dict[str, Any]:
    return {
        "Name": table["Name"],
        "CreateTime": table["CreateTime"].timestamp(),
        "TableType": table.get("TableType", ""),
        "Columns": [_column(column) for column in table.get("StorageDescriptor", {}).get("Columns", [])],
        "PartitionKeys": [_column(column) for column in table.get("PartitionKeys", [])],
        "Parameters": {**table.get("Parameters", {}), **_storage(table.get("StorageDescriptor", {}))},
    }


def _storage(descriptor: dict[str, Any]) -> dict[str, str]:
    """Athena tells of a table's files among its parameters. Source: API reference, TableMetadata, and its example."""
    serde = descriptor.get("SerdeInfo", {})
    named = {
        "location": str(descriptor.get("Location") or "").rstrip("/"),
        "inputformat": descriptor.get("InputFormat"),
        "outputformat": descriptor.get("OutputFormat"),
        "serde.serialization.lib": serde.get("SerializationLibrary"),
    }
    parameters = {f"serde.param.{key}": value for key, value in serde.get("Parameters", {}).items()}
    return {key: value for key, value in {**named, **parameters}.items() if value}


def _column(column: dict[str, Any]) -> dict[str, Any]:
    return {key: column[key] for key in ("Name", "Type", "Comment") if column.get(key)}
