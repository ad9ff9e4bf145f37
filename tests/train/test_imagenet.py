"""`--init imagenet`: weights that Keras downloads, here from a server on this machine."""

from __future__ import annotations

import functools
import gc
import hashlib
import json
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pytest

from core.errors import WeightsError
from core.models.backbones import BACKBONE_BY_KEY
from train import steps
from train.config import TINY
from train.run import Run

SIZE = 32
VGG16 = BACKBONE_BY_KEY["vgg16"]
FILE = "vgg16.h5"
pytestmark = [
    # Keras reads its variables through an interface that numpy calls outdated,
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    # and urllib leaves the socket of a refused connection to the collector.
    pytest.mark.filterwarnings(
        "ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning"
    ),
]


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    """The collector comes here, where that socket is expected, and not in whatever test is next."""
    yield
    gc.collect()


@dataclass(frozen=True)
class Published:
    """What the owners of the weights have published, and the server that hands it out.

    Attributes:
        file: The whole file.
        weights: What it holds.
        folder: What the server serves.
        address: Of the file on it.
        cache: Keras's own.
    """

    file: Path
    weights: list[np.ndarray]
    folder: Path
    address: str
    cache: Path

    def serve(self, content: bytes | None) -> None:
        """Serves something else, or nothing, in place of the file."""
        (self.folder / FILE).unlink(missing_ok=True)
        if content is not None:
            (self.folder / FILE).write_bytes(content)

    def serve_whole(self) -> None:
        shutil.copy(self.file, self.folder / FILE)


class Handler(SimpleHTTPRequestHandler):
    """Serves a folder, quietly; a file called `cut` in it cuts everything off halfway."""

    def copyfile(self, source: Any, outputfile: BinaryIO) -> None:
        content = source.read()
        outputfile.write(content[: len(content) // 2] if Path(self.directory, "cut").exists() else content)

    def log_message(self, *arguments: object) -> None:
        """Keeps the test's output quiet."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[np.ndarray]]:
    """VGG16's weights as Keras publishes them, drawn at random."""
    import h5py
    import keras
    from keras.src.legacy.saving import legacy_h5_format

    from core.models.engine.keras import build_base

    keras.utils.set_random_seed(3)
    built = build_base(VGG16, SIZE)
    file = tmp_path_factory.mktemp("published") / FILE
    with h5py.File(file, "w") as stream:
        legacy_h5_format.save_weights_to_hdf5_group(stream, built)
    return file, built.get_weights()


@pytest.fixture
def published(
    whole: tuple[Path, list[np.ndarray]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Published]:
    """The server, and a Keras that asks it for VGG16's weights, with the hash of the whole file."""
    from keras.src.applications import vgg16

    folder, cache = tmp_path / "served", tmp_path / "keras"
    folder.mkdir()
    cache.mkdir()  # Keras turns to /tmp where there is none
    sha256, download = hashlib.sha256(whole[0].read_bytes()).hexdigest(), vgg16.file_utils.get_file

    def get_file(*arguments: Any, file_hash: str, **settings: Any) -> str:
        return download(*arguments, file_hash=sha256, cache_dir=str(cache), **settings)

    monkeypatch.setattr(vgg16.file_utils, "get_file", get_file)
    handler = functools.partial(Handler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/{FILE}"
        monkeypatch.setattr(vgg16, "WEIGHTS_PATH_NO_TOP", address)
        yield Published(*whole, folder, address, cache)
        server.shutdown()


def base_weights() -> list[np.ndarray]:
    from train.fitting.features import PretrainedBase, frozen_base

    return frozen_base(PretrainedBase(VGG16, None), SIZE).get_weights()


def break_download(how: str, published: Published, monkeypatch: pytest.MonkeyPatch) -> None:
    from keras.src.applications import vgg16

    if how == "missing":
        published.serve(None)
    elif how == "a web page":
        published.serve(b"<!DOCTYPE html><p>Sign in to the network")
    elif how == "cut halfway":
        published.serve_whole()
        (published.folder / "cut").touch()
    elif how == "another file":
        published.serve(published.file.read_bytes()[:-1] + b"?")
    else:
        monkeypatch.setattr(vgg16, "WEIGHTS_PATH_NO_TOP", f"http://127.0.0.1:9/{FILE}")


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ("missing", "404"),
        ("a web page", "not the published file"),
        ("cut halfway", r"retrieval incomplete|not the published file"),
        ("another file", "not the published file"),
        ("no network", "refused"),
    ],
)
def test_a_failed_download_is_said_in_a_sentence_and_the_next_one_is_whole(
    published: Published, monkeypatch: pytest.MonkeyPatch, how: str, reason: str
) -> None:
    with monkeypatch.context() as patch:
        break_download(how, published, patch)
        with pytest.raises(WeightsError, match=reason) as failure:
            base_weights()
    said = str(failure.value)
    assert said.startswith("The ImageNet weights of VGG16 could not be downloaded (") and "\n" not in said
    assert said.endswith("check the connection, or train with --init scratch or --init bundled.")
    (published.folder / "cut").unlink(missing_ok=True)
    published.serve_whole()
    for found, expected in zip(base_weights(), published.weights, strict=True):
        np.testing.assert_array_equal(found, expected)


def test_what_was_downloaded_is_not_downloaded_again(published: Published) -> None:
    published.serve_whole()
    base_weights()
    published.serve(None)
    for found, expected in zip(base_weights(), published.weights, strict=True):
        np.testing.assert_array_equal(found, expected)


def test_a_network_notes_that_its_base_comes_from_imagenet(published: Published, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    published.serve_whole()
    said: list[str] = []
    run = Run(folder, TINY, None, "imagenet", None, lambda title: lambda done, total: None, said.append)
    steps.pretrain_backbones(run)
    steps.transfer_backbones(run, (VGG16,))
    assert said[0] == "Nothing to pretrain: the bases come from --init imagenet."
    note = json.loads((folder / f"{VGG16.key}.json").read_text(encoding="utf-8"))
    assert (note["initialisation"], note["pretraining"]) == ("imagenet", [])
