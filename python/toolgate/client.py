"""An MCP client that is there already, by its shape: the SDK's `Client` or `ClientSession` (1.x and 2.x)."""

from __future__ import annotations

import importlib
import inspect
import json
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar, cast

import anyio

from .errors import make
from .http import Trouble, canonical_url, read_note
from .inputs import offering

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from types import FrameType

__all__ = ["Failed", "McpClient", "Port", "Returned", "endpoint_of", "server_name", "trouble_of"]

CallResult_co = TypeVar("CallResult_co", covariant=True)
ListResult_co = TypeVar("ListResult_co", covariant=True)


class McpClient(Protocol[CallResult_co, ListResult_co]):
    """What toolgate needs of a client: it lists tools and calls them."""

    def call_tool(self, name: str, arguments: Any = None, /, *args: Any, **kwargs: Any) -> Awaitable[CallResult_co]:
        """Call a tool."""
        ...

    def list_tools(self, *args: Any, **kwargs: Any) -> Awaitable[ListResult_co]:
        """List a page of tools."""
        ...


class Returned(NamedTuple):
    """What came back: its JSON text for the core, and the client's own object."""

    document: str
    value: Any


class Failed(Exception):  # noqa: N818 - it reports to the driver, nobody else sees it
    """A request failed; the trouble says how, in words that hold nothing of the request or answer."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(str(trouble.kind))
        self.trouble = trouble


class Port:
    """The one way from the driver to the backend."""

    def __init__(self, client: Any, *, timeout: float | None, offered: dict[str, Any] | None = None) -> None:
        self.client = client
        self._timeout = timeout
        self._offered = offered or {}
        if not callable(getattr(client, "list_tools", None)) or not callable(getattr(client, "call_tool", None)):
            raise make("invalid_options", f"A client lists and calls tools; {type(client).__name__} does not.")
        self._list_parameters = inspect.signature(client.list_tools).parameters
        self._call_signature = inspect.signature(client.call_tool)
        self.list_changed = False
        self._hear(getattr(client, "session", client))

    def _hear(self, session: Any) -> None:
        """Look at the session's notifications on their way to the host's own handler, which stays as it is."""
        handler = getattr(session, "_message_handler", None)
        if handler is None:
            return

        async def heard(message: Any) -> None:
            if getattr(getattr(message, "root", message), "method", None) == "notifications/tools/list_changed":
                self.list_changed = True
            await handler(message)

        session._message_handler = heard

    def moved_to(self, client: Any) -> Port:
        """Return the same port for another client."""
        return Port(client, timeout=self._timeout, offered=self._offered)

    def joined(self, pages: list[Any]) -> Any:
        """Return the pages of one list as one page of the client's own type."""
        first, *more = pages
        if not more:
            return first
        tools = [tool for page in pages for tool in page.tools]
        cursor = "next_cursor" if hasattr(first, "next_cursor") else "nextCursor"
        return first.model_copy(update={"tools": tools, cursor: None})

    def bound(self, name: str, args: tuple[Any, ...], keywords: Mapping[str, Any]) -> dict[str, Any]:
        """Return all that a call takes after name and arguments, as keywords.

        Raises:
            TypeError: The client's own `call_tool` does not take them.
        """
        given = dict(self._call_signature.bind(name, {}, *args, **keywords).arguments)
        for parameter in self._call_signature.parameters.values():
            if parameter.kind is parameter.VAR_KEYWORD:
                given |= given.pop(parameter.name, {})
        return dict(list(given.items())[2:])

    async def list_tools(self, cursor: str | None, forward: Mapping[str, Any]) -> Returned:
        """Read one page of tools, past any cache."""
        changed = self.list_changed
        if cursor is None:
            # What comes while the list is read counts for the next call.
            self.list_changed = False
        try:
            return await self._watched(lambda: self._page(cursor, forward), self._timeout)
        except Failed:
            self.list_changed = self.list_changed or changed
            raise

    async def call_tool(self, name: str, arguments: dict[str, Any], forward: Mapping[str, Any]) -> Returned:
        """Call a tool."""
        # A caller who says how long to wait is waited for.
        own = forward.get("read_timeout_seconds") is not None
        return await self._watched(lambda: self._call(name, arguments, forward), None if own else self._timeout)

    async def _call(self, name: str, arguments: dict[str, Any], forward: Mapping[str, Any]) -> Returned:
        session = getattr(self.client, "session", self.client)
        if not _is_the_sdks(session):
            result = await self.client.call_tool(name, arguments, **forward)
            return Returned(_to_text(result, exclude_none=True), result)
        # Below the session's own `call_tool`, which throws away what the call did where the result does not fit the
        # tool's output schema: the core checks that too, and keeps the result.
        with offering(session, self._offered):
            raw: dict[str, Any] | None = None
            try:
                raw = await _raw_result(session, name, arguments, forward)
                result = _typed(session, raw)
            except Exception as error:
                if (unread := _unread_result(error, raw)) is None:
                    raise
                return Returned(_written(unread), None)
        # What the client's own extensions finish is finished by them, as the client does it.
        claims = getattr(getattr(self.client, "_folded_extensions", None), "by_model", {})
        if (claim := claims.get(type(result))) is not None:
            context = importlib.import_module("mcp.client.extension").ClaimContext
            timeout = forward.get("read_timeout_seconds")
            result = await claim.resolve(result, context(session=session, tool_name=name, read_timeout_seconds=timeout))
            return Returned(_to_text(result, exclude_none=True), result)
        # As the models do, which know no difference between a member that is null and none.
        return Returned(_written({member: value for member, value in raw.items() if value is not None}), result)

    async def _watched(self, send: Callable[[], Awaitable[Returned]], timeout: float | None) -> Returned:
        try:
            with anyio.fail_after(timeout):
                return await send()
        except Exception as error:  # noqa: BLE001 - whatever a client raises, the flow must hear of it
            trouble = trouble_of(error)
        # Raised here, so that the client's exception, which may quote an answer, is no context of anything.
        raise Failed(trouble)

    async def _page(self, cursor: str | None, forward: Mapping[str, Any]) -> Returned:
        session = getattr(self.client, "session", self.client)
        if hasattr(session, "_absorb_tool_listing"):
            return await _raw_page(session, cursor, forward.get("meta"))
        keywords = dict(forward)
        if "cache_mode" in self._list_parameters:
            keywords["cache_mode"] = "bypass"
        if "cursor" in self._list_parameters and "params" not in self._list_parameters:
            keywords["cursor"] = cursor
        elif cursor is not None:
            keywords["params"] = importlib.import_module("mcp.types").PaginatedRequestParams(cursor=cursor)
        page = await self.client.list_tools(**keywords)
        return Returned(_to_text(page, exclude_unset=True), page)


async def _raw_page(session: Any, cursor: str | None, meta: Any) -> Returned:
    """Read a page from the SDK's 2.x session as the server wrote it.

    Its models drop every member they do not know, among them the older spellings of hints that the core
    reads; so the result is asked for as plain data. The session still learns the tools from it, as it does in
    its own `list_tools`, or it would list them again at the first call.
    """
    types = importlib.import_module("mcp_types")
    pydantic = importlib.import_module("pydantic")
    params = types.PaginatedRequestParams(cursor=cursor, _meta=meta)
    raw = await session.send_request(types.ListToolsRequest(params=params), pydantic.TypeAdapter(dict[str, Any]))
    page = types.ListToolsResult.model_validate(raw, by_name=False)
    whole = cursor is None and page.next_cursor is None
    page = session._absorb_tool_listing(page, complete=whole)
    kept = {tool.name for tool in page.tools}
    tools = [tool for tool in raw["tools"] if tool["name"] in kept]
    return Returned(_written({**raw, "tools": tools}), page)


def _written(data: dict[str, Any]) -> str:
    # pydantic writes a long list several times as fast as the standard library does.
    text: bytes = importlib.import_module("pydantic_core").to_json(data, inf_nan_mode="constants")
    return text.decode()


def _is_the_sdks(session: Any) -> bool:
    """Say whether a call is made by the SDK's own session, not by a host's that does something of its own."""
    own = getattr(cast("object", type(session)), "call_tool", None)
    module = str(getattr(own, "__module__", ""))
    return module.startswith("mcp.client.") and "call_tool" not in vars(session) and hasattr(session, "send_request")


class _AsItCame:
    """A result type for the SDK's 1.x session: whatever came."""

    @staticmethod
    def model_validate(raw: dict[str, Any]) -> dict[str, Any]:
        return raw


async def _raw_result(session: Any, name: str, arguments: dict[str, Any], forward: Mapping[str, Any]) -> dict[str, Any]:
    """Make the request that the SDK's `call_tool` makes, and return the result as the server wrote it."""
    given = dict(forward)
    params: dict[str, Any] = {"name": name, "arguments": arguments}
    params |= {member: given.pop(member) for member in ("input_responses", "request_state") if member in given}
    meta = given.pop("meta", None)
    how = {
        "request_read_timeout_seconds": given.pop("read_timeout_seconds", None),
        "progress_callback": given.pop("progress_callback", None),
    }
    if given:
        raise TypeError(f"call_tool takes no {', '.join(given)}")
    types = importlib.import_module("mcp.types")
    if hasattr(session, "_call_tool_adapter"):
        pydantic = importlib.import_module("pydantic")
        request = types.CallToolRequest(params=types.CallToolRequestParams(**params, _meta=meta))
        raw = await session.send_request(request, pydantic.TypeAdapter(dict[str, Any]), **how)
    else:
        own = None if meta is None else types.RequestParams.Meta(**meta)
        request = types.CallToolRequest(params=types.CallToolRequestParams(**params, _meta=own))
        raw = await session.send_request(types.ClientRequest(request), _AsItCame, **how)
    return cast("dict[str, Any]", raw)


def _typed(session: Any, raw: dict[str, Any]) -> Any:
    """Return the result as the client's own object."""
    adapter = getattr(session, "_call_tool_adapter", None)
    if adapter is not None:
        return adapter.validate_python(raw, by_name=False)
    return importlib.import_module("mcp.types").CallToolResult.model_validate(raw)


def _unread_result(error: Exception, raw: object) -> dict[str, Any] | None:
    """Return a result that came and is the core's to judge, though the SDK knows no such type or no such question.

    The SDK's 2.x session validates before it gives anything out; what came is left in the frame that did so.
    """
    if type(error).__name__ != "ValidationError":
        return None
    for frame in _frames(error):
        if (frame.f_globals.get("__name__"), frame.f_code.co_name) == ("mcp.client.session", "send_request"):
            raw = frame.f_locals.get("raw", raw)
    result = cast("dict[str, Any]", raw) if isinstance(raw, dict) else {}
    # 2025-11-25 had no `resultType`: the answer to a call that was made as a task is `{"task": …}`.
    is_task = isinstance(result.get("task"), dict)
    return result if is_task or result.get("resultType", "complete") != "complete" else None


def _to_text(result: Any, **options: bool) -> str:
    if hasattr(result, "model_dump_json"):
        text: str = result.model_dump_json(by_alias=True, **options)
        return text
    return json.dumps(result)


def from_data(data: Any, like: Any) -> Any:
    """Make an object of the client's own result type from the core's JSON data."""
    model = cast("Any", type(like))
    return model.model_validate(data) if hasattr(model, "model_validate") else data


def server_name(client: Any) -> str | None:
    """Return what the server calls itself, where the client knows."""
    name = getattr(getattr(client, "server_info", None), "name", None)
    return name if isinstance(name, str) and name else None


def endpoint_of(client: Any) -> dict[str, Any] | None:
    """Return where the SDK's 2.x `Client` is connected to, as it was made; none for a session or a transport."""
    made_with = getattr(client, "server", None)
    if isinstance(made_with, str):
        return {"url": canonical_url(made_with)}
    command, args = getattr(made_with, "command", None), getattr(made_with, "args", None)
    if not isinstance(command, str) or not isinstance(args, list):
        return None
    folder = getattr(made_with, "cwd", None)
    # A child without a folder of its own works in ours.
    words = [str(word) for word in args]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    return {"command": command, "args": words, "folder": str(Path.cwd() if folder is None else folder)}


# The SDK's own: parse error. As a server's, it would mean that the SDK wrote broken JSON.
_PARSE_ERROR = -32700
_INVALID_REQUEST = -32600
_CONNECTION_CLOSED = -32000
# Past that no number is read exactly.
_LARGEST_CODE = 2**53 - 1
_LONGEST = 300


def trouble_of(error: BaseException) -> Trouble:
    """Read from what a client raised whether the request may have run: in doubt, it may.

    Its class and where it was raised decide, never what a server wrote into it.
    """
    if isinstance(error, Failed):
        return error.trouble
    names = {cls.__name__ for cls in type(error).__mro__}
    if _raised_before_write(error):
        return Trouble("not_sent", f"the connection is closed, {type(error).__name__}")
    rpc = getattr(error, "error", None)
    code, text = getattr(rpc, "code", None), getattr(rpc, "message", None)
    if isinstance(code, int) and isinstance(text, str):
        if (trouble := read_note(getattr(rpc, "data", None))) is not None:
            return trouble
        if code == _PARSE_ERROR or _is_no_mcp(code, text):
            # The SDK's own words on an answer that it cannot parse quote the answer.
            return Trouble("malformed", "")
        if abs(code) > _LARGEST_CODE or _is_no_answer(code, text):
            return Trouble("lost", text[:_LONGEST])
        return Trouble(None, text[:_LONGEST], rpc_code=code)
    if "HTTPStatusError" in names and isinstance(status := getattr(error.response, "status_code", None), int):  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownArgumentType, reportUnknownMemberType]
        return Trouble(None, f"HTTP {status}", http_status=status)
    if "ValidationError" in names or (isinstance(error, RuntimeError) and "output schema" in str(error)):
        return Trouble("malformed", "")
    if isinstance(error, RuntimeError) and "structured content" in str(error):
        return Trouble("malformed", "")
    if isinstance(error, TimeoutError):
        return Trouble("lost", "No answer came in time.")
    return Trouble("lost", f"No answer came ({type(error).__name__}).")


def _raised_before_write(error: BaseException) -> bool:
    """Say whether the SDK raised it before it handed the request to the transport.

    A closed connection and a server that claims one are the same class with the same words in the SDK, and a tool
    that runs in this process may raise anything; so the frames tell.
    """
    frames = _frames(error)
    places = [(str(frame.f_globals.get("__name__")), frame.f_code.co_name) for frame in frames]
    if not frames or not all(map(_is_on_the_way_out, places)):
        return False
    last, context = frames[-1], error.__context__
    if places[-1] in _REFUSES_FIRST and context is None:
        # Nothing was computed yet: the connection is closed, or was never opened.
        code = last.f_code
        return set(last.f_locals) <= set(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount])
    # The stream between the session and its transport was closed, so it did not take the request.
    if type(error).__name__ in _STREAM_CLOSED:
        return _closed_stream(places, "mcp.shared.session", "send_request")
    if places[-1][1] == "send_raw_request" and type(context).__name__ in _STREAM_CLOSED and context is not None:
        within = _frames(context)
        places = [(str(frame.f_globals.get("__name__")), frame.f_code.co_name) for frame in within]
        return within[:1] == [last] and _closed_stream(places, "mcp.shared.jsonrpc_dispatcher", "_write")
    return False


_STREAM_CLOSED = frozenset({"ClosedResourceError", "BrokenResourceError"})
_REFUSES_FIRST = frozenset(
    {
        ("mcp.shared.jsonrpc_dispatcher", "send_raw_request"),
        ("mcp.shared.direct_dispatcher", "send_raw_request"),
        ("mcp.client.client", "session"),
    }
)
# What the SDK passes through before it writes. After that it may list tools to look at a result, or make a second
# request, and a tool in the same process may have a client of its own: then other functions are among the frames.
_BEFORE_WRITE = frozenset(
    {"call_tool", "send", "retry", "session", "list_tools", "send_request", "send_raw_request", "_write"}
)


def _is_on_the_way_out(place: tuple[str, str]) -> bool:
    module, function = place
    if module.startswith("mcp."):
        return function in _BEFORE_WRITE and not module.startswith("mcp.server")
    return module.startswith("toolgate.") or place in _STREAM_SENDS


_STREAM_SENDS = frozenset(
    {
        ("anyio.streams.memory", "send"),
        ("anyio.streams.memory", "send_nowait"),
        ("mcp.shared._context_streams", "send"),
    }
)


def _closed_stream(places: list[tuple[str, str]], module: str, function: str) -> bool:
    """Say whether that function's own send into a stream of memory is where the frames end."""
    if (module, function) not in places:
        return False
    inner = places[places.index((module, function)) + 1 :]
    return bool(inner) and all(place in _STREAM_SENDS for place in inner)


def _frames(error: BaseException) -> list[FrameType]:
    return [frame for frame, _ in traceback.walk_tb(error.__traceback__)]


# Over its own HTTP client the SDK answers a request by itself where no answer came that it can use: in the class of a
# server's error, under the code by which a server refuses, though the call may have run. Only its words tell it from a
# server's, so they lead nowhere but to "may have run". Over `http_client` no such answer reaches the SDK.
def _is_no_mcp(code: int, text: str) -> bool:
    if code == _CONNECTION_CLOSED:
        # An event that is larger than the SDK's own bound ends its stream so.
        return text.startswith("SSE stream failed: ")
    return code == _INVALID_REQUEST and text.startswith("Unexpected content type")


def _is_no_answer(code: int, text: str) -> bool:
    is_redirect = text.startswith("Redirect to ") and "not followed" in text
    return code == _INVALID_REQUEST and (is_redirect or text.startswith("server answered a request with 202"))
