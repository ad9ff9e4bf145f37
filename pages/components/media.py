"""What a component fetches by its own address, so that the message of each run stays small."""

from __future__ import annotations

from streamlit import runtime


def address(key: str, name: str, data: bytes, media_type: str) -> str:
    """Where the browser finds it: from the app on, which a proxy may move.

    It lies in Streamlit's store of media in memory, for as long as a session shows it.

    Args:
        key: Of the component.
        name: One of a kind in it.
        data: What is to be fetched.
        media_type: Of that.
    """
    return runtime.get_instance().media_file_mgr.add(data, media_type, f"{key} {name}").lstrip("/")
