"""A short form of `make chaos`."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from infra.local import processes, stack
from infra.local.settings import LocalSettings
from infra.local.smoke import on_free_ports
from tests.chaos.run import run


@pytest.fixture
def limited_aws(tmp_path: Path) -> Iterator[LocalSettings]:
    """A local AWS of its own with Kinesis's limits on."""
    settings = replace(on_free_ports(LocalSettings.from_env(), tmp_path / "stack"), kinesis_limits=True)
    os.environ.update(settings.environment())
    running = stack.start(settings, tied_to_us=True)
    assert running.child is not None
    yield settings
    processes.stop(running.child)


def test_a_job_killed_in_bad_weather_loses_doubles_and_changes_nothing(
    limited_aws: LocalSettings, tmp_path: Path
) -> None:
    result = run(limited_aws, tmp_path, kills=4, seed=1, rate=100)
    assert result.records_sent > 0
    assert result.rows == result.records_sent
    assert (result.lost, result.duplicated, result.changed, result.out_of_order) == (0, 0, 0, 0)
