"""The files that one session has in hand: kept until their owner puts them away, refused ones too."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import count

from core.reading.limits import MAX_FILE_BYTES
from core.reading.text import display_name
from core.service import File
from core.vocabulary import Label

MAX_SESSION_BYTES = 150_000_000  # of all files that a session holds
MAX_FILES = 60

FULL = (
    f"There is no room for it: a session holds at most {MAX_FILES} files and "
    f"{MAX_SESSION_BYTES // 1_000_000} MB; put others away and choose it again."
)
LOST = (
    "The connection to the server was lost, or the page was loaded anew, and the file is no longer there; "
    "choose it again."
)

_LIMIT = (
    f"The file is larger than {MAX_FILE_BYTES // 1_000_000} MB; scale the radiograph down or compress it."
)


def widget_refusal(reason: str) -> str:
    """Why the browser's uploader did not send a file, in our words.

    Args:
        reason: In the uploader's.
    """
    if "smaller" in reason or "size" in reason:
        return _LIMIT
    return "The browser could not send the file; choose it again."


@dataclass(frozen=True)
class Held:
    """A file in hand.

    Attributes:
        name: To show, one of a kind in its tray: plain text.
        file: Its bytes; None where it was refused, so that nothing of it is kept.
        refusal: Why there is no answer, in a sentence; None where it was not refused.
        frame: Which of its pictures is meant; None where nobody said, or it holds but one.
        label: What it shows, where that is known: a key of `core.vocabulary.LABELS`.
    """

    name: str
    file: File | None
    refusal: str | None = None
    frame: int | None = None
    label: Label | None = None


@dataclass
class Tray:
    """All files of a session by key, oldest first, and which of them is looked at.

    Attributes:
        held: By key.
        chosen: Key of the one that is looked at; None for none of them.
    """

    held: dict[str, Held] = field(default_factory=dict)
    chosen: str | None = None
    _keys: count[int] = field(default_factory=count)

    @property
    def current(self) -> Held | None:
        """The file that is looked at."""
        return self.held[self.chosen] if self.chosen is not None else None

    def take(self, files: list[File]) -> None:
        """Takes files in, and looks at the first of them; what does not fit is refused by name.

        A file that was refused or lost goes when one of its name comes again.
        """
        self._look_at(
            [
                self._put(Held(each.name, each) if self._fits(each) else Held(each.name, None, FULL))
                for each in files
            ]
        )

    def choose_file(self, file: File, label: Label) -> None:
        """Looks at a file of which is known what it shows; it is taken in unless it is in hand already."""
        held = next((key for key, each in self.held.items() if each.file == file), None)
        if held is None:
            self.take([file])
        else:
            self.chosen = held
        if self.chosen and self.held[self.chosen].file == file:
            self.held[self.chosen] = replace(self.held[self.chosen], label=label)

    def refuse(self, refusals: dict[str, str]) -> None:
        """Keeps the names of files that never came, each with the sentence that says why."""
        self._look_at([self._put(Held(name, None, sentence)) for name, sentence in refusals.items()])

    def mark_refused(self, key: str, sentence: str) -> None:
        """Keeps a file's name and the reason, and lets go of its bytes."""
        self.held[key] = replace(self.held[key], file=None, refusal=sentence)

    def choose_frame(self, key: str, frame: int | None) -> None:
        """Says which of a file's pictures is meant; None to choose again."""
        self.held[key] = replace(self.held[key], frame=frame)

    def put_away(self, key: str) -> None:
        """Lets go of a file; if it was looked at, the one before it is looked at next."""
        keys = list(self.held)
        place = keys.index(key)
        del self.held[key]
        if self.chosen == key:
            rest = keys[:place][::-1] + keys[place + 1 :]
            self.chosen = rest[0] if rest else None

    def put_all_away(self) -> None:
        """Lets go of all files."""
        self.held.clear()
        self.chosen = None

    def _fits(self, file: File) -> bool:
        kept = [each.file.data for each in self.held.values() if each.file]
        return len(kept) < MAX_FILES and sum(map(len, kept)) + len(file.data) <= MAX_SESSION_BYTES

    def _look_at(self, keys: list[str]) -> None:
        self.chosen = next((key for key in keys if key in self.held), self.chosen)

    def _put(self, held: Held) -> str:
        name = display_name(held.name)
        for key, other in list(self.held.items()):
            if other.refusal and other.name == name:
                del self.held[key]
        taken = {other.name for other in self.held.values()}
        names = (name, *(f"{name} ({number})" for number in range(2, len(taken) + 3)))
        key = str(next(self._keys))
        self.held[key] = replace(held, name=next(each for each in names if each not in taken))
        return key
