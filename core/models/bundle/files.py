"""A bundle: the folder of models that the app serves, and the manifest that vouches for it."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from pydantic import ConfigDict, ValidationError

from core.errors import BundleError
from core.models.bundle.manifest import FORMAT, BundleFile, BundleManifest, NetworksManifest
from core.models.bundle.upgrade import upgrade

MANIFEST_FILE = "bundle.json"
REMEDY = "restore the folder from where it came, or build the bundle again"

Manifest = TypeVar("Manifest", bound=NetworksManifest)


@dataclass(frozen=True)
class BundleListing:
    """One folder that claims to be a bundle: its manifest, or the problem with it."""

    folder: Path
    manifest: BundleManifest | None
    problem: str | None

    @property
    def name(self) -> str:
        """Of the folder."""
        return self.folder.name


def list_bundles(folder: Path) -> tuple[BundleListing, ...]:
    """Finds the bundles in a folder, whole and damaged ones, by name.

    Manifests are read and files looked for; hashes are left to `verify_files`, which reads everything.
    """
    candidates = sorted(path for path in folder.glob("*") if path.is_dir() and not path.name.startswith("."))
    return tuple(_listing(candidate) for candidate in candidates)


def _listing(folder: Path) -> BundleListing:
    try:
        manifest = read_manifest(folder)
        for entry in manifest.files():
            bundle_path(folder, entry)
    except BundleError as error:
        return BundleListing(folder, None, str(error))
    return BundleListing(folder, manifest, None)


def read_manifest(folder: Path) -> BundleManifest:
    """Reads `bundle.json`.

    Raises:
        BundleError: If it is missing, not JSON, of another format, or incomplete.
    """
    return _read(folder, BundleManifest)


def read_networks(folder: Path) -> NetworksManifest:
    """Reads only what running the networks takes, also from the manifest of a bundle in the making.

    Raises:
        BundleError: As for `read_manifest`.
    """
    return _read(folder, _NetworksPart)


class _NetworksPart(NetworksManifest):
    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


def _read(folder: Path, kind: type[Manifest]) -> Manifest:
    try:
        text = (folder / MANIFEST_FILE).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise BundleError(f"The bundle '{folder.name}' has no readable {MANIFEST_FILE}; {REMEDY}.") from None
    manifest: Manifest = _parsed(text, folder.name, kind)
    return manifest


@lru_cache(maxsize=16)
def _parsed(text: str, name: str, kind: type[Manifest]) -> Manifest:
    """Kept, because every click asks which bundles there are."""
    declared = re.search(r'"format"\s*:\s*(-?\d+)', text)
    if declared and not 1 <= int(declared[1]) <= FORMAT:
        raise BundleError(
            f"The bundle '{name}' has format {declared[1]}, and this ThoraxLens reads 1 to {FORMAT}; "
            "use the version of ThoraxLens that built it, or build it again."
        )
    try:
        return kind.model_validate_json(_upgraded(text))
    except ValidationError as error:
        raise BundleError(
            f"The bundle '{name}' has a damaged {MANIFEST_FILE} ({_first_problem(error)}); {REMEDY}."
        ) from None


def _upgraded(text: str) -> str:
    """The same in today's format; what is no JSON object stays as it is, and is refused for that."""
    try:
        content = json.loads(text)
    except ValueError:
        return text
    return json.dumps(upgrade(content)) if isinstance(content, dict) else text


def _first_problem(error: ValidationError) -> str:
    problem = error.errors(include_url=False)[0]
    return ": ".join(part for part in (".".join(map(str, problem["loc"])), problem["msg"]) if part)


def write_manifest(folder: Path, manifest: NetworksManifest) -> None:
    """Writes `bundle.json`, readable by people."""
    text = manifest.model_dump_json(indent=1)
    (folder / MANIFEST_FILE).write_text(text + "\n", encoding="utf-8")


def bundle_path(folder: Path, entry: BundleFile) -> Path:
    """The path of one of the bundle's files.

    Raises:
        BundleError: If it is missing, not a plain file, or leads out of the bundle's folder.
    """
    path = folder / entry.file
    if not path.is_file():
        raise BundleError(f"The bundle '{folder.name}' lacks {entry.file}; {REMEDY}.")
    if path.resolve().parent != folder.resolve():
        raise BundleError(f"{entry.file} in the bundle '{folder.name}' leads out of its folder; {REMEDY}.")
    return path


def verify_files(folder: Path, manifest: NetworksManifest) -> None:
    """Compares every file's SHA-256 with the manifest, before anything is parsed.

    Raises:
        BundleError: Names the first file that is missing or damaged, and how.
    """
    for entry in manifest.files():
        verify_file(folder, entry)


def verify_file(folder: Path, entry: BundleFile) -> Path:
    """The path of one file, whose SHA-256 is the manifest's.

    Raises:
        BundleError: If the file is missing or damaged.
    """
    path = bundle_path(folder, entry)
    if file_sha256(path) != entry.sha256:
        raise BundleError(f"{entry.file} in the bundle '{folder.name}' {_damage(path)}; {REMEDY}.")
    return path


def read_cards(folder: Path, manifest: BundleManifest) -> dict[str, str]:
    """A bundle's model card and data card.

    Args:
        folder: The bundle's.
        manifest: Its manifest.

    Returns:
        Markdown by title, from whoever built the bundle: `harmless` of `core.display` makes it
        fit to show. Empty for older bundles.

    Raises:
        BundleError: If a card is missing, damaged or no text.
    """
    entries = {"Model card": manifest.model_card, "Data card": manifest.data_card}
    try:
        return {
            title: verify_file(folder, entry).read_text(encoding="utf-8")
            for title, entry in entries.items()
            if entry
        }
    except UnicodeDecodeError:
        raise BundleError(f"A card in the bundle '{folder.name}' is no text; {REMEDY}.") from None


def manifest_sha256(folder: Path) -> str:
    """Tells one version of a bundle from another.

    Raises:
        BundleError: If it has no readable manifest.
    """
    try:
        return file_sha256(folder / MANIFEST_FILE)
    except OSError:
        raise BundleError(f"The bundle '{folder.name}' has no readable {MANIFEST_FILE}; {REMEDY}.") from None


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _damage(path: Path) -> str:
    with path.open("rb") as file:
        start = file.read(512).lstrip().lower()
    if not start:
        return "is empty"
    if start.startswith((b"<!doctype", b"<html", b"<?xml")):
        return "is a web page, not weights"
    if start.startswith(b"version https://git-lfs"):
        return "is a Git LFS pointer, not the file itself"
    return "is damaged or incomplete: its SHA-256 differs from the manifest's"
