"""A short form of `make chaos`."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local.settings import LocalSettings
from tests.chaos.run import run
from tests.own_stack import own_stack


@pytest.fixture
def limited_aws(tmp_path: Path) -> Iterator[LocalSettings]:
    """A local AWS of its own with Kinesis's limits on."""
    with own_stack(tmp_path / "stack", kinesis_limits=True) as running:
        yield running.settings


def test_a_job_killed_in_bad_weather_loses_doubles_and_changes_nothing(
    limited_aws: LocalSettings, tmp_path: Path
) -> None:
    result = run(limited_aws, tmp_path, kills=2, seed=1, rate=100, backlog=0)
    assert result.records_sent > 0
    assert result.rows == result.records_sent
    assert (result.lost, result.duplicated, result.changed, result.out_of_order) == (0, 0, 0, 0)
