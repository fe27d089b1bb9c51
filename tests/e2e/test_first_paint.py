"""Before Streamlit's scripts have run, a page tells what is known; Streamlit's page then takes its place."""

from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from infra.local.faults_client import FaultsClient
from tests.e2e.accessibility import broken_rules
from tests.e2e.browser import LOADED_TIMEOUT_MS, open_page
from tests.e2e.conftest import WholePath

PARTS = ("h1", ".tp-strip")
# Streamlit rounds some distances.
NEAR_PX = 4
STALL_S = 8


def without_scripts(page: Page, url: str) -> None:
    page.route("**/static/js/**", lambda route: route.abort())
    page.goto(url)


def test_each_page_tells_how_fresh_its_data_is_before_its_scripts_run(whole_path: WholePath, page: Page) -> None:
    open_page(page, whole_path.dashboard_url)
    links = page.locator("[data-testid=stSidebarNavLink]").all()
    titles = {str(link.get_attribute("href")): link.inner_text().splitlines()[-1] for link in links}
    assert len(titles) == 5
    for url, title in {**titles, f"{whole_path.dashboard_url}/incident?id=x": "Incident"}.items():
        without_scripts(page, url)
        expect(page.locator("#first-paint h1")).to_have_text(title)
        expect(page.locator("#first-paint .tp-strip")).to_contain_text("data as of")


def open_overview_anew(whole_path: WholePath, page: Page) -> None:
    for _ in range(2):  # The first look may be at what nobody has asked for.
        open_page(page, whole_path.dashboard_url)
        expect(page.locator("#root [data-testid=stSelectbox]")).to_be_visible(timeout=LOADED_TIMEOUT_MS)
    expect(page.locator("#first-paint")).to_have_count(1)
    expect(page.locator("#first-paint")).to_be_hidden()


def place(page: Page, selector: str) -> list[float]:
    """Left, top and width in px."""
    box = page.locator(selector).bounding_box()
    assert box
    return [box["x"], box["y"], box["width"]]


@pytest.mark.parametrize(("theme", "width", "height"), [("light", 1440, 900), ("dark", 390, 844)])
def test_the_overview_takes_the_place_of_its_first_paint(
    whole_path: WholePath, page: Page, theme: Literal["light", "dark"], width: int, height: int
) -> None:
    page.set_viewport_size({"width": width, "height": height})
    page.emulate_media(color_scheme=theme)
    open_overview_anew(whole_path, page)
    places = {part: place(page, f"#root [data-testid=stMain] {part}") for part in PARTS}
    without_scripts(page, whole_path.dashboard_url)
    expect(page.locator("#first-paint")).to_contain_text("Broken now")
    for part in PARTS:
        assert place(page, f"#first-paint {part}") == pytest.approx(places[part], abs=NEAR_PX), part
    assert broken_rules(page) == []


def test_what_was_painted_never_comes_back(whole_path: WholePath, page: Page) -> None:
    """What it says is as old as the page: another page that waits for its filters must not show it."""
    whole_path.restart_dashboard()
    open_overview_anew(whole_path, page)
    with FaultsClient(whole_path.endpoint_url).active(
        "athena", "StartQueryExecution", resource="from networks", action="stall", seconds=STALL_S
    ):
        page.get_by_role("link", name="Signal", exact=True).click()
        expect(page.locator("#root .tp-strip")).to_have_count(0)
        expect(page.locator("#first-paint")).to_be_hidden()
    expect(page.locator("#root .tp-strip")).to_be_visible(timeout=LOADED_TIMEOUT_MS)


def test_an_error_of_the_page_is_not_covered(whole_path: WholePath, page: Page) -> None:
    whole_path.restart_dashboard()
    open_page(page, f"{whole_path.dashboard_url}/incident?id=x")
    days = "dashboard select distinct period_date"
    with FaultsClient(whole_path.endpoint_url).active(
        "athena", "StartQueryExecution", resource=days, code="InvalidRequestException"
    ):
        page.goto(whole_path.dashboard_url)
        expect(page.locator("#first-paint .tp-strip")).to_have_count(1)
        expect(page.locator(".st-key-state-error")).to_be_visible(timeout=LOADED_TIMEOUT_MS)
        expect(page.locator("#first-paint")).to_be_hidden()


def test_what_was_painted_goes_where_the_page_never_comes(whole_path: WholePath, page: Page) -> None:
    open_page(page, whole_path.dashboard_url)
    without_scripts(page, whole_path.dashboard_url)
    expect(page.locator("#first-paint")).to_be_visible()
    expect(page.locator("#first-paint")).to_be_hidden(timeout=30_000)
