"""GPS accuracy: how precise location fixes are, by operator and provider."""

import html
from functools import partial

import streamlit as st

from dashboard import charts, components, queries
from dashboard import formatting as fmt
from dashboard.client import QueryError, Row
from dashboard.filters import PROVIDERS


def show() -> None:
    components.title("GPS accuracy", "day", "area_level", "area", "provider")
    st.caption(
        "Precision is the radius in metres within which the phone is with 68 % confidence; smaller is better. "
        "Fix quality is the share of GPS fixes with at least 4 satellites."
    )
    chosen = components.filters(
        components.select_day,
        components.select_area,
        partial(components.select, "Provider of the fix", "provider", PROVIDERS, "all"),
    )
    if chosen:
        components.body(_body, *chosen)


@st.fragment(run_every=components.REFRESH_S)
def _body(day: str, area: tuple[str, str, str], provider: str) -> None:
    level, code, name = area
    try:
        components.ahead(
            queries.freshness(),
            queries.days(),
            queries.gps_by_operator(day, level, code, provider),
            queries.gps_ranking(day, level, code, provider),
        )
        components.freshness_strip()
        rows = components.rows_of(queries.gps_by_operator(day, level, code, provider))
        if not rows:
            components.empty("No location fixes for these filters on this day.")
            return
        ranked = components.rows_of(queries.gps_ranking(day, level, code, provider))
        st.subheader(f"Operators in {name}")
        if any(row["precision_median_m"] is not None for row in rows):
            with st.container(key="precision"):
                components.chart(charts.precision_by_operator(rows))
            left, right = st.columns(2)
            with left, st.container(key="ranking"):
                st.subheader("Ranking")
                _ranking(ranked)
            with right, st.container(key="distribution"):
                st.subheader("Distribution")
                st.markdown("Fixes by their precision radius.")
                components.chart(charts.distribution_by_operator(rows))
            _too_few(rows)
        else:
            components.empty("Every operator has too few devices to publish a figure.", "suppressed")
        _table(rows, ranked, day)
    except QueryError as error:
        components.show_query_error(error)


def _ranking(ranked: list[Row]) -> None:
    if not ranked:
        components.empty("No operator is ranked: too few devices, or a day more than 90 days ago.", "ranking-empty")
        return
    st.html(f"<b>{html.escape(fmt.ranking(ranked))}</b>")
    components.chart(charts.ranking_by_operator(ranked))
    st.caption(
        "By the share of fixes within 10 m. “1–3 of 7” may be first, second or third: two operators can't be told "
        "apart where the 95 % interval of their difference includes 0, and the table names the pairs. Those whose "
        "ranges of ranks don't overlap can be told apart."
    )


def _too_few(rows: list[Row]) -> None:
    if names := [row["operator_name"] for row in rows if row["confidence"] == "suppressed"]:
        text = f"{fmt.CONFIDENCE_WORDS['suppressed']}, hence no figure and no rank: {', '.join(names)}."
        st.html(f"<small>{html.escape(text)}</small>")


def _table(rows: list[Row], ranked: list[Row], day: str) -> None:
    ranks = {row["operator"]: row for row in ranked}
    names = {operator: row["operator_name"] for operator, row in ranks.items()}
    shown = [
        {
            **row,
            "rank": fmt.rank(ranks.get(row["operator"])),
            "rivals": fmt.rivals(ranks.get(row["operator"]), names),
            "median": fmt.number(row["precision_median_m"]),
            "p95": fmt.number(row["precision_p95_m"]),
            "mean": fmt.number(row["precision_mean_m"], 1),
            "within_10": fmt.share(row["within_10m_share"]),
            "within_10_interval": fmt.interval(row["within_10m_share_ci_low"], row["within_10m_share_ci_high"]),
            "within_50": fmt.share(row["within_50m_share"]),
            "within_50_interval": fmt.interval(row["within_50m_share_ci_low"], row["within_50m_share_ci_high"]),
            "quality": fmt.share(row["fix_quality_share"]),
            "quality_n": fmt.number(row["fix_n"]),
            "confidence": fmt.CONFIDENCE_WORDS[row["confidence"]],
        }
        for row in rows
    ]
    columns = {
        "operator_name": "Operator",
        "rank": "Rank",
        "precision_n": "Fixes",
        "median": "Median, m",
        "p95": "95th percentile, m",
        "mean": "Mean, m",
        "within_10": "Within 10 m",
        "within_10_interval": "95 % interval",
        "within_50": "Within 50 m",
        "within_50_interval": "95 % interval of 50 m",
        "quality": "≥ 4 satellites",
        "quality_n": "GPS fixes",
        "rivals": "Can't be told apart from",
        "confidence": "Confidence",
    }
    components.table(shown, columns, key="operators", name=f"gps-accuracy-{day}")
