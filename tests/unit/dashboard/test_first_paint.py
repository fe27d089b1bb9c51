"""A page's HTML tells at once what the process knows, and never waits for what it doesn't."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from starlette.requests import Request
from starlette.responses import HTMLResponse

from dashboard import components, first_paint, queries
from dashboard.answers import SharedAnswers
from dashboard.client import Row
from dashboard.queries import Query
from tests.unit.dashboard.rows import freshness, incident

NOW = datetime(2026, 11, 25, 19, 0, tzinfo=UTC)
JUDGED = {"check_ts": datetime(2026, 11, 25, 18, 55), "judged_count": 41, "check_count": 60}


def knowing(*incidents: Row) -> SharedAnswers:
    """Answers that hold all that a first paint tells."""
    known = [
        (queries.freshness(), [freshness()]),
        (queries.incidents(1), list(incidents)),
        (queries.judged_now(), [JUDGED]),
    ]
    rows = {query.sql: found for query, found in known}
    answers = SharedAnswers(lambda query: rows[query.sql], queries.freshness())
    for query, _ in known:
        answers.rows(query)
    return answers


def test_the_first_paint_of_the_overview_tells_how_fresh_and_what_is_broken() -> None:
    html = first_paint.paint("", knowing(incident(area_name="Lleida"), incident(area_name="Reus", is_closed=True)), NOW)
    for said in ("<h1>Overview</h1>", "● Fresh", "40 s</b> ago", "Broken now", "Lleida", "at worst 62 %"):
        assert said in html
    assert "Reus" not in html


def test_no_open_incident_is_told_with_how_many_areas_could_be_judged() -> None:
    html = first_paint.paint("", knowing(), NOW)
    assert "No incident is open. Of the areas and networks with votes, 41 of 60 have enough to tell" in html


@pytest.mark.parametrize("address", [address for address in first_paint.TITLES if address])
def test_other_pages_first_tell_how_fresh_the_data_is(address: str) -> None:
    html = first_paint.paint(address, knowing(incident(area_name="Lleida")), NOW)
    assert f"<h1>{first_paint.TITLES[address]}</h1>" in html
    assert "● Fresh" in html
    assert "Lleida" not in html


def test_ages_are_those_of_the_moment() -> None:
    html = first_paint.paint("", knowing(), NOW + timedelta(minutes=30))
    assert "○ Stale" in html


def test_markup_of_the_data_is_text() -> None:
    html = first_paint.paint("", knowing(incident(network_name="<script>alert(1)</script>")), NOW)
    assert "<script" not in html
    assert "&lt;script&gt;" in html


def test_a_page_waits_for_no_query_and_asks_for_what_it_will_need() -> None:
    asked, may_answer = [], threading.Event()

    def ask(query: Query) -> list[Row]:
        asked.append(query)
        assert may_answer.wait(timeout=60)
        return [freshness()]

    answers = SharedAnswers(ask, queries.freshness())
    assert first_paint.paint("", answers, NOW) == ""
    may_answer.set()
    for query in (queries.freshness(), queries.incidents(1)):
        answers.rows(query)
    assert {query.sql for query in asked} == {queries.freshness().sql, queries.incidents(1).sql}
    assert "● Fresh" in first_paint.paint("signal", answers, NOW)


def opened(monkeypatch: pytest.MonkeyPatch, answers: SharedAnswers) -> HTMLResponse:
    monkeypatch.setattr(components, "answers", lambda: answers)
    scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": [], "server": ("x", 80)}
    return first_paint.page(Request(scope))


def test_a_row_that_cannot_be_told_leaves_the_page_to_streamlit(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    html = bytes(opened(monkeypatch, knowing(incident(state="NONSENSE"))).body).decode()
    assert '<div id="root"></div>' in html
    assert "first-paint" not in html
    assert "event=first_paint_failed" in caplog.text


def test_the_page_is_streamlits_with_the_first_paint_before_its_root(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = opened(monkeypatch, knowing(incident()))
    html = bytes(answer.body).decode()
    assert html.index('id="first-paint"') < html.index('<div id="root"></div>')
    assert '<script type="module"' in html
    assert answer.headers["cache-control"] == "no-store"
