"""Charts show what the rows say: no bridge over gaps, no judged colour for what can't be judged."""

from datetime import UTC, datetime

from dashboard import charts


def hour(number: int, low: float | None, high: float | None = None, middle: float | None = None) -> dict:
    return {
        "period_start_ts": datetime(2026, 11, 24, number),
        "lost_share": middle if middle is not None else low,
        "lost_share_ci_low": low,
        "lost_share_ci_high": high if high is not None else low,
    }


def area(level: str, votes: int = 30) -> dict:
    return {
        "area_name": "<b>Bovera</b>",
        "network_name": "All",
        "loss_level": level,
        "lost_share": 0.3,
        "lost_share_ci_low": 0.2,
        "lost_share_ci_high": 0.5,
        "vote_n": votes,
        "n": votes,
        "confidence": "published",
        "centroid_lat": 41.4,
        "centroid_long": 2.1,
    }


def operator(name: str, share: float | None, **ranks: object) -> dict:
    return {
        "operator": name.lower(),
        "operator_name": name,
        "precision_n": 50,
        "within_10m_share": share,
        "within_10m_share_ci_low": None if share is None else share - 0.1,
        "within_10m_share_ci_high": None if share is None else share + 0.1,
        "within_50m_share": None if share is None else share + 0.2,
        "rank_best": 1,
        "rank_worst": 2,
        "rank_of": 2,
        "indistinct_operators": None,
        **ranks,
    }


def test_a_ranking_shows_the_interval_the_ranks_and_who_is_as_good() -> None:
    rows = [operator("<b>Orange</b>", 0.5, indistinct_operators="yoigo"), operator("Yoigo", 0.25)]
    intervals, points, ranks = charts.ranking_by_operator(rows).data
    assert intervals.x == (0.4, 0.6, None, 0.15, 0.35, None)
    assert points.x == (0.5, 0.25)
    assert points.text[0].startswith("<b>&lt;b>Orange&lt;/b></b>: rank 1–2 of 2<br>50 % (40 % – 60 %) of 50 fixes")
    assert [text.rpartition(": ")[2] for text in points.text] == ["Yoigo", "–"]
    assert [text.strip() for text in ranks.text] == ["1–2 of 2", "1–2 of 2"]


def test_the_distribution_lays_shares_of_the_mart_over_each_other() -> None:
    rows = [operator("Orange", 0.5), operator("Simyo", None)]
    found = {bar.name: (bar.x, bar.text) for bar in charts.distribution_by_operator(rows).data}
    assert found == {
        "Beyond 50 m": ((1,), None),
        "10 to 50 m": ((0.7,), ("70 % within 50 m",)),
        "Within 10 m": ((0.5,), ("50 %",)),
    }


def test_the_band_does_not_bridge_hours_without_a_share() -> None:
    rows = [hour(0, 0.1, 0.2), hour(1, 0.1, 0.2), hour(2, None), hour(3, 0.1, 0.3)]
    figure = charts.lost_share_over_time(rows)
    bands = [trace for trace in figure.data if trace.fill == "toself"]
    assert [len(band.x) for band in bands] == [4, 2]
    (line,) = [trace for trace in figure.data if trace.name == "Lost share"]
    assert line.y[2] is None
    assert not line.connectgaps


def test_times_are_drawn_in_local_time() -> None:
    figure = charts.lost_share_over_time([hour(23, 0.1)])
    assert figure.data[-1].x[0] == datetime(2026, 11, 25, 0)


def test_the_map_tells_levels_apart_by_word_and_counts() -> None:
    rows = [area("high"), area("low"), area("low"), area("insufficient_data"), area("low") | {"centroid_lat": None}]
    names = [trace.name for trace in charts.loss_map(rows).data if trace.name]
    assert names == ["High (1)", "Elevated (0)", "Low (2)", "Too few devices (1)"]


def test_the_timeline_says_the_state_of_what_is_open_and_goes_on_to_now() -> None:
    where = {"area_level": "municipality", "area_name": "<b>Bovera</b>", "network_name": "Orange"}
    numbers = {"start_ts": datetime(2026, 11, 24, 11), "peak_bad_share": 0.5, "peak_bad_n": 5, "peak_vote_n": 10}
    rows = [
        {**where, **numbers, "state": "CONFIRMED", "is_closed": False, "end_ts": None},
        {**where, **numbers, "state": "OK", "is_closed": True, "end_ts": datetime(2026, 11, 24, 11, 30)},
    ]
    figure = charts.incident_timeline(rows, datetime(2026, 11, 24, 12, tzinfo=UTC))
    found = {trace.name: trace for trace in figure.data}
    assert {name: trace.text for name, trace in found.items()} == {"Outage (1)": ("Outage",), "Over (1)": ("",)}
    assert [trace.x[0] / 60_000 for trace in found.values()] == [60, 30]
    assert found["Outage (1)"].base[0] == datetime(2026, 11, 24, 12)
    assert found["Outage (1)"].y[0] == "&lt;b>Bovera&lt;/b> · Orange"


def test_names_from_the_data_are_escaped_in_hover_texts() -> None:
    texts = [text for trace in charts.loss_map([area("high")]).data for text in (trace.text or ())]
    assert len(texts) == 1
    assert "&lt;b>Bovera&lt;/b>" in texts[0]


def weak_hour(number: int, share: float | None, usual: float | None = None, *, is_changed: bool | None = False) -> dict:
    return {
        "period_start_ts": datetime(2026, 11, 24, number),
        "weak_signal_share": share,
        "weak_signal_share_ci_low": share,
        "weak_signal_share_ci_high": share,
        "normal_weak_signal_share": usual,
        "is_changed": is_changed,
    }


def test_the_usual_weak_share_is_dotted_and_only_where_there_is_one() -> None:
    rows = [weak_hour(8, 0.2), weak_hour(9, 0.3, 0.1, is_changed=True), weak_hour(10, None), weak_hour(11, 0.2, 0.2)]
    traces = {trace.name: trace for trace in charts.weak_share_over_time(rows).data if trace.name}
    assert traces["Weak share with 95 % interval"].y == (0.2, 0.3, None, 0.2)
    assert traces["Usual share"].y == (None, 0.1, None, 0.2)
    assert traces["Usual share"].line.dash == "dot"
    assert not traces["Usual share"].connectgaps
    assert (traces["Not as usual"].x, traces["Not as usual"].y) == ((datetime(2026, 11, 24, 10),), (0.3,))


def test_no_hour_is_marked_where_none_is_known_to_differ() -> None:
    rows = [weak_hour(8, 0.2, 0.1), weak_hour(9, 0.3, is_changed=None)]
    assert "Not as usual" not in [trace.name for trace in charts.weak_share_over_time(rows).data]


def test_neither_line_nor_band_leads_across_hours_that_have_no_row() -> None:
    figure = charts.weak_share_over_time([weak_hour(1, 0.1, 0.1), weak_hour(2, 0.1, 0.1), weak_hour(5, 0.2, 0.1)])
    assert [len(trace.x) for trace in figure.data if trace.fill == "toself"] == [4, 2]
    lines = {trace.name: trace.y for trace in figure.data if trace.name}
    assert lines == {"Weak share with 95 % interval": (0.1, 0.1, None, 0.2), "Usual share": (0.1, 0.1, None, 0.1)}
    (lost,) = [trace for trace in charts.lost_share_over_time([hour(0, 0.1), hour(2, 0.1)]).data if trace.name]
    assert lost.y == (0.1, None, 0.1)
