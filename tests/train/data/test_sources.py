"""Collections: known ones from their table, unknown ones by name, and what their licences ask of weights."""

import pytest

from train.data.sources import COLLECTIONS, LICENCES, collection, weights_licence


def test_every_collection_says_who_it_is_and_what_it_asks() -> None:
    for each in COLLECTIONS.values():
        assert each.citation and each.licence and each.population and each.weights in LICENCES


def test_an_unknown_source_is_known_by_its_name_alone() -> None:
    ours = collection("our clinic")
    assert (ours.citation, ours.licence, ours.population) == ("our clinic", "not stated", "")
    assert not ours.says_normal("anything-.png")


def test_only_one_collection_tells_normal_images_by_their_names() -> None:
    assert [name for name, each in COLLECTIONS.items() if each.says_normal("figure-.png")] == ["cxnet"]
    assert not collection("cxnet").says_normal("figure.png")


@pytest.mark.parametrize(
    ("sources", "licence"),
    [
        (("phantom",), "MIT"),
        (("phantom", "nih"), "CC BY 4.0"),
        (("phantom", "cohen", "nih"), "CC BY-NC-SA 4.0"),
        (("phantom", "our clinic"), ""),
        ((), ""),
    ],
)
def test_weights_are_under_the_most_careful_licence_of_what_they_learnt_from(
    sources: tuple[str, ...], licence: str
) -> None:
    assert weights_licence(sources) == licence
