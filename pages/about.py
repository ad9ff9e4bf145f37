"""About: what this is, how to read it, and where its models come from."""

import streamlit as st

from pages import components as show
from pages.in_hand import files_in_hand

show.title("About ThoraxLens", "")
show.disclaimer()
files_in_hand()
reading, models = st.columns([3, 2], gap="large")
with reading:
    show.about()
with models:
    show.bundles()
