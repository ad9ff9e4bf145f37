"""How pages look beyond what Streamlit's theme can say: on a screen, and on paper."""

from pathlib import Path

from core.display import wording
from core.display.style import colour_and_dash
from core.models.backbones import BACKBONES
from core.vocabulary import ENSEMBLE

_CARDS = (ENSEMBLE, *(each.key for each in BACKBONES))


def _read(name: str) -> str:
    return Path(__file__).with_name(name).read_text("utf-8")


def _coloured(model: str) -> str:
    """A card's bar in the colour that its model has everywhere."""
    bar = f".st-key-card-{model} [data-testid=stProgressBarTrack] div"
    return f"{bar} {{ background: {colour_and_dash(model)[0]}; }}"


STYLE = "".join(
    (
        f":root {{ --cards: {len(_CARDS)}; --half: {-(-len(_CARDS) // 2)}; }}",
        _read("screen.css"),
        *(_coloured(model) for model in _CARDS),
        _read("bars.css"),
        _read("print.css").replace("DISCLAIMER", wording.DISCLAIMER),
    )
)
