"""What a program can check of WCAG 2.1 A and AA: what axe is certain of, and the contrast of texts in charts."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.e2e.browser import settle

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
MIN_CONTRAST = 4.5
# axe can't tell what lies behind a text in a drawing: here it is the page, or the bar.
CONTRASTS_IN_CHARTS = """
() => {
    const {Color, getContrast} = axe.commons.color;
    const colour = text => { const found = new Color(); found.parseString(text); return found; };
    const fill = element => colour(getComputedStyle(element).fill);
    const page = colour(getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor);
    const behind = text => text.matches('.bartext-inside') ? fill(text.closest('.point').querySelector('path')) : page;
    return [...document.querySelectorAll('.js-plotly-plot text')]
        .filter(text => text.textContent)
        .map(text => [text.textContent, getContrast(behind(text), fill(text))]);
}
"""


# A refresh fades what it replaces: what is found in that moment is not found again.
FADED_MS = 3000


def findings(page: Page) -> list[str]:
    """The rules that the page breaks, and where."""
    found = _found_now(page)
    if found:
        page.wait_for_timeout(FADED_MS)
        settle(page)
        again = _found_now(page)
        found = [finding for finding in found if finding in again]
    return found


def broken_rules(page: Page) -> list[str]:
    found = Axe().run(page, options={"runOnly": RULES, "resultTypes": ["violations"]}).response["violations"]
    return [f"{rule['id']}: {' '.join(node['target'])}" for rule in found for node in rule["nodes"]]


def _found_now(page: Page) -> list[str]:
    found = broken_rules(page)
    # By axe, which is in the page now.
    contrasts = page.evaluate(CONTRASTS_IN_CHARTS)
    return [*found, *(f"contrast of {contrast:.1f}: {text}" for text, contrast in contrasts if contrast < MIN_CONTRAST)]
