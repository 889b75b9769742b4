"""A server on loopback that does as it is told, well or badly."""

from __future__ import annotations

import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, cast


@dataclass(frozen=True)
class Asked:
    """A request as it arrived."""

    method: str
    path: str
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes = b""

    @property
    def parts(self) -> list[Message]:
        """Those of a form, in order."""
        head = f"Content-Type: {self.headers['content-type']}\r\n\r\n".encode()
        message = message_from_bytes(head + self.body)
        return cast("list[Message]", message.get_payload())

    @property
    def fields(self) -> list[tuple[str, str]]:
        """Names and values of a form, without its file."""
        return [
            (str(part.get_param("name", header="content-disposition")), _bytes(part).decode())
            for part in self.parts
            if part.get_filename() is None
        ]

    @property
    def file(self) -> tuple[str, str, bytes]:
        """Name, type and content of the form's file."""
        (part,) = [part for part in self.parts if part.get_filename() is not None]
        return str(part.get_filename()), part.get_content_type(), _bytes(part)

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def _bytes(part: Message) -> bytes:
    return cast("bytes", part.get_payload(decode=True))


@dataclass(frozen=True)
class Reply:
    """What to answer, and how."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    kind: str = "application/json"
    way: str = ""
    """``cut``: half of the body, then the end. ``drop``: nothing, then the end. ``silent``: nothing, for ever.
    ``drip``: a byte now and then, for ever; ``drip-end``: the same, of a body that lasts until the connection ends;
    ``drip-head``: the same with the headers. ``chunks``: a line at a time. ``later``: after half a second."""


def told(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """A reply of JSON."""
    return Reply(json.dumps(value).encode(), status, headers or {})


HEARD = told({"text": "hello world"})


class StandIn:
    """The server. `asked` has what arrived, in order; `reply` says what to answer to it.

    ``GET /v1/models`` is answered with `models`, where that is not None.
    """

    def __init__(self, reply: Callable[[Asked], Reply] | Reply = HEARD, port: int = 0) -> None:
        self.reply = reply if callable(reply) else lambda _asked: reply
        self.models: object | None = {"data": [{"id": "m", "root": "r1"}]}
        self.asked: list[Asked] = []
        self.listed: list[Asked] = []
        self.at_once = self.most_at_once = 0
        self.over = threading.Event()
        self.lock = threading.Lock()
        stand_in = self

        class Handler(_Handler):
            owner = stand_in

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 64

            def handle_error(self, request: object, client_address: object) -> None:
                """A client that went away is no error."""

        self._server = Server(("127.0.0.1", port), Handler)

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def encrypt(self, context: ssl.SSLContext) -> None:
        """Speaks TLS from now on; a connection that fails to is no error."""
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)

    def __enter__(self) -> StandIn:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def stop(self) -> None:
        """Takes no connections any more, and ends those that are open."""
        self.over.set()
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    owner: StandIn
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        """Says nothing."""

    def do_GET(self) -> None:
        self.answer()

    def do_POST(self) -> None:
        self.answer()

    def answer(self) -> None:
        owner = self.owner
        if owner.over.is_set():
            self.drop()
            return
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        asked = Asked(self.command, self.path, headers, body)
        if asked.path == "/v1/models" and owner.models is not None:
            owner.listed.append(asked)
            self.say(told(owner.models))
            return
        with owner.lock:
            owner.asked.append(asked)
            owner.at_once += 1
            owner.most_at_once = max(owner.most_at_once, owner.at_once)
        try:
            self.say(owner.reply(asked))
        finally:
            with owner.lock:
                owner.at_once -= 1

    def say(self, reply: Reply) -> None:
        if reply.way == "silent":
            self.owner.over.wait()
        if reply.way in {"drop", "silent"}:
            self.drop()
            return
        if reply.way == "drip-head":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            self.drip()
            return
        if reply.way == "later":
            self.owner.over.wait(0.5)
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.kind)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if reply.way == "chunks":
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for line in [*reply.body.splitlines(keepends=True), b""]:
                self.wfile.write(f"{len(line):x}\r\n".encode() + line + b"\r\n")
                self.wfile.flush()
            return
        if reply.way != "drip-end":
            self.send_header("Content-Length", str(len(reply.body) if reply.way != "drip" else 1_000_000))
        self.end_headers()
        if reply.way in {"drip", "drip-end"}:
            self.drip()
        elif reply.way == "cut":
            self.wfile.write(reply.body[: len(reply.body) // 2])
            self.drop(reset=False)
        else:
            self.wfile.write(reply.body)

    def drip(self) -> None:
        try:
            while not self.owner.over.wait(0.02):
                self.wfile.write(b"x")
        finally:
            self.close_connection = True

    def drop(self, *, reset: bool = True) -> None:
        """Ends the connection."""
        self.close_connection = True
        if reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
