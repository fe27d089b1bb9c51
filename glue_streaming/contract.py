"""The event contract, version 1: what a record must look like, and what raw.network_events keeps of it.

One UTF-8 JSON object a record. The Spark schema, the table's columns and their comments come from here.

Odd cases, decided:
- Unknown fields are allowed; the payload keeps them. A null optional field never rejects an event.
- Any other value where text is expected is kept as its JSON text (`"postal_code": 80333` is "80333").
- Text where a number is expected, and 3.0 where an integer is expected, is `wrong_type`.
- NaN and Infinity are not JSON: `not_json`; as text (`"NaN"`) they are `wrong_type`. 1e400 is infinity.
- Of duplicate keys the last one counts.
- Text behind the closing brace is `not_json`, and so is nesting deeper than 1,000 levels.
"""

from dataclasses import dataclass

SCHEMA_VERSION = 1
MAX_FUTURE_MINUTES = 5
MAX_AGE_DAYS = 7


@dataclass(frozen=True)
class Field:
    """A column: its name, Spark SQL type and meaning."""

    name: str
    type: str
    meaning: str

    @property
    def ddl(self) -> str:
        comment = self.meaning.replace("'", "\\'")
        return f"`{self.name}` {self.type} comment '{comment}'"


EVENT_FIELDS = (
    Field("event_id", "string", "Unique per measurement; a re-send repeats both event_id and event_ts. Required."),
    Field(
        "event_ts", "timestamp_ntz", "When the phone measured, UTC; null when rejected. ISO-8601 with offset. Required."
    ),
    Field("schema_version", "int", "Version of the event contract; 1 when the sender omits it."),
    Field("feed", "string", "Who sends; the seed feeds says whose status can be trusted. Default: default."),
    Field("device_id", "string", "Pseudonym of the phone, salted daily by the sender; null in the public data."),
    Field("lat", "double", "Latitude, WGS 84 degrees."),
    Field("long", "double", "Longitude, WGS 84 degrees."),
    Field("signal", "int", "Signal strength in ASU, not dBm; 99 means unknown."),
    Field("signal_scale", "string", "Scale of the ASU (gsm, umts, lte, nr), only if the sender knows it."),
    Field("network", "string", "Serving network as shown to the user, or a service-loss label in its place."),
    Field("operator", "string", "Operator of the SIM as shown to the user."),
    Field("net", "string", "Radio technology: 2G, 3G, 4G or 5G."),
    Field("status", "int", "Android ServiceState: 0 in service, 1 out of service, 2 emergency only, 3 power off."),
    Field("description", "string", "Text of the ServiceState, STATE_…"),
    Field("speed", "double", "Speed in km/h."),
    Field("satellites", "int", "Satellites in the location fix."),
    Field("precission", "double", "Radius in metres within which the phone is with 68 % confidence; 0 means none."),
    Field("provider", "string", "Provider of the location fix: gps, fused, network …"),
    Field("activity", "string", "What the person was doing: STILL, ON_FOOT, IN_VEHICLE …"),
    Field("postal_code", "string", "Area code; in the public data a 6-digit municipality code as a float's text."),
)

AUDIT_FIELDS = (
    Field("reject_reason", "string", "Why the record was refused (closed list); null when accepted."),
    Field("payload", "binary", "The record as it arrived."),
    Field("source", "string", "stream, or the URI of the file that a backfill read."),
    Field("source_row", "bigint", "Row of the backfilled file, from 1; null for the stream."),
    Field("shard_id", "string", "Kinesis shard; null for backfill."),
    Field("sequence_number", "string", "Kinesis sequence number; null for backfill."),
    Field("arrival_ts", "timestamp_ntz", "When Kinesis took the record, UTC; null for backfill."),
    Field(
        "ingest_ts",
        "timestamp_ntz",
        "Timestamp of the batch that wrote the row, UTC; within a source it only increases.",
    ),
)

RAW_FIELDS = EVENT_FIELDS + AUDIT_FIELDS
PARTITIONING = "days(ingest_ts), days(event_ts)"

REJECT_REASONS = {
    "kpl_aggregated": "a Kinesis Producer Library aggregate (magic bytes F3 89 9A C2), which is not taken",
    "not_utf8": "the bytes are not valid UTF-8",
    "not_json": "the text is not one JSON value; empty records too",
    "not_object": "the JSON value is not an object",
    "wrong_type": "a field of the contract has a value of another type",
    "unknown_schema_version": f"schema_version is not {SCHEMA_VERSION}",
    "missing_event_id": "event_id is absent, null or empty",
    "missing_event_ts": "event_ts is absent, null or empty",
    "bad_event_ts": "event_ts is not an ISO-8601 date and time with offset",
    "event_in_future": f"event_ts is more than {MAX_FUTURE_MINUTES} minutes after arrival (stream only)",
    "event_too_old": f"event_ts is more than {MAX_AGE_DAYS} days before arrival (stream only)",
}
