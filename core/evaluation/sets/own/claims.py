"""What tables and folders say of the files of somebody's own set, and which of these it leaves in doubt."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from core.evaluation.sets.labelled import LeftOut, Reason
from core.evaluation.sets.own.files import Entry, Finder, common_folder, is_below
from core.evaluation.sets.own.labels import LabelRow, Table
from core.evaluation.sets.own.words import CHOICES, read_folder
from core.reading.text import display_name

MAX_NAMED = 2  # of other files in one sentence
_ENCRYPTED = 0x1  # APPNOTE.TXT 6.3.10, section 4.4.4, bit 0


@dataclass(frozen=True)
class Claim:
    """A label that is given to a file.

    Attributes:
        label: "covid", "normal" or "pneumonia".
        place: Where it is said, for people.
        is_row: Whether that is a row of a table, and no folder.
        patient: Empty where none is given.
    """

    label: str
    place: str
    is_row: bool = False
    patient: str = ""


class Claims:
    """All that is said of the files of a set.

    Args:
        images: The files.
        tables: The tables of labels, each with what it holds. A single one speaks of all files; of several,
            each of those in its folder and below.

    Attributes:
        remarks: What is to be said of rows.
    """

    def __init__(self, images: Sequence[Entry], tables: Mapping[Entry, Table]) -> None:
        self.remarks: list[LeftOut] = []
        self._images = images
        self._claims: dict[Entry, list[Claim]] = {each: [] for each in images}
        self._tables: dict[Entry, list[str]] = {each: [] for each in images}
        self._faults = dict(_find_faults(images))
        for entry, table in tables.items():
            scope = [each for each in images if len(tables) == 1 or is_below(each.path, entry.folder)]
            self._add_table(entry, table, scope)
        # What holds a table, too, is no class of its images but the folder that was packed.
        top = common_folder(each.path for each in [*images, *tables]) if tables else ""
        for image in images:
            self._claims[image] += _read_folders(image, top)

    def _add_table(self, entry: Entry, table: Table, scope: Sequence[Entry]) -> None:
        self.remarks += table.problems
        for image in scope:
            self._tables[image].append(entry.shown)
        finder = Finder(scope, entry.folder, [row.file for row in table.rows])
        for row in table.rows:
            self._add_row(row, finder.find(row.file))

    def _add_row(self, row: LabelRow, found: Sequence[Entry]) -> None:
        if not found:
            named = f"there is no file {display_name(row.file)}" if row.file else "no file is named"
            self.remarks.append(LeftOut(row.place, "missing", f"{row.place}: {named}; the row is not used."))
        for image in found:
            if row.label is None or len(found) > 1:
                if image not in self._faults:
                    self._faults[image] = _row_fault(row, image, found)
            else:
                self._claims[image].append(Claim(row.label, row.place, True, row.patient))

    def judge(self, image: Entry) -> LeftOut | None:
        """Why a file cannot be used; None if it can."""
        if image in self._faults:
            return self._faults[image]
        claims, tables = self._claims[image], self._tables[image]
        if tables and not any(each.is_row for each in claims):
            sentence = f"{image.shown} is in no row of {' or '.join(tables)}; add one."
            return LeftOut(image.shown, "unlabelled", sentence)
        if not claims:
            sentence = f"{image.shown} lies in no folder called {CHOICES}; move it into one."
            return LeftOut(image.shown, "unlabelled", sentence)
        return _find_contradiction(image, claims)

    def label(self, image: Entry) -> str:
        """The label of a file that can be used."""
        return self._claims[image][0].label

    def patient(self, image: Entry) -> str:
        """Whose it is; empty where nothing says so."""
        return next((each.patient for each in self._claims[image] if each.patient), "")

    def repetitions(self, image: Entry) -> Iterator[LeftOut]:
        """What is to be said of the rows that only repeat what others say of a file."""
        for claim in [each for each in self._claims[image] if each.is_row][1:]:
            words = f"{image.shown} is listed again with the same label; it is used once."
            yield LeftOut(claim.place, "remark", f"{claim.place}: {words}")

    def judge_copies(self, images: Collection[Entry]) -> Iterator[tuple[Entry, LeftOut]]:
        """Of files with the same content, those that cannot be used.

        Args:
            images: That can be used as far as `judge` tells.
        """
        for copies in _group_copies(self._images):
            usable = [each for each in copies if each in images]
            claims = [(each, claim) for each in copies for claim in self._claims[each]]
            patients = {claim.patient for _, claim in claims if claim.patient}
            for image in usable:
                if found := self._judge_copy(image, usable[0], claims, len(patients) > 1):
                    yield image, found

    def _judge_copy(
        self, image: Entry, first: Entry, claims: Sequence[tuple[Entry, Claim]], mixed: bool
    ) -> LeftOut | None:
        label = self.label(image)
        for other, claim in claims:
            if claim.label != label:
                words = f"the same file as {other.shown}, which is {claim.label} by {claim.place}"
                sentence = f"{image.shown} is {label}, but {words}; keep one of them."
                return LeftOut(image.shown, "contradiction", sentence)
        if mixed:
            sentence = f"{image.shown} is also listed as a file of another patient; keep one of them."
            return LeftOut(image.shown, "contradiction", sentence)
        if image is not first:
            sentence = f"{image.shown} is the same file as {first.shown}; it is used once."
            return LeftOut(image.shown, "repeated", sentence)
        return None


def _find_faults(images: Sequence[Entry]) -> Iterator[tuple[Entry, LeftOut]]:
    names = Counter(each.path for each in images)
    for image in images:
        if names[image.path] > 1:
            sentence = f"{image.shown} is in the archive twice; pack it again under two names."
            yield image, LeftOut(image.shown, "ambiguous", sentence)
        elif image.is_other_table:
            sentence = f"{image.shown} is not read; a table of labels is called labels.csv."
            yield image, LeftOut(image.shown, "unlabelled", sentence)


def _row_fault(row: LabelRow, image: Entry, found: Sequence[Entry]) -> LeftOut:
    if len(found) > 1:
        others = [each.shown for each in found if each is not image]
        more = [f"{len(others) - MAX_NAMED} more"] if len(others) > MAX_NAMED else []
        named = " or ".join([*others[:MAX_NAMED], *more])
        words = f"“{display_name(row.file)}” in {row.place} may mean {image.shown} or {named}"
        return LeftOut(image.shown, "ambiguous", f"{words}; write the folder, too.")
    reason, words = row.fault or ("unlabelled", f"has no label in {row.place}; write {CHOICES}.")
    return LeftOut(image.shown, reason, f"{image.shown} {words}")


def _read_folders(image: Entry, top: str) -> Iterator[Claim]:
    below = image.folder[len(top) :]
    for part in below.split("/"):
        if label := read_folder(part):
            yield Claim(label, f"its folder {display_name(part)}")


def _find_contradiction(image: Entry, claims: Sequence[Claim]) -> LeftOut | None:
    first = claims[0]
    for claim in claims[1:]:
        if claim.label != first.label:
            reason: Reason = "contradiction" if first.is_row else "ambiguous"
            words = (
                f"is {first.label} by {first.place}, but {claim.label} by {claim.place}; keep one of them."
            )
            return LeftOut(image.shown, reason, f"{image.shown} {words}")
    given = {each.patient: each for each in claims if each.patient}
    if len(given) > 1:
        one, other, *_ = given.values()
        words = f"has one patient by {one.place}, but another by {other.place}; keep one of them."
        return LeftOut(image.shown, "contradiction", f"{image.shown} {words}")
    return None


def _group_copies(images: Sequence[Entry]) -> list[list[Entry]]:
    """Files of equal size and checksum, as the archive lists them: reading all to compare takes too long."""
    groups: dict[tuple[int, int], list[Entry]] = defaultdict(list)
    for image in images:
        if image.info.file_size and not image.info.flag_bits & _ENCRYPTED:
            groups[image.info.CRC, image.info.file_size].append(image)
    return [group for group in groups.values() if len(group) > 1]
