"""The whole path, once for all end-to-end tests: the slice goes from Kinesis through Spark and dbt to the pages."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from infra.local import smoke
from infra.local.settings import LocalSettings
from infra.local.system import System, running

RATE_EVENTS_PER_S = 50
TRIGGER_S = 5


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What the roles did is judged at the end."""
    items.sort(key=lambda item: item.path.name == "test_roles.py")


@dataclass(frozen=True)
class WholePath:
    system: System
    result: smoke.Result

    @property
    def endpoint_url(self) -> str:
        return self.system.settings.endpoint_url

    @property
    def dashboard_url(self) -> str:
        return self.system.settings.dashboard_url


@pytest.fixture(scope="session")
def whole_path(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholePath]:
    """A running system whose marts hold one pass of the real slice."""
    free = smoke.on_free_ports(LocalSettings.from_env(), Path(tmp_path_factory.mktemp("whole-path")))
    settings = replace(free, record_calls=True)
    os.environ.update(settings.environment())
    with running(settings) as system:
        result = smoke.one_pass(system, RATE_EVENTS_PER_S, TRIGGER_S)
        system.start_dashboard()
        yield WholePath(system, result)
