"""Outages: incidents, and the share of phones without service by area, network and time."""

from datetime import UTC, datetime
from functools import partial

import streamlit as st

from dashboard import cards, charts, components, queries, strips
from dashboard import formatting as fmt
from dashboard.client import QueryError, Row
from dashboard.filters import RANGES

_LEVELS = {"municipality": "Municipality", "province": "Province"}
_HISTORIES = {"network": "Network", "province": "Province", "municipality": "Municipality"}
# Area level and network of the cells.
_HISTORY_CELLS = {"network": ("all", "each"), "province": ("province", "all"), "municipality": ("municipality", "all")}
_HISTORY_NOTE = (
    "Availability = minutes without a confirmed outage ÷ minutes judged, of every area and network added up; the 20 "
    "that were out for longest first. A day of which less than 6 hours were judged can't be told and is never shown as "
    "good."
)
_RESPONSES = (
    ("recover", "Time until over (MTTR)", "recover_mean_minutes", "recovered_n", "that recovered"),
    ("detect", "Time to detect (MTTD)", "detect_mean_minutes", "detected_n", "that were said within a day"),
    ("confirm", "Confirmed by the votes after", "confirm_mean_minutes", "confirmed_n", "that were confirmed"),
)
_INCIDENTS_SHOWN, _OVER_SHOWN = 30, 5


def show() -> None:
    components.title("Outages", "day", "area_level", "network", "range", "incidents", "history")
    _freshness()
    st.subheader("Incidents")
    since = components.select("Open, and closed ones of the last", "incidents", RANGES, "2")
    components.body(_incidents, since)
    st.subheader("The last 30 days")
    by = components.select("Availability by", "history", _HISTORIES, "network")
    components.body(_history, by)
    st.subheader("Lost service by area")
    st.caption(
        "Lost share = phones without service ÷ phones whose service state is known. A state is judged by the lower "
        "end of the 95 % interval: above 20 % high, above 10 % elevated. "
        "Areas with too few devices are never shown as good."
    )
    chosen = components.filters(
        components.select_day,
        partial(components.select, "Area level", "area_level", _LEVELS, "municipality"),
        partial(components.select_network, {"all": "All networks", "each": "Each network"}),
        partial(components.select, "Trend", "range", RANGES, "2"),
    )
    if chosen:
        day, level, network, trend = chosen
        components.body(_body, day, level, network, int(trend))


@st.fragment(run_every=components.REFRESH_S)
def _freshness() -> None:
    try:
        components.ahead(queries.freshness(), queries.response_times(), queries.days(), queries.networks())
        components.freshness_strip()
    except QueryError as error:
        components.show_query_error(error)


@st.fragment(run_every=components.REFRESH_S)
def _incidents(since: str) -> None:
    try:
        rows = components.rows_of(queries.incidents(int(since)))
        with st.container(key="incidents"):
            if rows:
                _list(rows)
            else:
                components.no_incident(f"No incident is open, and none began within {RANGES[since]}.")
    except QueryError as error:
        components.show_query_error(error)


def _list(rows: list[Row]) -> None:
    now, shown = datetime.now(UTC), rows[:_INCIDENTS_SHOWN]
    if len(rows) > len(shown):
        st.caption(f"The first {len(shown)} of {fmt.number(len(rows))}; the CSV has all of them.")
    with st.container(key="timeline"):
        components.chart(charts.incident_timeline(shown, now))
    is_open = cards.open_incidents(shown)
    over = shown[len(is_open) :]
    st.html(cards.incident_list([*is_open, *over[:_OVER_SHOWN]], now))
    if earlier := over[_OVER_SHOWN:]:
        with st.expander(f"{len(earlier)} more that are over"):
            st.html(cards.incident_list(earlier, now))
    components.download(rows, key="incidents", name="incidents")


@st.fragment(run_every=components.REFRESH_S)
def _history(by: str) -> None:
    try:
        rows = components.rows_of(queries.availability(*_HISTORY_CELLS[by]))
        if not rows:
            components.empty("No day has been judged yet.", "no-history")
            return
        with st.container(key="history"):
            st.html(strips.month(rows, fmt.local_date(datetime.now(UTC))))
        st.caption(_HISTORY_NOTE)
        components.download(rows, key="history", name=f"availability-by-{by}")
        _response(components.rows_of(queries.response_times()))
    except QueryError as error:
        components.show_query_error(error)


def _response(rows: list[Row]) -> None:
    days = [row for row in rows if row["period"] == "day"]
    whole = next((row for row in rows if row["period"] == "30_days"), None)
    if whole is None or not whole["incident_n"]:
        components.empty("No incident began within 30 days.", "no-response")
        return
    columns = st.columns(3)
    for column, (key, label, mean, count, of) in zip(columns, _RESPONSES, strict=True):
        with column:
            detail = f"mean of {fmt.number(whole[count])} incidents {of}"
            components.figure_tile(key, label, fmt.minutes(whole[mean]) if whole[count] else fmt.MISSING, detail)
    with st.container(key="response"):
        components.chart(charts.response_times(days))
    st.caption(
        "By the day on which incidents began, all areas and networks. What was loaded from files was said to be an "
        "outage long after it, and does not count for the time to detect."
    )
    components.download(days, key="response", name="response-times")


@st.fragment(run_every=components.REFRESH_S)
def _body(day: str, level: str, network: str, since_days: int) -> None:
    try:
        rows = components.rows_of(queries.service_by_area(day, level, network))
        if not rows:
            components.empty("No events for these filters on this day.")
            return
        _map_and_trend(rows, network, since_days)
        _table(rows, day, level)
    except QueryError as error:
        components.show_query_error(error)


def _map_and_trend(rows: list[Row], network: str, since_days: int) -> None:
    left, right = st.columns([3, 2])
    with left, st.container(key="map"):
        st.subheader("Map")
        components.chart(charts.loss_map(rows))
        unplaced = sum(row["centroid_lat"] is None for row in rows)
        st.caption(
            f"{len(rows) - unplaced} areas at their centroid; {unplaced} without a known place are in the table."
        )
    with right, st.container(key="trend"):
        st.subheader("Catalonia by hour")
        over_time = queries.service_over_time("all", "all", "all" if network == "each" else network, since_days)
        trend = components.rows_of(over_time)
        if any(row["lost_share"] is not None for row in trend):
            components.chart(charts.lost_share_over_time(trend))
            votes = sum(row["vote_n"] or 0 for row in trend)
            st.caption(f"Band: 95 % interval. {fmt.number(votes)} votes; gaps are hours with too few devices.")
            components.download(trend, key="trend", name="lost-share-by-hour")
        else:
            components.empty("Every hour of this range has too few devices to publish a share.", "trend-suppressed")


def _table(rows: list[Row], day: str, level: str) -> None:
    st.subheader("Areas, worst first")
    shown = [
        {
            **row,
            "state": fmt.LOSS_WORDS[row["loss_level"]],
            "share": fmt.share(row["lost_share"]),
            "interval": fmt.interval(row["lost_share_ci_low"], row["lost_share_ci_high"]),
            "confidence": fmt.CONFIDENCE_WORDS[row["confidence"]],
        }
        for row in rows
    ]
    columns = {
        "state": "State",
        "area_name": "Area",
        "area_code": "Code",
        "network_name": "Network",
        "share": "Lost share",
        "interval": "95 % interval",
        "vote_n": "Votes",
        "lost_count": "Lost",
        "unknown_count": "State unknown",
        "n": "Events",
        "confidence": "Confidence",
    }
    components.table(shown, columns, key="areas", name=f"outages-{level}-{day}")
