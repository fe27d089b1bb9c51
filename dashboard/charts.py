"""Plotly figures from rows of marts. Pure: no Streamlit, nothing computed about the network.

Shape or words always say the same as colour.
"""

import itertools
import json
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import plotly.graph_objects as go

from dashboard.client import Row
from dashboard.formatting import (
    CONFIDENCE_WORDS,
    LOCAL_ZONE,
    LOSS_WORDS,
    STATE_WORDS,
    interval,
    local_time,
    minutes,
    number,
    place,
    rank,
    rivals,
    share,
)
from dashboard.palette import BLUE, GREEN, GREY, ORANGE, STATE_COLOURS, VERMILION

# A pattern says the same as the colour, and the word beside the bar does.
_PATTERNS = {"CONFIRMED": "", "SUSPECTED": "/", "DEGRADED": "x", "RECOVERING": "\\", "INSUFFICIENT_DATA": ".", "OK": ""}
_BAND = "rgba(0,114,178,0.18)"
_HOUR = timedelta(hours=1)
_METRES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
_DAY_MS = 24 * 60 * 60 * 1000
# Plotly's own say the year beside each day, which is too long for a phone.
_SHORT_DATES = [
    {"dtickrange": [None, _DAY_MS - 1], "value": "%H:%M\n%-d %b"},
    {"dtickrange": [_DAY_MS, None], "value": "%-d %b\n%Y"},
]
_OUTLINES = Path(__file__).parent / "data" / "catalonia.geojson"
_LEVELS = (
    ("high", VERMILION, "circle"),
    ("elevated", ORANGE, "circle"),
    ("low", BLUE, "circle"),
    ("insufficient_data", GREY, "circle-open"),
)


def lost_share_over_time(rows: list[Row]) -> go.Figure:
    rows = _hourly(rows)
    figure = _banded(rows, "lost_share", "lost_share_ci_low", "lost_share_ci_high", "Lost share", VERMILION)
    figure.update_yaxes(tickformat=".0%", rangemode="tozero", title="lost share")
    return figure


def signal_over_time(rows: list[Row]) -> go.Figure:
    rows = _hourly(rows)
    figure = _banded(
        rows, "signal_asu_mean", "signal_asu_mean_ci_low", "signal_asu_mean_ci_high", "Mean with 95 % interval", BLUE
    )
    for column, name, dash in (("signal_asu_median", "Median", "solid"), ("signal_asu_p10", "10th percentile", "dot")):
        values = [_float(row[column]) for row in rows]
        line = {"color": GREEN if column == "signal_asu_median" else GREY, "dash": dash}
        figure.add_scatter(**_at(rows), y=values, name=name, mode="lines+markers", line=line)
    figure.update_yaxes(title="signal, ASU")
    return figure


def weak_share_over_time(rows: list[Row]) -> go.Figure:
    """Share of weak signals by hour with its interval, what was usual, and which hours are not as usual."""
    rows = _hourly(rows)
    low, high = "weak_signal_share_ci_low", "weak_signal_share_ci_high"
    figure = _banded(rows, "weak_signal_share", low, high, "Weak share with 95 % interval", BLUE)
    figure.add_scatter(
        **_at(rows),
        y=[_float(row["normal_weak_signal_share"]) for row in rows],
        name="Usual share",
        # A lone hour with a usual share would be no line.
        mode="lines+markers",
        line={"color": GREY, "dash": "dot"},
        marker={"symbol": "square", "size": 7},
    )
    changed = [row for row in rows if row["is_changed"]]
    if changed:
        figure.add_scatter(
            x=[_local(row["period_start_ts"]) for row in changed],
            y=[_float(row["weak_signal_share"]) for row in changed],
            name="Not as usual",
            mode="markers",
            marker={"color": VERMILION, "symbol": "diamond-open", "size": 13, "line": {"width": 2}},
            hoverinfo="skip",
        )
    figure.update_yaxes(tickformat=".0%", hoverformat=".1%", rangemode="tozero", title="weak share")
    return figure


def precision_by_operator(rows: list[Row]) -> go.Figure:
    """Median and 95th percentile of the precision radius, metres, on a log axis."""
    shown = [row for row in rows if row["precision_median_m"] is not None]
    names = [_escaped(row["operator_name"]) for row in shown]
    figure = _figure(height=90 + 28 * max(3, len(shown)))
    for column, name, colour, symbol in (
        ("precision_median_m", "Median", BLUE, "circle"),
        ("precision_p95_m", "95th percentile", ORANGE, "diamond"),
    ):
        values = [_float(row[column]) for row in shown]
        marker = {"color": colour, "symbol": symbol, "size": 10}
        figure.add_scatter(x=values, y=names, name=name, mode="markers", marker=marker)
    figure.update_xaxes(type="log", title="precision radius, m", tickvals=_METRES, ticktext=[f"{m:,}" for m in _METRES])
    figure.update_yaxes(autorange="reversed")
    return figure


def ranking_by_operator(rows: list[Row]) -> go.Figure:
    """Share within 10 m of ranked operators, in their order, with its interval and the ranks they may hold."""
    names = [_escaped(row["operator_name"]) for row in rows]
    bounds = [(_float(row["within_10m_share_ci_low"]), _float(row["within_10m_share_ci_high"])) for row in rows]
    figure = _figure(height=90 + 34 * max(3, len(rows)))
    figure.add_scatter(
        x=[x for low, high in bounds for x in (low, high, None)],
        y=[name for name in names for _ in range(3)],
        name="95 % interval",
        mode="lines+markers",
        line={"color": GREY, "width": 3},
        marker={"symbol": "line-ns", "size": 10, "line": {"color": GREY, "width": 2}},
        hoverinfo="skip",
    )
    figure.add_scatter(
        x=[_float(row["within_10m_share"]) for row in rows],
        y=names,
        name="Share within 10 m",
        mode="markers",
        marker={"color": BLUE, "size": 11},
        text=_ranks(rows),
        hovertemplate="%{text}<extra></extra>",
    )
    figure.add_scatter(
        x=[high for _, high in bounds],
        y=names,
        mode="text",
        text=[f"  {rank(row)}" for row in rows],
        textposition="middle right",
        cliponaxis=False,
        hoverinfo="skip",
        showlegend=False,
    )
    # Room for the ranks, on a phone, too.
    figure.update_layout(margin={"r": 72})
    figure.update_xaxes(tickformat=".0%", nticks=5, tickangle=0)
    figure.update_yaxes(autorange="reversed")
    return figure


def distribution_by_operator(rows: list[Row]) -> go.Figure:
    """A bar of all fixes, over it one of those within 50 m, over this one of those within 10 m."""
    shown = [row for row in rows if row["within_50m_share"] is not None]
    within_10 = [share(row["within_10m_share"]) for row in shown]
    within_50 = [f"{share(row['within_50m_share'])} within 50 m" for row in shown]
    figure = _figure(height=90 + 34 * max(3, len(shown)))
    for name, colour, on_it, lengths, texts in (
        ("Beyond 50 m", GREY, "black", [1 for _ in shown], None),
        ("10 to 50 m", ORANGE, "black", [_float(row["within_50m_share"]) for row in shown], within_50),
        ("Within 10 m", BLUE, "white", [_float(row["within_10m_share"]) for row in shown], within_10),
    ):
        figure.add_bar(
            orientation="h",
            x=lengths,
            y=[_escaped(row["operator_name"]) for row in shown],
            name=name,
            marker={"color": colour},
            text=texts,
            textposition="inside",
            insidetextanchor="end",
            insidetextfont={"color": on_it},
            textangle=0,
            customdata=[
                f"{ten} within 10 m, {fifty}, of {number(row['precision_n'])} fixes"
                for ten, fifty, row in zip(within_10, within_50, shown, strict=True)
            ],
            hovertemplate="%{y}: %{customdata}<extra></extra>",
        )
    figure.update_layout(barmode="overlay", bargap=0.35, legend={"traceorder": "reversed"}, margin={"r": 24})
    figure.update_xaxes(tickformat=".0%", range=[0, 1], tickvals=[0, 0.25, 0.5, 0.75, 1], tickangle=0)
    figure.update_yaxes(autorange="reversed")
    return figure


def records_by_hour(rows: list[Row]) -> go.Figure:
    figure = _figure()
    for column, name, colour in (
        ("event_n", "Events", BLUE),
        ("duplicate_count", "Repeated", ORANGE),
        ("rejected_count", "Refused", VERMILION),
    ):
        figure.add_bar(**_at(rows), y=[_float(row[column]) for row in rows], name=name, marker={"color": colour})
    figure.update_layout(barmode="stack")
    figure.update_yaxes(title="records")
    return figure


def event_rates(rows: list[Row]) -> go.Figure:
    """Events a minute; 5 minutes without any are 0, and shown as such."""
    figure = _figure()
    figure.add_scatter(
        **_at(rows, "bucket_ts"),
        y=[_float(row["event_per_min"]) for row in rows],
        name="Events a minute",
        mode="lines",
        line={"color": BLUE, "shape": "hv"},
    )
    figure.update_yaxes(title="events a minute", rangemode="tozero")
    return figure


def lag_over_time(rows: list[Row]) -> go.Figure:
    figure = _figure()
    for column, name, colour, dash in (
        ("lag_arrival_p95_s", "95th percentile", ORANGE, "dot"),
        ("lag_arrival_p50_s", "Median", BLUE, "solid"),
    ):
        values = [_float(row[column]) for row in rows]
        line = {"color": colour, "dash": dash}
        figure.add_scatter(**_at(rows), y=values, name=name, mode="lines+markers", line=line)
    figure.update_yaxes(title="seconds", rangemode="tozero")
    return figure


def share_by_check(rows: list[Row]) -> go.Figure:
    """Share of bad votes by check, with its interval, what was usual and what it takes to confirm an outage."""
    rows = [{**row, "period_start_ts": row["check_ts"]} for row in rows]
    figure = _banded(rows, "bad_share", "bad_share_ci_low", "bad_share_ci_high", "Without service", VERMILION)
    for column, name, dash in (
        ("threshold_share", "To be passed by the interval", "dash"),
        ("baseline_share", "Usual", "dot"),
    ):
        values = [_float(row[column]) for row in rows]
        figure.add_scatter(**_at(rows), y=values, name=name, mode="lines", line={"color": GREY, "dash": dash})
    figure.update_yaxes(tickformat=".0%", range=[0, 1.02], title="share of votes")
    return figure


def incident_timeline(rows: list[Row], now: datetime) -> go.Figure:
    """Incidents as bars from start to end, or to `now` (UTC); beside what is open stands the word of its state."""
    now = now.replace(tzinfo=None)
    names = [f"{place(row)} · {row['network_name']}" for row in rows]
    figure = _figure(height=60 + 26 * len(set(names)))
    for state, colour in STATE_COLOURS.items():
        shown = [(name, row) for name, row in zip(names, rows, strict=True) if row["state"] == state]
        if not shown:
            continue
        ends = [row["end_ts"] or max(now, row["start_ts"]) for _, row in shown]
        figure.add_bar(
            orientation="h",
            y=[_escaped(name) for name, _ in shown],
            base=[_local(row["start_ts"]) for _, row in shown],
            x=[(end - row["start_ts"]).total_seconds() * 1000 for end, (_, row) in zip(ends, shown, strict=True)],
            name=f"{STATE_WORDS[state]} ({len(shown)})",
            text=["" if row["is_closed"] else STATE_WORDS[state] for _, row in shown],
            textposition="outside",
            cliponaxis=False,
            marker={"color": colour, "pattern": {"shape": _PATTERNS[state]}, "line": {"color": colour, "width": 2}},
            hovertext=[_span(name, row, end) for end, (name, row) in zip(ends, shown, strict=True)],
            hovertemplate="%{hovertext}<extra></extra>",
        )
    figure.update_layout(barmode="overlay", bargap=0.35, showlegend=False)
    first = min(row["start_ts"] for row in rows)
    # Room for the words of what is still open, on a phone, too.
    room = 0.02 if all(row["is_closed"] for row in rows) else 0.6
    figure.update_xaxes(type="date", range=[_local(first), _local(now + room * (now - first))], nticks=5, tickangle=0)
    figure.update_xaxes(tickformatstops=_SHORT_DATES)
    figure.update_yaxes(autorange="reversed", categoryorder="array", categoryarray=[_escaped(name) for name in names])
    return figure


def response_times(rows: list[Row]) -> go.Figure:
    """Mean minutes from an incident's start until it was confirmed, said and over, by the day on which it began."""
    figure = _figure()
    for column, count, name, colour, symbol in (
        ("recover_mean_minutes", "recovered_n", "Over (MTTR)", BLUE, "circle"),
        ("detect_mean_minutes", "detected_n", "Said to be an outage (MTTD)", VERMILION, "square"),
        ("confirm_mean_minutes", "confirmed_n", "Confirmed by the votes", ORANGE, "diamond"),
    ):
        figure.add_scatter(
            x=[row["period_date"] for row in rows],
            y=[_float(row[column]) for row in rows],
            name=name,
            mode="lines+markers",
            line={"color": colour, "width": 1},
            marker={"symbol": symbol, "size": 8},
            text=[f"{number(row[column])} min, mean of {number(row[count])}" for row in rows],
            hovertemplate="%{x|%a %d %b}: %{text}<extra>%{fullData.name}</extra>",
        )
    figure.update_yaxes(title="minutes", rangemode="tozero")
    return figure


def loss_map(rows: list[Row]) -> go.Figure:
    """Areas as circles at their centroids: size by votes, colour and legend by state. No tiles from outside."""
    figure = _figure(height=460)
    for name, longitudes, latitudes in _outlines():
        figure.add_scatter(
            x=longitudes,
            y=latitudes,
            mode="lines",
            line={"color": GREY, "width": 1.2 if name == "province" else 0.3},
            hoverinfo="skip",
            showlegend=False,
        )
    placed = [row for row in rows if row["centroid_lat"] is not None]
    for level, colour, symbol in _LEVELS:
        of_level = [row for row in placed if row["loss_level"] == level]
        figure.add_scatter(
            x=[_float(row["centroid_long"]) for row in of_level],
            y=[_float(row["centroid_lat"]) for row in of_level],
            mode="markers",
            name=f"{LOSS_WORDS[level]} ({len(of_level)})",
            marker={"color": colour, "symbol": symbol, "size": [_size(row) for row in of_level], "opacity": 0.85},
            text=[_hover(row) for row in of_level],
            hovertemplate="%{text}<extra></extra>",
        )
    # One degree of longitude is 0.75 of a degree of latitude at 41.7° N.
    figure.update_yaxes(visible=False, scaleanchor="x", scaleratio=1.34)
    figure.update_xaxes(visible=False)
    return figure


def _banded(rows: list[Row], middle: str, low: str, high: str, name: str, colour: str) -> go.Figure:
    figure = _figure()
    for run in _runs_with(rows, low):
        times_of_run = [_local(row["period_start_ts"]) for row in run]
        edge = [_float(row[low]) for row in run] + [_float(row[high]) for row in reversed(run)]
        figure.add_scatter(
            x=times_of_run + times_of_run[::-1],
            y=edge,
            fill="toself",
            fillcolor=_BAND,
            # A run of one hour has no width: its line shows the interval.
            line={"width": 3 if len(run) == 1 else 0, "color": _BAND},
            mode="lines",
            hoverinfo="skip",
            showlegend=False,
        )
    values = [_float(row[middle]) for row in rows]
    figure.add_scatter(**_at(rows), y=values, name=name, mode="lines+markers", line={"color": colour})
    return figure


def _at(rows: list[Row], column: str = "period_start_ts") -> dict[str, Any]:
    """Where in local time the rows are drawn, with UTC on hover."""
    return {
        "x": [_local(row[column]) for row in rows],
        "customdata": [f"{row[column]:%H:%M} UTC" for row in rows],
        "hovertemplate": "%{x|%a %d %b, %H:%M} (%{customdata}): %{y}",
    }


def _hourly(rows: list[Row]) -> list[Row]:
    """The rows with an empty one where hours without any event have none, so that nothing is drawn across them."""
    filled: list[Row] = []
    for row in rows:
        if filled and row["period_start_ts"] - filled[-1]["period_start_ts"] > _HOUR:
            filled.append(dict.fromkeys(row) | {"period_start_ts": filled[-1]["period_start_ts"] + _HOUR})
        filled.append(row)
    return filled


def _runs_with(rows: list[Row], column: str) -> list[list[Row]]:
    """Neighbouring rows in which the column has a value: a filled band must not bridge a gap."""
    groups = itertools.groupby(rows, key=lambda row: row[column] is not None)
    return [list(run) for has_value, run in groups if has_value]


def _figure(height: int = 300) -> go.Figure:
    figure = go.Figure()
    figure.update_layout(
        height=height,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        # Of several lines, it grows away from the chart.
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
    )
    return figure


@cache
def _outlines() -> list[tuple[str, list[float | None], list[float | None]]]:
    """One line per level, its rings separated by gaps."""
    lines: dict[str, tuple[list[float | None], list[float | None]]] = {}
    for feature in json.loads(_OUTLINES.read_text())["features"]:
        xs, ys = lines.setdefault(feature["properties"]["level"], ([], []))
        geometry = feature["geometry"]
        polygons = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
        for ring in (ring for polygon in polygons for ring in polygon):
            xs.extend([*(point[0] for point in ring), None])
            ys.extend([*(point[1] for point in ring), None])
    return [(level, xs, ys) for level, (xs, ys) in sorted(lines.items())]


def _size(row: Row) -> float:
    votes = max(1, int(row["vote_n"] or 0))
    return float(min(44.0, 7 + 3 * votes**0.5))


def _hover(row: Row) -> str:
    return (
        f"<b>{_escaped(row['area_name'])}</b> · {_escaped(row['network_name'])}<br>{LOSS_WORDS[row['loss_level']]}: "
        f"{share(row['lost_share'])} lost ({interval(row['lost_share_ci_low'], row['lost_share_ci_high'])})<br>"
        f"{number(row['vote_n'])} votes of {number(row['n'])} events · {CONFIDENCE_WORDS[row['confidence']]}"
    )


def _ranks(rows: list[Row]) -> list[str]:
    names = {row["operator"]: row["operator_name"] for row in rows}
    return [
        f"<b>{_escaped(row['operator_name'])}</b>: rank {rank(row)}<br>{share(row['within_10m_share'])} "
        f"({interval(row['within_10m_share_ci_low'], row['within_10m_share_ci_high'])}) of "
        f"{number(row['precision_n'])} fixes within 10 m<br>can't be told apart from: {_escaped(rivals(row, names))}"
        for row in rows
    ]


def _span(name: str, row: Row, end: datetime) -> str:
    until = f"{local_time(end)} ({end:%H:%M} UTC)" if row["end_ts"] else "now"
    start = f"{local_time(row['start_ts'])} ({row['start_ts']:%H:%M} UTC)"
    return (
        f"<b>{_escaped(name)}</b><br>{STATE_WORDS[row['state']]}: {start} to {until}, "
        f"{minutes((end - row['start_ts']).total_seconds() / 60)}<br>at worst {share(row['peak_bad_share'])} without "
        f"service ({number(row['peak_bad_n'])} of {number(row['peak_vote_n'])} votes)"
    )


def _escaped(text: str) -> str:
    return str(text).replace("&", "&amp;").replace("<", "&lt;")


def _float(value: Any) -> float | None:
    return None if value is None else float(value)


def _local(value: Any) -> Any:
    return value.replace(tzinfo=UTC).astimezone(LOCAL_ZONE).replace(tzinfo=None)
