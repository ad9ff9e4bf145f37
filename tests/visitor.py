"""A visitor without a browser: speaks Streamlit's own protocol, as the page does in one."""

from __future__ import annotations

import ssl
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack
from http.cookiejar import CookieJar
from types import TracebackType

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect

PATIENCE_S = 120


class Visitor:
    """One browser with one tab open: it has cookies, a WebSocket, and a session at the server.

    Args:
        url: Of the app, e.g. https://localhost:8443.
        tls: Whom to trust, where that is not http.
    """

    def __init__(self, url: str, tls: ssl.SSLContext | None = None) -> None:
        self.url, self._tls = url, tls
        self.cookies = CookieJar()
        self._opener = urllib.request.build_opener(
            urllib.request.HTTPSHandler(context=tls), urllib.request.HTTPCookieProcessor(self.cookies)
        )
        self._ids = iter(range(1_000_000))

    def __enter__(self) -> Visitor:
        for path in ("/", "/_stcore/health"):  # as the page does: itself, then the XSRF cookie
            self.fetch(path)
        self._open = ExitStack()
        self.socket = self._open.enter_context(self._connect())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def cookie(self, name: str) -> str:
        """The value of one of the visitor's cookies; empty without."""
        return next((str(each.value) for each in self.cookies if each.name == name), "")

    def fetch(self, path: str, data: bytes | None = None, **headers: str) -> tuple[int, bytes]:
        """Asks for a path of the app; with data, puts them there."""
        request = urllib.request.Request(  # noqa: S310
            self.url + path, data, headers, method="PUT" if data is not None else "GET"
        )
        with self._opener.open(request, timeout=PATIENCE_S) as answer:
            return answer.status, answer.read()

    def _connect(self) -> AbstractContextManager[ClientConnection]:
        cookies = "; ".join(f"{each.name}={each.value}" for each in self.cookies)
        return connect(
            f"ws{self.url.removeprefix('http')}/_stcore/stream",
            ssl=self._tls,
            origin=self.url,
            subprotocols=["streamlit", self.cookie("_streamlit_xsrf")],
            additional_headers={"Cookie": cookies},
            max_size=None,
            open_timeout=PATIENCE_S,
        )

    def _messages(self) -> Iterator[ForwardMsg]:
        while True:
            yield ForwardMsg.FromString(self.socket.recv(timeout=PATIENCE_S))

    def run(self, page_name: str = "", uploader: str = "", files: Iterable[object] = ()) -> list[Element]:
        """Has the script run until it ends, and returns what it put on the page.

        Args:
            page_name: Which page; Analyse unless named.
            uploader: The uploader's id.
            files: What it holds: results of `upload`.
        """
        message = BackMsg()
        message.rerun_script.page_name = page_name
        if uploader:
            state = message.rerun_script.widget_states.widgets.add(id=uploader)
            state.file_uploader_state_value.uploaded_file_info.extend(files)
        self.socket.send(message.SerializeToString())
        page: list[Element] = []
        for answer in self._messages():
            kind = answer.WhichOneof("type")
            if kind == "new_session":
                page = []
            elif kind == "delta":
                page.append(answer.delta.new_element)
            elif kind == "script_finished" and answer.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY:
                return page
        raise AssertionError("the connection ended")

    def upload(self, name: str, data: bytes) -> object:
        """Hands a file to the server, and returns what the uploader's state says of it."""
        from streamlit.proto.Common_pb2 import UploadedFileInfo

        message, number = BackMsg(), str(next(self._ids))
        message.file_urls_request.request_id = number
        message.file_urls_request.file_names.append(name)
        self.socket.send(message.SerializeToString())
        urls = next(
            answer.file_urls_response.file_urls[0]
            for answer in self._messages()
            if answer.WhichOneof("type") == "file_urls_response"
        )
        edge = "a-line-that-no-file-holds"
        head = f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
        body = head.encode() + data + f"\r\n--{edge}--\r\n".encode()
        headers = {
            "Content-Type": f"multipart/form-data; boundary={edge}",
            "X-Xsrftoken": self.cookie("_streamlit_xsrf"),
        }
        status, _ = self.fetch(urls.upload_url, body, **headers)
        assert status == 204, status
        return UploadedFileInfo(name=name, size=len(data), file_id=urls.file_id, file_urls=urls)

    def analyse(self, name: str, data: bytes, page: list[Element] | None = None) -> list[Element]:
        """Hands in a file on the page Analyse, and returns what that shows.

        Args:
            name: The file's.
            data: The file.
            page: What it shows now; the page is opened without.
        """
        page = page or self.run()
        uploader = next(each.file_uploader.id for each in page if each.WhichOneof("type") == "file_uploader")
        return self.run("", uploader, [self.upload(name, data)])
