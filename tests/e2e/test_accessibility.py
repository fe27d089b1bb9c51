"""Each page breaks no rule of WCAG 2.1 A and AA that a program can check, in both themes."""

import contextlib

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.accessibility import findings
from tests.e2e.browser import LOADED_TIMEOUT_MS, open_page
from tests.e2e.conftest import WholePath

# Charts that each page has at least: that of events a minute comes when the first 5 minutes are over.
PAGES = {"": 0, "outages": 2, "signal": 2, "gps": 3, "data": 2, "incident?id=x": 0}

NOT_YET_DRAWN = "[data-testid=stPlotlyChart]:not(:has(.js-plotly-plot text))"


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_a_page_breaks_no_rule_that_can_be_checked(
    whole_path: WholePath, browser: Browser, path: str, theme: str
) -> None:
    with contextlib.closing(browser.new_page(viewport={"width": 1440, "height": 900}, color_scheme=theme)) as page:
        open_page(page, f"{whole_path.dashboard_url}/{path}")
        charts = page.locator("[data-testid=stPlotlyChart]")
        for number in range(PAGES[path]):
            charts.nth(number).wait_for(timeout=LOADED_TIMEOUT_MS)
        expect(page.locator(NOT_YET_DRAWN)).to_have_count(0, timeout=LOADED_TIMEOUT_MS)
        assert findings(page) == []
