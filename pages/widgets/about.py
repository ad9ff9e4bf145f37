"""The long text, and where the models come from."""

from __future__ import annotations

import streamlit as st

from core.analysis.arithmetic import choose_arithmetic
from core.display.glossary import term
from core.display.markdown import plain
from core.display.precisions import RULE, precision_rows
from core.models.bundle.files import list_bundles
from core.project import PROJECT, bundles_folder
from core.vocabulary import SPLITS


def about() -> None:
    """The long text."""
    st.markdown((PROJECT / "assets" / "about.md").read_text(encoding="utf-8"))


def bundles() -> None:
    """Where the models of each bundle come from."""
    st.markdown("## The models")
    for listing in list_bundles(bundles_folder()):
        if listing.manifest is None:
            st.error(plain(listing.problem or ""), icon=":material/block:")
            continue
        manifest = listing.manifest
        st.markdown(
            f"**{plain(manifest.title)}**, built {plain(manifest.created)}. {plain(manifest.description)}"
        )
        if manifest.licence:
            st.markdown(f"Licence of the weights: {plain(manifest.licence)}.", help=term("weights_licence"))
        for source in manifest.sources:
            counts = ", ".join(
                f"{count} ({SPLITS[split].name.lower() if split in SPLITS else split})"
                for split, count in source.counts.items()
            )
            st.markdown(
                f"- **{plain(source.name)}**: {plain(source.citation)}; licence: {plain(source.licence)}. "
                f"Images: {plain(counts)}."
            )
        st.markdown(
            f"Arithmetic on this server: {plain(choose_arithmetic(manifest.precisions).note)}",
            help=term("precision"),
        )
        if manifest.precisions:
            with st.expander("What faster arithmetic changes"):
                st.markdown(RULE)
                st.dataframe(precision_rows(manifest.precisions), hide_index=True)
        with st.expander("Training configuration, figures and versions"):
            st.json(manifest.training, expanded=1)
