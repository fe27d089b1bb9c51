"""Hypothesis strategies for records: good ones, odd ones and any bytes."""

import json
from datetime import datetime
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from glue_streaming.contract import EVENT_FIELDS

# What `parse` takes.
RECORD_SCHEMA = (
    "payload binary, source string, source_row bigint, shard_id string, sequence_number string, arrival_ts timestamp"
)
ARRIVAL = datetime(2026, 11, 24, 1, 0)
NAMES = [field.name for field in EVENT_FIELDS]


def words(text: str) -> list[str]:
    return text.split()


NUMERALS = words(
    "0 -0 7 3.0 1e2 1E-2 1e400 -1e400 1e-400 2147483647 2147483648 -2147483648 -2147483649 9223372036854775808 "
    "0.1234567890123456789 01 1. .5 +1 1e 0x1 NaN Infinity -Infinity null true false nul True"
)
DATES = words(
    "2026-02-29 2024-02-29 2025-02-29 1900-02-29 2026-02-30 2026-04-31 2026-13-01 2026-00-10 2026-11-00 2026-11-24 "
    "2026-11-23 0000-01-01 0000-12-31 0001-01-01 9999-12-31 2026-11-17 1969-12-31 20261124 26-11-24 12026-11-24"
)
TIMES = words("00:00:00 24:00:00 23:59:60 23:59:59.999999999 01:00 1:00 01:05:00 01:05:00.000001 12:60:00 01:00:00,5")
OFFSETS = ["Z", "z", "", "+00:00", "-00:00", "+25:99", "+18:00", "-18:00", "+18:01", "+01", "+0100", "Z\n", " Z"]

text = st.text(st.characters(), max_size=12)
odd_times = st.builds(
    "".join,
    st.tuples(st.sampled_from(DATES), st.sampled_from("TTTTt "), st.sampled_from(TIMES), st.sampled_from(OFFSETS)),
)
good_times = st.datetimes(datetime(2026, 11, 17, 1), datetime(2026, 11, 24, 1, 5)).map(lambda at: f"{at.isoformat()}Z")
times = st.one_of(good_times, odd_times)
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-(2**31), 2**31 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    text,
)
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3))
# Surrogates can't be written as UTF-8, so the ASCII form of JSON escapes them.
rendered = st.one_of(values.map(json.dumps), st.sampled_from(NUMERALS))


def right_values(field_type: str) -> st.SearchStrategy[Any]:
    by_type = {"int": st.integers(-5, 200), "double": st.floats(-180, 180)}
    return st.none() | by_type.get(field_type, text)


good_events = st.fixed_dictionaries(
    {"event_id": st.uuids().map(str), "event_ts": good_times},
    optional={field.name: right_values(field.type) for field in EVENT_FIELDS[3:]}
    | {"schema_version": st.just(1), "unknown": values},
)
odd_events = st.builds(
    lambda event, changes, without: {k: v for k, v in (event | changes).items() if k not in without},
    good_events,
    st.one_of(
        st.dictionaries(st.sampled_from(NAMES), values, max_size=2),
        st.fixed_dictionaries({"event_ts": times}),
        st.fixed_dictionaries({"schema_version": st.sampled_from([0, 1, 2, 1.0, "1"])}),
    ),
    st.sets(st.sampled_from(["event_id", "event_ts", "lat"]), max_size=1),
)


def collect(strategy: st.SearchStrategy[Any], count: int) -> list[Any]:
    """Many examples at once: one Spark job a record would take minutes."""
    examples: list[Any] = []

    @settings(
        max_examples=count,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def draw(example: Any) -> None:
        examples.append(example)

    draw()
    return examples
