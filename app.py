"""ThoraxLens: `streamlit run app.py`."""

import gc

import streamlit as st

from core.display.wording import DISCLAIMER
from core.project import PROJECT

st.set_page_config(
    page_icon=PROJECT / "assets" / "icon.svg",
    layout="wide",
    menu_items={"About": DISCLAIMER},  # with an entry there is a menu, and in it the choice of a theme
)


@st.cache_resource(show_spinner=False)
def settle(page: str) -> None:
    """Once a page has run, what it imported stays for good: no later collection has to walk through it."""
    gc.collect()
    gc.freeze()


st.session_state.entered = True
pages = [
    st.Page("pages/analyse.py", title="Analyse", icon=":material/radiology:", default=True),
    st.Page("pages/compare.py", title="Compare", icon=":material/compare_arrows:"),
    st.Page("pages/explain.py", title="Explain", icon=":material/center_focus_strong:"),
    st.Page("pages/phantoms.py", title="Phantoms", icon=":material/science:"),
    st.Page("pages/shortcuts.py", title="Shortcuts", icon=":material/alt_route:"),
    st.Page("pages/lessons.py", title="Lessons", icon=":material/school:"),
    st.Page("pages/cards.py", title="Cards", icon=":material/description:"),
    st.Page("pages/about.py", title="About", icon=":material/info:"),
]
page = st.navigation(pages, position="top")
if wanted := st.session_state.pop("wanted", None):  # by the first visitor of a server, who came by a link
    name, params = wanted
    st.switch_page(next((each for each in pages if each.url_path == name), pages[0]), query_params=params)
st.set_page_config(page_title=f"{page.title} · ThoraxLens")
with st.container(horizontal=True, key="nav"):  # on phones, where Streamlit's own is behind a button
    for each in pages:
        st.page_link(each)
page.run()
settle(page.url_path)
