"""The front door: names fit to be shown, pixels fit for a figure, and no heavy libraries."""

from __future__ import annotations

import subprocess
import sys
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from core.reading.filetypes import READABLE, UNKNOWN, file_type, named_type
from core.reading.radiograph import display_name, pixels_to_display, read_radiograph

GREY = np.tile(np.arange(200, dtype=np.uint8), (160, 1))


def encode(array: np.ndarray, form: str = "PNG") -> bytes:
    buffer = BytesIO()
    Image.fromarray(array).save(buffer, form)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("chest.png", "chest.png"),
        ("Röntgen Thorax.jpg", "Röntgen Thorax.jpg"),
        ("Ro\u0308ntgen.jpg", "Röntgen.jpg"),
        ("gnp.\u202etxet\u202c.exe", "gnp. txet .exe"),
        ("a\u200bb\ufeffc.png", "a b c.png"),
        ("one\r\ntwo\tthree\0.png", "one two three .png"),
        ("../../etc/passwd", "../../etc/passwd"),
        ("<img src=x onerror=alert(1)>.png", "<img src=x onerror=alert(1)>.png"),
        ("", "unnamed"),
        ("\u202e\u200b", "unnamed"),
        ("\ud800.png", ".png"),
    ],
)
def test_names_are_one_visible_line_of_plain_text(name: str, shown: str) -> None:
    assert display_name(name) == shown


@pytest.mark.parametrize("length", [81, 300, 100_000])
def test_long_names_keep_their_beginning_and_end(length: int) -> None:
    shown = display_name("x" * length + ".png")
    assert len(shown) == 80
    assert shown.startswith("xxx") and "…" in shown and shown.endswith("x.png")


def test_a_radiograph_carries_the_name_that_can_be_shown() -> None:
    assert read_radiograph(encode(GREY), "chest\u202e.png").name == "chest .png"


def test_each_readable_type_is_known_by_its_names() -> None:
    for kind in READABLE:
        assert all(named_type(f"CHEST.{extension.upper()}") is kind for extension in kind.extensions)
    assert named_type("chest") is None and named_type("chest.gz") is None
    assert file_type(b"\x01\x02") is UNKNOWN


def test_pixels_for_a_figure_keep_their_aspect_and_are_never_enlarged() -> None:
    radiograph = read_radiograph(encode(GREY), "chest.png")
    small = pixels_to_display(radiograph, 100)
    assert small.shape == (80, 100) and small.dtype == np.uint8
    assert abs(int(small.mean()) - int(GREY.mean())) <= 1
    assert np.array_equal(pixels_to_display(radiograph, 1000), GREY)


def test_reading_imports_no_heavy_library() -> None:
    code = (
        "import sys, core.reading.decoder_pool\n"
        "heavy = {'streamlit', 'tensorflow', 'keras', 'torch', 'openvino', 'sklearn'} & set(sys.modules)\n"
        "sys.exit(' '.join(heavy) or 0)"
    )
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (finished.returncode, finished.stderr) == (0, "")
