"""A history as the raw table would hold it, had its records come by the stream when they say they arrived."""

from pathlib import Path

import duckdb

from glue_streaming.contract import EVENT_FIELDS, RAW_FIELDS

# What the job takes from a record's arrival to its commit, about.
INGEST_SECONDS = 5
_TYPES = {"string": "varchar", "int": "integer", "double": "double", "bigint": "bigint"}
_INSTANTS = {"event_ts": "timestamptz", "simulated_arrival_ts": "timestamptz"}
_ARRIVAL_TS = "timezone('UTC', coalesce(simulated_arrival_ts, event_ts))"
# Its rows with the columns of the raw table, in their order.
AS_RAW = f"""
    select {", ".join("encode('{}') as payload" if field.name == "payload" else field.name for field in RAW_FIELDS)}
    from network_events
"""


def load(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Make the table `network_events` of a history without malformed records; one that doesn't say when it arrived did
    at once.

    Raises: duckdb.Error: a record can't be read.
    """
    types = {field.name: _TYPES[field.type] for field in EVENT_FIELDS if field.name not in _INSTANTS}
    columns = ", ".join(f"{name}: '{kind}'" for name, kind in (types | _INSTANTS).items())
    connection.execute(
        f"""
        create or replace table network_events as
        select
            -- Ids are told apart only, and a part of their hash takes a quarter of the memory.
            * exclude (simulated_arrival_ts)
                replace (left(md5(event_id), 12) as event_id, timezone('UTC', event_ts) as event_ts),
            {_ARRIVAL_TS} as arrival_ts,
            {_ARRIVAL_TS} + interval {INGEST_SECONDS} second as ingest_ts,
            'stream' as source,
            'shardId-000000000000' as shard_id,
            lpad(cast(row_number() over () as varchar), 9, '0') as sequence_number,
            cast(null as bigint) as source_row,
            cast(null as varchar) as reject_reason
        from read_json(?, format = 'newline_delimited', columns = {{{columns}}})
        """,
        [f"{folder}/events-*.jsonl"],
    )
