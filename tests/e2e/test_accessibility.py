"""Each page holds to WCAG 2.1 A and AA as far as a program can tell, in both themes."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from tests.e2e.browser import open_page
from tests.e2e.conftest import WholePath

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
MIN_CONTRAST = 4.5
CHART = ".js-plotly-plot"
# axe can't tell what lies behind a text in a drawing; here it is the page.
CONTRASTS_IN_CHARTS = """
() => {
    const {Color, getContrast} = axe.commons.color;
    const colour = text => { const found = new Color(); found.parseString(text); return found; };
    const page = colour(getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor);
    return [...document.querySelectorAll('.js-plotly-plot text')]
        .filter(text => text.textContent)
        .map(text => [text.textContent, getContrast(page, colour(getComputedStyle(text).fill))]);
}
"""


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("path", ["", "outages", "signal", "gps", "data"])
def test_a_page_breaks_no_rule_of_wcag_that_can_be_checked(
    whole_path: WholePath, browser: Browser, path: str, theme: str
) -> None:
    page = browser.new_page(viewport={"width": 1440, "height": 900}, color_scheme=theme)
    open_page(page, f"{whole_path.dashboard_url}/{path}")
    if path:
        page.locator(f"{CHART} text").first.wait_for(state="attached")
    found = Axe().run(page, options={"runOnly": RULES, "resultTypes": ["violations"]}).response["violations"]
    contrasts = page.evaluate(CONTRASTS_IN_CHARTS)
    page.close()
    assert [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found] == []
    assert [text for text, contrast in contrasts if contrast < MIN_CONTRAST] == []
    assert contrasts or path == ""
