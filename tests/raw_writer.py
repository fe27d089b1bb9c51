"""Rows into raw.network_events without Spark: a commit a call, laid out as the streaming job lays them out."""

import uuid
from collections.abc import Iterator
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc
from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.io.pyarrow import write_file
from pyiceberg.manifest import DataFile
from pyiceberg.partitioning import PartitionField, PartitionFieldValue, PartitionKey, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table import Table, WriteTask
from pyiceberg.transforms import DayTransform
from pyiceberg.types import (
    BinaryType,
    DoubleType,
    IntegerType,
    LongType,
    NestedField,
    PrimitiveType,
    StringType,
    TimestampType,
)

from glue_streaming.contract import RAW_FIELDS
from glue_streaming.table import PROPERTIES

_TYPES: dict[str, tuple[PrimitiveType, pa.DataType]] = {
    "string": (StringType(), pa.string()),
    "int": (IntegerType(), pa.int32()),
    "bigint": (LongType(), pa.int64()),
    "double": (DoubleType(), pa.float64()),
    "binary": (BinaryType(), pa.binary()),
    "timestamp_ntz": (TimestampType(), pa.timestamp("us")),
}
ARROW_SCHEMA = pa.schema([(field.name, _TYPES[field.type][1]) for field in RAW_FIELDS])
_PARTITIONED_BY = ("ingest_ts", "event_ts")
_COMMIT_ATTEMPTS = 10


def create(catalog: GlueCatalog, database: str) -> Table:
    """The raw table as the job makes it, empty, in a database of its own; an older one is dropped."""
    location = f"s3://telcopulse-raw/{database}"
    catalog.create_namespace_if_not_exists(database, {"location": location})
    ids = {field.name: position for position, field in enumerate(RAW_FIELDS, start=1)}
    columns = [NestedField(ids[field.name], field.name, _TYPES[field.type][0]) for field in RAW_FIELDS]
    partitions = [
        PartitionField(ids[name], 1000 + position, DayTransform(), f"{name}_day")
        for position, name in enumerate(_PARTITIONED_BY)
    ]
    name = f"{database}.network_events"
    if catalog.table_exists(name):
        catalog.drop_table(name)
    return catalog.create_table(
        name,
        Schema(*columns),
        location=f"{location}/network_events",
        partition_spec=PartitionSpec(*partitions),
        properties=PROPERTIES,
    )


def append(table: Table, rows: pa.Table) -> None:
    """Append `rows` (of ARROW_SCHEMA) in one commit, again if another writer was faster."""
    for attempt in range(1, _COMMIT_ATTEMPTS + 1):
        table.refresh()
        try:
            with table.transaction() as transaction, transaction.update_snapshot().fast_append() as snapshot:
                for file in _files(table, rows):
                    snapshot.append_data_file(file)
            return
        except CommitFailedException:
            if attempt == _COMMIT_ATTEMPTS:
                raise


def _files(table: Table, rows: pa.Table) -> Iterator[DataFile]:
    """A file a partition, sorted by event_ts."""
    days = [pc.cast(rows[name], pa.date32()) for name in _PARTITIONED_BY]
    keyed = rows.append_column("ingest_day", days[0]).append_column("event_day", days[1])
    found = keyed.group_by(["ingest_day", "event_day"]).aggregate([]).to_pylist()
    for key in found:
        mask = pc.and_(_equals(keyed["ingest_day"], key["ingest_day"]), _equals(keyed["event_day"], key["event_day"]))
        part = rows.filter(mask).sort_by("event_ts")
        yield from write_file(table.io, table.metadata, iter([_task(table, part, key["ingest_day"], key["event_day"])]))


def _equals(column: pa.ChunkedArray, day: date | None) -> pa.ChunkedArray:
    return pc.is_null(column) if day is None else pc.fill_null(pc.equal(column, day), False)


def _task(table: Table, rows: pa.Table, *days: date | None) -> WriteTask:
    spec, schema = table.spec(), table.schema()
    epoch = date(1970, 1, 1)
    values = [None if day is None else (day - epoch).days for day in days]
    fields = [PartitionFieldValue(field, value) for field, value in zip(spec.fields, values, strict=True)]
    key = PartitionKey(field_values=fields, partition_spec=spec, schema=schema)
    return WriteTask(
        write_uuid=uuid.uuid4(), task_id=0, record_batches=rows.to_batches(), schema=schema, partition_key=key
    )
