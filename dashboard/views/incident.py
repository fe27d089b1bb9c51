"""One incident: its state, the checks that led to it, what was said when, and who has seen it."""

from datetime import UTC, datetime

import streamlit as st

from dashboard import acknowledgements, cards, charts, components, queries
from dashboard import formatting as fmt
from dashboard.client import QueryError, Row
from dashboard.filters import quoted
from dashboard.queries import Query


def show() -> None:
    incident_id = st.query_params.get("id", "")
    components.title("Incident", "id")
    st.caption("[← All incidents](/outages)")
    components.body(_body, incident_id)
    _acknowledge(incident_id)


@st.fragment(run_every=components.REFRESH_S)
def _body(incident_id: str) -> None:
    try:
        components.ahead(
            queries.freshness(),
            queries.incident(incident_id),
            queries.incident_checks(incident_id),
            queries.incident_changes(incident_id),
        )
        components.freshness_strip()
        found = components.rows_of(queries.incident(incident_id))
        if not incident_id:
            components.empty("The address names no incident: choose one on the page Outages.", "no-incident")
            return
        if not found:
            _gone(incident_id)
            return
        with st.container(key="incident"):
            st.html(cards.incident_card(found[0], datetime.now(UTC)))
        _evidence(incident_id)
        _said(incident_id)
    except QueryError as error:
        components.show_query_error(error)


def _gone(incident_id: str) -> None:
    if not components.rows_of(queries.incident_changes(incident_id)):
        components.empty(f"No incident {quoted(incident_id)} is known: its address may be cut off.", "no-incident")
        return
    components.empty(
        "Withdrawn: by votes that came later this is no incident, or it is told as another one, such as a "
        "municipality's instead of its province's. What is open now stands under “All incidents”.",
        "withdrawn",
    )
    _said(incident_id)


def _evidence(incident_id: str) -> None:
    st.subheader("The checks behind it")
    checks = components.rows_of(queries.incident_checks(incident_id))
    components.chart(charts.share_by_check(checks))
    st.caption(
        "Each check looks at 15 minutes of votes, one a phone and 5 minutes. Band: 95 % interval; an outage is "
        "confirmed when its lower end passes the dashed line. Gaps: too few votes to tell. The score weighs what "
        "phones newly said within the hour: above 0 it speaks for an outage."
    )
    columns = {
        "time": "Check (Madrid)",
        "verdict_word": "Verdict",
        "share": "Without service",
        "interval": "95 % interval",
        "bad_n": "Votes without service",
        "late_bad_n": "Of these late",
        "vote_n": "All votes",
        "expected_text": "Votes expected",
        "usual": "Usual share",
        "score_text": "Score",
    }
    newest_first = [_check(row) for row in reversed(checks)]
    components.table(newest_first, columns, key="checks", name=f"checks-{incident_id}")


def _check(row: Row) -> Row:
    return {
        **row,
        "time": fmt.local_time(row["check_ts"]),
        "verdict_word": fmt.VERDICT_WORDS[row["verdict"]],
        "share": fmt.share(row["bad_share"]),
        "interval": fmt.interval(row["bad_share_ci_low"], row["bad_share_ci_high"]),
        "expected_text": fmt.number(row["expected_vote_n"], 1),
        "usual": fmt.share(row["baseline_share"]),
        "score_text": fmt.number(row["score"], 1),
    }


def _said(incident_id: str) -> None:
    st.subheader("What was said when")
    changes = components.rows_of(queries.incident_changes(incident_id))
    if not changes:
        components.empty("Nothing was said of it yet.", "nothing-said")
        return
    columns = {
        "time": "Said (Madrid)",
        "state": "State",
        "since": "Since",
        "evidence_words": "Evidence",
        "share": "At worst",
        "votes": "Votes",
    }
    rows = [
        {
            **row,
            "time": fmt.local_time(row["detected_ts"]),
            "state": "Withdrawn" if row["is_withdrawn"] else fmt.STATE_WORDS[row["state_after"]],
            "since": fmt.local_time(row["start_ts"]),
            "evidence_words": fmt.evidence(row["evidence"]),
            "share": fmt.share(row["peak_bad_share"]),
            "votes": f"{fmt.number(row['peak_bad_n'])} of {fmt.number(row['peak_vote_n'])}",
        }
        for row in changes
    ]
    components.table(rows, columns, key="changes", name=f"changes-{incident_id}")


@st.fragment
def _acknowledge(incident_id: str) -> None:
    """Apart from the rest, so that a refresh doesn't take away what is being typed."""
    query = queries.acknowledgements(incident_id)
    try:
        if not components.rows_of(queries.incident(incident_id)):
            return
        st.subheader("Acknowledge")
        with st.form("acknowledge", clear_on_submit=False):
            name = st.text_input("Your name", max_chars=acknowledgements.MAX_NAME)
            note = st.text_area(
                "Note", max_chars=acknowledgements.MAX_NOTE, placeholder="What do you know, what is done?"
            )
            if st.form_submit_button("Acknowledge", type="primary"):
                _take(incident_id, name, note, query)
        _shown(components.rows_of(query))
    except QueryError as error:
        components.show_query_error(error)


def _take(incident_id: str, name: str, note: str, query: Query) -> None:
    if problem := acknowledgements.problem_with(name, note):
        st.warning(problem, icon=":material/edit:")
        return
    components.write(acknowledgements.acknowledge(incident_id, name, note))
    components.forget(query)
    components.forget(queries.incident(incident_id))


def _shown(seen: list[Row]) -> None:
    if not seen:
        components.empty("Nobody has acknowledged it yet.", "not-acknowledged")
    for row in seen:
        with st.container(key=f"seen-{row['acknowledged_ts']:%Y%m%d%H%M%S%f}", border=True):
            st.caption(f"{fmt.local_time(row['acknowledged_ts'])} (Madrid)")
            st.text(f"{row['acknowledged_by']}: {row['note'] or 'no note'}")
