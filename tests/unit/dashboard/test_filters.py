"""A shared address shows what it says, or says why it can't."""

import re

import pytest

from dashboard.filters import choose, choose_day, complaint_about_unknown, quoted

LEVELS = {"all": "Catalonia", "province": "Province"}


def test_a_known_value_of_the_address_is_taken() -> None:
    assert choose({"area_level": "province"}, "area_level", LEVELS, "all").value == "province"
    assert choose({"area_level": "province"}, "area_level", LEVELS, "all").complaint is None


def test_an_unknown_value_falls_back_with_a_word() -> None:
    choice = choose({"area_level": "<script>" + "x" * 100}, "area_level", LEVELS, "all")
    assert choice.value == "all"
    assert choice.complaint is not None
    assert "is not a known area level" in choice.complaint
    assert len(choice.complaint) < 120


def test_without_a_value_the_default_is_shown_silently() -> None:
    assert choose({}, "area_level", LEVELS, "all").complaint is None


def test_a_day_without_data_falls_back_to_the_newest() -> None:
    known = ["2026-11-24", "2026-11-23"]
    assert choose_day({}, known).value == "2026-11-24"
    assert choose_day({"day": "2026-11-23"}, known).value == "2026-11-23"
    gone = choose_day({"day": "2026-01-01"}, known)
    assert (gone.value, "has no data" in (gone.complaint or "")) == ("2026-11-24", True)
    assert "is not a date" in (choose_day({"day": "1' or 1=1"}, known).complaint or "")


def test_what_a_page_does_not_know_is_named_at_most_three_times() -> None:
    assert complaint_about_unknown(["day"], ["day", "area"]) is None
    assert "“dya”, which this page does not know" in (complaint_about_unknown(["day", "dya"], ["day"]) or "")
    assert "“a”, “b”, “c” and more" in (complaint_about_unknown(["a", "b", "c", "d"], []) or "")


@pytest.mark.parametrize(
    "text", ["[x](http://y)", ":red[x]", "$x$", "<b>", "`x`", "a\n# b", "![x](y)", "**x**", "x" * 500]
)
def test_a_quoted_text_is_short_and_means_nothing_in_markdown(text: str) -> None:
    shown = quoted(text)
    unescaped = re.sub(r"\\.", "", shown)
    assert len(unescaped) <= 42
    assert not set("\n[]()<>`*$#:!") & set(unescaped)
