"""What a lesson is, and how its file is read: Markdown with a little TOML on top (docs/lessons.md)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NoReturn
from urllib.parse import parse_qsl

from core.display.link import SAMPLE, SECTIONS, SETTINGS, is_readable
from core.errors import LessonError
from core.lessons.figures import Measured, problem
from core.phantom.samples import list_samples

QUESTION, TAKE_HOME, SOURCES = "Question", "Take home", "Sources"
MAX_TITLE, MAX_ABOUT, MAX_MINUTES = 60, 160, 60  # characters, characters, minutes
MIN_CHOICES, MAX_CHOICES = 2, 6
_FENCE = "+++"
_LINK = re.compile(r"\[([^\]\n]+)\]\(([^)\s]*)(?:\s+\"([^\"\n]*)\")?\)")
_FIGURE = re.compile(r"\{([^{}\n]*)\}")
_CHOICE = re.compile(r"[-*] \[([ xX])\] +(.+)")
_SENTENCE_ENDS = re.compile(r"[.!?]\s+\S")


@dataclass(frozen=True)
class Link:
    """A phrase that opens a page with settings.

    Attributes:
        phrase: What is clicked.
        page: A key of `core.display.link.SETTINGS`.
        params: The settings, by name.
        section: Of `core.display.link.SECTIONS`, at which the page opens; empty for its head.
        hint: What to look at there; empty where the lesson says nothing.
        address: Of the page with the settings, seen from any page of the app.
        line: Of the file.
    """

    phrase: str
    page: str
    params: tuple[tuple[str, str], ...]
    section: str
    hint: str
    address: str
    line: int


@dataclass(frozen=True)
class Step:
    """What a learner sees at once.

    Attributes:
        heading: Above it.
        text: Markdown; figures stand in it as {names}, links with the addresses of `links`.
        links: That lead to pages of the app.
    """

    heading: str
    text: str
    links: tuple[Link, ...] = ()


@dataclass(frozen=True)
class Choice:
    """One of the answers to choose from.

    Attributes:
        text: The answer.
        right: Whether it is right.
        why: Why it is, or is not.
    """

    text: str
    right: bool
    why: str


@dataclass(frozen=True)
class Lesson:
    """A lesson.

    Attributes:
        key: Of its address: the name of its file.
        title: For people.
        about: What it is about, in a sentence.
        minutes: That it takes.
        before: The steps before the question.
        question: What is asked.
        choices: The answers, one of which is right.
        after: The steps that nobody sees before they have answered.
        take_home: The sentence to take home.
        sources: A Markdown list.
    """

    key: str
    title: str
    about: str
    minutes: int
    before: tuple[Step, ...]
    question: Step
    choices: tuple[Choice, ...]
    after: tuple[Step, ...]
    take_home: Step
    sources: Step

    @property
    def steps(self) -> tuple[Step, ...]:
        """All steps in their order; sources stand below the last one."""
        return (*self.before, self.question, *self.after, self.take_home)

    @property
    def asks_at(self) -> int:
        """The number of the question among the steps, from 1."""
        return len(self.before) + 1

    @property
    def links(self) -> tuple[Link, ...]:
        """All links to pages of the app."""
        return tuple(link for step in self.steps for link in step.links)


def lesson_key(name: str) -> str:
    """The key of the lesson in a file: its name without its ending, and without a number that orders it.

    Args:
        name: Of the file, e.g. "03-letters.md".
    """
    stem = name.removesuffix(".md")
    number, dash, rest = stem.partition("-")
    return rest if dash and number.isdigit() else stem


def filled(text: str, bundle: Measured) -> str:
    """A lesson's text with the figures of a bundle in the places of their names.

    Args:
        text: Of a lesson that was read.
        bundle: Whose figures.
    """
    return _FIGURE.sub(lambda found: bundle.figure(found[1]), text)


@dataclass
class _Section:
    heading: str
    line: int
    lines: list[str]


def read_lesson(text: str, name: str) -> Lesson:
    """Reads a lesson's file.

    Args:
        text: All of it.
        name: Of the file, which holds the lesson's key.

    Raises:
        LessonError: If it is no lesson; the sentence says what is wrong, and in which line.
    """
    return _Reader(name).read(text.splitlines())


class _Reader:
    """Reads one file, and refuses in its name."""

    def __init__(self, name: str) -> None:
        self.name = name

    def refuse(self, line: int, what: str) -> NoReturn:
        raise LessonError(f"The lesson {self.name}, line {line}: {what}.")

    def read(self, lines: list[str]) -> Lesson:
        end = self._fence_end(lines)
        title, about, minutes = self._head(lines[1:end])
        sections = list(self._sections(lines, end + 1))
        names = [each.heading.casefold() for each in sections]
        places = {}
        for special in (QUESTION, TAKE_HOME, SOURCES):
            if names.count(special.casefold()) != 1:
                self.refuse(len(lines), f"it needs one section “## {special}”, and has "
                            f"{names.count(special.casefold())}")  # fmt: skip
            places[special] = names.index(special.casefold())
        asked, home = places[QUESTION], places[TAKE_HOME]
        if not 0 < asked < home < places[SOURCES] == len(sections) - 1 or home != len(sections) - 2:
            self.refuse(
                sections[asked].line,
                "the sections stand in another order: at least one step, then Question, steps for the "
                "answer, Take home, and Sources at the end",
            )
        text, choices = self._question(sections[asked])
        return Lesson(
            key=lesson_key(self.name),
            title=title,
            about=about,
            minutes=minutes,
            before=tuple(self._step(each) for each in sections[:asked]),
            question=text,
            choices=choices,
            after=tuple(self._step(each) for each in sections[asked + 1 : home]),
            take_home=self._take_home(sections[home]),
            sources=self._sources(sections[-1]),
        )

    def _fence_end(self, lines: list[str]) -> int:
        if not lines or lines[0].strip() != _FENCE:
            self.refuse(1, f"it has to begin with a line “{_FENCE}”, then title, about and minutes")
        ends = [at for at, line in enumerate(lines) if at and line.strip() == _FENCE]
        if not ends:
            self.refuse(1, f"the part that begins with “{_FENCE}” never ends with another")
        return ends[0]

    def _head(self, lines: Sequence[str]) -> tuple[str, str, int]:
        try:
            head = tomllib.loads("\n".join(lines))
        except tomllib.TOMLDecodeError as error:
            found = re.search(r"\(at line (\d+), column \d+\)", str(error))
            what = str(error).partition(" (at ")[0]
            self.refuse(1 + int(found[1]) if found else 1, f"the part between “{_FENCE}” is no TOML: {what}")
        wanted = {"title": str, "about": str, "minutes": int}
        for key, kind in wanted.items():
            if not isinstance(head.get(key), kind) or not head[key]:
                words = "a whole number" if kind is int else "some text in quotation marks"
                self.refuse(1, f"between “{_FENCE}”, {key} has to be {words}")
        if unknown := sorted(head.keys() - wanted):
            self.refuse(1, f"between “{_FENCE}” nothing is known of “{unknown[0]}”")
        if len(head["title"]) > MAX_TITLE or len(head["about"]) > MAX_ABOUT:
            self.refuse(
                1, f"a title has at most {MAX_TITLE} characters, and what it is about at most {MAX_ABOUT}"
            )
        if not 1 <= head["minutes"] <= MAX_MINUTES:
            self.refuse(1, f"minutes lie between 1 and {MAX_MINUTES}")
        return head["title"], head["about"], head["minutes"]

    def _sections(self, lines: list[str], start: int) -> Iterator[_Section]:
        section: _Section | None = None
        for number, line in enumerate(lines[start:], start=start + 1):
            if line.startswith("## "):
                if section:
                    yield section
                section = _Section(line[3:].strip(), number, [])
            elif section:
                section.lines.append(line)
            elif line.strip():
                self.refuse(number, "each step begins with a heading “## …”, and this stands before any")
        if section:
            yield section

    def _step(self, section: _Section) -> Step:
        if not any(line.strip() for line in section.lines):
            self.refuse(section.line, f"the section “{section.heading}” is empty")
        links: list[Link] = []
        checked = [
            self._line(line, number, links)
            for number, line in enumerate(section.lines, start=section.line + 1)
        ]
        return Step(section.heading, "\n".join(checked).strip(), tuple(links))

    def _line(self, line: str, number: int, links: list[Link]) -> str:
        """A line whose links lead where they say, and whose figures there are."""
        if line.startswith("#"):
            self.refuse(number, "a step holds no headings of its own; begin another step with “## …”")
        if "![" in line:
            self.refuse(number, "a lesson holds no pictures: link a sample or a phantom")
        for name in _FIGURE.findall(line):
            if wrong := problem(name):
                self.refuse(number, wrong)

        def replaced(found: re.Match[str]) -> str:
            phrase, target, hint = found[1], found[2], found[3] or ""
            if target.startswith("https://"):
                return found[0]
            link = self._link(phrase, target, hint, number)
            links.append(link)
            return f"[{phrase}]({link.address})"

        return _LINK.sub(replaced, line)

    def _link(self, phrase: str, target: str, hint: str, number: int) -> Link:
        place, mark, section = target.partition("#")
        page, _, query = place.partition("?")
        if page not in SETTINGS:
            self.refuse(
                number,
                f"“{phrase}” leads to “{target}”, which is neither https:// nor a page: "
                f"{', '.join(SETTINGS)}",
            )
        params = parse_qsl(query, keep_blank_values=True)
        if query and "&".join(f"{key}={value}" for key, value in params) != query.replace("%20", " "):
            self.refuse(number, f"the settings of “{phrase}” are not written NAME=VALUE&NAME=VALUE")
        for setting, value in params:
            if setting not in SETTINGS[page]:
                known = ", ".join(SETTINGS[page])
                self.refuse(number, f"the page {page} has no setting “{setting}”; it has {known}")
            if not is_readable(setting, [value]) or (setting == SAMPLE and value not in _samples()):
                self.refuse(number, f"the setting {setting} of the page {page} cannot be “{value}”")
        sections = SECTIONS.get(page, {})
        if mark and section not in sections:
            known = f"; it has {', '.join(sections)}" if sections else ""
            self.refuse(number, f"the page {page} has no section “{section}” to open at{known}")
        address = ("./" if page == "analyse" else page) + target.removeprefix(page)
        return Link(phrase, page, tuple(params), section, hint, address, number)

    def _question(self, section: _Section) -> tuple[Step, tuple[Choice, ...]]:
        first = next((at for at, line in enumerate(section.lines) if _CHOICE.match(line)), len(section.lines))
        text = self._step(_Section(section.heading, section.line, section.lines[:first]))
        choices: list[Choice] = []
        for number, line in enumerate(section.lines[first:], start=section.line + first + 1):
            links: list[Link] = []
            if found := _CHOICE.match(line):
                said = self._line(found[2], number, links)
                choices.append(Choice(said.strip(), found[1] != " ", ""))
            elif line.strip():
                if not choices or not line.startswith(" "):
                    self.refuse(number, "this line stands below no answer; what says why begins with spaces")
                before = choices.pop()
                why = f"{before.why} {self._line(line.strip(), number, links)}".strip()
                choices.append(Choice(before.text, before.right, why))
            if links:
                self.refuse(number, "an answer holds no links; they stand in the steps")
        if not MIN_CHOICES <= len(choices) <= MAX_CHOICES:
            self.refuse(
                section.line,
                f"the question needs {MIN_CHOICES} to {MAX_CHOICES} answers “- [ ] …”, and has "
                f"{len(choices)}",
            )
        if sum(each.right for each in choices) != 1:
            self.refuse(section.line, "one answer has to be right, “- [x] …”, and others not, “- [ ] …”")
        if len({each.text for each in choices}) < len(choices):
            self.refuse(section.line, "two answers are the same")
        for each in choices:
            if not each.why:
                self.refuse(
                    section.line, f"below the answer “{each.text}” it has to say why it is right or not"
                )
        return text, tuple(choices)

    def _take_home(self, section: _Section) -> Step:
        step = self._step(section)
        if "\n\n" in step.text or _SENTENCE_ENDS.search(step.text) or step.text[-1] not in ".!?":
            self.refuse(section.line, f"“{TAKE_HOME}” holds one sentence")
        return step

    def _sources(self, section: _Section) -> Step:
        step = self._step(section)
        if not all(line.startswith(("- ", "  ")) for line in step.text.splitlines() if line.strip()):
            self.refuse(section.line, f"“{SOURCES}” holds a list, a line “- …” for each")
        return step


def _samples() -> list[str]:
    return [sample.key for sample in list_samples()]
