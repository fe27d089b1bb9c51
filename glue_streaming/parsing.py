"""Records to rows of raw.network_events: pure, frame in and frame out, Spark SQL expressions only."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from glue_streaming.contract import (
    EVENT_FIELDS,
    EVENT_TS_PATTERN,
    MAX_AGE_DAYS,
    MAX_FUTURE_MINUTES,
    RAW_FIELDS,
    SCHEMA_VERSIONS,
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
_JSON_SPACE = " \t\r\n"
_FIRST_TS, _LAST_TS = "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"


def parse(records: DataFrame) -> DataFrame:
    """Turn records into rows of raw.network_events, one for one.

    Columns: in: payload, source, source_row, shard_id, sequence_number, arrival_ts; out: contract.RAW_FIELDS.
    Units: arrival_ts and ingest_ts are timestamps in UTC; the session's time zone must be UTC.
    """
    return records.transform(_stamp).transform(_read_json).transform(_judge).transform(_to_row)


def _stamp(records: DataFrame) -> DataFrame:
    # A constant becomes part of the generated code: in the last step, where Spark would move it, it would have each
    # batch compile that step anew. What hangs on a column stays here.
    return records.withColumn("ingest_ts", F.when(F.col("payload").isNotNull(), F.current_timestamp()))


def _read_json(records: DataFrame) -> DataFrame:
    # Dates are read as text, so that a bad one is told from a wrong type.
    fields = ", ".join(
        f"`{field.name}` {'string' if field.name == 'event_ts' else field.type}" for field in EVENT_FIELDS
    )
    return (
        records.withColumn("_text", _as_text(F.col("payload")))
        .withColumn("_event", F.from_json("_text", f"{fields}, {_CORRUPT} string", _STRICT_JSON))
        .withColumn("_is_read", F.col("_event").isNotNull() & F.col(f"_event.{_CORRUPT}").isNull())
        .withColumn("_event_ts", _iso_timestamp(F.col("_event.event_ts")))
    )


def _judge(parsed: DataFrame) -> DataFrame:
    text, event, event_ts, arrival_ts = F.col("_text"), F.col("_event"), F.col("_event_ts"), F.col("arrival_ts")
    # Spark computes years and intervals by the calendar, a microsecond a row.
    ahead_us = F.unix_micros(event_ts) - F.unix_micros(arrival_ts)
    is_json = (F.col("_is_read") & _is_flat_object(text)) | _is_one_json_value(text)
    reason = (
        F.when(F.col("payload").substr(1, 4) == F.lit(_KPL_MAGIC), "kpl_aggregated")
        .when(text.isNull(), "not_utf8")
        .when(~is_json, "not_json")
        .when(~F.ltrim(text, F.lit(_JSON_SPACE)).startswith("{"), "not_object")
        .when(~F.col("_is_read"), "wrong_type")
        .when(~event.schema_version.isin(*SCHEMA_VERSIONS), "unknown_schema_version")
        .when(_is_blank(event.event_id), "missing_event_id")
        .when(_is_blank(event.event_ts), "missing_event_ts")
        .when(event_ts.isNull() | ~event_ts.between(_instant(_FIRST_TS), _instant(_LAST_TS)), "bad_event_ts")
        .when(ahead_us > MAX_FUTURE_MINUTES * 60_000_000, "event_in_future")
        .when(ahead_us < -MAX_AGE_DAYS * 86_400_000_000, "event_too_old")
    )
    return parsed.withColumn("reject_reason", reason)


def _to_row(judged: DataFrame) -> DataFrame:
    is_accepted = F.col("reject_reason").isNull()
    values = {field.name: F.col(f"_event.{field.name}") for field in EVENT_FIELDS} | {"event_ts": F.col("_event_ts")}
    for field in EVENT_FIELDS:
        if field.default is not None:
            values[field.name] = F.coalesce(values[field.name], F.lit(field.default))
    # A rejected record's values can't be trusted, and a wild event_ts would open a partition of its own.
    values = {name: F.when(is_accepted, value) for name, value in values.items()}
    columns = [values.get(field.name, F.col(field.name)).cast(field.type).alias(field.name) for field in RAW_FIELDS]
    return judged.select(*columns)


def _as_text(payload: Column) -> Column:
    """The text, or null when it is not UTF-8. Spark checks byte by byte; ASCII, which Latin-1 doesn't lengthen, is told
    at half the price."""
    text = payload.cast("string")
    is_ascii = F.octet_length(F.decode(payload, "ISO-8859-1")) == F.octet_length(payload)
    return F.when(is_ascii, text).otherwise(F.try_validate_utf8(text))


def _is_flat_object(text: Column) -> Column:
    """Whether a text that Spark could read ends where its object ends, for the price of a look at its braces.

    Spark's readers stop at the end of the first value and ignore what follows. An object that has one closing brace
    ends there; what nests, or has a brace inside a string, is for `_is_one_json_value` to judge.
    """
    # Cut as bytes, for Spark counts a string's characters first. A line break may end the record.
    behind = F.when(text.endswith("}\n"), 2).otherwise(1)
    inside = F.substr(text.cast("binary"), F.lit(1), F.octet_length(text) - behind).cast("string")
    is_whole = text.startswith("{") & (text.endswith("}") | text.endswith("}\n"))
    return is_whole & ~inside.contains("}") & ~text.contains("[")


def _is_one_json_value(text: Column) -> Column:
    """Whether any text is one JSON value: in an array with the text's own hash behind it, it must be one whole value
    for the hash to be the second element."""
    wrapped = F.concat(F.lit("["), text, F.lit(',"'), F.md5(text), F.lit('"]'))
    array = F.from_json(wrapped, "array<string>", _STRICT_JSON)
    return F.coalesce(F.array_position(array, F.md5(text)) == 2, F.lit(False))


def _iso_timestamp(text: Column) -> Column:
    # Spark wants seconds where ISO-8601 may leave them out.
    with_seconds = F.regexp_replace(text, r"(T\d{2}:\d{2})([Z+-])", "$1:00$2")
    instant = F.coalesce(text.try_cast("timestamp"), with_seconds.try_cast("timestamp"))
    return F.when(text.rlike(EVENT_TS_PATTERN), instant)


def _instant(text: str) -> Column:
    return F.lit(text).cast("timestamp")


def _is_blank(text: Column) -> Column:
    return text.isNull() | (F.trim(text) == "")
