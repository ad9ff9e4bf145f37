"""Maps that were asked for: they go on where they were stopped, and are kept when they are whole."""

from collections.abc import Iterator
from dataclasses import dataclass

from core.looks import Look, Looks, Question


@dataclass(frozen=True)
class Step:
    done: int
    total: int


def counted(total: int) -> Iterator[Step]:
    return (Step(done, total) for done in range(1, total + 1))


def question(method: str) -> Question:
    return Question("picture", "model", "covid", method)


def test_a_look_goes_on_where_it_was_stopped_and_is_kept_when_it_is_whole() -> None:
    looks, look = Looks(), Look(question("one"), counted(2))
    assert not look.whole and look.ask_on() and look.latest == Step(1, 2) and not look.whole
    looks.keep(look)
    assert looks.kept(question("one")) is None
    assert look.ask_on() and look.whole and not look.ask_on() and look.latest == Step(2, 2)
    looks.keep(look)
    assert looks.kept(question("one")) == Step(2, 2) and looks.kept(question("two")) is None


def test_what_nobody_asked_for_lately_is_forgotten() -> None:
    looks = Looks(most=2)
    for method in ("one", "two", "one again", "one"):
        look = Look(question(method), counted(1))
        look.ask_on()
        looks.keep(look)
        looks.kept(question("two"))
    assert looks.kept(question("two")) and looks.kept(question("one"))
    assert looks.kept(question("one again")) is None
