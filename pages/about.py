"""About: what this is, how to read it, and where its models come from."""

import streamlit as st

from pages.widgets import about as show
from pages.widgets.common import title
from pages.widgets.in_hand import files_in_hand
from pages.widgets.lecture import begin

title("About ThoraxLens", "")
begin("about")
files_in_hand()
reading, models = st.columns([3, 2], gap="large")
with reading:
    show.about()
with models:
    show.bundles()
