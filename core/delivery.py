"""How a browser gets the app's own files: small, and without asking in vain.

Streamlit sends its scripts as they are, 8.6 MB before the first radiograph is seen; and lets its page guess
where the server answers: opened at /compare it asks below that first, and the browser notes two errors.
"""

from __future__ import annotations

import asyncio
import gzip
import re
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import HTMLResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.display.no_page import no_page

# Of Streamlit's own files, by no other name than theirs; fonts and pictures are compressed already.
TEXT = re.compile(r"/static/(?:\w[\w.-]*/)*\w[\w.-]*\.(?:js|css|svg|json)$")
NO_PAGE = re.compile(r"/(?:_stcore|static|media|component)/|\.\w+$")
MAX_KEPT_BYTES = 16 * 1024**2  # compressed; all that Streamlit has takes less
# All pages lie beside one another, so the server answers there, whatever a proxy puts before them.
SERVER = '<script>window.__streamlit = { BACKEND_BASE_URL: new URL(".", location.href).href }</script>'
ABOUT_ANOTHER = ("accept-encoding", "if-modified-since", "if-none-match")  # headers of requests
OF_ANOTHER = ("content-length", "etag", "last-modified")  # headers of answers


class Delivery:
    """Middleware around Streamlit's app, as ASGI has it.

    Scripts and styles go out compressed, to browsers that take that, each compressed once a process: their
    names change with their content. The page is told where its server is, and is called as the app from
    the start. Streamlit answers any address with its page, which then shows the first one: where there is no
    page of that name, this says so instead.

    Args:
        app: Streamlit's.
        title: Of the page, until the app sets one.
        home: The page at the root, which who names it is sent to.
        others: All others, by what their addresses end in.
    """

    def __init__(self, app: ASGIApp, title: str, home: str, others: Sequence[str]) -> None:
        self._app, self._title = app, title
        self._home, self._others = home, tuple(others)
        self._compressed: dict[str, tuple[Message, bytes]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request."""
        if scope["type"] != "http" or scope["method"] != "GET":
            await self._app(scope, receive, send)
        elif TEXT.search(scope["path"]) and _takes_gzip(Headers(scope=scope)):
            await self._script(scope, receive, send)
        elif not NO_PAGE.search(scope["path"]):
            await self._page(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _script(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        if path not in self._compressed:
            start, body = await self._whole(scope, receive)
            headers = MutableHeaders(raw=start["headers"])
            if start["status"] != HTTPStatus.OK or _is_page(headers):  # as for a file that does not exist
                await _send(start, body, send)
                return
            body = await asyncio.to_thread(gzip.compress, body, mtime=0)
            headers["content-encoding"] = "gzip"
            headers["content-length"] = str(len(body))
            headers.add_vary_header("Accept-Encoding")
            if sum(len(kept) for _, kept in self._compressed.values()) + len(body) <= MAX_KEPT_BYTES:
                self._compressed[path] = start, body
        else:
            start, body = self._compressed[path]
        await _send(start, body, send)

    async def _page(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = MutableHeaders(raw=list(scope["headers"]))
        for name in ABOUT_ANOTHER:
            del asked[name]
        start, body = await self._whole({**scope, "headers": asked.raw}, receive)
        headers = MutableHeaders(raw=start["headers"])
        if start["status"] == HTTPStatus.OK and _is_page(headers):
            name = scope["path"].rpartition("/")[2]
            if name == self._home:
                asked_for = scope["query_string"].decode("latin-1")
                home = RedirectResponse(f"./?{asked_for}" if asked_for else "./")
                await home(scope, receive, send)
                return
            if name not in ("", *self._others):
                missing = HTMLResponse(no_page(scope["path"], self._home, self._others), HTTPStatus.NOT_FOUND)
                await missing(scope, receive, send)
                return
            page = body.decode().replace("<head>", f"<head>{SERVER}", 1)
            body = page.replace("<title>Streamlit</title>", f"<title>{self._title}</title>", 1).encode()
            for name in OF_ANOTHER:
                del headers[name]
            headers["content-length"] = str(len(body))
        await _send(start, body, send)

    async def _whole(self, scope: Scope, receive: Receive) -> tuple[Message, bytes]:
        """The app's answer: how it starts, and all of its body."""
        start: dict[str, Any] = {}
        parts: list[bytes] = []

        async def hear(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message, headers=list(message.get("headers", ())))
            else:
                parts.append(message.get("body", b""))

        await self._app(scope, receive, hear)
        return start, b"".join(parts)


def _takes_gzip(headers: Headers) -> bool:
    """Whether a browser names gzip, and not to say that it does not take it (RFC 9110, section 12.5.3)."""
    named = [each.replace(" ", "") for each in headers.get("accept-encoding", "").lower().split(",")]
    return any(re.fullmatch(r"gzip(;q=(?!0(\.0*)?$).*)?", each) for each in named)


def _is_page(headers: MutableHeaders) -> bool:
    return headers.get("content-type", "").startswith("text/html")


async def _send(start: Message, body: bytes, send: Send) -> None:
    await send(start)
    await send({"type": "http.response.body", "body": body})
