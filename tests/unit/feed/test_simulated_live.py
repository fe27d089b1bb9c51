"""A live simulator sends what has arrived, and takes outages that are asked for meanwhile."""

import json
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from infra.feed import replay
from infra.feed.simulate import live, outages, places, population
from infra.feed.simulate.calendar import DAY_MS, MINUTE_MS, Rhythm
from infra.feed.simulate.scenarios import Scenario
from infra.feed.simulate.simulator import Simulator
from tests.unit.feed.simulated import ORDERLY, to_frame
from tests.unit.feed.test_feed import ThrottlingKinesis

RATE = 100.0
LEAD_S = 15


def make_live(rate: float = RATE) -> Simulator:
    rhythm = Rhythm(rate * DAY_MS / 1000, is_constant=True)
    return Simulator(
        population.draw(1, 20_000), rhythm, ORDERLY, [], time.time_ns() // 1_000_000 - LEAD_S * 1000, for_stream=True
    )


@pytest.fixture(autouse=True)
def no_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay, "_FIRST_BACKOFF_S", 0.0)


def test_measurements_are_put_when_they_arrive_refused_ones_again_and_none_twice() -> None:
    kinesis, simulator = ThrottlingKinesis(), make_live()
    sent = live.send(kinesis, "stream", simulator, None, seconds=3)
    events = to_frame(kinesis.taken)
    delay_s = (datetime.now(UTC) - events["event_ts"]).dt.total_seconds()
    assert sent == len(events) == events["event_id"].nunique()
    measured_s = (simulator.now_ms - simulator.start_ms) / 1000
    assert 0.7 * measured_s * RATE < sent < 1.2 * measured_s * RATE
    assert delay_s.min() > 0
    assert "simulated_arrival_ts" not in json.loads(kinesis.taken[0])


def test_an_outage_is_taken_while_phones_send_and_told_with_its_label(tmp_path: Path) -> None:
    # Dozens of measurements of one network in one area within seconds.
    kinesis, simulator = ThrottlingKinesis(), make_live(rate=1500)
    sending = threading.Thread(
        target=live.send, args=(kinesis, "stream", simulator, outages.mailbox(str(tmp_path)), 5.0)
    )
    sending.start()
    label = outages.request(str(tmp_path), "080193", "orange", minutes=30)
    sending.join()
    start, end = pd.Timestamp(label["start_ts"]), pd.Timestamp(label["end_ts"])
    assert end - start == pd.Timedelta(minutes=30)
    assert label["is_outage"] is True
    assert [json.loads(path.read_text()) for path in tmp_path.glob("taken/*.json")] == [label]
    assert list(tmp_path.glob("requested/*")) == []
    events = to_frame(kinesis.taken)
    here = events[(events["postal_code"] == "080193") & (events["host"] == "orange")]
    assert here.loc[here["event_ts"] >= start, "is_bad"].mean() > 0.8
    assert here.loc[here["event_ts"] < start, "is_bad"].mean() < 0.1


def test_a_request_is_taken_once_even_if_nobody_waits_for_the_answer(tmp_path: Path) -> None:
    box = outages.mailbox(str(tmp_path))
    box.put(
        "requested/0123456789abcdef.json",
        '{"area_code": "080193", "host_network": "orange", "minutes": 1.5}',
    )
    (scenario,) = outages.take(box, 1_000)
    outages.answer(box, scenario.scenario_id, scenario.to_label())
    assert (scenario.start_ms, scenario.end_ms) == (1_000, 91_000)
    assert outages.take(box, 2_000) == []


def test_phones_that_notice_an_outage_measure_when_it_begins_and_when_it_ends() -> None:
    people = population.draw(1, 9_000)
    start = 1_790_000_000_000 // MINUTE_MS * MINUTE_MS
    end = start + 30 * MINUTE_MS

    def measured(*, is_noticed: bool) -> pd.DataFrame:
        scenario = Scenario("x", "one_network", ("080193",), "movistar", start, end, 0.97, 7, is_noticed)
        simulator = Simulator(people, Rhythm(9_000), ORDERLY, [scenario], start, for_stream=True)
        lines = [
            line for at in range(start, end + 60 * MINUTE_MS, MINUTE_MS) for line in simulator.step(at).to_pylist()
        ]
        events = to_frame(lines)
        return events[(events["postal_code"] == "080193") & (events["host"] == "movistar")]

    few, many = measured(is_noticed=False), measured(is_noticed=True)
    at = (many["event_ts"] - pd.Timestamp(start, unit="ms", tz="UTC")).dt.total_seconds() / 60
    before = ((few["event_ts"] - pd.Timestamp(start, unit="ms", tz="UTC")).dt.total_seconds() / 60).between(0, 5).sum()
    assert at.between(0, 5).sum() > 4 * max(1, before)
    assert many.loc[at.between(0, 30), "is_bad"].mean() > 0.9
    assert at.between(30, 36).sum() > 4 * max(1, before)
    assert many.loc[at > 30, "is_bad"].mean() < 0.1


def test_an_outage_that_nobody_takes_is_an_error_and_leaves_no_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outages, "TAKEN_TIMEOUT_S", 0.1)
    with pytest.raises(outages.NobodyThere, match=f"is one running .* with --outages {tmp_path}"):
        outages.request(str(tmp_path), "080193", "orange", minutes=30)
    assert list(tmp_path.glob("requested/*")) == []


@pytest.mark.parametrize("text", ["Barcelona", "barcelona", "080193"])
def test_an_area_is_found_by_name_or_code(text: str) -> None:
    assert places.areas().find(text) == "080193"


@pytest.mark.parametrize(
    ("text", "near"),
    [("Barcelna", "Barcelona (080193)"), ("Montbui", "Caldes de Montbui (080333)"), ("08019", "Barcelona (080193)")],
)
def test_an_unknown_area_names_those_that_are_like_it(text: str, near: str) -> None:
    with pytest.raises(places.UnknownName) as error:
        places.areas().find(text)
    assert near in str(error.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("vodafon", "no network 'vodafon': did you mean vodafone?"),
        ("xyz", "no network 'xyz': did you mean movistar or orange or vodafone or yoigo?"),
        ("Pepephone", "pepephone has no radio network of its own: break that of its host, movistar"),
    ],
)
def test_an_unknown_network_names_those_that_are_like_it(text: str, message: str) -> None:
    with pytest.raises((places.UnknownName, places.NotAHost)) as error:
        places.find_host(text)
    assert str(error.value) == message


def test_a_network_is_found_whatever_the_case() -> None:
    assert places.find_host(" Orange ") == "orange"
