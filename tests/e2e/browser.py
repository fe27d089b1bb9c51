"""What a person reads on a page, as texts."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Locator, Page, sync_playwright

LOADED_TIMEOUT_MS = 120_000
REFRESHED_TIMEOUT_MS = 240_000


def chromium() -> str:
    """Path of the installed Chromium."""
    found = shutil.which("chromium")
    assert found, "no Chromium: `make test` installs it"
    return found


@contextmanager
def launched(*flags: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox", *flags])
        yield browser
        browser.close()


@contextmanager
def launched_with_profile(profile: Path, *flags: str) -> Iterator[BrowserContext]:
    """A person's browser: it keeps what it has loaded and compiled in the folder `profile`."""
    with sync_playwright() as playwright:
        session = playwright.chromium.launch_persistent_context(
            profile, executable_path=chromium(), args=["--no-sandbox", *flags]
        )
        yield session
        session.close()


def open_page(page: Page, url: str) -> None:
    """Go to `url` and wait until every query of the page has answered."""
    page.goto(url)
    page.locator("#root .tp-strip").wait_for(timeout=LOADED_TIMEOUT_MS)
    settle(page)


def settle(page: Page) -> None:
    """Wait until the script behind the page rests."""
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for(timeout=LOADED_TIMEOUT_MS)


def tile(page: Page, key: str) -> tuple[str, str]:
    """(value, first line below) of a figure."""
    box = page.locator(f".st-key-kpi-{key}")
    box.wait_for(timeout=LOADED_TIMEOUT_MS)
    detail = box.locator("[data-testid=stCaptionContainer] p").first
    return box.locator("[data-testid=stMetricValue]").inner_text(), detail.inner_text()


def table(page: Page, key: str) -> tuple[list[dict[str, str]], int]:
    """The rows of a table that are in view, by column title, and how many rows it has in all.

    The table is drawn; what its canvas holds for screen readers is read here.
    """
    grid = page.locator(f".st-key-table-{key} canvas table[role=grid]")
    grid.wait_for(state="attached", timeout=LOADED_TIMEOUT_MS)
    titles = _texts(grid.locator("thead th"))
    rows = [dict(zip(titles, _texts(row.locator("td")), strict=True)) for row in grid.locator("tbody tr").all()]
    return rows, int(grid.get_attribute("aria-rowcount") or 0) - 1


def number(text: str) -> float | None:
    """The first number of a text; a share in percent stays percent; – is none."""
    found = None if text.startswith("–") else re.search(r"[+-]?\d[\d,]*(\.\d+)?", text)
    return float(found[0].replace(",", "")) if found else None


def _texts(cells: Locator) -> list[str]:
    return [text.strip() for text in cells.all_text_contents()]
