"""The page of an incident that is none any more says what became of it: a notification may have led there."""

from datetime import datetime
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import components, queries
from dashboard.client import Row
from dashboard.queries import Query
from tests.unit.dashboard.rows import freshness


def change(**changes: Any) -> Row:
    row = {
        "change_number": 1,
        "detected_ts": datetime(2026, 11, 28, 1, 22),
        "state_before": None,
        "state_after": "CONFIRMED",
        "is_closed": False,
        "is_withdrawn": False,
        "evidence": "explicit",
        "start_ts": datetime(2026, 11, 28, 1, 20),
        "peak_bad_share": 0.9,
        "peak_bad_n": 9,
        "peak_vote_n": 10,
        "baseline_share": 0.037,
    }
    return row | changes


def page() -> None:
    from dashboard.views import incident

    incident._body("A1")


def shown(monkeypatch: pytest.MonkeyPatch, *changes: Row) -> AppTest:
    rows = {queries.freshness().sql: [freshness()], queries.incident_changes("A1").sql: list(changes)}

    def rows_of(query: Query) -> list[Row]:
        return rows.get(query.sql, [])

    monkeypatch.setattr(components, "rows_of", rows_of)
    monkeypatch.setattr(components, "ahead", lambda *queries: None)
    app = AppTest.from_function(page).run()
    assert not app.exception
    return app


def test_a_withdrawn_incident_says_so_and_what_was_said_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    withdrawn = change(change_number=2, state_before="CONFIRMED", state_after="OK", is_withdrawn=True)
    app = shown(monkeypatch, change(), withdrawn)
    (told,) = app.info
    assert told.value.startswith("Withdrawn: by votes that came later")
    (said,) = app.dataframe
    assert list(said.value["State"]) == ["Outage", "Withdrawn"]


def test_an_incident_of_which_nothing_was_said_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    app = shown(monkeypatch)
    (told,) = app.info
    assert told.value == "No incident “A1” is known: its address may be cut off."
    assert not app.dataframe
