"""A hub on loopback: it speaks the endpoints that the hub's own library asks, and can be told to fail.

An answer that is too late is none: the client is told at once that its time is over, so that no test waits or is
disturbed by a busy machine.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import threading
from collections import Counter
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import pytest

if TYPE_CHECKING:
    from collections.abc import Container
    from types import TracebackType

LONGEST_WAIT = 60.0
"""Seconds that a request may be ready to wait for an answer; one that would wait for ever is a fault of ours."""
SHA = {"main": "1" * 40, "refs/convert/parquet": "2" * 40}


ANSWERED = frozenset({"401", "403", "404", "429", "500", "502", "503", "504", "gated", "cut", "corrupt"})
"""Faults of the server's own."""


@dataclass
class Fault:
    """What to answer instead, and how often."""

    kind: str
    """A status code as text, ``gated``, ``cut``, ``slow`` or ``corrupt``."""
    times: int = 1_000
    where: str = ""
    """Part of the paths that it strikes; empty is all."""
    methods: tuple[str, ...] = ("GET", "HEAD", "POST")


@dataclass
class Hub:
    """Repositories and faults; `requests` counts what was asked, by method and path."""

    repos: dict[str, dict[str, dict[str, bytes]]] = field(default_factory=dict)
    """Name to revision to path to content."""
    faults: list[Fault] = field(default_factory=list)
    requests: Counter[str] = field(default_factory=Counter)
    sent: Counter[str] = field(default_factory=Counter)
    """Bytes of files that were sent, by path."""
    tokens: set[str] = field(default_factory=set)
    _server: ThreadingHTTPServer | None = None
    _patch: pytest.MonkeyPatch = field(default_factory=pytest.MonkeyPatch)

    @property
    def url(self) -> str:
        """The endpoint."""
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Hub:
        hub = self

        class Handler(_Handler):
            owner = hub

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        http = http_library()
        send = http.HTTPTransport.handle_request

        def send_or_be_late(transport: Any, request: Any) -> Any:
            if "/tree/" not in request.url.path:  # which the library lists without a limit
                assert 0 < request.extensions["timeout"]["read"] <= LONGEST_WAIT
            if hub.strike(request.method, request.url.path, {"slow"}):
                raise http.ReadTimeout("timed out", request=request)
            return send(transport, request)

        self._patch.setattr(http.HTTPTransport, "handle_request", send_or_be_late)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        assert self._server is not None
        self._patch.undo()
        self._server.shutdown()
        self._server.server_close()

    def strike(self, method: str, path: str, kinds: Container[str]) -> Fault | None:
        """The fault that this request meets, used up once."""
        for fault in self.faults:
            if fault.times > 0 and fault.where in path and method in fault.methods and fault.kind in kinds:
                fault.times -= 1
                return fault
        return None


class _Handler(BaseHTTPRequestHandler):
    owner: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        """Says nothing."""

    def do_HEAD(self) -> None:
        self.answer("HEAD")

    def do_GET(self) -> None:
        self.answer("GET")

    def do_POST(self) -> None:
        self.answer("POST")

    def answer(self, method: str) -> None:
        path = unquote(urlsplit(self.path).path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.owner.requests[f"{method} {path}"] += 1
        self.owner.tokens.add((self.headers.get("Authorization") or "").removeprefix("Bearer "))
        fault = self.owner.strike(method, path, ANSWERED)
        if fault is not None and fault.kind not in {"cut", "corrupt"}:
            self.fail(fault.kind)
        elif path.startswith("/api/datasets/"):
            self.api(path.removeprefix("/api/datasets/"), body)
        elif path.startswith("/datasets/") and "/resolve/" in path:
            repo, _, rest = path.removeprefix("/datasets/").partition("/resolve/")
            self.file(method, repo, rest, fault.kind if fault else "")
        else:
            self.fail("404")

    def fail(self, kind: str) -> None:
        if kind == "gated":
            self.say(403, {"error": "gated"}, {"X-Error-Code": "GatedRepo", "X-Error-Message": "Access is restricted"})
        elif kind == "401":
            self.say(401, {"error": "no"}, {"X-Error-Code": "RepoNotFound"})
        elif kind == "404":
            self.say(404, {"error": "no"}, {"X-Error-Code": "RepoNotFound", "X-Error-Message": "Repository not found"})
        else:
            self.say(int(kind), {"error": "fault"}, {"Retry-After": "1"} if kind == "429" else {})

    def api(self, rest: str, body: bytes) -> None:
        """Repository info at a revision, and the file system's questions about paths."""
        for verb in ("/revision/", "/paths-info/", "/tree/"):
            repo, found, revision = rest.partition(verb)
            if found:
                break
        else:
            repo, verb, revision = rest, "/revision/", "main"
        known = next((name for name in (*SHA, *SHA.values()) if f"{revision}/".startswith(f"{name}/")), "")
        folder = revision.removeprefix(known).strip("/")
        sha, files = self.tree(repo, known)
        if files is None:
            self.fail("404")
            return
        if verb == "/paths-info/":
            asked = json.loads(body or b"{}").get("paths", [])
            self.say(200, [entry(path, files[path]) for path in asked if path in files])
            return
        if verb == "/tree/":
            self.say(200, [entry(path, data) for path, data in files.items() if path.startswith(folder)])
            return
        siblings = [{"rfilename": path, **entry(path, data)} for path, data in files.items()]
        self.say(200, {"id": repo, "sha": sha, "siblings": siblings, "private": False, "tags": [], "downloads": 0})

    def tree(self, repo: str, revision: str) -> tuple[str, dict[str, bytes] | None]:
        """A revision's commit and files."""
        revisions = self.owner.repos.get(repo, {})
        name = next((name for name, sha in SHA.items() if revision == sha), revision)
        return SHA.get(name, ""), revisions.get(name)

    def file(self, method: str, repo: str, rest: str, fault: str) -> None:
        """A file's content or its head, from a place on where asked."""
        names = [*SHA, *SHA.values()]
        revision = next((name for name in names if rest.startswith(f"{name}/")), "")
        sha, files = self.tree(repo, revision)
        path = rest.removeprefix(f"{revision}/")
        if files is None or path not in files:
            self.say(404, {"error": "no"}, {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": sha})
            return
        data = files[path]
        served = bytes(255 - byte for byte in data) if fault == "corrupt" else data
        begin, end = 0, len(data) - 1
        asked = self.headers.get("Range")
        if asked:
            first, _, last = asked.removeprefix("bytes=").partition("-")
            begin, end = int(first), min(int(last or end), end)
        part = served[begin : end + 1]
        self.send_response(206 if asked else 200)
        self.send_header("X-Repo-Commit", sha)
        self.send_header("ETag", f'"{hashlib.sha256(data).hexdigest()}"')
        self.send_header("Content-Length", str(len(part)))
        self.send_header("Accept-Ranges", "bytes")
        if asked:
            self.send_header("Content-Range", f"bytes {begin}-{end}/{len(data)}")
        self.end_headers()
        if method == "GET":
            self.owner.sent[unquote(urlsplit(self.path).path)] += len(part)
            self.wfile.write(part[: len(part) // 2] if fault == "cut" else part)
            self.close_connection = fault == "cut"

    def say(self, status: int, value: Any, headers: dict[str, str] | None = None) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        for name, text in (headers or {}).items():
            self.send_header(name, text)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def http_library() -> Any:
    """The HTTP client that the hub's library uses, whichever that is."""
    from huggingface_hub.errors import HfHubHTTPError

    return importlib.import_module(HfHubHTTPError.__mro__[1].__module__.partition(".")[0])


def entry(path: str, data: bytes) -> dict[str, Any]:
    """What the hub says about a file: large ones carry their SHA-256."""
    sha = hashlib.sha256(data).hexdigest()
    known: dict[str, Any] = {"type": "file", "path": path, "size": len(data), "oid": sha[:40]}
    if path.endswith(".parquet"):
        known["lfs"] = {"sha256": sha, "oid": sha, "size": len(data), "pointerSize": 130}
    return known
