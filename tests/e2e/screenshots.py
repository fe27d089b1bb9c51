"""`make screenshots`: the pages of a running demo, as the documentation shows them."""

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page

from infra.local.settings import REPO_ROOT, LocalSettings
from tests.e2e.browser import LOADED_TIMEOUT_MS, launched, open_page

FOLDER = REPO_ROOT / "docs" / "images"
DESK_PX, PHONE_PX = (1440, 900), (390, 844)


@dataclass(frozen=True)
class Shot:
    """`path`: of the page; the incident is the first one that the page Outages lists."""

    name: str
    path: str
    size_px: tuple[int, int] = DESK_PX
    theme: Literal["light", "dark"] = "light"


SHOTS = (
    Shot("overview", ""),
    Shot("overview-dark", "", theme="dark"),
    Shot("overview-phone", "", PHONE_PX),
    Shot("outages", "outages", (1440, 1900)),
    Shot("incident", "incident", (1440, 1300)),
    Shot("signal", "signal"),
    Shot("gps-accuracy", "gps"),
    Shot("data-health", "data", (1440, 1400)),
)


def take(browser: Browser, url: str, shot: Shot) -> bytes:
    width, height = shot.size_px
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=shot.theme)
    open_page(page, f"{url}/{_incident(page, url) if shot.path == 'incident' else shot.path}")
    page.locator("[data-testid=stSkeleton]").first.wait_for(state="detached", timeout=LOADED_TIMEOUT_MS)
    # Charts grow into their places.
    page.wait_for_timeout(1500)
    image = page.screenshot()
    page.close()
    return image


def _incident(page: Page, url: str) -> str:
    open_page(page, f"{url}/outages?incidents=30")
    return str(page.locator("#root a.tp-incident").first.get_attribute("href")).removeprefix("/")


def main() -> int:
    parser = argparse.ArgumentParser(prog="make screenshots", description=__doc__)
    url = LocalSettings.from_env().dashboard_url
    parser.add_argument("--url", default=url, help=f"of the dashboard (default {url})")
    parser.add_argument("--output", type=Path, default=FOLDER, help="folder (default docs/images)")
    arguments = parser.parse_args()
    with launched() as browser:
        for shot in SHOTS:
            file = arguments.output / f"{shot.name}.png"
            file.write_bytes(take(browser, arguments.url, shot))
            print(f"{file}: {file.stat().st_size // 1024} KB", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
