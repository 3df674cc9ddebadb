"""An HTTP client for MCP that survives bad answers.

Left alone, the SDK gives up a whole session over one bad HTTP answer, or waits for it forever: a status, a page
of HTML, a cut JSON text, a dropped connection. Here such an answer to `tools/list` or `tools/call` becomes a
JSON-RPC error for exactly the request it belongs to, with a note of what happened that `client.py` reads, so
that the guard knows whether the call may have run.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import secrets
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Self, cast

from .auth import retry_after_of
from .errors import make

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from .auth import VaultAuth

__all__ = ["Failure", "Trouble", "http_client", "read_note"]

Failure = Literal["not_sent", "unauthorized", "rate_limited", "refused", "lost", "malformed", "host"]
"""Why a step failed, and so whether a call may have run: see the core's step protocol."""

# No server can guess it, so no server can claim that a call it ran was never sent.
_SEAL = secrets.token_hex(16)
_GUARDED = frozenset({"tools/list", "tools/call"})
_INTERNAL_ERROR = -32603
_MAX_ANSWER = 16 << 20
"""Bytes of one answer, whatever its form: as much as the core reads of a result."""
_TOO_LARGE = "The backend's answer is larger than 16 MiB."


class Trouble(NamedTuple):
    """What was wrong with a request: what its answer held, which the core reads, or else the host's own word."""

    kind: Failure | None
    message: str
    retry_after: int | None = None
    rpc_code: int | None = None
    """The code of a JSON-RPC error."""
    http_status: int | None = None

    def event(self) -> dict[str, Any]:
        """Return the event that tells the core."""
        told = {member: value for member, value in self._asdict().items() if value is not None}
        return {"type": "failed", **told}


def http_client(
    auth: VaultAuth | None = None,
    *,
    timeout: float = 60.0,
    observe: Callable[[Trouble | None], None] | None = None,
) -> Any:
    """Make the asynchronous HTTP client to give to the SDK's `streamable_http_client`.

    It has to be given when the connection is made: no way leads to the HTTP client of one that is there already. With
    the SDK's 2.x also give `max_sse_event_size=None`, or an event of more than 1 MiB is an answer of no use.

    Args:
        auth: Puts the key on requests, such as a `VaultAuth`.
        timeout: Seconds to connect or send; an answer may take five times as long.
        observe: Told how each message that is neither `tools/list` nor `tools/call` fared; `None` is well.

    Returns:
        An `httpx2.AsyncClient` or `httpx.AsyncClient`, whichever the installed SDK uses.
    """
    library = http_library()
    limits = library.Timeout(timeout, read=timeout * 5)
    transport = _transport_class(library)(library.AsyncHTTPTransport(), observe)
    return library.AsyncClient(auth=auth, timeout=limits, transport=transport)


@cache
def http_library() -> Any:
    """Return the HTTP library of the installed SDK.

    Raises:
        OptionsError: The SDK is not installed.
    """
    try:
        major = int(importlib.metadata.version("mcp").partition(".")[0])
    except importlib.metadata.PackageNotFoundError:
        raise make("invalid_options", "The MCP SDK is missing: pip install 'toolgate[mcp]'.") from None
    return importlib.import_module("httpx2" if major >= 2 else "httpx")


def canonical_url(url: str) -> str:
    """Return an address as every language writes it: the host in lower case and ASCII, no default port, no dots."""
    try:
        return str(http_library().URL(url))
    except Exception:  # noqa: BLE001 - of no library, or no address: it is compared as it is
        return url


def read_note(data: Any) -> Trouble | None:
    """Read the note on a JSON-RPC error's `data`, if this process wrote it."""
    if isinstance(data, dict) and data.get("seal") == _SEAL:  # pyright: ignore[reportUnknownMemberType]
        return Trouble(*(data[member] for member in Trouble._fields))  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    return None


def _note(request_id: object, trouble: Trouble) -> bytes:
    error = {
        "code": _INTERNAL_ERROR,
        "message": trouble.message,
        "data": {"seal": _SEAL, **trouble._asdict()},
    }
    return json.dumps({"jsonrpc": "2.0", "id": request_id, "error": error}).encode()


@cache
def _transport_class(library: Any) -> Any:
    """Build the transport on the HTTP library's own base class."""

    class Transport(library.AsyncBaseTransport):  # type: ignore[misc]
        def __init__(self, inner: Any, observe: Callable[[Trouble | None], None] | None = None) -> None:
            self._inner = inner
            self._observe = observe
            self._moved: dict[Any, Any] = {}

        async def __aenter__(self) -> Self:
            await self._inner.__aenter__()
            return self

        async def __aexit__(self, *exception: object) -> None:
            await self._inner.__aexit__(*exception)

        async def aclose(self) -> None:
            await self._inner.aclose()

        async def handle_async_request(self, request: Any) -> Any:
            asked = _asked(request)
            request.url = self._moved.get(request.url, request.url)
            if asked is None:
                return await self._other(request)
            try:
                response = await self._inner.handle_async_request(request)
                return await _checked(library, response, asked[0])
            except library.RequestError as error:
                return _answer(library, _note(asked[0], _broken(library, error)))

        async def _other(self, request: Any) -> Any:
            """Send what is no call; at connecting no answer is endless either."""
            self._tell(None)
            try:
                response = await self._inner.handle_async_request(request)
                target = _target(library, response, request)
                if target is not None:
                    # From then on calls go there too, and are not sent twice.
                    await response.aclose()
                    self._moved[request.url] = request.url = target
                    response = await self._inner.handle_async_request(request)
            except library.RequestError as error:
                self._tell(_broken(library, error))
                raise
            if request.method != "POST":
                return response
            self._tell(_refusal(response.status_code, response.headers))
            return _restreamed(library, response, _bounded_class(library)(response))

        def _tell(self, trouble: Trouble | None) -> None:
            if self._observe is not None:
                self._observe(trouble)

    return Transport


def _target(library: Any, response: Any, request: Any) -> Any | None:
    """Return where the server wants to have the same message, if that is on the server itself."""
    location = response.headers.get("location")
    if request.method != "POST" or response.status_code not in (307, 308) or location is None:
        return None
    try:
        target = request.url.join(location)
    except library.InvalidURL:
        return None
    origins = [(url.scheme, url.host, url.port) for url in (request.url, target)]
    return target if origins[0] == origins[1] and target != request.url else None


def _broken(library: Any, error: Exception) -> Trouble:
    if isinstance(error, (library.ConnectError, library.ConnectTimeout, library.PoolTimeout)):
        return Trouble("not_sent", type(error).__name__)
    return Trouble("lost", f"The connection broke ({type(error).__name__}).")


def _asked(request: Any) -> tuple[object] | None:
    """Return the JSON-RPC id of a request that is guarded; the id may be any JSON, so it comes in a tuple."""
    if request.method != "POST":
        return None
    try:
        message = json.loads(request.content)
    except (ValueError, RuntimeError, RecursionError):
        return None
    if isinstance(message, dict) and message.get("method") in _GUARDED and "id" in message:  # pyright: ignore[reportUnknownMemberType]
        return (message["id"],)  # pyright: ignore[reportUnknownVariableType]
    return None


async def _checked(library: Any, response: Any, request_id: object) -> Any:
    """Pass an answer on that the SDK can live with; turn any other into a JSON-RPC error."""
    status: int = response.status_code
    content_type: str = response.headers.get("content-type", "").lower()
    if status == 200 and content_type.startswith("text/event-stream"):
        return _restreamed(library, response, _stream_class(library)(response, request_id))
    try:
        body = await _body(response)
    finally:
        await response.aclose()
    trouble = _refusal(status, response.headers)
    if body is None:
        return _answer(library, _note(request_id, trouble or Trouble("malformed", _TOO_LARGE)))
    usable = _as_answer(body, request_id) if content_type.startswith("application/json") else None
    # A status may carry a JSON-RPC error, which says more, unless the status alone says what to do.
    if usable is not None and (trouble is None or not _says_no_more(status)):
        if trouble is not None and "result" in json.loads(usable):
            # The status says that it was refused, the body that it ran.
            return _answer(library, _note(request_id, Trouble("malformed", "")))
        return _answer(library, usable, response.headers)
    if trouble is None and status == 202:
        trouble = Trouble("lost", "The backend took the request and promised no answer (HTTP 202).")
    if trouble is None:
        trouble = Trouble("malformed", f"HTTP {status}, {_plain(content_type)}")
    return _answer(library, _note(request_id, trouble))


def _restreamed(library: Any, response: Any, stream: Any) -> Any:
    """Return the response with another body, not compressed any more: what is bounded is what it expands to."""
    headers = {name: value for name, value in response.headers.items() if name.lower() != "content-encoding"}
    return library.Response(response.status_code, headers=headers, stream=stream, extensions=response.extensions)


async def _body(response: Any) -> bytes | None:
    """Return the whole body; `None` if it is larger than any answer may be."""
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > _MAX_ANSWER:
            return None
    return bytes(body)


def _refusal(status: int, headers: Mapping[str, str]) -> Trouble | None:
    """Return what an HTTP status alone says; none for success."""
    if status < 300:
        return None
    # It may have acted before it pointed elsewhere, and following it would send the call again.
    hint = ", it points elsewhere; connect to that address if it is right" if status < 400 else ""
    retry_after = retry_after_of(headers.get("retry-after"))
    return Trouble(None, f"HTTP {status}{hint}", retry_after, http_status=status)


def _says_no_more(status: int) -> bool:
    """Say whether a status alone tells what to do, so that a JSON-RPC error beside it adds nothing."""
    return status in (401, 403, 408, 429) or not 400 <= status < 500


def _plain(content_type: str) -> str:
    kind = content_type.partition(";")[0].strip()
    return kind if kind.isascii() and kind.isprintable() and 0 < len(kind) < 60 else "no content type"


def _as_answer(body: bytes, request_id: object) -> bytes | None:
    """Return the body if it answers the request; an error that names no request is given this one's id."""
    try:
        message: Any = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(message, dict):
        return None
    message = cast("dict[str, Any]", message)
    if not _is_response(message):
        return None
    if "id" in message and str(message["id"]) == str(request_id):
        return body
    if "error" in message and message.get("id") is None:
        return json.dumps({**message, "id": request_id}).encode()
    return None


def _is_response(message: dict[str, Any]) -> bool:
    """Say whether it is a JSON-RPC response, to whatever request."""
    if message.get("jsonrpc") != "2.0" or ("result" in message) == ("error" in message):
        return False
    if "result" in message:
        return isinstance(message["result"], dict)
    error = message["error"]
    return isinstance(error, dict) and type(error.get("code")) is int and isinstance(error.get("message"), str)  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]


def _answer(library: Any, body: bytes, headers: Mapping[str, str] | None = None) -> Any:
    kept = {name: value for name, value in (headers or {}).items() if name.lower() in ("date", "mcp-session-id")}
    return library.Response(200, headers={**kept, "content-type": "application/json"}, content=body)


@cache
def _bounded_class(library: Any) -> Any:
    """Build the bounded body on the HTTP library's own base class."""

    class Bounded(library.AsyncByteStream):  # type: ignore[misc]
        """Passes a body through as far as an answer may go."""

        def __init__(self, response: Any) -> None:
            self._response = response

        async def __aiter__(self) -> AsyncIterator[bytes]:
            size = 0
            async for chunk in self._response.aiter_bytes():
                size += len(chunk)
                if size > _MAX_ANSWER:
                    raise library.ReadError(_TOO_LARGE)
                yield chunk

        async def aclose(self) -> None:
            await self._response.aclose()

    return Bounded


@cache
def _stream_class(library: Any) -> Any:
    """Build the event stream on the HTTP library's own base class."""

    class Stream(library.AsyncByteStream):  # type: ignore[misc]
        """Passes events through and sees to it that the request is answered by the end."""

        def __init__(self, response: Any, request_id: object) -> None:
            self._response = response
            self._events = _Events(request_id)

        async def __aiter__(self) -> AsyncIterator[bytes]:
            events, size, last = self._events, 0, b"\n"
            lost = Trouble("lost", "The backend's stream ended without the answer.")
            try:
                async for chunk in self._response.aiter_bytes():
                    size += len(chunk)
                    if size > _MAX_ANSWER and not events.answered:
                        events.ending = _note(events.request_id, Trouble("malformed", _TOO_LARGE))
                    else:
                        events.feed(chunk)
                    if events.ending is not None:
                        break
                    yield chunk
                    last = chunk[-1:] or last
            except library.RequestError as error:
                lost = Trouble("lost", f"The connection broke ({type(error).__name__}).")
                if events.resumable:
                    raise
            if events.ending is None and not events.answered and not events.resumable:
                events.ending = _note(events.request_id, lost)
            if events.ending is not None:
                # An event that is cut has a name that nobody listens to.
                cut = b"event: cut\n\n" if last == b"\n" else b"\nevent: cut\n\n"
                yield cut + b"event: message\ndata: " + events.ending + b"\n\n"

        async def aclose(self) -> None:
            await self._response.aclose()

    return Stream


class _Events:
    """Watches a stream of events for the answer to one request."""

    def __init__(self, request_id: object) -> None:
        self.request_id = request_id
        self.answered = False
        self.ending: bytes | None = None
        """What is said in the answer's place, whatever else would come."""
        self.resumable = False
        self._line = bytearray()
        self._name = b""
        self._data: list[bytes] = []

    def feed(self, chunk: bytes) -> None:
        *lines, rest = chunk.split(b"\n")
        for line in lines:
            if self.answered or self.ending is not None:
                return
            self._line += line
            self._end_line(bytes(self._line).rstrip(b"\r"))
            self._line.clear()
        self._line += rest

    def _end_line(self, line: bytes) -> None:
        if line.startswith(b"data:"):
            self._data.append(line[5:])
        elif line.startswith(b"event:"):
            self._name = line[6:].strip()
        elif line.startswith(b"id:"):
            # The SDK resumes such a stream by itself.
            self.resumable = True
        elif not line:
            data, name = b"\n".join(self._data), self._name
            self._data.clear()
            self._name = b""
            if data.strip() and name in (b"", b"message"):
                self._take(data)

    def _take(self, data: bytes) -> None:
        answer = _as_answer(data, self.request_id)
        if answer is not None and answer is data:
            self.answered = True
        elif answer is not None:
            self.ending = answer
        elif not _is_request(data):
            # The SDK's 2.x takes another's answer for this request's.
            self.ending = _note(self.request_id, Trouble("malformed", "The backend's event is of no use."))


def _is_request(text: bytes) -> bool:
    """Say whether it is a JSON-RPC request or notification."""
    try:
        message: Any = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(message, dict) and isinstance(message.get("method"), str)  # pyright: ignore[reportUnknownMemberType]
