"""Signal: strength by network, area and radio technology."""

from functools import partial

import streamlit as st

from dashboard import charts, components, queries
from dashboard import formatting as fmt
from dashboard.client import QueryError, Row
from dashboard.filters import RANGES, RATS


def show() -> None:
    components.title("Signal", "day", "area_level", "area", "network", "rat", "range")
    st.caption(
        "Signal strength in ASU, as phones report it. dBm is shown only where the sender says which scale the ASU is "
        "on; it is never averaged across radio technologies."
    )
    chosen = components.filters(
        components.select_day,
        components.select_area,
        partial(components.select_network, {"all": "All networks"}),
        partial(components.select, "Radio technology", "rat", RATS, "all"),
        partial(components.select, "Trend", "range", RANGES, "2"),
    )
    if chosen:
        day, area, network, rat, since = chosen
        _body(day, area, network, rat, int(since))


@st.fragment(run_every=components.REFRESH_S)
def _body(day: str, area: tuple[str, str, str], network: str, rat: str, since_days: int) -> None:
    level, code, name = area
    try:
        components.freshness_strip()
        st.subheader(f"{name} by hour")
        _trend(components.rows_of(queries.signal_over_time(level, code, network, rat, since_days)))
        st.subheader(f"Networks in {name}")
        _networks(components.rows_of(queries.signal_by_network(day, level, code, rat)), day)
    except QueryError as error:
        components.show_query_error(error)


def _trend(rows: list[Row]) -> None:
    if not any(row["signal_asu_median"] is not None for row in rows):
        components.empty("No hour of this range has enough devices to publish a figure.", "trend-suppressed")
        return
    with st.container(key="trend"):
        components.chart(charts.signal_over_time(rows))
        measured = sum(row["signal_n"] or 0 for row in rows)
        st.caption(f"{fmt.number(measured)} measurements; gaps are hours with too few devices.")
        components.download(rows, key="trend", name="signal-by-hour")


def _networks(rows: list[Row], day: str) -> None:
    if not rows:
        components.empty("No measurements for these filters on this day.")
        return
    shown = [
        {
            **row,
            "median": fmt.number(row["signal_asu_median"]),
            "p10": fmt.number(row["signal_asu_p10"]),
            "mean": fmt.number(row["signal_asu_mean"], 1),
            "mean_interval": fmt.interval(
                row["signal_asu_mean_ci_low"], row["signal_asu_mean_ci_high"], is_share=False
            ),
            "weak": fmt.share(row["weak_signal_share"]),
            "weak_interval": fmt.interval(row["weak_signal_share_ci_low"], row["weak_signal_share_ci_high"]),
            "dbm": fmt.number(row["signal_dbm_median"]),
            "confidence": fmt.CONFIDENCE_WORDS[row["confidence"]],
        }
        for row in rows
    ]
    columns = {
        "network_name": "Network",
        "signal_n": "Measurements",
        "median": "Median, ASU",
        "p10": "10th percentile, ASU",
        "mean": "Mean, ASU",
        "mean_interval": "95 % interval of the mean",
        "weak": "Weak share",
        "weak_interval": "95 % interval",
        "dbm": "Median, dBm",
        "confidence": "Confidence",
    }
    components.table(shown, columns, key="networks", name=f"signal-{day}")
