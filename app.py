"""ThoraxLens: `streamlit run app.py`."""

import streamlit as st

st.set_page_config(page_title="ThoraxLens", page_icon=":material/pulmonology:", layout="wide")
st.navigation(
    [
        st.Page("pages/analyse.py", title="Analyse", icon=":material/radiology:", default=True),
        st.Page("pages/about.py", title="About", icon=":material/info:"),
    ],
    position="top",
).run()
