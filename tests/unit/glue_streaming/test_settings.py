"""Arguments of the job are checked once, with an error that names the value and the way out."""

import pytest

from glue_streaming.errors import InvalidArgument
from glue_streaming.settings import JobSettings

GOOD = {
    "--stream-name": "network-events",
    "--table": "glue_catalog.raw.network_events",
    "--warehouse": "s3://raw/",
    "--checkpoint": "s3://checkpoints/network_events",
    "--ledger": "s3://checkpoints/ledger",
}


def parsed(**changes: str) -> JobSettings:
    values = GOOD | {f"--{name.replace('_', '-')}": value for name, value in changes.items()}
    return JobSettings.from_arguments([text for pair in values.items() for text in pair])


def test_glues_own_arguments_are_left_alone() -> None:
    pairs = [text for pair in GOOD.items() for text in pair]
    settings = JobSettings.from_arguments([*pairs, "--JOB_NAME", "stream", "--enable-metrics", "true"])
    assert settings.trigger_seconds == 10
    assert settings.stream_name == "network-events"


@pytest.mark.parametrize(
    ("name", "value", "way_out"),
    [
        ("table", "network_events", "catalog.database.table"),
        ("ledger", "/tmp/ledger", "s3://bucket/prefix"),
        ("ledger", "s3://bucket", "s3://bucket/prefix"),
        ("trigger_seconds", "0", "from 1"),
    ],
)
def test_a_bad_value_is_named_with_the_way_out(name: str, value: str, way_out: str) -> None:
    with pytest.raises(InvalidArgument, match=way_out) as caught:
        parsed(**{name: value})
    assert value in str(caught.value)
