"""ThoraxLens: `streamlit run app.py`."""

import streamlit as st

from core.sources import PROJECT

st.set_page_config(page_title="ThoraxLens", page_icon=PROJECT / "assets" / "icon.svg", layout="wide")
st.navigation(
    [
        st.Page("pages/analyse.py", title="Analyse", icon=":material/radiology:", default=True),
        # Not /about: to a server that nobody has visited yet, that is a script in a folder called pages.
        st.Page("pages/about.py", url_path="info", title="About", icon=":material/info:"),
    ],
    position="top",
).run()
