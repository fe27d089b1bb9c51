"""Records to rows of raw.network_events: pure, frame in and frame out, Spark SQL expressions only."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from glue_streaming.contract import (
    EVENT_FIELDS,
    MAX_AGE_DAYS,
    MAX_FUTURE_MINUTES,
    RAW_FIELDS,
    SCHEMA_VERSION,
)

STREAM_SOURCE = "stream"
_KPL_MAGIC = bytes.fromhex("F3899AC2")
_CORRUPT = "_corrupt"
_STRICT_JSON = {
    "mode": "PERMISSIVE",
    "columnNameOfCorruptRecord": _CORRUPT,
    "allowSingleQuotes": "false",
    "allowNonNumericNumbers": "false",
}
# ISO-8601: date, T, time with optional seconds and fraction, and an offset.
_ISO_8601 = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$"
_STARTS_AS_OBJECT = r"^[ \t\r\n]*\{"


def parse(records: DataFrame) -> DataFrame:
    """Turn records into rows of raw.network_events, one for one.

    Columns: in: payload, source, source_row, shard_id, sequence_number, arrival_ts; out: contract.RAW_FIELDS.
    Units: arrival_ts and ingest_ts are timestamps in UTC; the session's time zone must be UTC.
    """
    return records.transform(_read_json).transform(_judge).transform(_to_row)


def _read_json(records: DataFrame) -> DataFrame:
    # Dates are read as text, so that a bad one is told from a wrong type.
    fields = ", ".join(
        f"`{field.name}` {'string' if field.name == 'event_ts' else field.type}" for field in EVENT_FIELDS
    )
    text = F.col("payload").cast("string")
    return (
        records.withColumn("_is_utf8", F.is_valid_utf8(text))
        .withColumn("_text", F.when(F.col("_is_utf8"), text))
        .withColumn("_is_json", _is_one_json_value(F.col("_text")))
        .withColumn("_event", F.from_json("_text", f"{fields}, {_CORRUPT} string", _STRICT_JSON))
        .withColumn("_event_ts", _iso_timestamp(F.col("_event.event_ts")))
    )


def _judge(parsed: DataFrame) -> DataFrame:
    event, event_ts, arrival_ts = F.col("_event"), F.col("_event_ts"), F.col("arrival_ts")
    is_json = F.col("_is_json")
    is_corrupt = event.isNull() | event[_CORRUPT].isNotNull()
    reason = (
        F.when(F.col("payload").substr(1, 4) == F.lit(_KPL_MAGIC), "kpl_aggregated")
        .when(~F.col("_is_utf8"), "not_utf8")
        .when(~is_json, "not_json")
        .when(~F.col("_text").rlike(_STARTS_AS_OBJECT), "not_object")
        .when(is_corrupt, "wrong_type")
        .when(event.schema_version != SCHEMA_VERSION, "unknown_schema_version")
        .when(_is_blank(event.event_id), "missing_event_id")
        .when(_is_blank(event.event_ts), "missing_event_ts")
        .when(event_ts.isNull(), "bad_event_ts")
        .when(event_ts > arrival_ts + F.make_dt_interval(mins=F.lit(MAX_FUTURE_MINUTES)), "event_in_future")
        .when(event_ts < arrival_ts - F.make_dt_interval(days=F.lit(MAX_AGE_DAYS)), "event_too_old")
    )
    return parsed.withColumn("reject_reason", reason)


def _to_row(judged: DataFrame) -> DataFrame:
    is_accepted = F.col("reject_reason").isNull()
    # A rejected record's values can't be trusted, and a wild event_ts would open a partition of its own.
    values = {field.name: F.when(is_accepted, F.col(f"_event.{field.name}")) for field in EVENT_FIELDS}
    values["event_ts"] = F.when(is_accepted, F.col("_event_ts"))
    values["schema_version"] = F.when(is_accepted, F.coalesce("_event.schema_version", F.lit(SCHEMA_VERSION)))
    values["feed"] = F.when(is_accepted, F.coalesce("_event.feed", F.lit("default")))
    values["ingest_ts"] = F.current_timestamp()
    columns = [values.get(field.name, F.col(field.name)).cast(field.type).alias(field.name) for field in RAW_FIELDS]
    return judged.select(*columns)


def _is_one_json_value(text: Column) -> Column:
    """Spark's readers stop at the end of the first value and ignore what follows. In an array with the text's own
    hash behind it, the text must be one whole value for the hash to be the second element."""
    wrapped = F.concat(F.lit("["), text, F.lit(',"'), F.md5(text), F.lit('"]'))
    array = F.from_json(wrapped, "array<string>", _STRICT_JSON)
    return F.coalesce((F.size(array) == 2) & (array[1] == F.md5(text)), F.lit(False))


def _iso_timestamp(text: Column) -> Column:
    # Spark wants seconds where ISO-8601 may leave them out.
    with_seconds = F.regexp_replace(text, r"(T\d{2}:\d{2})([Z+-])", "$1:00$2")
    return F.when(text.rlike(_ISO_8601), with_seconds.try_cast("timestamp"))


def _is_blank(text: Column) -> Column:
    return text.isNull() | (F.trim(text) == "")
