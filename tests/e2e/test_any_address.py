"""Whatever an address asks for, each page says what it can't show and shows the rest; it never ends in an exception."""

import random
import re

import pytest
from streamlit.testing.v1 import AppTest

PAGES = {
    "overview": ("day",),
    "outages": ("day", "area_level", "network", "range", "incidents", "history"),
    "signal": ("day", "area_level", "area", "network", "rat", "range"),
    "gps_accuracy": ("day", "area_level", "area", "provider"),
    "data_health": ("day", "range"),
    "incident": ("id",),
}
BAD = (
    "", " ", "0", "-1", "1e9", "NaN", "null", "all'--", "x' or '1'='1", '"; drop table marts.areas; --', "%", "%s",
    "%(day)s", "{}", "{{ 7 * 7 }}", "\\", "\x00", "\u202e", "\U0001f4a5", "2026-02-30", "9999-12-31",
    "../../etc/passwd", "<script>alert(1)</script>", "[x](javascript:alert(1))", ":material/face:", "$\\frac$",
    "x" * 5_000,
)  # fmt: skip
TIMEOUT_S = 120
ROUNDS = 3


def shown(page: str, parameters: dict[str, str]) -> AppTest:
    app = AppTest.from_string(f"from dashboard.views import {page}\n{page}.show()", default_timeout=TIMEOUT_S)
    for name, value in parameters.items():
        app.query_params[name] = value
    return app.run()


@pytest.mark.usefixtures("whole_path")
@pytest.mark.parametrize("page", PAGES)
def test_a_broken_address_is_answered_in_words(page: str) -> None:
    choose = random.Random(page)
    for _ in range(ROUNDS):
        asked = {name: choose.choice(BAD) for name in PAGES[page]} | {f"un{choose.choice(BAD)}known": "1"}
        app = shown(page, asked)
        assert not app.exception, asked
        told = " ".join(element.value for element in (*app.warning, *app.info))
        assert "which this page does not know" in told, asked
        for name, value in asked.items():
            if name in PAGES[page] and re.search(r"\w", value) and name != "area":
                assert re.sub(r"\W", "", value)[:20] in re.sub(r"\W", "", told), (name, value, told)


@pytest.mark.usefixtures("whole_path")
def test_a_known_address_is_shown_without_a_word() -> None:
    """An area is asked for only at the level that has it."""
    asked = {"area_level": "province", "area": "08", "provider": "gps"}
    app = shown("gps_accuracy", asked)
    assert not app.exception
    assert not app.warning
    assert [box.value for box in app.selectbox][1:] == ["province", "08", "gps"]
