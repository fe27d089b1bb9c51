"""What a page shows until Streamlit's scripts have run and its session stands: the answers that this process knows.

They are part of the page's HTML, so that they are there a second or two sooner, and go when the page itself is.
"""

import logging
from datetime import UTC, datetime
from pathlib import Path

import streamlit as st
from starlette.requests import Request
from starlette.responses import HTMLResponse

from dashboard import cards, components, queries
from dashboard.answers import SharedAnswers

# By address.
TITLES = {
    "": "Overview",
    "outages": "Outages",
    "signal": "Signal",
    "gps": "GPS accuracy",
    "data": "Data health",
    "incident": "Incident",
}
_ROOT = '<div id="root"></div>'
# Streamlit's colours and distances, so that nothing jumps when its page takes over. Ages grow: where that never comes,
# what is painted goes. Once gone it never returns: to become visible again would take the 11 days of the transition,
# for Streamlit's strip goes, too, when another page is chosen.
_STYLE = """
<style>
#first-paint {--page:#fff; --text:#2f2d2b; --quiet:#f8f8f7; --told:#244fb4; --told-page:#edf5ff;
  position:fixed; z-index:1; inset:0; overflow:auto; box-sizing:border-box; padding:3.25rem 1rem 0;
  background:var(--page); color:var(--text); font:1rem/1.6 "Source Sans",sans-serif;
  animation:first-paint-ends 0s 20s forwards; transition:visibility 0s 999999s;}
#first-paint h1 {margin:0; padding:1.25rem 0 1rem; font-size:2rem; font-weight:700; line-height:1.2;}
#first-paint h2 {margin:.75rem 0 0; padding:1rem 0; font-size:1.25rem; font-weight:600; line-height:1.2;}
#first-paint p {margin:0; padding:1rem; border-radius:.35rem; background:var(--told-page); color:var(--told);}
#first-paint .filter {height:2.5rem; margin:1.75rem 0 1rem; border-radius:.35rem; background:var(--quiet);}
body:has(#root :is(.tp-strip, .st-key-state-error, .st-key-state-waiting, [data-testid=stException])) #first-paint
  {visibility:hidden; transition:none;}
@media (min-width:768px) {#first-paint {border-left:300px solid var(--quiet); padding-left:5rem; padding-right:5rem;}}
@media (prefers-color-scheme:dark) {#first-paint {--page:#171614; --text:#edebe8; --quiet:#21201d; --told:#85b8f8;
  --told-page:#1e2a3d;}}
@keyframes first-paint-ends {to {visibility:hidden;}}
</style>
"""

log = logging.getLogger("telcopulse.dashboard")


def page(request: Request) -> HTMLResponse:
    """Streamlit's page at this address, with the first paint before it."""
    address = request.url.path.strip("/")
    try:
        painted = paint(address, components.answers(), datetime.now(UTC))
    except Exception:
        # Streamlit's page names what is wrong with a row in its place.
        log.exception("event=first_paint_failed address=%s", address)
        painted = ""
    return HTMLResponse(_SHELL.replace(_ROOT, painted + _ROOT), headers={"Cache-Control": "no-store"})


def paint(address: str, answers: SharedAnswers, now: datetime) -> str:
    """HTML of what is known; nothing while it isn't known how fresh that is. Waits for no query."""
    newest = answers.known(queries.freshness())
    broken = "" if address else _broken_now(answers, now)
    if not newest:
        return ""
    title = f"<h1>{TITLES[address]}</h1>" + ("" if address else '<div class="filter"></div>')
    return f'{_STYLE}<div id="first-paint">{title}{cards.freshness_strip(newest[0], now)}{broken}</div>'


def _broken_now(answers: SharedAnswers, now: datetime) -> str:
    incidents = answers.known(queries.incidents(1))
    if incidents is None:
        return ""
    if active := cards.open_incidents(incidents):
        return f"<h2>Broken now</h2>{cards.incident_list(active, now)}"
    judged = answers.known(queries.judged_now())
    return "" if judged is None else f"<h2>Broken now</h2><p>{cards.NONE_OPEN} {cards.judged(judged)}</p>"


def _streamlits_page() -> str:
    html = (Path(st.__file__).parent / "static" / "index.html").read_text()
    if _ROOT not in html:
        raise RuntimeError(f"Streamlit's index.html has no {_ROOT}: the first paint can't be put before it")
    return html


_SHELL = _streamlits_page()
