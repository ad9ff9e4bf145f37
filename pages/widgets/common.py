"""What several pages share: their head, the bundle to use, refusals, a chart beside its numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

import pandas as pd
import streamlit as st

from core.display import comparison_charts as charts
from core.display import drawn, wording
from core.display.glossary import term
from core.display.link import BUNDLE, LECTURE
from core.display.markdown import plain
from core.display.tables import figures_table, printed_table
from core.errors import BundleError, ThoraxLensError
from core.models.bundle.files import BundleListing, list_bundles, manifest_sha256
from core.project import bundles_folder
from core.renderings import Renderings
from core.service import Loaded, Service
from pages.components.names.names import names
from pages.widgets import link
from pages.widgets.style import STYLE

PLOT = {"displayModeBar": False}
COLUMNS_BESIDE = 5  # of a chart's numbers; more have no room beside it


@st.cache_resource(show_spinner=False)
def service() -> Service:
    """The one that all sessions share."""
    return Service()


@contextmanager
def refusals() -> Iterator[None]:
    """Says our own errors in one sentence; the rest of the page stays."""
    try:
        yield
    except ThoraxLensError as error:
        st.error(plain(str(error)), icon=":material/block:")


@st.cache_resource(show_spinner=False)
def renderings() -> Renderings:
    """The phantoms that all sessions share."""
    return Renderings(service().in_turn)


def terms(*keys: str) -> str:
    """Several explanations in one tooltip, each with its name."""
    return "\n\n".join(f"**{key.replace('_', ' ').capitalize()}.** {term(key)}" for key in keys)


def title(name: str, subtitle: str) -> None:
    """The head of a page.

    To a server that nobody has visited yet, a link to another page than the first is a script in a folder
    called pages, without the app around it: that leads to the app, which goes on to where the link led.
    """
    if "entered" not in st.session_state:
        params = {name: st.query_params.get_all(name) for name in st.query_params}
        st.session_state.wanted = PurePosixPath(urlsplit(st.context.url or "").path).name, params
        st.switch_page("app.py")
    st.html(f"<style>{STYLE}</style>")
    names(key="names")
    st.markdown(f"# {name} :small[:gray[{subtitle}]]" if subtitle else f"# {name}")


def disclaimer() -> None:
    """One line, at the top of every page."""
    st.caption(f":material/school: **{wording.DISCLAIMER}**")


def chosen_bundle() -> Loaded | None:
    """The bundle to use, loaded."""
    listing = chosen_listing()
    with refusals():
        return loaded(listing.folder) if listing else None
    return None


def chosen_listing() -> BundleListing | None:
    """The bundle to use, which need not be loaded; a picker only where there are several."""
    listings = list_bundles(bundles_folder())
    usable = [listing for listing in listings if listing.problem is None]
    for listing in listings:
        if listing.problem:
            st.error(plain(listing.problem), icon=":material/block:")
    if not usable:
        st.info(
            "There are no models yet: put a bundle into assets/bundles, or train one with `make train`.",
            icon=":material/deployed_code:",
        )
        return None
    names = [listing.name for listing in usable]
    chosen = link.settle(BUNDLE, names, names[0], key="chosen models")
    if len(usable) > 1:
        st.session_state["models picker"] = chosen
        st.selectbox("Models", names, key="models picker", on_change=_choose_listing, help=term("bundle"))
    link.tell(**{BUNDLE: None if chosen == names[0] else chosen})
    return usable[names.index(chosen)]


def _choose_listing() -> None:
    st.session_state["chosen models"] = st.session_state["models picker"]


def bundle_folder(version: str) -> Path:
    """The folder of a bundle that is loaded.

    Args:
        version: Of it.

    Raises:
        BundleError: If the folder is gone, or holds another version by now.
    """
    for listing in list_bundles(bundles_folder()):
        if listing.manifest and manifest_sha256(listing.folder) == version:
            return listing.folder
    raise BundleError("The bundle that the page was opened with is gone; load the page anew.")


def loaded(folder: Path) -> Loaded:
    """A bundle, loaded while a bar says how far that is."""
    place = st.empty()
    if found := service().loaded(folder):
        return found
    with place.container():
        bar = st.progress(0.0, "Loading the models: a few seconds, the first time about a minute")
        bundle = service().load(folder, lambda text, done: bar.progress(min(done, 1.0), text))
    place.empty()
    return bundle


def is_lecture() -> bool:
    """Whether the page is shown to a lecture hall."""
    return st.session_state.get(LECTURE) == "1"


def plot(figure: drawn.Figure, key: str, *, saved_as: str = "", **options: Any) -> Any:
    """A figure, in a lecture with larger type. Returns what was chosen in it.

    Args:
        figure: For Plotly.
        key: Of the element.
        saved_as: Name of a PNG file, without its ending, that a button on the figure saves; empty for none.
        **options: Of `st.plotly_chart`.
    """
    shown = drawn.enlarged(figure) if is_lecture() else figure
    return st.plotly_chart(shown, config=_saving(saved_as) if saved_as else PLOT, key=key, **options)


def png_plot(figure: drawn.Figure, key: str, saved_as: str, **options: Any) -> Any:
    """A figure that can be saved as a PNG file; it has the page's ground, so that its text can be read there.

    Args:
        figure: For Plotly.
        key: Of the element.
        saved_as: Name of the file, without its ending.
        **options: Of `st.plotly_chart`.
    """
    ground = st.get_option(f"theme.{st.context.theme.type or 'dark'}.backgroundColor")
    found = plot(drawn.on_ground(figure, ground), key, saved_as=saved_as, **options)
    st.caption("PNG: the camera at the figure's upper right corner saves it.")
    return found


def _saving(name: str) -> dict[str, Any]:
    return {
        "displayModeBar": True,
        "displaylogo": False,
        "modeBarButtons": [["toImage"]],
        "toImageButtonOptions": {"format": "png", "filename": name, "scale": 2},
    }


@contextmanager
def folded(key: str, name: str) -> Iterator[None]:
    """A section that a phone shows as its name until it is unfolded; elsewhere it looks like any other.

    Args:
        key: Of the section.
        name: What it is, where it is folded.
    """
    with st.expander(f"**{name}**", expanded=True, key=f"fold-{key}"):
        yield


def chart(chart: charts.Chart, key: str, below: Callable[[], None] | None = None, **options: Any) -> None:
    """A figure; beside it what it says in words, and its numbers.

    Args:
        chart: The figure with its words and numbers.
        key: Of its widget, after "chart-".
        below: Shows what belongs right under the figure.
        **options: Of `st.plotly_chart`.
    """
    picture, beside = st.columns([3, 2], gap="medium")
    with picture:
        plot(chart.figure, f"chart-{key}", alt=chart.words or None, **options)
    with beside:
        st.markdown(plain(chart.words))
    if below:
        below()
    if chart.table:
        wide = len(chart.table[0]) > COLUMNS_BESIDE
        with st.container() if wide else beside:
            shown = figures_table(chart.table)
            numbers = [name for name in shown if name != shown.columns[0]]
            right = st.column_config.TextColumn(alignment="right")
            numbers_table(shown, column_config=dict.fromkeys(numbers, right))


def numbers_table(frame: pd.DataFrame, digits: int = 3, **options: Any) -> Any:
    """A table to sort and to search, and on paper a plain one of which nothing is cut.

    Args:
        frame: The table.
        digits: Of numbers on paper, behind the point.
        **options: Of `st.dataframe`.

    Returns:
        What was chosen in it.
    """
    event = st.dataframe(frame, hide_index=True, **options)
    st.html(f'<div class="on-paper">{printed_table(frame, digits)}</div>')
    return event
