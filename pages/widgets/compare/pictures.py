"""Single images: their pictures where somebody has them, what was said of them, and the way to Analyse."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from core.display.behind import MAX_ROWS, Behind, images_table
from core.display.markdown import plain
from core.display.truth import RIGHT, WRONG
from core.display.wording import count_word
from core.errors import ThoraxLensError
from core.evaluation.comparison import Answers, Question
from core.evaluation.mistakes import MAX_MISTAKES, DecidedImage, decided_images, find_file
from core.evaluation.record import TrackRecord
from core.evaluation.sets.labelled import LabelledSet, draw_picture, find_data
from core.project import data_folder
from core.service import File
from core.vocabulary import LABELS
from pages.widgets.common import numbers_table
from pages.widgets.in_hand import tray

PICTURES = 64  # a session keeps, of 0.2 MB at most
IN_A_ROW = 4
ABSENT = (
    "No pictures: those who collected these images publish them, and the project ships none. Whoever has "
    "them names their folder in THORAXLENS_DATA; your own set and phantoms have their pictures here."
)

Sets = dict[str, LabelledSet]  # by split


def behind(
    record: TrackRecord,
    question: Question,
    answers: Answers,
    images: Sets,
    chosen: Behind,
    key: str,
    models: Sequence[str] = (),
) -> None:
    """The images behind a mark: pictures of the first or of chosen ones, and a table of them.

    Args:
        record: With what was measured.
        question: What was asked.
        answers: To it.
        images: Those that have pictures of their own.
        chosen: What stands behind the mark.
        key: Of the table's widget.
        models: Keys of more models than the networks and the ensemble, for the table.
    """
    if not chosen.places:
        st.info(f"{plain(chosen.name)}: no image.", icon=":material/check:")
        return
    shown = chosen.places[:MAX_ROWS]
    count = len(chosen.places)
    st.markdown(
        f"**{plain(chosen.name)}**: {count} {'image' if count == 1 else 'images'}"
        + (f", of which these are the first {len(shown)}." if count > len(shown) else ".")
    )
    place = st.container()
    table = images_table(record.predictions, answers, shown, (chosen.model, *models), record.source_name)
    told = dict.fromkeys(table.select_dtypes("number"), st.column_config.NumberColumn(format="%.3f"))
    event = numbers_table(
        table, column_config=told, on_select="rerun", selection_mode="multi-row", key=f"images {key}"
    )
    rows = event.selection.rows
    places = [shown[row] for row in rows if row < len(shown)] or shown
    with place:
        found = decided_images(
            record.predictions, answers, chosen.model, places[:MAX_MISTAKES], record.source_name
        )
        if not cards(question, images, found, key, only_pictures=True):
            st.caption(ABSENT)
        elif len(shown) > MAX_MISTAKES:
            st.caption("Choose rows of the table to see others.")


def cards(
    question: Question, images: Sets, found: Sequence[DecidedImage], key: str, *, only_pictures: bool = False
) -> bool:
    """A card for each image.

    Args:
        question: What was asked.
        images: Those that have pictures of their own.
        found: The images.
        key: Of the widgets on the cards.
        only_pictures: Whether images without a picture get no card.

    Returns:
        Whether any of them has a picture.
    """
    pictures = [_picture(question, images, each.path) for each in found]
    shown = [pair for pair in zip(found, pictures, strict=True) if pair[1] is not None or not only_pictures]
    for row in range(0, len(shown), IN_A_ROW):
        columns = st.columns(IN_A_ROW)
        for place, (image, drawn) in enumerate(shown[row : row + IN_A_ROW]):
            with columns[place], st.container(border=True):
                _card(question, images, image, drawn, f"{key} {row + place}")
    return any(each is not None for each in pictures)


def _card(question: Question, images: Sets, image: DecidedImage, drawn: Any, key: str) -> None:
    known = drawn is not None and not isinstance(drawn, str)
    if isinstance(drawn, str):
        st.caption(plain(drawn))
    elif known:
        st.image(drawn, width="stretch", alt=f"The radiograph {image.path}")
    read = "COVID-19" if image.score >= image.threshold else "not COVID-19"
    mark = RIGHT if image.is_right else WRONG
    st.markdown(f"{mark.icon} **{LABELS[image.label]}**, read as {read} ({image.score:.3f})")
    st.caption(
        f"{plain(image.path)}, {plain(image.source)}. "
        f"{count_word(image.wrong).capitalize()} of {count_word(image.backbones)} backbones "
        f"{'errs' if image.wrong == 1 else 'err'} on it."
    )
    if known and st.button(
        "Open in Analyse",
        key=f"open {key}",
        icon=":material/radiology:",
        help=f"{plain(image.path)} comes into your hand, and Analyse shows it.",
    ):
        _open(question, images, image)


def _open(question: Question, images: Sets, image: DecidedImage) -> None:
    """Takes an image in hand, with what is known of it, and goes where it is shown."""
    try:
        data = _data(question, images, image.path)
    except ThoraxLensError as error:
        st.error(plain(str(error)), icon=":material/block:")
        return
    if data is not None:
        tray().choose_file(File(data, image.path), image.label)
        # With an address of its own, for what is bound to this one refuses to go.
        st.switch_page("pages/analyse.py", query_params={})


def _data(question: Question, images: Sets, name: str) -> bytes | None:
    """The file of an image, where the session or the server has it."""
    folder = data_folder()
    if question.split in images:
        return find_data(images[question.split], name)
    return find_file(folder, name) if folder else None


def _picture(question: Question, images: Sets, name: str) -> Any:
    """The picture of an image, read once a session: an array, a sentence why there is none, or None."""
    drawn = st.session_state.setdefault(f"pictures-{question.split or ''}", {})
    if name not in drawn:
        try:
            data = _data(question, images, name)
            picture = None if data is None else draw_picture(data, name)
        except ThoraxLensError as error:
            return str(error)
        if len(drawn) >= PICTURES:
            drawn.clear()
        drawn[name] = picture
    return drawn[name]
