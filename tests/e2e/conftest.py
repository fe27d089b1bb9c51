"""The whole path, once for all end-to-end tests: the slice goes from Kinesis through Spark and dbt to the pages."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from infra.local import athena_client, processes, smoke
from infra.local.settings import LocalSettings
from infra.local.system import System, running
from tests.e2e.browser import launched
from tests.integration.programs import wait_until

RATE_EVENTS_PER_S = 50
TRIGGER_S = 5
# By the marts of the KPIs and outages, and by those of data health, which are refreshed at another time.
UNCOUNTED = """
    select
        (select count(*) from raw.network_events) - (select max(raw_count) from pipeline_freshness),
        (
            select count(*) from raw.network_events
            where ingest_ts > (
                select max(to_ts) from refresh_log where model = 'int_arrivals_5min' and what = 'counted'
            )
        )
"""


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

    def restart_dashboard(self) -> None:
        """With it go the answers that it has cached."""
        processes.stop(self.system.children.pop("dashboard"))
        self.system.start_dashboard()

    def settle(self) -> None:
        """Wait until the marts hold every event, and let the pages ask anew."""
        until_counted()
        self.restart_dashboard()


def until_counted() -> None:
    wait_until(
        lambda: athena_client.query(UNCOUNTED) == [["0", "0"]], "runs of the refresh loop that counted every event"
    )


@pytest.fixture(scope="session")
def whole_path(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholePath]:
    """A running system whose marts hold one pass of the real slice."""
    free = smoke.on_free_ports(LocalSettings.from_env(), Path(tmp_path_factory.mktemp("whole-path")))
    settings = replace(free, record_calls=True)
    os.environ.update(settings.environment())
    with running(settings) as system:
        result = smoke.one_pass(system, RATE_EVENTS_PER_S, TRIGGER_S)
        until_counted()
        system.start_dashboard()
        yield WholePath(system, result)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    # A document whose headers a test changes counts as one from elsewhere, which may not ask this machine.
    with launched("--disable-features=LocalNetworkAccessChecks") as browser:
        yield browser


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    yield page
    page.close()


@pytest.fixture
def settled_again(whole_path: WholePath) -> Iterator[None]:
    """For a test that sends events: others compare pages with marts, whatever became of it."""
    yield
    whole_path.settle()
