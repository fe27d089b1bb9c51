"""Signal: strength by network, area and radio technology."""

from functools import partial

import streamlit as st

from dashboard import charts, components, queries
from dashboard import formatting as fmt
from dashboard.client import QueryError, Row
from dashboard.filters import RANGES, RATS

_USUAL = "Usual: the same hour of the week over the four weeks before, of which two must have enough devices."


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
        components.body(_body, day, area, network, rat, int(since))


@st.fragment(run_every=components.REFRESH_S)
def _body(day: str, area: tuple[str, str, str], network: str, rat: str, since_days: int) -> None:
    level, code, name = area
    try:
        components.ahead(
            queries.freshness(),
            queries.days(),
            queries.networks(),
            queries.signal_over_time(level, code, network, rat, since_days),
            queries.weak_signal_over_time(level, code, network, rat, since_days),
            queries.signal_by_network(day, level, code, rat),
        )
        components.freshness_strip()
        st.subheader(f"{name} by hour")
        _trend(components.rows_of(queries.signal_over_time(level, code, network, rat, since_days)))
        weak = components.rows_of(queries.weak_signal_over_time(level, code, network, rat, since_days))
        st.subheader("Weak signals by hour")
        _weak(weak)
        st.subheader("Not as usual")
        _changes(weak)
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


def _weak(rows: list[Row]) -> None:
    if not any(row["weak_signal_share"] is not None for row in rows):
        components.empty("No hour of this range has enough devices to publish a share.", "weak-suppressed")
        return
    with st.container(key="weak"):
        components.chart(charts.weak_share_over_time(rows))
        st.caption(
            "Weak share = weak signals ÷ measurements. Band: 95 % interval. Gaps of the share are hours with too few "
            f"devices or none, gaps of the usual one hours without a usual. {_USUAL}"
        )
        components.download(rows, key="weak", name="weak-signals-by-hour")


def _changes(rows: list[Row]) -> None:
    changed = [row for row in reversed(rows) if row["is_changed"]]
    if not changed:
        components.empty(fmt.no_change(rows) if rows else "No measurements in this range.", "no-changes")
        return
    shown = [
        {
            **row,
            "hour": fmt.local_hour(row["period_start_ts"]),
            "direction": "More weak signals" if row["weak_signal_change"] > 0 else "Fewer weak signals",
            "weak": fmt.share(row["weak_signal_share"]),
            "usual": fmt.share(row["normal_weak_signal_share"]),
            "change": fmt.points(row["weak_signal_change"]),
            "change_interval": fmt.points_interval(row["weak_signal_change_ci_low"], row["weak_signal_change_ci_high"]),
            "change_confidence": fmt.CONFIDENCE_WORDS[row["change_confidence"]],
        }
        for row in changed
    ]
    columns = {
        "hour": "Hour (Madrid)",
        "direction": "Than usual",
        "weak": "Weak share",
        "usual": "Usual share",
        "change": "Change, points",
        "change_interval": "95 % interval",
        "signal_n": "Measurements",
        "normal_signal_n": "Usual, measurements",
        "normal_week_count": "Weeks compared",
        "change_confidence": "Confidence",
    }
    st.caption(
        f"Hours whose 95 % interval of the change, in percentage points, excludes 0, newest first. "
        f"{fmt.comparability(rows)} By chance alone about 1 in 20 compared hours would be listed."
    )
    components.table(shown, columns, key="changes", name="signal-not-as-usual")


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
