"""The window of a re-parse is checked before anything is read."""

from datetime import datetime

import pytest

from glue_streaming.errors import InvalidArgument
from glue_streaming.reparse import to_window


def test_times_are_utc_unless_they_say_otherwise() -> None:
    window = to_window("2026-01-01T00:00:00", "2026-01-01T03:00:00+01:00", None)
    assert (window.since, window.until) == (datetime(2026, 1, 1), datetime(2026, 1, 1, 2))


@pytest.mark.parametrize(
    ("since", "until", "reason", "says"),
    [
        ("yesterday", "2026-01-02T00:00:00", None, "--since 'yesterday' is not an ISO-8601 time"),
        ("2026-01-02T00:00:00", "2026-01-02T00:00:00", None, "before --until"),
        ("2026-01-01T00:00:00", "2026-01-02T00:00:00", "bad", "--reason 'bad' is not one of"),
        ("2026-01-01T00:00:00", "2999-01-01T00:00:00", None, "in the past"),
    ],
)
def test_a_window_that_makes_no_sense_is_refused(since: str, until: str, reason: str | None, says: str) -> None:
    with pytest.raises(InvalidArgument, match=says):
        to_window(since, until, reason)
