"""The heat's opacity, changed in the browser alone: a slider, and the key H for on and off.

The plots are Streamlit's own elements, outside of this component: a rule on the document reaches them.
"""

from pathlib import Path

import streamlit as st

from pages.components.parts import read_parts

heat_switch = st.components.v2.component("heat_switch", **read_parts(Path(__file__).parent))
