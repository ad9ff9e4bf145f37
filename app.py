"""ThoraxLens: `streamlit run app.py`."""

import streamlit as st

from core.project import PROJECT

st.set_page_config(page_title="ThoraxLens", page_icon=PROJECT / "assets" / "icon.svg", layout="wide")
st.session_state.entered = True
st.navigation(
    [
        st.Page("pages/analyse.py", title="Analyse", icon=":material/radiology:", default=True),
        st.Page("pages/compare.py", title="Compare", icon=":material/compare_arrows:"),
        st.Page("pages/cards.py", title="Cards", icon=":material/description:"),
        st.Page("pages/about.py", title="About", icon=":material/info:"),
    ],
    position="top",
).run()
