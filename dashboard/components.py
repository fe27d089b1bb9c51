"""What pages are made of: cached queries, the freshness strip, filters bound to the address, designed states."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from dashboard import cards, queries
from dashboard import formatting as fmt
from dashboard.answers import SharedAnswers
from dashboard.client import MartsClient, NotBuiltYet, QueryError, Row
from dashboard.filters import AREA_LEVELS, Choice, choose, choose_day, complaint_about_unknown
from dashboard.queries import Query
from dashboard.settings import Settings

REFRESH_S = 10

_CHART_TEXT_LIGHT, _CHART_TEXT_DARK = "#31333f", "#fafafa"
_TIMES_HELP = "Europe/Madrid; the CSV below has UTC."
_BROKEN_LINK = ":material/link_off:"
_PAGE_CSS = """
<style>
[data-testid="stMainBlockContainer"] {padding-top:3.25rem; padding-bottom:2rem;}
[data-testid="stCaptionContainer"] {color:inherit !important; opacity:.8;}
h1 {font-size:2rem !important;}
/* What stands stays readable while it is asked anew; of another choice nothing stands any more (`body`). */
[data-stale="true"] {opacity:1 !important; transition:none !important;}
h2, h3 {font-size:1.25rem !important;}
</style>
"""


@st.cache_resource(show_spinner=False)
def _client() -> MartsClient:
    return MartsClient(Settings.from_env())


@st.cache_resource(show_spinner=False)
def answers() -> SharedAnswers:
    """One a process: what Athena has answered to any viewer."""
    client = _client()

    def ask(query: Query) -> list[Row]:
        rows = client.query(query.sql, query.parameters)
        return [{key: fmt.plain(value) for key, value in row.items()} for row in rows]

    return SharedAnswers(ask, queries.freshness())


def page_style() -> None:
    st.html(_PAGE_CSS)


def title(text: str, *parameters: str) -> None:
    """The page's title, and a word about whatever the address asks for besides `parameters`."""
    st.title(text)
    if complaint := complaint_about_unknown(list(st.query_params), parameters):
        st.warning(complaint, icon=_BROKEN_LINK)


def filters(*boxes: Callable[[], Any]) -> list[Any] | None:
    """What is chosen in filters side by side; None while they can't be filled, which is then said and tried again."""
    try:
        chosen = []
        for column, box in zip(st.columns(len(boxes)), boxes, strict=True):
            with column:
                chosen.append(box())
    except QueryError as error:
        show_query_error(error)
        _rerun_when_old(time.monotonic())
        return None
    return chosen


def body(show: Callable[..., None], *arguments: Any) -> None:
    """Show a fragment that refreshes itself; what it showed for other arguments is gone before it asks for anything.

    Two places take turns: one that is emptied and filled in the same breath would keep its old content.
    """
    places = st.empty(), st.empty()
    shown: dict[str, tuple[Any, int]] = st.session_state.setdefault("shown", {})
    name = f"{show.__module__}.{show.__qualname__}"
    before, turn = shown.get(name, (arguments, 0))
    turn += before != arguments
    shown[name] = arguments, turn
    with places[turn % 2].container():
        show(*arguments)


def rows_of(query: Query) -> list[Row]:
    """The query's rows, those that are known when young enough.

    Raises: QueryError.
    """
    return answers().rows(query)


def ahead(*wanted: Query) -> None:
    """Ask for what a page will need, all at once; for what its filters need, too, so that another choice waits for
    nothing."""
    answers().ahead(*wanted)


def write(query: Query) -> None:
    """Run a statement that writes.

    Raises: QueryError.
    """
    _client().query(query.sql, query.parameters)


def forget(query: Query) -> None:
    """Ask Athena anew for what this process has just changed."""
    answers().forget(query)


def show_query_error(error: QueryError) -> None:
    """Waiting for the first refresh is a state of its own; everything else is an error with its reason."""
    if isinstance(error, NotBuiltYet):
        with st.container(key="state-waiting"):
            st.info(f"{error} This page refreshes by itself.", icon=":material/hourglass_empty:")
    else:
        with st.container(key="state-error"):
            st.error(f"{error} What was shown before may be out of date; trying again.", icon=":material/error:")


@st.fragment(run_every=REFRESH_S)
def _rerun_when_old(shown_at: float) -> None:
    # A fragment runs once at once.
    if time.monotonic() - shown_at >= REFRESH_S / 2:
        st.rerun()


def freshness_strip() -> None:
    """Can I trust this: the age of the newest event and of the marts, in words beside the colour.

    Raises: QueryError.
    """
    found = rows_of(queries.freshness())
    if not found:
        raise NotBuiltYet("The marts are not there yet: waiting for the first refresh.")
    with st.container(key="freshness"):
        st.html(cards.freshness_strip(found[0], datetime.now(UTC)))


def select(label: str, name: str, options: dict[str, str], default: str) -> str:
    """A select box bound to the address: a shared link shows the same."""
    choice = choose(st.query_params, name, options, default)
    return _bound_select(label, name, options, choice, default)


def select_day() -> str:
    """The local day to show: the newest unless the address names another.

    Raises: QueryError.
    """
    found = rows_of(queries.days())
    if not found:
        raise NotBuiltYet("No events yet: waiting for the first ones.")
    options = {row["period_date"].isoformat(): f"{row['period_date']:%a %d %b %Y}" for row in found}
    choice = choose_day(st.query_params, list(options))
    return _bound_select("Day", "day", options, choice, next(iter(options)))


def select_area() -> tuple[str, str, str]:
    """(area level, area code, name) by two boxes.

    Raises: QueryError.
    """
    asked = st.query_params.get("area_level", "all")
    level = select("Area level", "area_level", AREA_LEVELS, "all")
    if level != asked and asked in AREA_LEVELS:
        # Another level was chosen just now: its areas have other codes.
        st.query_params.pop("area", None)
    if level == "all":
        if asked == "all" and st.query_params.pop("area", None):
            st.warning("The address asks for an area but not for its level: showing Catalonia.", icon=_BROKEN_LINK)
        return level, "all", AREA_LEVELS["all"]
    options = {row["area_code"]: row["area_name"] or row["area_code"] for row in rows_of(queries.areas(level))}
    if not options:
        raise NotBuiltYet("No areas yet: waiting for the first refresh.")
    code = select("Area", "area", options, next(iter(options)))
    return level, code, options[code]


def select_network(first: dict[str, str]) -> str:
    """A network of the dimension, behind the choices in `first`.

    Raises: QueryError.
    """
    options = first | {row["network"]: row["network_name"] or row["network"] for row in rows_of(queries.networks())}
    return select("Network", "network", options, next(iter(first)))


def table(rows: list[Row], columns: dict[str, str], *, key: str, name: str) -> None:
    """Rows as a table of ready texts, with the same rows as CSV."""
    frame = pd.DataFrame([{title: row[column] for column, title in columns.items()} for row in rows])
    times = {title: st.column_config.Column(help=_TIMES_HELP) for title in columns.values() if "(Madrid)" in title}
    with st.container(key=f"table-{key}"):
        st.dataframe(
            frame.style.format(precision=0, thousands=",", na_rep=fmt.MISSING),
            hide_index=True,
            width="stretch",
            column_config=times,
        )
        download(rows, key=key, name=name)


def download(rows: list[Row], *, key: str, name: str) -> None:
    """The rows behind what is shown as CSV; times in UTC, as the marts have them."""
    st.download_button(
        "Download CSV",
        fmt.csv_text(rows).encode(),
        file_name=f"telcopulse-{name}.csv",
        mime="text/csv",
        icon=":material/download:",
        type="tertiary",
        key=f"csv-{key}",
    )


def chart(figure: go.Figure) -> None:
    # The theme's grey of labels stands out too little from white.
    colour = _CHART_TEXT_DARK if st.context.theme.type == "dark" else _CHART_TEXT_LIGHT
    figure.update_layout(font={"color": colour}, legend={"font": {"color": colour}})
    for update in (figure.update_xaxes, figure.update_yaxes):
        update(tickfont={"color": colour}, title_font={"color": colour})
    st.plotly_chart(figure, width="stretch", config={"displayModeBar": False})


def figure_tile(key: str, label: str, value: str, *details: str) -> None:
    """One figure with its n and interval beneath, and what is usual."""
    with st.container(key=f"kpi-{key}", border=True):
        st.metric(label, value)
        for detail in details:
            st.caption(detail)


def empty(text: str, key: str = "state-empty") -> None:
    with st.container(key=key):
        st.info(text, icon=":material/info:")


def no_incident(text: str) -> None:
    """Silence is not good news by itself: says how many areas could be judged.

    Raises: QueryError.
    """
    empty(f"{text} {cards.judged(rows_of(queries.judged_now()))}", "no-incident")


def _bound_select(label: str, name: str, options: dict[str, str], choice: Choice, default: str) -> str:
    if choice.complaint:
        st.warning(choice.complaint, icon=_BROKEN_LINK)
    keys = list(options)
    widget = f"filter-{name}"
    chosen = st.selectbox(
        label,
        keys,
        index=keys.index(choice.value),
        format_func=lambda key: options[key],
        key=f"{widget}-{choice.value}",
    )
    if chosen == default:
        st.query_params.pop(name, None)
    elif st.query_params.get(name) != chosen:
        st.query_params[name] = chosen
    return str(chosen)
