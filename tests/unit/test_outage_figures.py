"""What counts as an alarm, as found and as false."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.bench import outage_figures, outage_report
from tests.bench.outage_figures import Judged

CHECK = {"area_level": "municipality", "area_code": "080193", "network": "orange", "verdict": "CONFIRMED"}


def said(minute: int, **changes: Any) -> dict[str, Any]:
    """A check that ends `minute` minutes after ten."""
    as_of = pd.Timestamp("2026-11-23 10:00") + pd.Timedelta(minutes=minute)
    numbers = {"vote_n": 20, "bad_share": 0.5}
    return CHECK | numbers | {"as_of_ts": as_of, "check_ts": as_of - pd.Timedelta(minutes=5)} | changes


def label(**changes: Any) -> dict[str, Any]:
    """Orange fails in Barcelona from ten to eleven; the first bad vote arrives after 2 minutes."""
    ten = pd.Timestamp("2026-11-23 10:00")
    times = {"start_ts": ten, "end_ts": ten + pd.Timedelta(hours=1)}
    arrival = {"first_affected_arrival_ts": ten + pd.Timedelta(minutes=2)}
    what = {"scenario": "one_network", "is_outage": True, "evidence": "explicit", "measured_n": 80}
    return what | {"area_codes": ["080193"], "host_network": "orange"} | times | arrival | changes


def judged(checks: list[dict[str, Any]], labels: list[dict[str, Any]]) -> Judged:
    frame = pd.DataFrame(checks, columns=list(said(0)))
    nothing = frame.iloc[:0]
    return Judged("seed-1", 7.0, pd.DataFrame(labels), frame, nothing, nothing)


def test_an_alarm_lasts_until_it_is_not_said_for_an_hour() -> None:
    frame = pd.DataFrame([said(10), said(70), said(135), said(20, network="yoigo")])
    found = [(alarm.network, alarm.since.strftime("%H:%M")) for alarm in outage_figures.alarms(frame)]
    assert found == [("orange", "10:10"), ("orange", "12:15"), ("yoigo", "10:20")]


def test_delay_runs_from_the_first_bad_votes_arrival() -> None:
    summary = outage_figures.of([judged([said(10), said(15)], [label()])]).summary()
    assert (summary["recall"], summary["precision"], summary["delay_p50_min"]) == (1.0, 1.0, 8.0)


def test_a_roll_up_finds_an_outage_that_it_holds() -> None:
    checks = [said(10, area_level="province", area_code="08")]
    assert outage_figures.of([judged(checks, [label()])]).summary()["recall"] == 1.0
    assert outage_figures.of([judged(checks, [label(area_codes=["431482"])])]).summary()["recall"] == 0.0


def test_another_network_or_time_is_a_false_alarm() -> None:
    checks = [said(10, network="yoigo"), said(200)]
    summary = outage_figures.of([judged(checks, [label()])]).summary()
    assert (summary["recall"], summary["false_confirmed"]) == (0.0, 2)


def test_a_scenario_that_is_no_outage_makes_the_alarm_false() -> None:
    crowd = label(scenario="stadium_crowd", is_outage=False, evidence="none")
    figures = outage_figures.of([judged([said(10)], [crowd])])
    assert (figures.false_alarms["confirmed"], figures.false_by_cause) == (1, {"stadium_crowd": 1})


def test_outages_of_few_votes_are_reported_apart() -> None:
    summary = outage_figures.of([judged([], [label(), label(measured_n=20)])]).summary()
    assert (summary["outages"], summary["by_votes_per_window"]["5 to 10"]["outages"]) == (1, 1)


def test_the_page_shows_each_scenario_and_its_plots(tmp_path: Path) -> None:
    outage_report.write(tmp_path / "page.md", outage_figures.of([judged([said(10)], [label()])]), "make it", minutes=1)
    assert "| one_network | 1 | 1 | 8 | 8 |" in (tmp_path / "page.md").read_text()
    assert sorted(path.name for path in (tmp_path / "images").iterdir()) == ["outage-delay.svg", "outage-recall.svg"]


WRITTEN = {
    "scenario": "one_network",
    "is_outage": True,
    "evidence": "explicit",
    "area_codes": ["080193"],
    "host_network": "orange",
    "start_ts": "2026-11-23T11:00:00+01:00",
    "end_ts": "2026-11-23T11:00:00.500Z",
    "measured_n": 80,
}


def written(folder: Path, *labels: dict[str, Any]) -> Path:
    path = folder / "labels.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in labels))
    return path


def test_labels_are_read_in_utc_and_known_from_their_start_unless_they_say_more(tmp_path: Path) -> None:
    more = WRITTEN | {"start_ts": "2026-11-22T10:00:00Z", "first_affected_arrival_ts": "2026-11-22T10:07:00Z"}
    labels = outage_figures.read_labels(written(tmp_path, WRITTEN, more), datetime(2026, 11, 23))
    assert labels["start_ts"].tolist() == [pd.Timestamp("2026-11-23 10:00")]
    assert labels["first_affected_arrival_ts"].tolist() == [pd.Timestamp("2026-11-23 10:00")]
    labels = outage_figures.read_labels(written(tmp_path, WRITTEN, more), datetime(2026, 11, 22))
    assert labels["first_affected_arrival_ts"].tolist()[1] == pd.Timestamp("2026-11-22 10:07")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"is_outage": None}, "no is_outage"),
        ({"is_outage": "yes"}, "neither true nor false"),
        ({"evidence": "loud"}, "evidence of a label"),
        ({"area_codes": "080193"}, "area_codes of a label"),
        ({"start_ts": 1_763_895_600_000}, "1763895600000"),
        ({"end_ts": "2026-11-23T10:00:00Z"}, "ends before it starts"),
    ],
)
def test_a_label_that_cannot_be_used_is_refused(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        outage_figures.read_labels(written(tmp_path, WRITTEN, WRITTEN | changes), datetime(2026, 1, 1))
