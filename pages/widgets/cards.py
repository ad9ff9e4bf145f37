"""A bundle's cards, section by section."""

from __future__ import annotations

import streamlit as st

from core.display.gate_card import gate_card
from core.display.markdown import harmless, lower_headings, split_sections
from core.models.bundle.files import BundleListing, read_cards
from core.models.gate_files import read_gate
from core.project import gate_folder
from pages.widgets.common import refusals

OPEN = 2  # sections of a card that are open from the start: what it is, and for what


def cards(listing: BundleListing) -> None:
    """The cards of a bundle and of the gate, section by section, as text that can do nothing."""
    documents: dict[str, str] = {}
    with refusals():
        documents = read_cards(listing.folder, listing.manifest) if listing.manifest else {}
        if not documents:
            st.info(
                "This bundle has no cards; `python -m train bundle` writes them with every bundle it builds.",
                icon=":material/description:",
            )
    with refusals():
        documents["Gate"] = gate_card(read_gate(gate_folder()))
    if documents:
        with st.container(key="documents"):
            whole = st.toggle("Show all of it", help="To read, search or print all cards from end to end.")
            places = [st.container() for _ in documents] if whole else st.tabs(list(documents))
            for place, (title, document) in zip(places, documents.items(), strict=True):
                with place:
                    _document(title, document, whole)


def _document(title: str, document: str, whole: bool) -> None:
    text = harmless(document)
    preface, sections = (text, ()) if whole else split_sections(text)
    st.markdown(lower_headings(preface, 1))
    for index, (heading, content) in enumerate(sections):
        with st.expander(f"**{heading}**", expanded=index < OPEN):
            st.markdown(lower_headings(content, 1))
    st.download_button(
        f"{title}, Markdown",
        document,
        f"thoraxlens-{title.lower().replace(' ', '-')}.md",
        "text/markdown",
        on_click="ignore",
        icon=":material/download:",
    )
