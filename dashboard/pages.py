"""The pages, as Streamlit runs them anew for each look of a viewer."""

from pathlib import Path

import streamlit as st

from dashboard import components
from dashboard.settings import Settings
from dashboard.views import data_health, gps_accuracy, incident, outages, overview, signal

st.set_page_config(page_title="TelcoPulse", page_icon=str(Path(__file__).parent / "data" / "icon.svg"), layout="wide")
page = st.navigation(
    [
        st.Page(overview.show, title="Overview", icon=":material/dashboard:", default=True),
        st.Page(outages.show, title="Outages", icon=":material/signal_disconnected:", url_path="outages"),
        st.Page(signal.show, title="Signal", icon=":material/signal_cellular_alt:", url_path="signal"),
        st.Page(gps_accuracy.show, title="GPS accuracy", icon=":material/my_location:", url_path="gps"),
        st.Page(data_health.show, title="Data health", icon=":material/monitor_heart:", url_path="data"),
        st.Page(incident.show, title="Incident", url_path="incident", visibility="hidden"),
    ]
)
components.page_style()
page.run()
st.divider()
st.caption(
    f"TelcoPulse {Settings.from_env().release} · times in Europe/Madrid, UTC on hover · an area is a municipality "
    "code in the public data · no figure from fewer than 10 events or 5 devices"
)
