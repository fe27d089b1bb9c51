"""What a program can check of WCAG 2.1 A and AA: what axe is certain of, and the contrast of texts in charts."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

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


def findings(page: Page) -> list[str]:
    """The rules that the page breaks, and where."""
    found = Axe().run(page, options={"runOnly": RULES, "resultTypes": ["violations"]}).response["violations"]
    contrasts = page.evaluate(CONTRASTS_IN_CHARTS)
    return [
        *(f"{rule['id']}: {node['html']}" for rule in found for node in rule["nodes"]),
        *(f"contrast of {contrast:.1f}: {text}" for text, contrast in contrasts if contrast < MIN_CONTRAST),
    ]
