"""What the address holds: settings come from it when a page is opened, and go into it when they change.

Widgets whose values are what a link should say are bound to it by Streamlit. What follows is for the others:
choices whose names on the page may change while their keys stay, and settings of single pictures.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core.display import link as words
from pages.components.copy_link.copy_link import copy_link

Address = Callable[[], str]  # says one whenever it is asked
Key = TypeVar("Key", bound=str)

_PAGE, _CAME, _IGNORED = "page of the link", "came by link", "ignored of the link"
_SECTION = "section of the link"
_FOLLOWED, _ONWARD = "page that was followed to", "where a link leads on to"


def arrive(page: str) -> None:
    """Reads the address, where a page is opened or the browser went back to it.

    Args:
        page: A key of `words.SETTINGS`.
    """
    state, context = st.session_state, get_script_run_ctx()
    if onward := state.pop(_ONWARD, None):
        state[_PAGE] = page
        follow(*onward)
    back = context is not None and context.is_history_navigation and state.get(_PAGE) == page
    followed_to, at = state.pop(_FOLLOWED, (None, ""))
    followed = followed_to == page
    if state.get(_PAGE) == page and not back and not followed:
        return
    known = words.SETTINGS[page]
    came = {name: st.query_params.get_all(name) for name in known if name in st.query_params}
    ignored = words.unreadable(page, came)
    for name in ignored:
        if not back:  # when nothing is bound to it yet
            del st.query_params[name]
    state[_PAGE], state[_IGNORED] = page, set(ignored)
    state[_SECTION] = "" if back else at or words.section(page, came), section()[1] + 1
    # What such an address does not say is as usual; who followed a link keeps models and what is looked at.
    kept = () if back else _kept(came)
    usual = {name: [""] for name in known if (back or followed) and name not in kept}
    state[_CAME] = usual | {name: said for name, said in came.items() if name not in ignored}


def section() -> tuple[str, int]:
    """Key of the container that the address led to, empty for the page's top; and how many addresses did."""
    found: tuple[str, int] = st.session_state.get(_SECTION, ("", 0))
    return found


def _kept(came: Mapping[str, Sequence[str]]) -> set[str]:
    """Settings that stay as they are when a link is followed that does not say them."""
    looked_at = {words.SAMPLE, words.PHANTOM}
    return {words.BUNDLE, words.LECTURE} | (set() if looked_at & came.keys() else looked_at)


def follow(page: str, params: Mapping[str, str], at: str = "") -> None:
    """Opens a page with settings, in this session: all else is as usual there, and no file leaves the hand.

    Args:
        page: A key of `words.SETTINGS`.
        params: The settings.
        at: Key of the container to open at; empty for where the settings are seen.
    """
    state, params = st.session_state, dict(params)
    if (
        state.get(_PAGE) == page
    ):  # whose widgets hold their settings as long as it is open: by way of another one
        state[_ONWARD], page, params = (page, params, at), "about" if page == "lessons" else "lessons", {}
    else:
        state[_FOLLOWED] = page, at
    st.switch_page(f"pages/{page}.py", query_params=params)


def take(name: str) -> str | None:
    """What the address says of a setting, once; None where it says nothing, empty for as usual."""
    return next(reversed(take_all(name)), None)


def take_all(name: str) -> list[str]:
    """The same of a setting that holds several words; none where it says nothing."""
    words: list[str] = st.session_state.get(_CAME, {}).pop(name, [])
    return words


def ignore(name: str) -> None:
    """A setting in the address cannot be had."""
    st.session_state.setdefault(_IGNORED, set()).add(name)


def settle(name: str, options: Sequence[str], usual: str, key: str | None = None) -> str:
    """What is chosen of some options before their widget is drawn: by the address, or as before, or as usual.

    Args:
        name: In the address, and of the widget's state unless `key` says otherwise.
        options: To choose from.
        usual: Of them, where nobody chose.
        key: Of the state.

    Returns:
        The choice, which is in the session's state, too.
    """
    key, state, word = key or name, st.session_state, take(name)
    if word in options:
        state[key] = word
    elif word:
        ignore(name)
    if word == "" or state.get(key) not in options:
        state[key] = usual
    return str(state[key])


def is_on(name: str) -> bool:
    """Whether a setting that is on or off is on, before its switch is drawn; and says so in the address."""
    on = settle(name, ("0", "1"), "0") == "1"
    tell(**{name: "1" if on else None})
    return on


def switch(name: str, label: str, help: str | None = None) -> None:
    """The switch of a setting that `is_on` has read.

    Args:
        name: In the address.
        label: Of the widget.
        help: Of the widget.
    """
    key = f"{name} switch"
    st.session_state[key] = st.session_state.get(name) == "1"
    st.toggle(label, key=key, on_change=_turn, args=(name, key), help=help)


def _turn(name: str, key: str) -> None:
    st.session_state[name] = "1" if st.session_state[key] else "0"


def choose(name: str, label: str, options: Mapping[Key, str], usual: Key, help: str | None = None) -> Key:
    """A choice that the address holds by its key.

    Args:
        name: In the address.
        label: Of the widget.
        options: To choose from: name for people, by key.
        usual: What is chosen where nobody chose; the address says nothing of it.
        help: Of the widget.
    """
    settle(name, list(options), usual)
    chosen = st.selectbox(
        label,
        list(options),
        format_func=options.__getitem__,
        key=name,
        persist_state="session",
        help=help,
    )
    tell(**{name: None if chosen == usual else chosen})
    return chosen


def choose_segment(
    name: str, label: str, options: Mapping[Key, str], usual: Key, *, hide_label: bool = False
) -> Key:
    """The same, with all options side by side.

    Args:
        name: In the address.
        label: Of the widget.
        options: To choose from: name for people, by key.
        usual: What is chosen where nobody chose; the address says nothing of it.
        hide_label: Whether it is for screen readers alone.
    """
    settle(name, list(options), usual)
    chosen = st.segmented_control(
        label,
        list(options),
        format_func=options.__getitem__,
        key=name,
        required=True,
        persist_state="session",
        label_visibility="collapsed" if hide_label else "visible",
    )
    tell(**{name: None if chosen == usual else chosen})
    return chosen or usual  # which the types allow to be none, and `required` does not


def choose_several(
    name: str,
    label: str,
    options: Mapping[str, str],
    usual: Sequence[str] = (),
    placeholder: str | None = None,
) -> list[str]:
    """Several of some options, which the address holds by their keys.

    Args:
        name: In the address, and of the widget's state.
        label: Of the widget.
        options: To choose from: name for people, by key.
        usual: What is chosen where nobody chose; the address says nothing of it.
        placeholder: What is said where none is chosen.
    """
    state, came = st.session_state, take_all(name)
    if any(word and word not in options for word in came):
        ignore(name)
    before = came if any(came) else usual if came else state.get(name, usual)
    state[name] = [word for word in before if word in options]
    chosen = st.multiselect(
        label,
        list(options),
        format_func=options.__getitem__,
        key=name,
        persist_state="session",
        placeholder=placeholder,
    )
    if chosen == list(usual):
        tell(**{name: None})
    else:
        st.query_params[name] = chosen
    return chosen


def tell(**settings: str | None) -> None:
    """Puts settings into the address, or takes them out where they are as usual (None)."""
    params = st.query_params
    for name, word in settings.items():
        if word is None and name in params:
            del params[name]
    changed = {name: word for name, word in settings.items() if word is not None and params.get(name) != word}
    if changed:
        params.update(changed)


def offer(page: str, *, upload: bool = False) -> None:
    """A button that copies the address."""
    copy_link(words.carries(page, upload=upload))


def restoring(page: str) -> Address:
    """What says, whenever it is asked, which address restores the settings; empty where nobody knows it.

    It may be asked outside of a run of the page, when fragments have changed settings since.
    """
    context, base = get_script_run_ctx(), st.context.url

    def address() -> str:
        if context is None or base is None:
            return ""
        with context.session_state.query_params() as params:
            return words.restoring(base, page, {name: params.get_all(name) for name in params})

    return address


def ignored(page: str) -> None:
    """Says which part of a link was of no use, if any."""
    if said := words.ignored(page, st.session_state.get(_IGNORED, ())):
        st.caption(f":material/link_off: {said}")
