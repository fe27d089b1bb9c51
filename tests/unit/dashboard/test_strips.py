"""A day that can't be judged is hollow, and every day says in words what its colour says."""

from datetime import date, timedelta
from typing import Any

import pytest

from dashboard import strips
from dashboard.formatting import AVAILABILITY_WORDS

TODAY = date(2026, 11, 26)


def cell(**changes: Any) -> dict[str, Any]:
    row = {
        "period": "day",
        "period_date": TODAY,
        "area_code": "all",
        "area_name": "all",
        "network": "orange",
        "network_name": "Orange",
        "availability_level": "no_outage",
        "availability_share": 1.0,
        "judged_minutes": 1440,
        "outage_minutes": 0,
        "incident_n": 0,
    }
    return row | changes


def shown(*days: dict[str, Any], **whole: Any) -> str:
    """The strips without style and legend."""
    text = strips.month([cell(period="30_days", **whole), *days], TODAY)
    return text.partition("</style>")[2].partition('<div class="tp-legend">')[0]


def test_a_strip_has_thirty_days_and_those_without_checks_are_hollow() -> None:
    text = shown(cell(), cell(period_date=TODAY - timedelta(days=29)), cell(period_date=TODAY - timedelta(days=30)))
    assert (text.count("tp-day "), text.count('tp-day"'), text.count("tp-hollow")) == (28, 2, 28)
    assert "Wed 25 Nov: no checks" in text
    assert "Of 30 days: 28 Can&#x27;t tell, 2 No outage" in text


def test_insufficient_data_is_neither_filled_nor_green() -> None:
    text = shown(cell(availability_level="insufficient_data", availability_share=None), availability_share=None)
    assert strips._LOOKS["no_outage"][0] not in text
    assert "<b>Can't tell</b>" in text
    assert "100 %" not in text


@pytest.mark.parametrize("level", AVAILABILITY_WORDS)
def test_every_level_has_a_word_and_a_look_of_its_own(level: str) -> None:
    text = shown(cell(availability_level=level, outage_minutes=12, incident_n=1))
    assert f"Thu 26 Nov: {AVAILABILITY_WORDS[level]}".replace("'", "&#x27;") in text
    assert "outage 12 min of 24.0 h judged · 1 incident" in text
    looks = {(height, level == "insufficient_data") for level, (_, height) in strips._LOOKS.items()}
    assert len(looks) == len(AVAILABILITY_WORDS)


def test_nearly_available_never_reads_as_wholly() -> None:
    assert "<b>99.99 %</b>" in shown(cell(), availability_share=0.99999)


@pytest.mark.parametrize("column", ["area_name", "network_name"])
def test_markup_in_names_is_shown_as_text(column: str) -> None:
    assert "<img" not in shown(area_code="080193", **{column: "<img src=x onerror=alert(1)>"})
