"""The pages: each reads top to bottom, filters first, then freshness, then figures.

Not named `pages`: Streamlit takes such a folder's files for pages of its own until the first viewer has opened the
app, and shows whoever follows a link to one of them an empty page.
"""
