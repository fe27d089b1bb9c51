"""The event contract: what a record must look like, and what raw.network_events keeps of it.

One UTF-8 JSON object a record. The Spark schema, the table's columns with their comments, the JSON Schema and the
documentation page come from here.
"""

from dataclasses import dataclass

# The versions that are taken, side by side. A record without schema_version is of the first.
SCHEMA_VERSIONS = (1,)
MAX_FUTURE_MINUTES = 5
MAX_AGE_DAYS = 7
# ISO-8601: date, T, time with optional seconds and fraction, and an offset of at most 18 hours. The end is spelled
# so that Java, Python and JavaScript read it alike: `$` lets a line break follow in the first two.
EVENT_TS_PATTERN = (
    r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
    r"T([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,9})?)?"
    r"(Z|[+-]((0[0-9]|1[0-7]):[0-5][0-9]|18:00))(?![\s\S])"
)


@dataclass(frozen=True)
class Field:
    """A column: its name, Spark SQL type and meaning; for a field of the event also who must send it.

    `default` stands where the sender leaves the field out; `since` is the schema_version that introduced it.
    """

    name: str
    type: str
    meaning: str
    required: bool = False
    default: str | int | None = None
    since: int = 1

    @property
    def ddl(self) -> str:
        comment = f"{self.meaning}{' Required.' if self.required else ''}".replace("'", "\\'")
        return f"`{self.name}` {self.type} comment '{comment}'"


EVENT_FIELDS = (
    Field("event_id", "string", "Unique per measurement; a re-send repeats both event_id and event_ts.", required=True),
    Field(
        "event_ts",
        "timestamp_ntz",
        "When the phone measured, UTC; null when rejected. ISO-8601 with offset.",
        required=True,
    ),
    Field("schema_version", "int", "Version of the event contract; 1 when the sender omits it.", default=1),
    Field(
        "feed",
        "string",
        "Who sends; the seed feeds says whose status can be trusted. Default: default.",
        default="default",
    ),
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

# In the order in which they are looked for: a record with several faults carries the first.
REJECT_REASONS = {
    "kpl_aggregated": "a Kinesis Producer Library aggregate (magic bytes F3 89 9A C2), which is not taken",
    "not_utf8": "the bytes are not valid UTF-8",
    "not_json": "the text is not one JSON value; empty records too",
    "not_object": "the JSON value is not an object",
    "wrong_type": "a field of the contract has a value of another type",
    "unknown_schema_version": f"schema_version is not one of: {', '.join(map(str, SCHEMA_VERSIONS))}",
    "missing_event_id": "event_id is absent, null, empty or nothing but spaces",
    "missing_event_ts": "event_ts is absent, null, empty or nothing but spaces",
    "bad_event_ts": "event_ts is not an ISO-8601 date and time with offset, or lies outside the years 1 to 9999",
    "event_in_future": f"event_ts is more than {MAX_FUTURE_MINUTES} minutes after arrival (stream only)",
    "event_too_old": f"event_ts is more than {MAX_AGE_DAYS} days before arrival (stream only)",
}

ODD_CASES = (
    "Unknown fields are allowed; the payload keeps them. A null optional field never rejects an event.",
    "A field of a later schema_version is read whatever version the record says it is.",
    'Any other value where text is expected is kept as its JSON text (`"postal_code": 80333` is "80333"); so a number '
    "as event_ts is `bad_event_ts`.",
    "Text where a number is expected is `wrong_type`; so is 3.0 or 1e2 where an integer is, and an integer beyond 32 "
    "bits.",
    'NaN and Infinity are not JSON: `not_json`; as text (`"NaN"`) they are `wrong_type`. 1e400 is infinity.',
    "Of duplicate keys the last one counts; all of them must have the right type.",
    "Text behind the closing brace is `not_json`, and so is a byte order mark before the opening one.",
    "Single quotes, comments, trailing commas and raw control characters inside a string are `not_json`.",
    "What no reader should have to bear is `not_json`: nesting deeper than 999 levels, a number of more than 1,000 "
    "digits, a name of more than 50,000 characters.",
    "An escaped half of a surrogate pair (`\\ud800`) is JSON but no character: it becomes `?`.",
    "24:00, a leap second (23:59:60), a day that the month lacks, a lower-case t or z, a space instead of the T and an "
    "offset beyond 18:00 are `bad_event_ts`. Seconds may be missing; digits behind microseconds are cut.",
)
