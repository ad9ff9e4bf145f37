"""What sessions share: one loading, one analysis a file, a bounded queue, and evidence that is sound."""

import shutil
import threading
import time
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core import service as module
from core.display import picture
from core.display.picture import PICTURE_PX, THUMBNAIL_PX
from core.errors import BundleError, NotAskedError
from core.evaluation.evidence import collect_evidence
from core.gate.way import Way
from core.margins import crop
from core.models.bundle.files import read_manifest
from core.phantom.samples import SAMPLES, list_samples
from core.preprocessing import network_input
from core.reading.radiograph import read_radiograph
from core.service import File, Reading, Service

pytestmark = pytest.mark.usefixtures("models_loaded_once")


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


def test_of_many_files_each_waits_for_clicks_and_takes_its_turn(
    random_bundle: Path, data: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = Service()
    loaded = service.load(random_bundle)
    inside, leave, order = threading.Event(), threading.Event(), list[str]()
    look = module.look

    def slow(radiograph, models):
        order.append(radiograph.name)
        if radiograph.name == "click.png":
            inside.set()
            assert leave.wait(60)
        return look(radiograph, models)

    def many(name: str) -> threading.Thread:
        read = threading.Thread(target=service.read_among_many, args=(File(data, name), loaded))
        read.start()
        return read

    monkeypatch.setattr(module, "look", slow)
    monkeypatch.setattr(module, "PATIENCE_S", 60)
    click = threading.Thread(target=service.read, args=(File(data, "click.png"), loaded, lambda text: None))
    click.start()
    assert inside.wait(60)
    threads = []
    for place, name in enumerate(("click.png", "a.png", "b.png"), start=1):
        threads.append(many(name))
        until = time.monotonic() + 60
        while len(service._turns._waiting) < place:
            assert time.monotonic() < until
            time.sleep(0.001)
    assert order == ["click.png"]
    leave.set()
    for each in (click, *threads):
        each.join(60)
    assert order == ["click.png", "a.png", "b.png"], "what was clicked on meanwhile is not read again"


def test_whoever_clicks_on_what_is_just_read_waits_for_it(
    random_bundle: Path, data: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    service, file = Service(), File(data, "one.png")
    loaded = service.load(random_bundle)
    inside, leave, order = threading.Event(), threading.Event(), list[str]()
    look = module.look

    def slow(radiograph, models):
        order.append(radiograph.name)
        inside.set()
        assert leave.wait(60)
        return look(radiograph, models)

    monkeypatch.setattr(module, "look", slow)
    threads = [
        threading.Thread(target=service.read_among_many, args=(file, loaded)),
        threading.Thread(target=service.read, args=(file, loaded, lambda text: None)),
    ]
    threads[0].start()
    assert inside.wait(60)
    threads[1].start()
    leave.set()
    for each in threads:
        each.join(60)
    assert order == ["one.png"] and service.kept(file, loaded)


def test_what_was_read_among_many_is_not_read_again_and_pushes_out_nothing_that_was_clicked_on(
    random_bundle: Path, data: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = Service(kept=1)
    monkeypatch.setattr(module, "KEPT_OF_MANY", 2)
    loaded = service.load(random_bundle)
    files = [File(data, f"{number}.png") for number in range(4)]
    clicked = service.read(files[0], loaded, lambda text: None)
    assert service.read_among_many(files[0], loaded) is clicked
    others = [service.read_among_many(each, loaded) for each in files[1:]]
    assert service.kept(files[0], loaded) is clicked
    assert service.kept(files[1], loaded) is None, "two of many are remembered"
    assert service.read(files[2], loaded, lambda text: None) is others[1]
    assert service.kept(files[0], loaded) is None, "from here on it is one that was clicked on"
    assert max(Image.open(BytesIO(others[1].thumbnail)).size) == THUMBNAIL_PX


def test_a_case_has_what_the_eye_and_what_the_networks_see_and_the_files_own_spacing(
    random_bundle: Path, data: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = module.read_radiograph_isolated
    monkeypatch.setattr(
        module, "read_radiograph_isolated", lambda *given: replace(read(*given), spacing_mm=0.2)
    )
    loaded = Service().load(random_bundle)
    case = Service().read(File(data, "one.png"), loaded, lambda text: None, Reading(insist=True))
    assert max(case.picture.packed.width, case.picture.packed.height) <= PICTURE_PX
    assert case.spacing_mm == 0.2 and case.small is None and case.analysis is not None
    seen, recipe = case.analysis.seen, loaded.models.manifest.preprocessing
    pixels = crop(read_radiograph(data, "one.png").pixels, case.analysis.inside)
    assert seen is not None and np.array_equal(seen, np.rint(network_input(pixels, recipe) * 255))
    assert (seen.min(), seen.max()) == (0, 255)  # equalised


def test_a_file_that_nobody_looks_at_is_answered_alike_without_a_picture(
    random_bundle: Path, data: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    service, file, insist = Service(), File(data, "one.png"), Reading(insist=True)
    loaded = service.load(random_bundle)
    shown = Service().read(file, loaded, lambda text: None, insist).analysis
    monkeypatch.delattr(module, "first_picture")
    answer = service.ask(file, loaded, insist)
    assert shown is not None and answer.decision == shown.decision
    assert service.kept(file, loaded, insist) is None
    monkeypatch.setattr(module, "refusal", lambda verdict, header: f"{verdict.refused} {len(header)}")
    noise = np.random.default_rng(0).integers(0, 255, (300, 260), dtype=np.uint8)
    picture = BytesIO()
    Image.fromarray(noise).save(picture, "PNG")
    with pytest.raises(NotAskedError, match=r"^True 0$"):
        service.ask(File(picture.getvalue(), "noise.png"), loaded)


def deep_png() -> bytes:
    """A radiograph of 16 bits, larger than what is shown at first."""
    small = np.asarray(Image.open(SAMPLES / "normal.png").convert("L"), dtype=np.float32)
    large = np.asarray(Image.fromarray(small).resize((1800, 1700), Image.Resampling.BICUBIC))
    file = BytesIO()
    Image.fromarray(np.rint(large.clip(0, 255) * 257).astype(np.uint16)).save(file, "PNG")
    return file.getvalue()


def test_a_deep_file_is_shown_in_12_bits_and_the_networks_see_what_they_saw_before(
    random_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, insist = File(deep_png(), "deep.png"), Reading(insist=True)
    loaded = Service().load(random_bundle)
    deep = Service().read(file, loaded, lambda text: None, insist)
    monkeypatch.setattr(picture, "DEPTHS", (8, 8))
    shallow = Service().read(file, loaded, lambda text: None, insist)
    assert (deep.picture.packed.depth, shallow.picture.packed.depth) == (12, 8)
    one, other = deep.analysis, shallow.analysis
    assert one is not None and other is not None
    assert np.array_equal(one.seen, other.seen)
    assert [each.probability for each in one.readings] == [each.probability for each in other.readings]
    assert [each.logit for each in one.findings] == [each.logit for each in other.findings]
    assert one.decision == other.decision
    whole = read_radiograph(file.data, "deep.png").pixels
    assert np.unique(whole).size > 4096  # nothing is rounded before the networks see it
    seen = network_input(crop(whole, one.inside), loaded.models.manifest.preprocessing)
    assert np.array_equal(one.seen, np.rint(seen * 255))


def test_the_sharp_picture_is_read_once_and_a_few_are_kept(
    data: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[str] = []
    read = module.read_radiograph_isolated
    monkeypatch.setattr(
        module, "read_radiograph_isolated", lambda *given: reads.append(given[1]) or read(*given)
    )
    service, file = Service(), File(deep_png(), "deep.png")
    sharp = service.sharp(file)
    assert (sharp.packed.width, sharp.packed.height) == (1800, 1700)
    assert service.sharp(file) is sharp and reads == ["deep.png"]
    laid = service.sharp(file, Reading(way=Way(quarters=1)))
    assert (laid.packed.width, laid.packed.height) == (1700, 1800)
    monkeypatch.setattr(module, "KEPT_SHARP", 1)
    service.sharp(File(data, "one.png"))
    assert service.sharp(file) is not sharp


def test_a_changed_radiograph_is_asked_about_once_and_one_at_a_time(
    random_bundle: Path, data: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    service, file = Service(at_once=2), File(data, "one.png")
    loaded = service.load(random_bundle)
    analysis = service.ask(file, loaded, Reading(insist=True))
    inside, leave, asked = threading.Event(), threading.Event(), []
    ask = module.ask_changed

    def slow(*given):
        asked.append(given)
        inside.set()
        leave.wait(60)
        return ask(*given)

    monkeypatch.setattr(module, "ask_changed", slow)
    assert service.kept_changed(file, loaded) is None
    threads = [
        threading.Thread(target=service.changed, args=(each, loaded, analysis))
        for each in (file, file, File(data, "two.png"))
    ]
    for thread in threads:
        thread.start()
    assert inside.wait(60)
    assert (
        service.ask(file, loaded, Reading(insist=True)).decision == analysis.decision
    )  # has a place meanwhile
    assert len(asked) == 1
    leave.set()
    for thread in threads:
        thread.join(60)
    assert len(asked) == 2
    assert {each.change for each in service.kept_changed(file, loaded) or ()} >= {"cut"}
    assert service.kept_changed(file, loaded, Reading(insist=True)) is None


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
