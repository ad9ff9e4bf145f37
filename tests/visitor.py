"""A visitor without a browser: speaks Streamlit's own protocol, as the page does in one."""

from __future__ import annotations

import ssl
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack
from http.cookiejar import CookieJar
from types import TracebackType

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Block_pb2 import Block
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.sync.client import ClientConnection, connect

PATIENCE_S = 120
FINISHED = (ForwardMsg.FINISHED_SUCCESSFULLY, ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY)


class Visitor:
    """One browser with one tab open: it has cookies, a WebSocket, and a session at the server.

    As the page in a browser does, it keeps large messages for as many runs as the server says, and tells the
    server which, so that those come as references; and it says with each run what its widgets hold.

    Args:
        url: Of the app, e.g. https://localhost:8443.
        tls: Whom to trust, where that is not http.

    Attributes:
        received_bytes: What came over the WebSocket since the last run began.
        elements: What the page shows, by its place.
        blocks: What holds them, by its place.
    """

    def __init__(self, url: str, tls: ssl.SSLContext | None = None) -> None:
        self.url, self._tls = url, tls
        self.cookies = CookieJar()
        self._opener = urllib.request.build_opener(
            urllib.request.HTTPSHandler(context=tls), urllib.request.HTTPCookieProcessor(self.cookies)
        )
        self._ids = iter(range(1_000_000))
        self.received_bytes = 0
        self.elements: dict[tuple[int, ...], Element] = {}
        self.blocks: dict[tuple[int, ...], Block] = {}
        self._fragments: dict[str, str] = {}  # of widgets, by id
        self._states: dict[str, WidgetState] = {}
        self._kept: dict[str, tuple[int, str, ForwardMsg]] = {}  # when it came last, for which fragment, what
        self._runs = self._keep_runs = 0
        self._page = self._session = ""

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
            data = self.socket.recv(timeout=PATIENCE_S)
            self.received_bytes += len(data)
            yield self._whole(ForwardMsg.FromString(data))

    def _whole(self, message: ForwardMsg) -> ForwardMsg:
        """The message, which is kept if it is large; of a reference, the one that was kept."""
        if message.WhichOneof("type") == "ref_hash":
            metadata, message = message.metadata, self._kept[message.ref_hash][2]
            message.metadata.CopyFrom(metadata)
        elif not message.metadata.cacheable:
            return message
        self._kept[message.hash] = self._runs, message.delta.fragment_id, message
        return message

    def run(
        self, page_name: str = "", uploader: str = "", files: Iterable[object] = (), fragment: str = ""
    ) -> list[Element]:
        """Has the script run until it ends, and returns what it put on the page.

        Args:
            page_name: Which page; Analyse unless named.
            uploader: The uploader's id.
            files: What it holds: results of `upload`.
            fragment: Of the script, which runs alone; all of it without.
        """
        if page_name != self._page:
            self._page, self._states = page_name, {}
        if uploader:
            state = WidgetState(id=uploader)
            state.file_uploader_state_value.uploaded_file_info.extend(files)
            self._states[uploader] = state
        message = BackMsg()
        message.rerun_script.page_name = page_name
        message.rerun_script.fragment_id = fragment
        message.rerun_script.widget_states.widgets.extend(self._states.values())
        message.rerun_script.cached_message_hashes.extend(self._kept)
        self.received_bytes = 0
        self.socket.send(message.SerializeToString())
        return self._page_of_run()

    def _page_of_run(self) -> list[Element]:
        page: list[Element] = []
        for answer in self._messages():
            kind = answer.WhichOneof("type")
            if kind == "new_session":
                page = []
                self._session = answer.new_session.initialize.session_id
                self._keep_runs = answer.new_session.config.max_cached_message_age
                if not answer.metadata.run.fragment_ids:
                    self.elements, self.blocks, self._fragments = {}, {}, {}
            elif kind == "delta":
                self._put(answer, page)
            elif kind == "script_finished" and answer.script_finished in FINISHED:
                self._forget(fragments=answer.script_finished != ForwardMsg.FINISHED_SUCCESSFULLY)
                self._states = {key: each for key, each in self._states.items() if key in self._fragments}
                return page
        raise AssertionError("the connection ended")

    def _put(self, message: ForwardMsg, page: list[Element]) -> None:
        """Puts what came into its place."""
        place, delta = tuple(message.metadata.delta_path), message.delta
        if delta.WhichOneof("type") == "new_element":
            element = delta.new_element
            self.elements[place] = element
            page.append(element)
            widget = getattr(element, element.WhichOneof("type") or "", None)
            self._fragments[getattr(widget, "id", "")] = delta.fragment_id
        elif delta.WhichOneof("type") == "add_block":
            self.blocks[place] = delta.add_block
            self._fragments[delta.add_block.id] = delta.fragment_id

    def _forget(self, *, fragments: bool) -> None:
        """Lets go of what was not shown for so many runs; a fragment's run counts for nothing else."""
        self._runs += 1
        for key, (when, fragment, _) in list(self._kept.items()):
            if (fragment or not fragments) and self._runs - when > self._keep_runs:
                del self._kept[key]

    def widget(self, kind: str, label: str) -> object:
        """What the page shows of that kind, with that label."""
        return next(
            getattr(each, kind)
            for each in self.elements.values()
            if each.WhichOneof("type") == kind and getattr(each, kind).label == label
        )

    def tabs(self) -> str:
        """Id of the first tabs on the page of which the server draws only the open one."""
        return next(each.tab_container.id for each in self.blocks.values() if each.tab_container.id)

    def click(self, widget: str, **value: object) -> list[Element]:
        """Sets a widget, and returns what the run that this causes puts on the page.

        Args:
            widget: Its id.
            value: What it holds from now on, as a field of the protocol's WidgetState.
        """
        self._states[widget] = WidgetState(id=widget, **value)
        return self.run(self._page, fragment=self._fragments.get(widget, ""))

    def download(self, label: str) -> bytes:
        """What comes when somebody clicks a download button, which the server may have to write first."""
        button = self.widget("download_button", label)
        if not button.deferred_file_id:
            return self.fetch(button.url)[1]
        message, number = BackMsg(), str(next(self._ids))
        message.backend_operation_request.request_id = number
        message.backend_operation_request.session_id = self._session
        message.backend_operation_request.deferred_file.file_id = button.deferred_file_id
        self.socket.send(message.SerializeToString())
        answer = next(
            each.backend_operation_response
            for each in self._messages()
            if each.WhichOneof("type") == "backend_operation_response"
        )
        assert answer.request_id == number and not answer.error_msg, answer.error_msg
        return self.fetch(answer.deferred_file.url)[1]

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
