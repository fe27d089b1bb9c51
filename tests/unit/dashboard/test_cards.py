"""Incident cards say state, place, time and numbers in words, and show markup in names as text."""

from datetime import UTC, datetime
from typing import Any

import pytest

from dashboard import cards, formatting
from tests.unit.dashboard.rows import incident

NOW = datetime(2026, 11, 25, 19, 0)


def shown(**changes: Any) -> str:
    return cards.incident_list([incident(**changes)], NOW.replace(tzinfo=UTC))


def test_a_card_tells_what_where_since_when_and_how_sure() -> None:
    text = shown()
    for said in (
        "Outage", "Barcelona", "Orange", "since Wed 25 Nov 19:35:00, 25 min", "2026-11-25 18:35:00 UTC",
        "62 % without service (31 of 50 votes, usual 1.2 %)", "phones report no service, reports came late",
        "not acknowledged", 'href="/incident?id=a1"',
    ):  # fmt: skip
        assert said in text


def test_a_silent_incident_claims_no_share() -> None:
    text = shown(state="SUSPECTED", evidence="silence", peak_bad_share=0.0, peak_bad_n=0, peak_vote_n=0)
    assert "no votes at all" in text
    assert "Suspected outage" in text
    assert "%" not in text.split("tp-more")[-1]


def test_an_incident_that_is_over_says_how_long_it_lasted() -> None:
    assert "lasted 25 min" in shown(state="OK", is_closed=True, end_ts=NOW)


@pytest.mark.parametrize("state", ["CONFIRMED", "SUSPECTED", "DEGRADED", "RECOVERING", "INSUFFICIENT_DATA", "OK"])
def test_every_state_has_a_word_and_a_sign_beside_its_colour(state: str) -> None:
    assert f"<b>{formatting.STATE_WORDS[state]}</b>" in shown(state=state)
    assert len({cards._SIGNS[state] for state in formatting.STATE_WORDS}) == len(formatting.STATE_WORDS)


def test_a_province_is_told_from_the_municipality_of_its_name() -> None:
    assert "<b>Barcelona (province)</b>" in shown(area_level="province")
    assert "<b>Barcelona</b>" in shown()


@pytest.mark.parametrize("column", ["area_name", "network_name", "acknowledged_by", "incident_id"])
def test_markup_in_data_is_shown_as_text(column: str) -> None:
    text = shown(**{column: '<img src=x onerror="alert(1)">'})
    assert "<img" not in text
