"""Tries: a decoder that fails is asked again, one that always fails is not, until the user says so."""

from __future__ import annotations

import pytest

from core.errors import DecoderError, RadiographError
from core.reading.tries import TRIES, Tries


class Decoder:
    """Fails as often as it is told to."""

    def __init__(self, failures: int) -> None:
        self.asked, self._failures = 0, failures

    def __call__(self) -> str:
        self.asked += 1
        if self.asked <= self._failures:
            raise DecoderError(f"Late, {self.asked}.")
        return "read"


def ask(tries: Tries, name: str, decoder: Decoder, times: int) -> list[str]:
    said = []
    for _ in range(times):
        try:
            said.append(tries.read(name, decoder))
        except DecoderError as error:
            said.append(str(error))
    return said


def test_what_fails_once_is_read_the_next_time_and_counts_anew() -> None:
    tries, decoder = Tries(), Decoder(TRIES - 1)
    assert ask(tries, "a", decoder, TRIES)[-1] == "read" and not tries.are_used_up("a")
    assert ask(tries, "a", Decoder(TRIES - 1), TRIES)[-1] == "read"


def test_what_always_fails_is_not_asked_again_before_somebody_says_so() -> None:
    tries, decoder = Tries(), Decoder(100)
    said = ask(tries, "a", decoder, TRIES + 3)
    assert decoder.asked == TRIES and set(said[TRIES:]) == {f"Late, {TRIES}."} and tries.are_used_up("a")
    assert ask(tries, "b", Decoder(0), 1) == ["read"]
    tries.forget("a")
    assert ask(tries, "a", Decoder(0), 1) == ["read"]


def test_what_is_wrong_with_the_file_itself_is_no_failure_of_its_decoder() -> None:
    tries = Tries()

    def empty() -> str:
        raise RadiographError("The file is empty; choose another.")

    for _ in range(TRIES + 1):
        with pytest.raises(RadiographError, match="is empty"):
            tries.read("a", empty)
    assert not tries.are_used_up("a")
