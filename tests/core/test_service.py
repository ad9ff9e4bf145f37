"""What sessions share: one loading, one analysis a file, a bounded queue, and evidence that is sound."""

import shutil
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from core import service as module
from core.errors import BundleError
from core.evaluation.evidence import collect_evidence
from core.models.bundle.files import read_manifest
from core.phantom.samples import list_samples
from core.service import File, Reading, Service


class SessionEndedError(Exception):
    """As Streamlit raises when a session ends."""


@pytest.fixture
def data() -> bytes:
    return next(each for each in list_samples() if each.path.suffix == ".png").path.read_bytes()


def test_a_bundle_is_loaded_once_and_again_when_it_changes(
    random_bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loads: list[Path] = []
    load = module.load_models
    monkeypatch.setattr(
        module, "load_models", lambda f, progress: loads.append(f) or load(f, progress=progress)
    )
    folder = tmp_path / "own"
    shutil.copytree(random_bundle, folder)
    service = Service()
    first = service.load(folder)
    assert service.load(folder) is first and service.loaded(folder) is first and len(loads) == 1
    manifest = folder / "bundle.json"
    manifest.write_text(manifest.read_text() + "\n")
    assert service.loaded(folder) is None
    assert service.load(folder) is not first and len(loads) == 2


def test_the_queue_says_how_many_wait_and_forgets_who_left(
    random_bundle: Path, data: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = Service(at_once=1)
    loaded = service.load(random_bundle)
    inside, leave = threading.Event(), threading.Event()
    analyse = module.analyse

    def slow(radiograph, models, **options):
        inside.set()
        assert leave.wait(60)
        return analyse(radiograph, models, **options)

    monkeypatch.setattr(module, "analyse", slow)
    busy = threading.Thread(target=service.read, args=(File(data, "one.png"), loaded, lambda text: None))
    busy.start()
    assert inside.wait(60)

    def gone(text: str) -> None:
        raise SessionEndedError(text)

    for _ in range(2):  # whoever leaves the queue makes room in it
        with pytest.raises(SessionEndedError, match="you are number 1 in the queue"):
            service.read(File(data, "two.png"), loaded, gone)
    leave.set()
    busy.join(60)
    assert (
        service.read(File(data, "one.png"), loaded, gone).analysis.name == "one.png"
    )  # kept: nobody is told


def test_a_case_is_remembered_for_its_file_and_its_way_of_reading(random_bundle: Path, data: bytes) -> None:
    service = Service(kept=1)
    loaded = service.load(random_bundle)
    file, insist = File(data, "one.png"), Reading(insist=True)
    assert service.kept(file, loaded) is None
    case = service.read(file, loaded, lambda text: None)
    assert service.kept(file, loaded) is case and service.kept(file, loaded, insist) is None
    assert service.read(file, loaded, lambda text: None) is case
    service.read(file, loaded, lambda text: None, insist)
    assert service.kept(file, loaded) is None  # the newer one displaced it


def test_a_case_has_what_the_eye_and_what_the_networks_see_and_the_files_own_spacing(
    random_bundle: Path, data: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = module.read_radiograph_isolated
    monkeypatch.setattr(
        module, "read_radiograph_isolated", lambda *given: replace(read(*given), spacing_mm=0.2)
    )
    loaded = Service().load(random_bundle)
    picture = Service().read(File(data, "one.png"), loaded, lambda text: None, Reading(insist=True)).picture
    side = loaded.models.manifest.preprocessing.size_px
    assert max(picture.grey.shape) <= module.DISPLAY_PX and picture.spacing_mm == 0.2
    assert picture.seen is not None and picture.seen.shape == (side, side)
    assert (picture.seen.min(), picture.seen.max()) == (0, 255)  # equalised


@pytest.mark.parametrize(
    ("old", "new"),
    [(",vgg16,", ",vgg,"), ("drawn,g00000,", "drawn,,"), (",0.", ",nan0."), (",0.", ",7.")],
)
def test_damaged_predictions_are_refused_by_name(
    random_bundle: Path, tmp_path: Path, old: str, new: str
) -> None:
    folder = tmp_path / "own"
    shutil.copytree(random_bundle, folder)
    file = folder / "predictions.csv"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))
    with pytest.raises(BundleError, match=r"predictions\.csv in the bundle 'own' is damaged"):
        collect_evidence(folder, read_manifest(folder))
