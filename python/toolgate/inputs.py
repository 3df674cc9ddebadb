"""What a tool asks for in the middle of a call: who answers it here, and what a client tells the server of that."""

from __future__ import annotations

import importlib
import json
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from .ask import Input, Inputs
from .errors import ToolgateError, make

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator, Mapping

    from .ask import Answer, Ask
    from .types import InputRequest, InputsQuestion, Question, RunningCall

__all__ = ["InputHandlers"]

_Elicitation: TypeAlias = "Callable[[InputRequest, list[RunningCall]], Awaitable[Input]]"
_Sampling: TypeAlias = "Callable[[dict[str, Any], list[RunningCall]], Awaitable[Mapping[str, Any]]]"
_Roots: TypeAlias = "Callable[[list[RunningCall]], Awaitable[Mapping[str, Any]]]"


@dataclass
class InputHandlers:
    """Handlers of the host for what a tool asks for in the middle of a call.

    What they give is held against the request's schema and searched for secrets; above `write` a person is shown it
    and asked, whatever rule let the call itself out. A handler that raises counts as nobody being there; what is no
    `Input` is the error `wrong_answer` at once. The running calls that may be asking come along.

    Attributes:
        elicitation: Answers forms and addresses instead of `ask`; by default `ask` gets a question of the type
            `inputs`.
        sampling: Answers `sampling/createMessage`, whose parameters it gets as data, with a `CreateMessageResult` as
            data; by default completions are not offered.
        roots: Answers `roots/list` with a `ListRootsResult` as data; by default roots are not offered, and a server
            that asks gets none.
    """

    elicitation: _Elicitation | None = None
    sampling: _Sampling | None = None
    roots: _Roots | None = None
    _ask_core: Callable[[str], Awaitable[dict[str, Any]]] | None = field(default=None, init=False, repr=False)

    def callbacks(self) -> dict[str, Any]:
        """Return keywords for the SDK's `Client` or `ClientSession`, by which servers of older protocols ask.

        Before 2026-07-28 a server asks while a call runs, by requests of its own, and a client must say when it is
        made that it can be asked. Give the same object to `Guard.attach` as `inputs`: then the requests go the way of
        any round, with the running calls; forms that ask for secrets are declined, and above `write` what is answered
        has a record of its own. Where nobody answers, or no guard is attached yet, the server is told so.
        """
        return {
            "elicitation_callback": self._elicit,
            **({"sampling_callback": self._sample} if self.sampling else {}),
            **({"list_roots_callback": self._list_roots} if self.roots else {}),
        }

    @property
    def answers_by_itself(self) -> bool:
        """Whether the host answers anything itself, which must be bound to a running call."""
        return any(handler is not None for handler in (self.elicitation, self.sampling, self.roots))

    def attached(self, ask_core: Callable[[str], Awaitable[dict[str, Any]]]) -> None:
        """Let the guard's core decide what servers are given from now on."""
        self._ask_core = ask_core

    async def _elicit(self, _context: Any, params: Any) -> Any:
        try:
            response = await self._given("elicitation/create", params)
        except ToolgateError as error:
            response = {"action": "decline" if error.code == "approval_denied" else "cancel"}
        return _types_of(params).ElicitResult.model_validate(response)

    async def _sample(self, _context: Any, params: Any) -> Any:
        types = _types_of(params)
        try:
            return types.CreateMessageResult.model_validate(await self._given("sampling/createMessage", params))
        except ToolgateError as error:
            return types.ErrorData(code=types.INVALID_REQUEST, message=error.message)

    async def _list_roots(self, context: Any) -> Any:
        types = _types_of(context.session)
        try:
            return types.ListRootsResult.model_validate(await self._given("roots/list", None))
        except ToolgateError as error:
            return types.ErrorData(code=types.INVALID_REQUEST, message=error.message)

    async def _given(self, method: str, params: Any) -> dict[str, Any]:
        if self._ask_core is None:
            raise make("inputs_required", "No guard is attached yet, so nobody can be asked.")
        given = None if params is None else params.model_dump(mode="json", by_alias=True, exclude_none=True)
        return await self._ask_core(json.dumps({"method": method, "params": given}))

    def wrap(self, ask: Ask) -> Ask:
        """Return an `Ask` that lets the handlers answer what a tool asks for before a person is asked."""

        async def with_handlers(question: Question, /) -> Answer:
            return await self._answer(question, ask) if question["type"] == "inputs" else await ask(question)

        return with_handlers

    def capabilities(self, *, asked: bool) -> dict[str, Any]:
        """Return what a server may be told: all that somebody here can answer."""
        return {
            **({"elicitation": {"form": {}, "url": {}}} if asked or self.elicitation else {}),
            **({"sampling": {}} if self.sampling else {}),
            **({"roots": {}} if self.roots else {}),
        }

    async def _answer(self, question: InputsQuestion, ask: Ask) -> Answer:
        given: dict[str, Input] = {}
        rest: list[InputRequest] = []
        for request in question["requests"]:
            answer = None if "declined" in request else await self._handled(request, question["calls"])
            if answer is None:
                rest.append(request)
            elif not _is_answer(answer):
                # Nothing that the core could hold against the request: it is told at once as a wrong answer.
                return cast("Answer", None)
            else:
                given[request["key"]] = replace(answer, by="host")
        # What nobody can be asked for is told by the core.
        if not any("declined" not in request and request["type"] in ("form", "url") for request in rest):
            return Inputs(given)
        answered = await ask({**question, "requests": rest})
        if not isinstance(answered, Inputs):
            return answered
        typed = {key: replace(answer, by="person") for key, answer in answered.responses.items()}
        return Inputs({**typed, **given})

    async def _handled(self, request: InputRequest, calls: list[RunningCall]) -> Input | None:
        match request["type"]:
            case "sampling":
                params = request.get("params", {})
                return Input(result=await self.sampling(params, calls)) if self.sampling else None
            case "roots":
                return Input(result=await self.roots(calls)) if self.roots else None
            case _:
                return await self.elicitation(request, calls) if self.elicitation else None


def _is_answer(given: object) -> bool:
    return isinstance(given, Input) and (given.action is not None or given.result is not None)


def _types_of(thing: Any) -> Any:
    """Return the SDK's types of the generation that the object is of."""
    new = type(thing).__module__.startswith("mcp_types") or hasattr(thing, "dispatch_input_request")
    return importlib.import_module("mcp_types" if new else "mcp.types")


_CAPABILITIES = "io.modelcontextprotocol/clientCapabilities"
# What the call under way offers beside what its client says of itself.
_offered: ContextVar[dict[str, Any] | None] = ContextVar("toolgate_offered", default=None)


@contextmanager
def offering(session: Any, capabilities: dict[str, Any]) -> Generator[None]:
    """Let the calls within say what somebody here can answer, where each request names it (2026-07-28).

    The SDK's session writes its own capabilities into each request, with no way to say more for a single one; so what
    it writes is added to. On a session that does not work like that nothing happens, and a server asks for what the
    client itself declared.
    """
    if not capabilities:
        yield
        return
    stamp = getattr(session, "_stamp", None)
    if callable(stamp) and not hasattr(stamp, "toolgate"):
        session._stamp = _stamped(cast("Callable[[dict[str, Any], Any], None]", stamp))
    token = _offered.set(capabilities)
    try:
        yield
    finally:
        _offered.reset(token)


def _stamped(stamp: Callable[[dict[str, Any], Any], None]) -> Callable[[dict[str, Any], Any], None]:
    def stamped(data: dict[str, Any], options: Any) -> None:
        stamp(data, options)
        more = _offered.get()
        params = cast("dict[str, Any]", data.get("params") or {})
        meta = cast("dict[str, Any]", params.get("_meta") or {})
        if more is not None and data.get("method") == "tools/call" and _CAPABILITIES in meta:
            meta[_CAPABILITIES] = {**meta[_CAPABILITIES], **more}

    stamped.toolgate = True  # type: ignore[attr-defined]  # pyright: ignore[reportFunctionMemberAccess]
    return stamped
