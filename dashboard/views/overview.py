"""Overview: can I trust this, what is broken, where."""

from datetime import UTC, datetime

import streamlit as st

from dashboard import cards, components, queries
from dashboard import formatting as fmt
from dashboard.client import QueryError, Row

_WORST_SHOWN = 8


def show() -> None:
    components.title("Overview", "day")
    chosen = components.filters(components.select_day)
    if chosen:
        components.body(_body, *chosen)


@st.fragment(run_every=components.REFRESH_S)
def _body(day: str) -> None:
    try:
        components.ahead(
            queries.freshness(),
            queries.days(),
            queries.incidents(1),
            queries.service_of_day(day),
            queries.signal_by_network(day, "all", "all", "all"),
            queries.gps_by_operator(day, "all", "all", "all"),
            queries.kpi_changes(day),
        )
        components.freshness_strip()
        _active()
        service = components.rows_of(queries.service_of_day(day))
        of_catalonia = [row for row in service if row["area_level"] == "all"]
        _figures(day, next((row for row in of_catalonia if row["network"] == "all"), {}))
        _worst([row for row in service if row["area_level"] != "all"], day)
        _networks([row for row in of_catalonia if row["network"] != "all"], day)
    except QueryError as error:
        components.show_query_error(error)


def _active() -> None:
    st.subheader("Broken now")
    active = cards.open_incidents(components.rows_of(queries.incidents(1)))
    with st.container(key="active"):
        if active:
            st.html(cards.incident_list(active, datetime.now(UTC)))
            components.download(active, key="active", name="open-incidents")
        else:
            components.no_incident(cards.NONE_OPEN)


def _figures(day: str, of_service: Row) -> None:
    signal = components.rows_of(queries.signal_by_network(day, "all", "all", "all"))
    gps = components.rows_of(queries.gps_by_operator(day, "all", "all", "all"))
    changes = {row["kpi"]: row for row in components.rows_of(queries.kpi_changes(day))}
    of_networks = next((row for row in signal if row["network"] == "all"), {})
    of_operators = next((row for row in gps if row["operator"] == "all"), {})
    columns = st.columns(4)
    with columns[0]:
        unknown = f"{fmt.number(of_service.get('unknown_count'))} without a usable service state"
        usual = fmt.events_against_normal(changes.get("lost_share"))
        components.figure_tile("events", "Events", fmt.number(of_service.get("n")), unknown, usual)
    with columns[1]:
        votes = f"{_interval(of_service, 'lost_share')} · n = {fmt.number(of_service.get('vote_n'))} votes"
        usual = fmt.against_normal(changes.get("lost_share"))
        components.figure_tile("lost-share", "Lost share", fmt.share(of_service.get("lost_share")), votes, usual)
    with columns[2]:
        low, high = of_networks.get("signal_asu_mean_ci_low"), of_networks.get("signal_asu_mean_ci_high")
        value = f"{fmt.number(of_networks.get('signal_asu_median'))} ASU"
        mean = f"mean {fmt.interval(low, high, is_share=False)} · n = {fmt.number(of_networks.get('signal_n'))}"
        usual = f"Weak signals {fmt.against_normal(changes.get('weak_signal_share'))}"
        components.figure_tile("signal", "Signal, median", value, mean, usual)
    with columns[3]:
        value = f"{fmt.number(of_operators.get('precision_median_m'))} m"
        measured = fmt.number(of_operators.get("precision_n"))
        within = f"≤ 10 m: {_interval(of_operators, 'within_10m_share')} · n = {measured}"
        usual = f"≤ 10 m {fmt.against_normal(changes.get('within_10m_share'))}"
        components.figure_tile("precision", "GPS precision, median", value, within, usual)
    st.caption("Usual: the same hours of the same weekday over the four weeks before, of all Catalonia.")


def _worst(rows: list[Row], day: str) -> None:
    st.subheader("Where service is lost")
    lost = [row for row in rows if row["lost_count"]]
    if not lost:
        components.empty("No area with enough devices reports lost service on this day.", "no-loss")
        return
    lost.sort(key=lambda row: row["lost_share_ci_low"], reverse=True)
    components.table(
        [_service_row(row) for row in lost[:_WORST_SHOWN]],
        {
            "state": "State",
            "area_name": "Area",
            "network_name": "Network",
            "share": "Lost share",
            "interval": "95 % interval",
            "vote_n": "Votes",
            "lost_count": "Lost",
            "confidence": "Confidence",
        },
        key="worst",
        name=f"lost-service-{day}",
    )


def _networks(rows: list[Row], day: str) -> None:
    st.subheader("Networks")
    components.table(
        [_service_row(row) for row in rows],
        {
            "network_name": "Network",
            "n": "Events",
            "share": "Lost share",
            "interval": "95 % interval",
            "vote_n": "Votes",
            "unknown_count": "State unknown",
            "confidence": "Confidence",
        },
        key="networks",
        name=f"networks-{day}",
    )


def _service_row(row: dict) -> dict:
    return {
        **row,
        "state": fmt.LOSS_WORDS[row["loss_level"]],
        "share": fmt.share(row["lost_share"]),
        "interval": _interval(row, "lost_share"),
        "confidence": fmt.CONFIDENCE_WORDS[row["confidence"]],
    }


def _interval(row: dict, column: str) -> str:
    return fmt.interval(row.get(f"{column}_ci_low"), row.get(f"{column}_ci_high"))
