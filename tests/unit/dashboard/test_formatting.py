"""Figures read as people read them; what is missing never looks like zero."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from dashboard import formatting as fmt


@pytest.mark.parametrize(
    ("value", "text"), [(None, "–"), (0, "0.0 %"), (0.0093, "0.9 %"), (0.32, "32 %"), (1, "100 %")]
)
def test_a_share_is_percent_and_null_is_a_dash(value: float | None, text: str) -> None:
    assert fmt.share(value) == text


def test_numbers_and_intervals() -> None:
    assert (fmt.number(1234567), fmt.number(None), fmt.number(Decimal("9.26"), 1)) == ("1,234,567", "–", "9.3")
    assert fmt.interval(0.005, 0.18) == "0.5 % – 18 %"
    assert fmt.interval(None, 0.5) == "–"
    assert fmt.interval(10.88, 11.8, is_share=False, unit=" ASU") == "10.9 – 11.8 ASU"


def ranked(best: int, worst: int, of: int = 3, name: str = "orange", indistinct: str | None = None) -> dict:
    ranks = {"rank_best": best, "rank_worst": worst, "rank_of": of}
    return {**ranks, "operator": name, "operator_name": name.title(), "indistinct_operators": indistinct}


def test_a_rank_is_a_range_unless_it_is_sure() -> None:
    assert [fmt.rank(row) for row in (ranked(1, 3, 7), ranked(2, 2), None)] == ["1–3 of 7", "2 of 3", "–"]


def test_rivals_are_named_as_people_know_them() -> None:
    names = {"yoigo": "Yoigo"}
    assert fmt.rivals(ranked(1, 3, indistinct="no name, yoigo"), names) == "no name, Yoigo"
    assert fmt.rivals(ranked(1, 1), names) == fmt.rivals(None, names) == "–"


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        ([ranked(1, 1, 1)], "Only Orange has enough devices to be ranked."),
        ([ranked(1, 2, 2), ranked(1, 2, 2, "yoigo")], "No two of the 2 operators can be told apart."),
        ([ranked(1, 1), ranked(2, 3), ranked(2, 3)], "Orange has the highest share of 3 operators."),
        (
            [ranked(1, 2), ranked(1, 3, name="yoigo"), ranked(2, 3)],
            "Any of 2 of the 3 operators may have the highest share: Orange, Yoigo.",
        ),
    ],
)
def test_a_ranking_claims_no_more_than_can_be_told(rows: list[dict], text: str) -> None:
    assert fmt.ranking(rows) == text


def test_times_are_local_and_utc_on_both_sides_of_a_clock_change() -> None:
    assert fmt.local_time(datetime(2026, 10, 25, 0, 30)) == "Sun 25 Oct 02:30:00"
    assert fmt.local_time(datetime(2026, 10, 25, 1, 30)) == "Sun 25 Oct 02:30:00"
    assert fmt.utc_time(datetime(2026, 10, 25, 1, 30)) == "2026-10-25 01:30:00 UTC"
    assert fmt.local_time(None) == "–"


@pytest.mark.parametrize(
    ("seconds", "word"), [(None, "No data"), (0, "Fresh"), (120, "Fresh"), (121, "Delayed"), (601, "Stale")]
)
def test_freshness_in_a_word(seconds: float | None, word: str) -> None:
    assert fmt.freshness_word(seconds) == word


def test_age_is_never_negative_and_reads_in_fitting_units() -> None:
    now = datetime(2026, 11, 24, 1, tzinfo=UTC)
    assert fmt.age_s(datetime(2026, 11, 24, 1, 0, 5), now) == 0
    assert fmt.age_s(now - timedelta(hours=1), now) == 3600
    assert [fmt.age(value) for value in (None, 59, 3599, 7200, 200_000)] == [
        "never",
        "59 s",
        "60 min",
        "2.0 h",
        "2 days",
    ]


def test_csv_keeps_what_is_shown_and_computes_nothing() -> None:
    first = {"name": "=1+1", "note": 'say "x", y', "share": 0.5, "dbm": "-97", "gone": None}
    lines = fmt.csv_text([first, {"name": "@sum", "note": "-a"}]).splitlines()
    assert lines == ["name,note,share,dbm,gone", '\'=1+1,"say ""x"", y",0.5,-97,', "'@sum,'-a,,,"]
    assert fmt.csv_text([]) == ""


def test_an_availability_is_100_percent_only_without_any_outage() -> None:
    assert [fmt.precise_share(value) for value in (None, 1, 0.99999, 0.9912)] == ["–", "100 %", "99.99 %", "99.12 %"]


def test_a_change_in_points_has_a_sign_and_reads_apart_from_its_interval() -> None:
    assert [fmt.points(value) for value in (None, 0.1123, -0.034, 0)] == ["–", "+11", "-3.4", "+0.0"]
    assert fmt.points_interval(-0.21, -0.0312) == "-21 to -3.1"
    assert fmt.points_interval(None, 0.1) == "–"


def test_an_hour_is_local_and_without_seconds() -> None:
    assert fmt.local_hour(datetime(2026, 11, 24, 23)) == "Wed 25 Nov 00:00"


def compared_hour(change_confidence: str | None, confidence: str = "published") -> dict:
    return {"confidence": confidence, "change_confidence": change_confidence}


YOUNG, OLD, SPARSE = (
    compared_hour("suppressed"),
    compared_hour(None),
    compared_hour("suppressed", "suppressed"),
)


def test_where_no_hour_can_be_compared_nothing_is_said_to_be_usual() -> None:
    text = fmt.no_change([YOUNG, YOUNG, SPARSE, OLD])
    assert text == (
        "Can't be told: no hour of this range can be compared with what is usual (2 with fewer than 2 comparable weeks "
        "before them, 1 with too few devices, 1 older than the days that are compared)."
    )


def test_where_nothing_differs_it_is_said_of_the_compared_hours_only() -> None:
    compared = [compared_hour("published"), compared_hour("low_confidence", "low_confidence")]
    assert fmt.no_change([*compared, YOUNG]) == (
        "None of the compared hours differs from usual by more than chance: 2 of 3 hours can be compared, the "
        "others can't (1 with fewer than 2 comparable weeks before them)."
    )
    assert fmt.comparability(compared) == "2 of 2 hours can be compared."


@pytest.mark.parametrize(
    ("byte_count", "text"),
    [
        (None, "–"),
        (0, "0 B"),
        (999, "999 B"),
        (999.6, "1.0 kB"),
        (12_345, "12.3 kB"),
        (345_678, "346 kB"),
        (999_600, "1.0 MB"),
        (5.3e9, "5.3 GB"),
        (2.5e15, "2,500.0 TB"),
    ],
)
def test_sizes_have_the_unit_that_reads_best(byte_count: float | None, text: str) -> None:
    assert fmt.size(byte_count) == text


@pytest.mark.parametrize(
    ("value", "text"), [(None, "–"), (0, "$0.00"), (0.004, "< $0.01"), (0.005, "$0.01"), (1234.5, "$1,234.50")]
)
def test_a_cost_that_is_not_nothing_is_not_shown_as_nothing(value: float | None, text: str) -> None:
    assert fmt.dollars(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(None, "–"), (0.04, "0.0 s"), (9.4, "9.4 s"), (12.4, "12 s"), (150, "2 min")]
)
def test_seconds_have_a_digit_while_it_matters(value: float | None, text: str) -> None:
    assert fmt.seconds(value) == text
