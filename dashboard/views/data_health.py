"""Data health: what arrives, how late, how fast it is shown and for how much, and what was refused."""

from functools import partial

import streamlit as st

from dashboard import charts, components, queries
from dashboard import formatting as fmt
from dashboard.client import QueryError, Row
from dashboard.filters import RANGES


def show() -> None:
    components.title("Data health", "day", "range")
    chosen = components.filters(components.select_day, partial(components.select, "Over time", "range", RANGES, "2"))
    if chosen:
        day, since = chosen
        components.body(_body, day, int(since))


@st.fragment(run_every=components.REFRESH_S)
def _body(day: str, since_days: int) -> None:
    try:
        components.ahead(
            queries.freshness(),
            queries.days(),
            queries.data_quality(day),
            queries.event_rates(),
            queries.lag_over_time(),
            queries.records_by_hour(since_days),
            queries.refresh_costs(),
            queries.rejected_by_reason(since_days),
            queries.rejected_examples(),
        )
        components.freshness_strip()
        rows = components.rows_of(queries.data_quality(day))
        _figures(rows)
        left, right = st.columns(2)
        with left, st.container(key="rates"):
            st.subheader("Events a minute")
            _rates(components.rows_of(queries.event_rates()))
        with right, st.container(key="lag"):
            st.subheader("From arrival to mart")
            _lag(components.rows_of(queries.lag_over_time()))
        with st.container(key="records"):
            st.subheader("Records by hour")
            _records(components.rows_of(queries.records_by_hour(since_days)))
        _feeds(rows, day)
        _refreshes(components.rows_of(queries.refresh_costs()))
        _rejected(since_days)
    except QueryError as error:
        components.show_query_error(error)


def _figures(rows: list[Row]) -> None:
    everything = next((row for row in rows if row["source"] == "all" and row["feed"] == "all"), {})
    columns = st.columns(4)
    with columns[0]:
        detail = f"{fmt.number(everything.get('event_n'))} distinct events"
        components.figure_tile("records", "Records", fmt.number(everything.get("n")), detail)
    for column, (key, label, count, of) in zip(
        columns[1:],
        (
            ("rejected", "Refused", "rejected_count", "n"),
            ("duplicate", "Repeated", "duplicate_count", "accepted_count"),
            ("late", "Late", "late_count", "stream_event_n"),
        ),
        strict=True,
    ):
        with column:
            value = everything.get(f"{key}_share")
            interval = fmt.interval(everything.get(f"{key}_share_ci_low"), everything.get(f"{key}_share_ci_high"))
            detail = f"{interval} · {fmt.number(everything.get(count))} of {fmt.number(everything.get(of))}"
            components.figure_tile(key, label, fmt.share(value), detail)


def _rates(rows: list[Row]) -> None:
    if not any(row["event_n"] for row in rows):
        components.empty("Nothing was measured within the last day.", "no-rates")
        return
    components.chart(charts.event_rates(rows))
    newest = rows[-1]
    rate, began = fmt.number(newest["event_per_min"], 1), fmt.local_time(newest["bucket_ts"])
    st.caption(f"By 5 minutes of measuring; {rate} a minute in those from {began} on, some of which may be under way.")
    components.download(rows, key="rates", name="events-a-minute")


def _records(rows: list[Row]) -> None:
    if not rows:
        components.empty("No records in this range.", "no-records")
        return
    components.chart(charts.records_by_hour(rows))
    st.caption("By hour of measuring; refused records by hour of ingestion.")
    components.download(rows, key="records", name="records-by-hour")


def _lag(rows: list[Row]) -> None:
    if not any(row["lag_arrival_p95_s"] is not None for row in rows):
        components.empty("Nothing arrived on the stream within the last day.", "no-lag")
        return
    components.chart(charts.lag_over_time(rows))
    refreshes = sum(row["refresh_count"] for row in rows)
    st.caption(f"Last 24 hours, the slowest of every 5 minutes; {fmt.number(refreshes)} refreshes.")
    components.download(rows, key="lag", name="arrival-to-mart")


def _feeds(rows: list[Row], day: str) -> None:
    st.subheader("Sources and feeds")
    if not rows:
        components.empty("No records on this day.")
        return
    shown = [
        {
            **row,
            "source": "All sources" if row["source"] == "all" else row["source"],
            "feed": "All feeds" if row["feed"] == "all" else row["feed"],
            "rejected": fmt.share(row["rejected_share"]),
            "duplicates": fmt.share(row["duplicate_share"]),
            "late": fmt.share(row["late_share"]),
            "confidence": fmt.CONFIDENCE_WORDS[row["confidence"]],
        }
        for row in rows
    ]
    columns = {
        "source": "Source",
        "feed": "Feed",
        "n": "Records",
        "rejected_count": "Refused",
        "rejected": "Refused share",
        "duplicate_count": "Repeated",
        "duplicates": "Repeated share",
        "late_count": "Late",
        "late": "Late share",
        "conflicting_id_count": "Ids with two times",
        "confidence": "Confidence",
    }
    components.table(shown, columns, key="feeds", name=f"data-quality-{day}")


def _refreshes(rows: list[Row]) -> None:
    st.subheader("Refreshes of the last 24 hours")
    if not rows:
        components.empty("No refresh was written down yet: the loop does so every few minutes.", "no-refreshes")
        return
    everything = next(row for row in rows if row["beat"] == "all")
    runs = {row["beat"]: row for row in rows if row["model"] == "all"}
    kpis, outages = runs.get("live_kpis", {}), runs.get("live_outages", {})
    tiles = st.columns(4)
    with tiles[0]:
        median, p95 = fmt.seconds(kpis.get("duration_p50_s")), fmt.seconds(kpis.get("duration_p95_s"))
        detail = f"95 %: {p95} · outages: {fmt.seconds(outages.get('duration_p50_s'))}"
        components.figure_tile("refresh", "Refresh of the KPIs, median", median, detail)
    with tiles[1]:
        detail = f"of {fmt.number(everything['run_count'])} runs of all kinds"
        components.figure_tile("refresh-failed", "Failed runs", fmt.number(everything["failed_count"]), detail)
    with tiles[2]:
        statements, billed = fmt.number(everything["statement_count"]), fmt.size(everything["billed_bytes"])
        detail = f"{statements} statements · billed as {billed}"
        components.figure_tile("scanned", "Read by Athena", fmt.size(everything["scanned_bytes"]), detail)
    with tiles[3]:
        detail = f"at this pace · {fmt.dollars(everything['cost_usd'])} so far"
        components.figure_tile("cost", "Athena, a day", fmt.dollars(everything["cost_usd_per_day"]), detail)
    st.caption(
        "An estimate at Athena's list price, with at least 10 MiB a statement. What viewers and builds by hand ask is "
        "not in it."
    )
    shown = [
        {
            **row,
            "newest": fmt.local_time(row["newest_started_ts"]),
            "p50": fmt.seconds(row["duration_p50_s"]),
            "p95": fmt.seconds(row["duration_p95_s"]),
            "scanned": fmt.size(row["scanned_bytes"]),
            "cost": fmt.dollars(row["cost_usd"]),
            "per_day": fmt.dollars(row["cost_usd_per_day"]),
        }
        for row in rows
        if row["beat"] != "all"
    ]
    columns = {
        "newest": "Newest (Madrid)",
        "run_count": "Runs",
        "failed_count": "Failed",
        "p50": "Median",
        "p95": "95 %",
        "changed_row_count": "Rows changed",
        "statement_count": "Statements",
        "scanned": "Read",
        "cost": "Cost",
        "per_day": "Cost a day",
    }
    by_mart, by_beat = st.tabs(["By mart, live", "By kind of run"])
    with by_mart:
        marts = [row for row in shown if row["model"] != "all"]
        components.table(marts, {"model": "Model", **columns}, key="marts", name="refreshes-by-mart")
    with by_beat:
        beats = [row for row in shown if row["model"] == "all"]
        components.table(beats, {"beat": "Kind of run", **columns}, key="beats", name="refreshes-by-kind")


def _rejected(since_days: int) -> None:
    st.subheader("Refused records by reason")
    reasons = components.rows_of(queries.rejected_by_reason(since_days))
    if not reasons:
        components.empty("Nothing was refused in this range.", "nothing-refused")
        return
    shown = [{**row, "newest": fmt.local_time(row["newest_ingest_ts"])} for row in reasons]
    columns = {
        "reject_reason": "Reason",
        "n": "Records",
        "payload_max_bytes": "Largest, bytes",
        "newest": "Newest (Madrid)",
    }
    components.table(shown, columns, key="reasons", name="refused-by-reason")
    examples = components.rows_of(queries.rejected_examples())
    if examples:
        st.subheader("Examples, with device and position masked")
        shown = [{**row, "newest": fmt.local_time(row["newest_ingest_ts"])} for row in examples]
        columns = {"reject_reason": "Reason", "example": "Record", "feed": "Feed", "newest": "Ingested (Madrid)"}
        components.table(shown, columns, key="examples", name="refused-examples")
