"""A page that asks for marks on a large, deep radiograph, and says what it was given and how often it ran."""

import json
from dataclasses import replace

import numpy as np
import streamlit as st
from drawn_analysis import drawn_analysis

from core.display.picture import first_picture, sharp_picture
from core.gate.way import AS_IT_IS
from core.margins import Box
from core.marks import KINDS
from core.reading.radiograph import Radiograph
from core.service import Case
from pages.components.viewer.viewer import viewer, wants_sharp

WIDTH, HEIGHT = 1900, 1600
GREYS = np.rint(np.linspace(0, 4095, WIDTH)) / 4095  # in 12 bits each is exact
RAMP = np.tile(GREYS.astype(np.float32), (HEIGHT, 1))
RADIOGRAPH = Radiograph("ramp.png", RAMP, (), "PNG", None, {})


@st.cache_resource
def case() -> Case:
    inside, box = Box(0, 0, WIDTH, HEIGHT), Box(100, 100, WIDTH - 100, HEIGHT - 100)
    analysis = replace(drawn_analysis(), width_px=WIDTH, height_px=HEIGHT, inside=inside, box=box)
    return Case("ramp.png", first_picture(RADIOGRAPH), None, None, AS_IT_IS, (), analysis)


@st.fragment
def ask() -> None:
    found = case()
    sharp = sharp_picture(RADIOGRAPH) if wants_sharp(found.picture, "asking") else None
    marks = viewer(found, found.analysis, "asking", sharp=sharp, asks=KINDS, gives_back=True)
    st.session_state.fragments = st.session_state.get("fragments", 0) + 1
    told = {"runs": st.session_state.runs, "fragments": st.session_state.fragments, "sharp": bool(sharp)}
    st.code(json.dumps({**told, "marks": [mark.model_dump() for mark in marks]}), language=None)


st.set_page_config(layout="wide")
st.session_state.runs = st.session_state.get("runs", 0) + 1
ask()
