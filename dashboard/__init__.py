"""The Streamlit dashboard: pages > components > queries > client. Every figure is a column of a mart."""
