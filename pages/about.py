"""About: what this is, how to read it, and where its models come from."""

import streamlit as st

from pages import components as show

show.title("About ThoraxLens", "")
show.disclaimer()
reading, models = st.columns([3, 2], gap="large")
with reading:
    show.about()
with models:
    show.bundles()
