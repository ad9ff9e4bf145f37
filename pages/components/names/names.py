"""Names that differ, for controls that Streamlit names alike: "Help" for what, progress of what."""

from pathlib import Path

import streamlit as st

from pages.components.parts import read_parts

names = st.components.v2.component("names", **read_parts(Path(__file__).parent))
