"""One request over real sockets: what a server can do wrong, and what the client makes of it."""

from __future__ import annotations

import shutil
import ssl
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.models.served.messages import Request, Response
from harness.models.served.transport import Late, Limits, Lost, TooLarge, Transport, Trouble, Unreachable, Untrusted
from tests.harness.models.served.conftest import Start
from tests.harness.models.served.standin import Reply, StandIn, told

LIMITS = Limits(connect=5.0, silence=5.0, total=5.0, response=1_000)


def send(server: StandIn, limits: Limits = LIMITS, **fields: object) -> Response:
    transport = Transport(server.url, limits, 2)
    request = Request(url=f"{server.url}/x", body=b"audio", **fields)  # type: ignore[arg-type]
    try:
        return transport.send(request, {"Authorization": "Bearer k"})
    finally:
        transport.close()


def test_a_request_arrives_as_it_was_made_and_the_answer_comes_back_whole(start: Start) -> None:
    server = start(told({"a": 1}, status=201, headers={"X-One": "two"}))
    response = send(server, headers={"X-Mine": "yes"})
    assert (response.status, response.body) == (201, b'{"a": 1}')
    assert (response.headers["x-one"], response.media_type) == ("two", "application/json")
    (asked,) = server.asked
    assert (asked.method, asked.path, asked.body) == ("POST", "/v1/x", b"audio")
    assert (asked.headers["x-mine"], asked.headers["authorization"]) == ("yes", "Bearer k")
    assert asked.headers["accept-encoding"] == "identity"
    assert response.arrived(len(response.body)) is not None
    assert response.arrived(len(response.body) + 1) is None


def test_a_large_body_goes_out_whole(start: Start) -> None:
    server = start()
    body = bytes(range(256)) * 10_000
    transport = Transport(server.url, LIMITS, 1)
    transport.send(Request(url=f"{server.url}/x", body=body), {})
    transport.close()
    assert server.asked[0].body == body


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (Reply(b"x" * 1_001), TooLarge, "1,001 bytes, more than the 1,000"),
        (Reply(b"x\n" * 600, way="chunks"), TooLarge, "more than the 1,000 bytes"),
        (Reply(b'{"text": "hello"}', way="cut"), Lost, "ended before the answer did"),
        (Reply(way="drop"), Lost, "ended before the answer did"),
    ],
    ids=["large", "large without a length", "cut", "dropped"],
)
def test_what_breaks_is_told_apart(start: Start, reply: Reply, kind: type[Trouble], words: str) -> None:
    with pytest.raises(kind, match=words):
        send(start(reply))


@pytest.mark.parametrize(
    ("way", "silence", "total", "words"),
    [
        ("silent", 0.2, 60.0, "sent nothing for 0.2 s"),
        ("silent", 60.0, 0.2, "not whole after 0.2 s"),
        ("drip", 60.0, 0.3, "not whole after 0.3 s"),
        ("drip-end", 60.0, 0.3, "not whole after 0.3 s"),
        ("drip-head", 60.0, 0.3, "not whole after 0.3 s"),
    ],
)
def test_a_server_that_is_silent_or_drips_is_late(
    start: Start, way: str, silence: float, total: float, words: str
) -> None:
    with pytest.raises(Late, match=words):
        send(start(Reply(way=way)), Limits(silence=silence, total=total, response=1 << 20))


def test_the_seconds_of_the_audio_are_added_to_both_limits(start: Start) -> None:
    with pytest.raises(Late, match=r"nothing for 0.5 s"):
        send(start(Reply(way="silent")), Limits(silence=0.1, total=60.0), seconds=0.4)
    with pytest.raises(Late, match=r"whole after 0.5 s"):
        send(start(Reply(way="silent")), Limits(silence=60.0, total=0.1), seconds=0.4)


def test_a_server_may_think_as_long_as_the_audio_lasts(start: Start) -> None:
    server = start(Reply(b"{}", way="later"))
    assert send(server, Limits(silence=0.1, total=0.1), seconds=50.0).body == b"{}"


def test_no_server_and_no_name() -> None:
    gone = StandIn()
    gone.__enter__()
    gone.stop()
    with pytest.raises(Unreachable, match=r"no connection \(Connection refused\)"):
        send(gone)
    assert not Transport(gone.url, LIMITS, 1).reachable()
    transport = Transport("http://host.invalid", LIMITS, 1)
    with pytest.raises(Unreachable, match="no host of that name"):
        transport.send(Request(url="http://host.invalid/x"), {})


def test_a_server_that_is_there_is_reachable_even_if_it_answers_nothing(start: Start) -> None:
    assert Transport(start(Reply(way="drop")).url, LIMITS, 1).reachable()


def test_what_does_not_speak_tls_is_not_trusted(start: Start) -> None:
    url = start().url.replace("http:", "https:")
    with pytest.raises(Untrusted, match="certificate or encryption is not good"):
        Transport(url, LIMITS, 1).send(Request(url=url), {"Authorization": "Bearer k"})


def test_redirects_are_not_followed(start: Start) -> None:
    other = start()
    response = send(start(Reply(status=307, headers={"Location": f"{other.url}/y"})))
    assert response.status == 307
    assert other.asked == []


def test_another_origin_never_gets_the_key(start: Start) -> None:
    transport = Transport(start().url, LIMITS, 1)
    with pytest.raises(AssertionError, match="another host"):
        transport.send(Request(url="http://127.0.0.2/v1/x"), {"Authorization": "Bearer k"})


def test_closing_ends_a_request_that_hangs(start: Start) -> None:
    server = start(Reply(way="silent"))
    transport = Transport(server.url, Limits(), 1)
    caught: list[Exception] = []

    def ask() -> None:
        try:
            transport.send(Request(url=f"{server.url}/x"), {})
        except Trouble as trouble:
            caught.append(trouble)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    _until(lambda: bool(server.asked))
    transport.close()
    thread.join(30)
    assert not thread.is_alive()
    assert isinstance(caught[0], Lost)
    with pytest.raises(Lost, match="client was closed"):
        transport.send(Request(url=f"{server.url}/x"), {})


def test_connections_are_kept_and_broken_ones_are_not(start: Start) -> None:
    server = start()
    transport = Transport(server.url, LIMITS, 1)
    for _ in range(3):
        assert transport.send(Request(url=f"{server.url}/x"), {}).status == 200
    server.reply = lambda _asked: Reply(b"x" * 2_000)
    with pytest.raises(TooLarge):
        transport.send(Request(url=f"{server.url}/x"), {})
    server.reply = lambda _asked: told({"next": 1})
    assert transport.send(Request(url=f"{server.url}/x"), {}).body == b'{"next": 1}'
    transport.close()


def _until(done: Callable[[], bool]) -> None:
    event = threading.Event()
    while not done():
        event.wait(0.005)


def test_a_proxy_is_taken_from_the_environment_but_not_for_this_machine(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy, server = start(told({"by": "proxy"})), start(told({"by": "server"}))
    monkeypatch.setenv("http_proxy", f"http://me:s3cret@127.0.0.1:{proxy.port}")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    transport = Transport("http://gpu-box/v1", LIMITS, 1)
    assert transport.send(Request(url="http://gpu-box/v1/x"), {"Authorization": "Bearer k"}).body == b'{"by": "proxy"}'
    transport.close()
    (asked,) = proxy.asked
    assert asked.path == "http://gpu-box/v1/x"
    assert asked.headers["proxy-authorization"] == "Basic bWU6czNjcmV0"
    assert send(server).body == b'{"by": "server"}'
    assert "proxy-authorization" not in server.asked[0].headers
    monkeypatch.setenv("no_proxy", "gpu-box")
    with pytest.raises(Unreachable):
        Transport("http://gpu-box/v1", LIMITS, 1).send(Request(url="http://gpu-box/v1/x"), {})


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificate")
def test_certificates_are_checked(start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    made = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
    ]
    named = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    subprocess.run([*made, "-keyout", key, "-out", certificate, *named], check=True, capture_output=True)
    server = start()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.encrypt(context)
    url = f"https://localhost:{server.port}/v1"
    with pytest.raises(Untrusted, match=r"is not good \(self-signed certificate\)"):
        Transport(url, LIMITS, 1).send(Request(url=url), {"Authorization": "Bearer k"})
    assert server.asked == []
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    transport = Transport(url, LIMITS, 1)
    assert transport.send(Request(url=url), {}).status == 200
    server.reply = lambda _asked: Reply(way="drip")
    limits = Limits(total=0.3, response=1 << 20)
    with pytest.raises(Late, match=r"whole after 0.3 s"):
        Transport(url, limits, 1).send(Request(url=url), {})
    transport.close()
    other = url.replace("localhost", "127.0.0.1")
    with pytest.raises(Untrusted, match=r"not valid for '127\.0\.0\.1'"):
        Transport(other, LIMITS, 1).send(Request(url=other), {"Authorization": "Bearer k"})
