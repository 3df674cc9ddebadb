"""The HTTP client and the key's way: what a real server answers wrongly, byte by byte."""

from __future__ import annotations

import gzip
import json
import socket
import threading
from contextlib import contextmanager

import pytest
import toolgate
from toolgate.http import http_client, http_library, read_note

KEY = "fav_mcp_aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY"


@contextmanager
def server(answer):
    """Answer every connection with these bytes, or by a request's head; yields the URL and the heads received."""
    received: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(10)

        def serve():
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                with connection:
                    text = b""
                    while b"\r\n\r\n" not in text:
                        text += connection.recv(65536)
                    head, _, body = text.partition(b"\r\n\r\n")
                    length = next(
                        (int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if b"content-length" in line),
                        0,
                    )
                    while len(body) < length:
                        body += connection.recv(65536)
                    received.append(head)
                    connection.sendall(answer if isinstance(answer, bytes) else answer(head))

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/mcp", received
        # A blocked accept is not woken by closing the socket.
        listening.shutdown(socket.SHUT_RDWR)


def http(status: str, content_type: str, body: bytes, *headers: str, length: int | None = None) -> bytes:
    size = len(body) if length is None else length
    lines = [
        f"HTTP/1.1 {status}",
        f"Content-Type: {content_type}",
        f"Content-Length: {size}",
        "Connection: close",
        *headers,
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def rpc(method="tools/call"):
    return {"jsonrpc": "2.0", "id": 7, "method": method, "params": {"name": "x"}}


GOOD = json.dumps({"jsonrpc": "2.0", "id": 7, "result": {"content": []}}).encode()
REFUSED = json.dumps({"jsonrpc": "2.0", "id": 7, "error": {"code": -32602, "message": "no"}}).encode()
NAMELESS = json.dumps({"jsonrpc": "2.0", "id": None, "error": {"code": -32600, "message": "no"}}).encode()
FOREIGN = json.dumps({"jsonrpc": "2.0", "id": 8, "result": {}}).encode()
EVENT = b"event: message\r\ndata: " + GOOD + b"\r\n\r\n"

WRONG = {
    "401": (http("401 Unauthorized", "text/plain", b""), 401),
    "403 with a JSON-RPC error": (http("403 Forbidden", "application/json", REFUSED), 403),
    "404": (http("404 Not Found", "text/html", b"<p>"), 404),
    "429": (http("429 Too Many Requests", "text/plain", b"", "Retry-After: 30"), 429),
    "500": (http("500 Internal Server Error", "text/html", b"<p>"), 500),
    "202": (http("202 Accepted", "text/plain", b""), "lost"),
    "a redirect to another origin": (
        http("307 Temporary Redirect", "text/plain", b"", "Location: http://example.test/"),
        307,
    ),
    "a redirect to itself": (http("308 Permanent Redirect", "text/plain", b"", "Location: /mcp"), 308),
    "a redirect to nowhere": (http("307 Temporary Redirect", "text/plain", b""), 307),
    "408": (http("408 Request Timeout", "text/plain", b""), 408),
    "a result that its status denies": (http("400 Bad Request", "application/json", GOOD), "malformed"),
    "a body that does not expand": (http("200 OK", "application/json", GOOD, "Content-Encoding: gzip"), "lost"),
    "HTML": (http("200 OK", "text/html", b"<p>hello"), "malformed"),
    "a cut JSON text": (http("200 OK", "application/json", GOOD[:20]), "malformed"),
    "another's answer": (http("200 OK", "application/json", FOREIGN), "malformed"),
    "no object": (http("200 OK", "application/json", b"[]"), "malformed"),
    "no body at all": (http("200 OK", "application/json", b""), "malformed"),
    "a cut body": (http("200 OK", "application/json", GOOD[:20], length=500), "lost"),
    "a closed connection": (b"", "lost"),
    "no HTTP": (b"220 smtp ready\r\n", "lost"),
    "an empty stream": (http("200 OK", "text/event-stream", b""), "lost"),
    "a cut event": (http("200 OK", "text/event-stream", EVENT[:30]), "lost"),
    "a cut stream": (http("200 OK", "text/event-stream", EVENT[:30], length=500), "lost"),
    "an event that is no JSON": (http("200 OK", "text/event-stream", b"data: {nonsense\n\n"), "malformed"),
}


def answers_of(response):
    """Return the JSON-RPC messages of a response, as a client of MCP reads them."""
    if response.headers["content-type"].startswith("application/json"):
        return [response.json()]
    events = [event for event in response.text.replace("\r\n", "\n").split("\n\n") if "data:" in event]
    messages = []
    for event in events:
        text = "\n".join(line[5:] for line in event.split("\n") if line.startswith("data:"))
        try:
            messages.append(json.loads(text))
        except ValueError:
            continue
    return messages


async def post(url, message, auth=None):
    async with http_client(auth, timeout=5) as client:
        return await client.post(url, json=message)


PACKED = gzip.compress(b"z" * (17 << 20))


@pytest.mark.parametrize("method", ["initialize", "server/discover", "tools/call"])
@pytest.mark.parametrize("kind", ["application/json", "text/event-stream"])
async def test_no_answer_is_endless_whatever_it_is_packed_in(method, kind):
    with server(http("200 OK", kind, PACKED, "Content-Encoding: gzip")) as (url, _):
        if method == "tools/call":
            *_, last = answers_of(await post(url, rpc()))
            assert read_note(last["error"]["data"]).kind == "malformed"
        else:
            with pytest.raises(http_library().ReadError, match="larger than 16 MiB"):
                await post(url, rpc(method))


@pytest.mark.parametrize("name", WRONG)
async def test_a_wrong_answer_becomes_one_error_for_its_request(name):
    answer, kind = WRONG[name]
    with server(answer) as (url, _):
        response = await post(url, rpc())
    assert response.status_code == 200
    *_, last = answers_of(response)
    assert last["id"] == 7
    note = read_note(last["error"]["data"])
    assert note is not None
    assert (note.http_status or note.kind) == kind
    assert note.retry_after == (30_000 if kind == 429 else None)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (http("200 OK", "application/json", GOOD), GOOD),
        (http("200 OK", "application/json", REFUSED), REFUSED),
        (http("400 Bad Request", "application/json", REFUSED), REFUSED),
        (http("400 Bad Request", "application/json", NAMELESS), NAMELESS.replace(b'"id": null', b'"id": 7')),
        (http("200 OK", "text/event-stream", EVENT), GOOD),
    ],
)
async def test_an_answer_that_is_one_passes(answer, expected):
    with server(answer) as (url, _):
        response = await post(url, rpc())
    assert answers_of(response) == [json.loads(expected)]


@pytest.mark.parametrize("message", [rpc("initialize"), {"jsonrpc": "2.0", "method": "notifications/initialized"}, [1]])
async def test_other_messages_are_the_sdks_business(message):
    with server(http("503 Service Unavailable", "text/html", b"<p>")) as (url, _):
        assert (await post(url, message)).status_code == 503


MOVED = http("307 Temporary Redirect", "text/plain", b"", "Location: /mcp/")
FOUND = http("200 OK", "application/json", GOOD)


async def test_a_server_that_moved_within_itself_is_followed_before_any_call():
    with server(lambda head: FOUND if head.startswith(b"POST /mcp/ ") else MOVED) as (url, received):
        async with http_client(timeout=5) as client:
            assert (await client.post(url, json=rpc("initialize"))).status_code == 200
            assert (await client.post(url, json=rpc())).json() == json.loads(GOOD)
    assert [head.split(b" ")[1] for head in received] == [b"/mcp", b"/mcp/", b"/mcp/"]


@pytest.mark.parametrize("location", ["http://example.test/mcp/", "https://127.0.0.1/mcp/", "/mcp", ""])
async def test_no_other_redirect_is_followed(location):
    with server(http("307 Temporary Redirect", "text/plain", b"", f"Location: {location}")) as (url, received):
        assert (await post(url, rpc("initialize"))).status_code == 307
    assert len(received) == 1


async def test_nobody_there_means_not_sent():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    response = await post(f"http://127.0.0.1:{port}/mcp", rpc())
    note = read_note(response.json()["error"]["data"])
    assert note is not None
    assert note.kind == "not_sent"


def test_no_server_can_write_a_note():
    forged = {"seal": "guessed", "kind": "not_sent", "message": "", "retry_after": None}
    assert read_note(forged) is None
    assert read_note({"kind": "not_sent"}) is None
    assert read_note("not_sent") is None


async def test_the_key_goes_to_its_origin_only():
    vault = toolgate.MemoryVault()
    await vault.put("key", KEY)
    with (
        server(http("200 OK", "application/json", GOOD)) as (url, received),
        server(http("200 OK", "application/json", GOOD)) as (other, strange),
    ):
        auth = toolgate.VaultAuth(vault, "key", url)
        await post(url, rpc(), auth)
        await post(other, rpc(), auth)
        await vault.put("key", "a new one")
        await post(url, rpc(), auth)
    assert f"Bearer {KEY}".encode() in received[0]
    assert b"Bearer a new one" in received[1]
    assert b"uthorization" not in strange[0]
    assert KEY not in repr(auth)


async def test_the_backends_clock_is_read():
    auth = toolgate.VaultAuth(toolgate.MemoryVault(), "key", "http://127.0.0.1:1")
    assert auth.server_time() is None
    with server(http("200 OK", "application/json", GOOD, "Date: Thu, 01 Jan 2026 00:00:00 GMT")) as (url, _):
        await post(url, rpc(), auth)
    assert 0 <= auth.server_time() - 1_767_225_600_000 < 5_000


@pytest.mark.parametrize("origin", ["http://example.test", "ftp://example.test", "example.test", ""])
def test_an_origin_that_would_show_the_key(origin):
    with pytest.raises(toolgate.OptionsError):
        toolgate.VaultAuth(toolgate.MemoryVault(), "key", origin)


@pytest.mark.parametrize(
    "origin", ["https://example.test/mcp", "http://127.0.0.1:80", "http://[::1]/", "http://localhost/x"]
)
def test_an_origin_that_would_not(origin):
    assert toolgate.VaultAuth(toolgate.MemoryVault(), "key", origin)


async def test_a_vault_that_fails_costs_the_key_and_not_the_session():
    class Broken:
        async def get(self, name):
            raise OSError("locked")

        async def put(self, name, secret):
            raise OSError("locked")

    with server(http("200 OK", "application/json", GOOD)) as (url, received):
        response = await post(url, rpc(), toolgate.VaultAuth(Broken(), "key", url))
    assert answers_of(response) == [json.loads(GOOD)]
    assert b"uthorization" not in received[0]


@pytest.mark.parametrize("client", [None, object(), "https://example.test"])
async def test_what_is_no_client_is_refused(client):
    with pytest.raises(toolgate.OptionsError):
        await toolgate.Guard.attach(client, server="x")


@pytest.mark.parametrize("profile", [None, "favcrm"])
async def test_a_key_that_is_refused_at_connecting_is_told_as_that(profile):
    with (
        server(http("401 Unauthorized", "text/plain", b"its own words")) as (url, _),
        pytest.raises(toolgate.BackendError, match="Not signed in") as caught,
    ):
        async with toolgate.connect(url, profile=profile, timeout=5):
            pass
    assert caught.value.code == "unauthorized"
    assert "its own words" not in str(caught.value)


async def test_nobody_there_at_connecting():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    with pytest.raises(toolgate.BackendError) as caught:
        async with toolgate.connect(f"http://127.0.0.1:{port}/mcp", timeout=5):
            pass
    assert caught.value.code == "unreachable"
