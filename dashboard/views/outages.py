"""Outages: incidents, and the share of phones without service by area, network and time."""

from datetime import UTC, datetime

import streamlit as st

from dashboard import cards, charts, components, queries
from dashboard import formatting as fmt
from dashboard.client import QueryError, Row
from dashboard.filters import RANGES

_LEVELS = {"municipality": "Municipality", "province": "Province"}


def show() -> None:
    st.title("Outages")
    _incidents()
    st.subheader("Lost service by area")
    st.caption(
        "Lost share = phones without service ÷ phones whose service state is known. A state is judged by the lower "
        "end of the 95 % interval: above 20 % high, above 10 % elevated. "
        "Areas with too few devices are never shown as good."
    )
    try:
        columns = st.columns(4)
        with columns[0]:
            day = components.select_day()
        with columns[1]:
            level = components.select("Area level", "area_level", _LEVELS, "municipality")
        with columns[2]:
            network = components.select_network({"all": "All networks", "each": "Each network"})
        with columns[3]:
            since = components.select("Trend", "range", RANGES, "2")
    except QueryError as error:
        components.show_error_and_retry(error)
        return
    _body(day, level, network, int(since))


@st.fragment(run_every=components.REFRESH_S)
def _incidents() -> None:
    try:
        components.freshness_strip()
        st.subheader("Incidents")
        since = components.select("Over since", "incidents", RANGES, "2")
        rows = components.rows_of(queries.incidents(int(since)))
        with st.container(key="incidents"):
            if rows:
                st.html(cards.incident_list(rows, datetime.now(UTC)))
            else:
                components.no_incident(f"No incident is open, and none was within {RANGES[since]}.")
    except QueryError as error:
        components.show_query_error(error)


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
        st.plotly_chart(charts.loss_map(rows), width="stretch", config={"displayModeBar": False})
        unplaced = sum(row["centroid_lat"] is None for row in rows)
        st.caption(
            f"{len(rows) - unplaced} areas at their centroid; {unplaced} without a known place are in the table."
        )
    with right, st.container(key="trend"):
        st.subheader("Catalonia by hour")
        over_time = queries.service_over_time("all", "all", "all" if network == "each" else network, since_days)
        trend = components.rows_of(over_time)
        if any(row["lost_share"] is not None for row in trend):
            st.plotly_chart(charts.lost_share_over_time(trend), width="stretch", config={"displayModeBar": False})
            votes = sum(row["vote_n"] or 0 for row in trend)
            st.caption(f"Band: 95 % interval. {fmt.number(votes)} votes; gaps are hours with too few devices.")
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
