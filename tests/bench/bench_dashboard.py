"""`make bench-dashboard`: how soon a page stands, and what many viewers cost; prints one JSON line last.

On simulated days that no refresh changes. First paint is when the overview of a warm dashboard shows how fresh the data
is and what is broken, in a new tab of a browser that has been there before and keeps a profile, as people's do. It is
complete when Streamlit's own page has taken over and nothing of it is still to come, and cold in a browser that has not
been there. Viewers keep the overview open, which refreshes itself.
"""

import argparse
import contextlib
import json
import os
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page

from infra.local import processes
from infra.local.demo import wait_for_marts
from infra.local.settings import LocalSettings
from infra.local.smoke import on_free_ports
from infra.local.system import System, running
from tests.bench.executions import executions
from tests.e2e.browser import LOADED_TIMEOUT_MS, launched, launched_with_profile, open_page, settle

EVENTS_PER_DAY = 20_000
VIEWERS = (1, 5, 20)
_WARM_UP = 3
# What is not in front is not slowed down: each viewer looks at a screen of their own.
_FLAGS = (
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
)


def measure(system: System, arguments: argparse.Namespace) -> dict[str, Any]:
    load(system, arguments.days)
    url = system.settings.dashboard_url
    dashboard = system.children["dashboard"].pid
    with tempfile.TemporaryDirectory(prefix="telcopulse-profile-") as profile:
        figures = warm_paints(Path(profile), url, arguments.loads)
    with launched(*_FLAGS) as browser:
        figures |= cold_paints(browser, url, arguments.loads)
        for viewers in VIEWERS:
            with watching(browser, url, viewers) as pages:
                figures[f"queries_per_min_{viewers}"] = queries_per_minute(pages, arguments.seconds)
                figures[f"rss_mb_{viewers}"] = round(processes.tree_memory_mb(dashboard))
    return figures


def load(system: System, days: int) -> None:
    """A system whose marts hold a simulated history and rest."""
    system.simulate_history(days, EVENTS_PER_DAY)
    system.start_aws()
    system.load_history(lambda _: None)
    system.start_refresh()
    wait_for_marts(system)
    processes.stop(system.children.pop("refresh"))
    system.start_dashboard()


def warm_paints(profile: Path, url: str, loads: int) -> dict[str, float]:
    with launched_with_profile(profile, *_FLAGS) as session:
        warm = [paint(session, url) for _ in range(_WARM_UP + loads)][_WARM_UP:]
    first, complete = zip(*warm, strict=True)
    return percentiles("first_paint", first) | percentiles("complete", complete)


def cold_paints(browser: Browser, url: str, loads: int) -> dict[str, float]:
    cold = []
    for _ in range(loads):
        with contextlib.closing(browser.new_context()) as session:
            cold.append(paint(session, url)[0])
    return percentiles("cold_paint", cold)


def percentiles(name: str, seconds: Sequence[float]) -> dict[str, float]:
    return {
        f"{name}_p50_s": round(statistics.median(seconds), 2),
        f"{name}_p95_s": round(statistics.quantiles(seconds, n=20)[-1], 2),
    }


def paint(session: BrowserContext, url: str) -> tuple[float, float]:
    """Seconds until a new tab shows how fresh the data is and what is broken, and until all of the page stands."""
    with contextlib.closing(session.new_page()) as page:
        began = time.monotonic()
        page.goto(url, wait_until="commit")
        for shown in (".tp-strip:visible", ":text('Broken now'):visible"):
            page.locator(shown).first.wait_for(timeout=LOADED_TIMEOUT_MS)
        first = time.monotonic() - began
        page.locator("#root .tp-strip").wait_for(timeout=LOADED_TIMEOUT_MS)
        settle(page)
        return first, time.monotonic() - began


@contextlib.contextmanager
def watching(browser: Browser, url: str, viewers: int) -> Iterator[list[Page]]:
    """So many sessions on the overview."""
    sessions = [browser.new_context() for _ in range(viewers)]
    try:
        pages = [session.new_page() for session in sessions]
        for page in pages:
            open_page(page, url)
        yield pages
    finally:
        for session in sessions:
            session.close()


def queries_per_minute(pages: list[Page], seconds: int) -> float:
    """That the dashboard sends to Athena while the pages stay open."""
    began = datetime.now(UTC)
    pages[0].wait_for_timeout(1000 * seconds)
    asked = sum(one["Status"]["SubmissionDateTime"] >= began for one in executions("dashboard"))
    return round(60 * asked / seconds, 1)


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench-dashboard", description=__doc__.split("\n")[0])
    parser.add_argument("--days", type=int, default=14, help="length of the simulated history (default 14)")
    parser.add_argument("--loads", type=int, default=40, help="how often the overview is opened (default 40)")
    parser.add_argument("--seconds", type=int, default=180, help="how long the viewers watch (default 180)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="telcopulse-dashboard-") as folder:
        own = on_free_ports(LocalSettings.from_env(), Path(folder))
        os.environ.update(own.environment())
        with running(own) as system:
            figures = measure(system, arguments)
    print(json.dumps(figures), flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
