"""The lessons that there are: those that come with the app, and those of a folder that somebody names."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.errors import LessonError
from core.lessons.lesson import Lesson, read_lesson
from core.project import PROJECT, lessons_folder

SHIPPED = PROJECT / "assets" / "lessons"
SUFFIX = ".md"
MAX_FILE_BYTES = 100_000


@dataclass(frozen=True)
class Lessons:
    """All lessons, and why some files are none.

    Attributes:
        lessons: In the order to show them in, by key.
        problems: A sentence for each file that is no lesson.
    """

    lessons: dict[str, Lesson]
    problems: tuple[str, ...]


def list_lessons() -> Lessons:
    """Reads all lessons: first those that ship, in the order of their files' names, then a lecturer's own.

    A file's name may begin with a number and a dash, which only orders it. A lecturer's own lesson takes the
    place of one that ships and has the same key.
    """
    lessons: dict[str, Lesson] = {}
    problems = []
    own = lessons_folder()
    for folder in (SHIPPED, own) if own else (SHIPPED,):
        if not folder.is_dir():
            problems.append(f"There is no folder of lessons {folder}: THORAXLENS_LESSONS names it.")
            continue
        for path in sorted(folder.glob(f"*{SUFFIX}")):
            try:
                lesson = _read(path)
            except LessonError as error:
                problems.append(str(error))
            else:
                lessons[lesson.key] = lesson
    return Lessons(lessons, tuple(problems))


def _read(path: Path) -> Lesson:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise LessonError(f"The lesson {path.name} is longer than {MAX_FILE_BYTES // 1000} KB.")
        return read_lesson(path.read_text(encoding="utf-8"), path.name)
    except (OSError, UnicodeDecodeError):
        raise LessonError(f"The lesson {path.name} cannot be read as text (UTF-8).") from None
