"""Single images: where models differ, and where they are surest and wrong."""

from __future__ import annotations

import streamlit as st

from core.display import comparison_charts as charts
from core.display import tables
from core.display.drawn import settled
from core.display.link import FIRST, MISTAKES, SECOND
from core.display.markdown import plain
from core.display.wording import count_word
from core.errors import ThoraxLensError
from core.evaluation.comparison import Answers, Question
from core.evaluation.mistakes import Mistake, find_file, find_mistakes
from core.evaluation.record import TrackRecord
from core.evaluation.sets.labelled import LabelledSet, draw_picture, find_data
from core.project import data_folder
from core.vocabulary import LABELS
from pages.widgets import link
from pages.widgets.common import chart, numbers_table
from pages.widgets.compare.kept import kept

PICTURES = 64  # a session keeps, of 0.2 MB at most


@st.fragment
def agreement(
    record: TrackRecord, question: Question, answers: Answers, images: dict[str, LabelledSet]
) -> None:
    """The matrix; below it the images that two models decide differently, which a click on a cell opens."""
    names = {each.key: each.name for each in answers.entrants if each.same_as is None}
    state = st.session_state
    matrix = kept(lambda: settled(charts.agreement_chart(answers)), "agreement", record, question)
    event = chart(matrix, "agreement", on_select="rerun", selection_mode="points")
    clicked = [tuple(point["customdata"]) for point in event.selection.points if point.get("customdata")]
    if not clicked:
        state.pop("opened_cell", None)
    elif clicked[0] != state.get("opened_cell"):
        state.opened_cell = clicked[0]
        state[FIRST], state[SECOND] = clicked[0]
    keys = list(names)
    with st.container(horizontal=True):
        first = link.choose(FIRST, "Images on which", names, keys[0])
        second = link.choose(SECOND, "differs from", names, keys[-1])
    cases = kept(
        lambda: tables.disagreements(record.predictions, answers, first, second),
        "disagreements",
        record,
        question,
        first,
        second,
    )
    if cases.empty:
        st.info("They decide all of these images alike.", icon=":material/check:")
        return
    table, shown = st.columns([3, 1], gap="medium")
    with table:
        chosen = numbers_table(cases, on_select="rerun", selection_mode="single-row", key="differing")
    with shown:
        rows = [row for row in chosen.selection.rows if row < len(cases)]
        if rows:
            _picture(question, images, str(cases["Image"].iloc[rows[0]]), absent=True)
        else:
            st.caption("Choose a row to see its radiograph.")


@st.fragment
def mistakes(
    record: TrackRecord, question: Question, answers: Answers, images: dict[str, LabelledSet]
) -> None:
    """The most confident mistakes of a model."""
    st.header("Where were they surest, and wrong?")
    own = {each.key: each.name for each in answers.entrants if each.same_as is None}
    shown = link.choose(MISTAKES, "The mistakes of", own, next(iter(own)))
    found = kept(
        lambda: find_mistakes(record.predictions, answers, shown), "mistakes", record, question, shown
    )
    if not found:
        st.info(f"{own[shown]} classifies all of these images correctly.", icon=":material/check:")
        return
    for row in range(0, len(found), 4):
        for column, mistake in zip(st.columns(4), found[row : row + 4], strict=False):
            with column, st.container(border=True):
                _mistake(question, images, mistake)


def _picture(question: Question, images: dict[str, LabelledSet], name: str, *, absent: bool = False) -> None:
    """An image of the table, where the user has it; read once a session."""
    split, folder = question.split or "", data_folder()
    drawn = st.session_state.setdefault(f"pictures-{split}", {})
    try:
        if name not in drawn:
            if split in images:
                data = find_data(images[split], name)
            else:
                data = find_file(folder, name) if folder else None
            if len(drawn) >= PICTURES:
                drawn.clear()
            drawn[name] = None if data is None else draw_picture(data, name)
    except ThoraxLensError as error:
        st.caption(plain(str(error)))
        return
    if drawn[name] is not None:
        st.image(drawn[name], width="stretch", alt=f"The radiograph {name}")
    elif absent:
        st.caption(
            "No picture: a bundle ships none. Set THORAXLENS_DATA to the folder that holds the images."
        )


def _mistake(question: Question, images: dict[str, LabelledSet], mistake: Mistake) -> None:
    _picture(question, images, mistake.path)
    st.markdown(
        f"**{LABELS[mistake.label]}**, read as "
        f"{'COVID-19' if mistake.score >= mistake.threshold else 'not COVID-19'} ({mistake.score:.3f})"
    )
    st.caption(
        f"{plain(mistake.path)}, {plain(mistake.source)}. {mistake.wrong} of "
        f"{count_word(mistake.backbones)} backbones err on it."
    )
