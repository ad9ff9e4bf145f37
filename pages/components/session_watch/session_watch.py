"""What only the browser knows: uploads that the uploader refused, and files of a session that is gone.

The uploader's list and the app's frame are Streamlit's own elements, outside of this component. The names
of the files in hand stay in this tab's storage, so that a page loaded anew can say which ones are gone.
"""

from pathlib import Path

import streamlit as st

from pages.components.parts import read_parts

session_watch = st.components.v2.component("session_watch", **read_parts(Path(__file__).parent))
