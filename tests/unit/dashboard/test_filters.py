"""A shared address shows what it says, or says why it can't."""

from dashboard.filters import choose, choose_day

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
