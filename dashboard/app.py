"""Entry of the dashboard: `streamlit run dashboard/app.py`."""

from pathlib import Path

import streamlit as st
from starlette.routing import Route

from dashboard import first_paint

app = st.App(
    Path(__file__).with_name("pages.py"),
    routes=[Route(f"/{address}", first_paint.page) for address in first_paint.TITLES],
)
