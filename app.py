"""ThoraxLens: `streamlit run app.py`."""

import streamlit as st

from core.project import PROJECT

st.set_page_config(page_icon=PROJECT / "assets" / "icon.svg", layout="wide")
st.session_state.entered = True
pages = [
    st.Page("pages/analyse.py", title="Analyse", icon=":material/radiology:", default=True),
    st.Page("pages/compare.py", title="Compare", icon=":material/compare_arrows:"),
    st.Page("pages/cards.py", title="Cards", icon=":material/description:"),
    st.Page("pages/about.py", title="About", icon=":material/info:"),
]
page = st.navigation(pages, position="top")
if wanted := st.session_state.pop("wanted", None):  # by the first visitor of a server, who came by a link
    name, params = wanted
    st.switch_page(next((each for each in pages if each.url_path == name), pages[0]), query_params=params)
st.set_page_config(page_title=f"{page.title} · ThoraxLens")
page.run()
