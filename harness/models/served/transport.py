"""HTTP, once: one request out, its whole answer back, within bounds of time and size.

Certificates are checked, redirects are not followed, and nothing is tried again here.
"""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from harness.models.served.messages import Request, Response
from harness.version import DISTRIBUTION, VERSION

if TYPE_CHECKING:
    from socket import socket

CHUNK = 1 << 16
"""Bytes that are read at a time, at most."""


class Trouble(Exception):  # noqa: N818 - a value that the client decides on
    """A request without an answer. The message says why, in words of ours."""


class Unreachable(Trouble):
    """No connection: nothing was sent."""


class Untrusted(Trouble):
    """The server's certificate is not good: nothing was sent."""


class Lost(Trouble):
    """The connection ended before the answer did."""


class Late(Trouble):
    """The answer was not there in time."""


class TooLarge(Trouble):
    """The answer is larger than any transcript."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds of one request."""

    connect: float = 10.0
    """Seconds until a connection is there."""
    silence: float = 60.0
    """Seconds without a byte, beside the seconds of the audio that was sent."""
    total: float = 600.0
    """Seconds in all, beside the same: a server that sends a byte now and then is late too."""
    response: int = 16 << 20
    """Bytes of an answer."""


class Transport:
    """Connections to one server, kept open between requests. Safe to use from many threads.

    Args:
        url: of the server; requests to any other origin are a fault of ours and are refused.
        limits: of each request.
        connections: that are kept.
    """

    def __init__(self, url: str, limits: Limits, connections: int) -> None:
        self._origin, self._limits = _origin(url), limits
        self._open: set[_Watch] = set()
        self._lock = threading.Lock()
        self._closed = False
        self._pools = _pools(url, connections)

    def send(self, request: Request, secret: dict[str, str]) -> Response:
        """Sends a request, with the headers that are secret, and reads the answer.

        Raises:
            Trouble: there was none.
        """
        if _origin(request.url) != self._origin:
            raise AssertionError("a request to another host than the one that the key is for")
        headers = {
            "User-Agent": f"{DISTRIBUTION}/{VERSION}",
            "Accept-Encoding": "identity",
            **request.headers,
            **secret,
        }
        limits = self._limits
        with self._watched(limits.total + request.seconds) as watch:
            try:
                response = self._exchange(request, headers)
                if watch.ended:  # an answer that was to end with the connection looks whole
                    raise urllib3.exceptions.ProtocolError
                return response
            except (urllib3.exceptions.HTTPError, OSError) as error:
                trouble = _trouble(error, late=watch.late, silence=limits.silence + request.seconds)
                raise trouble from None

    def reachable(self) -> bool:
        """Whether the server takes connections at all; nothing is sent."""
        host, port = self._origin[1], self._origin[2]
        if isinstance(self._pools, urllib3.ProxyManager):
            return True  # what a proxy says of a connection is not known without a request
        try:
            urllib3.util.connection.create_connection((host, port), timeout=self._limits.connect).close()
        except OSError:
            return False
        return True

    def close(self) -> None:
        """Ends whatever is under way; nothing can be sent afterwards."""
        with self._lock:
            self._closed = True
            watches = list(self._open)
        for watch in watches:
            watch.end()
        self._pools.clear()

    def _exchange(self, request: Request, headers: dict[str, str]) -> Response:
        limits = self._limits
        response = self._pools.urlopen(
            request.method,
            request.url,
            # As a file it is sent piece by piece, each within the time-out, however slow the line is.
            body=io.BytesIO(request.body) if request.body else None,
            headers={**headers, **({"Content-Length": str(len(request.body))} if request.body else {})},
            timeout=urllib3.Timeout(connect=limits.connect, read=limits.silence + request.seconds),
            retries=False,
            redirect=False,
            preload_content=False,
        )
        whole = False
        try:
            body, arrivals = self._read(response)
            whole = True
        finally:
            if whole:
                response.release_conn()
            else:
                response.close()  # what is left of the answer must not be taken for the next one's
        names = {name.lower(): value for name, value in response.headers.items()}
        return Response(status=response.status, headers=names, body=body, arrivals=arrivals)

    def _read(self, response: urllib3.BaseHTTPResponse) -> tuple[bytes, list[tuple[int, float]]]:
        """The body, and when its parts arrived."""
        most = self._limits.response
        stated = response.headers.get("Content-Length", "")
        if stated.isdecimal() and int(stated) > most:
            raise TooLarge(f"the answer has {int(stated):,} bytes, more than the {most:,} that are read")
        body = bytearray()
        arrivals: list[tuple[int, float]] = []
        while data := response.read1(CHUNK):
            body += data
            arrivals.append((len(body), time.monotonic()))
            if len(body) > most:
                raise TooLarge(f"the answer has more than the {most:,} bytes that are read")
        return bytes(body), arrivals

    @contextmanager
    def _watched(self, seconds: float) -> Iterator[_Watch]:
        """Ends this thread's connection when its time is over, or when the transport is closed."""
        watch = _Watch()
        timer = threading.Timer(seconds, watch.end, kwargs={"late": seconds})
        timer.daemon = True
        with self._lock:
            if self._closed:
                raise Lost("the client was closed")
            self._open.add(watch)
        _HERE.watch = watch
        timer.start()
        try:
            yield watch
        finally:
            timer.cancel()
            _HERE.watch = None
            with self._lock:
                self._open.discard(watch)


class _Here(threading.local):
    """What watches the request of this thread."""

    watch: _Watch | None = None


_HERE = _Here()


class _Watch:
    """Holds the socket of a request, to end it from another thread."""

    def __init__(self) -> None:
        self.late: float | None = None
        """After how many seconds it was ended for being late."""
        self.ended = False
        """Whether it was ended from here."""
        self._socket: socket | None = None
        self._lock = threading.Lock()

    def hold(self, connection: socket | None) -> None:
        """Takes the socket."""
        with self._lock:
            self._socket = connection
            if self.ended:
                self._end_socket()

    def end(self, late: float | None = None) -> None:
        """Ends the connection: whoever waits on it is told so."""
        with self._lock:
            self.late, self.ended = late, True
            self._end_socket()

    def _end_socket(self) -> None:
        import socket

        if self._socket is not None:
            # It may have ended, or be encrypted to a proxy and again inside, where the time-outs must do.
            with suppress(OSError, TypeError):
                # Not closed, which would not wake the thread that reads.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


class _Watched:
    """A connection that hands its socket to the watch of its thread before each request."""

    sock: Any

    def request(self, *args: Any, **kwargs: Any) -> None:
        """As any connection's."""
        if _HERE.watch is not None:
            if self.sock is None:
                self.connect()
            _HERE.watch.hold(self.sock)
        super().request(*args, **kwargs)  # type: ignore[misc]

    def connect(self) -> None:
        """As any connection's."""
        super().connect()  # type: ignore[misc]


class _Plain(_Watched, HTTPConnection):
    """Without encryption."""


class _Encrypted(_Watched, HTTPSConnection):
    """With encryption."""


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _EncryptedPool(HTTPSConnectionPool):
    ConnectionCls = _Encrypted


def _pools(url: str, connections: int) -> urllib3.PoolManager:
    """Connections to the server, through the proxy that the environment names, unless the server is this machine."""
    host = urlsplit(url).hostname or ""
    proxy = getproxies().get(urlsplit(url).scheme)
    manager = urllib3.PoolManager(maxsize=connections)
    if proxy and host not in {"localhost", "127.0.0.1", "::1"} and not proxy_bypass(host):
        login = urlsplit(proxy if "//" in proxy else f"http://{proxy}")
        auth = f"{login.username}:{login.password or ''}" if login.username else None
        where = f"{login.scheme}://{login.hostname}:{login.port or 80}"
        headers = urllib3.make_headers(proxy_basic_auth=auth) if auth else None
        manager = urllib3.ProxyManager(where, maxsize=connections, proxy_headers=headers)
    manager.pool_classes_by_scheme = {"http": _PlainPool, "https": _EncryptedPool}
    return manager


def _origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


def _trouble(error: Exception, *, late: float | None, silence: float) -> Trouble:
    """What a library's error means, in words without addresses, which may hold secrets."""
    kinds = urllib3.exceptions
    unreachable = {
        kinds.ProxyError: "the proxy that the environment names gives no connection",
        kinds.NameResolutionError: "there is no host of that name",
        kinds.ConnectTimeoutError: f"no connection ({_reason(error)})",
        kinds.NewConnectionError: f"no connection ({_reason(error)})",
    }
    for kind, why in unreachable.items():
        if isinstance(error, kind):
            return Unreachable(why)
    if isinstance(error, kinds.SSLError):
        return Untrusted(f"its certificate or encryption is not good ({_reason(error)})")
    if late is not None:
        return Late(f"its answer was not whole after {late:g} s")
    if isinstance(error, kinds.ReadTimeoutError | TimeoutError):
        return Late(f"it sent nothing for {silence:g} s")
    return Lost("the connection ended before the answer did")


def _reason(error: Exception) -> str:
    """The system's own words for it."""
    import errno
    import os
    import ssl

    cause = error.__cause__ or error.__context__ or (error.args[-1] if error.args else None)
    while isinstance(cause, Exception) and not isinstance(cause, OSError):
        cause = cause.__cause__ or cause.__context__
    if isinstance(cause, ssl.SSLCertVerificationError):
        return cause.verify_message
    if isinstance(cause, ssl.SSLError):
        return str(cause.reason or "TLS failed")
    if isinstance(cause, TimeoutError):
        return os.strerror(errno.ETIMEDOUT)
    return cause.strerror if isinstance(cause, OSError) and cause.strerror else "it failed"
