"""From a URL to a guard in one line."""

from __future__ import annotations

import importlib
import inspect
import os
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

from .auth import VaultAuth
from .client import Failed, trouble_of
from .errors import ToolgateError, make
from .guard import Guard
from .guard import profile as look_up
from .http import Trouble, http_client
from .inputs import InputHandlers
from .vault import MemoryVault

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from .types import Profile
    from .vault import Vault

__all__ = ["connect"]


@asynccontextmanager
async def connect(
    url: str | None = None,
    *,
    profile: str | Mapping[str, Any] | None = None,
    vault: Vault | None = None,
    timeout: float = 60.0,
    **options: Any,
) -> AsyncGenerator[Guard[Any, Any]]:
    """Connect to a server over Streamable HTTP and put a guard in front of it.

    Args:
        url: The endpoint; by default what the profile's environment variables say, else the profile's.
        profile: A built-in profile's name, such as `"favcrm"`, or a profile as data.
        vault: Where the key is; by default memory, in front of the profile's environment variables. The key
            is sent to the endpoint's origin only.
        timeout: Seconds to connect or send; an answer may take five times as long.
        **options: What else `Guard.attach` takes.

    Raises:
        OptionsError: Neither URL nor profile is given, or an option cannot be used.
        BackendError: The server is not reached, refuses the key, or its tool list cannot be read.
    """
    known = look_up(profile) if profile is not None else None
    url = url or (endpoint_of(known) if known else None)
    if url is None:
        raise make("invalid_options", "Give a URL or a profile.")
    vault = MemoryVault.for_profile(known) if vault is None else vault
    credential = known["credential"] if known else None
    auth = VaultAuth(vault, credential["name"], url) if credential else None
    options.setdefault("endpoint", url)
    options.setdefault("server_time", auth.server_time if auth else None)
    connecting = _Connecting({"profile": profile, "vault": vault, "endpoint": url})
    async with _unwrapped(connecting), AsyncExitStack() as stack:
        http = await stack.enter_async_context(http_client(auth, timeout=timeout, observe=connecting.observe))
        callbacks: dict[str, Any] = {}
        if options.get("inputs") is not None or "ask" in options:
            # Servers of older protocols ask only a client that says at the beginning that it can be asked.
            options.setdefault("inputs", InputHandlers())
            callbacks = options["inputs"].callbacks()
        client = await _client(stack, url, http, callbacks)
        connecting.done = True
        try:
            guard = await Guard.attach(client, profile=profile, vault=vault, timeout=timeout * 5, **options)
        finally:
            # Errors of the caller's pass through this frame, and some of the options are secrets.
            options.clear()
        yield guard


def endpoint_of(profile: Profile) -> str:
    """Return where a backend answers, as the environment or else its profile says."""
    variables = profile.get("environment", {}).get("url", [])
    values = (os.environ.get(variable) for variable in variables)
    return next((value for value in values if value), profile["endpoint"]["url"])


class _Connecting:
    """What happened until there was a session, and how a failure of that is told."""

    def __init__(self, options: dict[str, Any]) -> None:
        self.done = False
        self._options = options
        self._trouble: Trouble | None = None

    def observe(self, trouble: Trouble | None) -> None:
        """Hear how the last message to the server fared."""
        self._trouble = trouble

    async def explain(self, error: Exception) -> None:
        """Raise what a guard says of it, which knows where the key was looked for."""
        guard: Guard[Any, Any] = await Guard.attach(_Unconnected(self._trouble or trouble_of(error)), **self._options)
        # Where one could sign up a guard does without the list; its first call says what it lacks.
        await guard.call_tool("tools/list")
        raise error


class _Unconnected:
    """Stands for a client that could not be had."""

    def __init__(self, trouble: Trouble) -> None:
        self._trouble = trouble

    async def list_tools(self) -> Any:
        raise Failed(self._trouble)

    async def call_tool(self, name: str, arguments: Any = None, /) -> Any:  # noqa: ARG002
        raise Failed(self._trouble)


@asynccontextmanager
async def _unwrapped(connecting: _Connecting) -> AsyncGenerator[None]:
    """Let an error leave as it was raised: the SDK's task groups wrap it in groups that nobody can catch by type."""
    try:
        yield
    except BaseException as raised:
        error: BaseException = raised
        while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:  # pyright: ignore[reportUnknownMemberType,reportUnknownArgumentType]
            error = error.exceptions[0]  # pyright: ignore[reportUnknownMemberType,reportUnknownVariableType]
        if not connecting.done and isinstance(error, Exception) and not isinstance(error, ToolgateError):
            failure = error
        elif error is raised:
            raise
        else:
            raise error from None
    else:
        return
    # Raised here, so that what the SDK raised, which may quote an answer, is no context of it.
    await connecting.explain(failure)


async def _client(stack: AsyncExitStack, url: str, http: Any, callbacks: Mapping[str, Any] | None = None) -> Any:
    transport = importlib.import_module("mcp.client.streamable_http")
    connect_streams = transport.streamable_http_client
    # The SDK's own bound is a sixteenth of what `http_client` lets through.
    own = {"max_sse_event_size": None} if "max_sse_event_size" in inspect.signature(connect_streams).parameters else {}
    streams = connect_streams(url, http_client=http, **own)
    mcp = importlib.import_module("mcp")
    callbacks = callbacks or {}
    if hasattr(mcp, "Client"):
        return await stack.enter_async_context(mcp.Client(streams, **callbacks))
    read, write, *_ = await stack.enter_async_context(streams)
    session = await stack.enter_async_context(mcp.ClientSession(read, write, **callbacks))
    await session.initialize()
    return session
