"""The one loop: the core's steps become awaits, and what happened becomes the core's events."""

from __future__ import annotations

import copy
import json
import logging
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar, cast

import anyio

from . import _native
from ._frames import Hidden
from .ask import SETTLED, Code, Defer, Settled, answer_to_json
from .client import Failed, Port, Returned
from .errors import LedgerError, ToolgateError, make, raise_refusal
from .ledger import REMEMBERED, got, listed, swapped
from .logs import hide

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .ask import Answer, Ask
    from .audit import Recorder
    from .ledger import Ledger
    from .types import Question, Step
    from .vault import Vault

__all__ = ["Driver", "Ended"]

log = logging.getLogger("toolgate")

_T = TypeVar("_T")

# An event, and the document that comes with it.
_Answer = tuple[dict[str, Any], "str | None"]

# How long a called-off flow may take to write down that its call is lost.
_GRACE_SECONDS = 5.0
# How long a vault may take, a person who unlocks it included.
_VAULT_SECONDS = 120.0
# So much later than the question's end, the core's clock says the same.
_LATE_SECONDS = 0.02
# No person types so much, and no handler should give it.
_MAX_ANSWER_CHARACTERS = 4_194_304
# What is still done for a flow that is called off.
_LEFT = ("commit", "read")
# More steps than any flow needs to end once it is called off.
_LAST_STEPS = 16


@dataclass
class Ended:
    """How a flow ended, and the client's own objects that came by on the way."""

    outcome: dict[str, Any]
    returned: Any = field(default=None, repr=False)
    pages: list[Any] = field(default_factory=list[Any])
    flow: str = ""
    cause: Exception | None = None


@dataclass
class _Errand:
    """What belongs to one flow besides the core's state."""

    forward: Mapping[str, Any] = field(default_factory=dict[str, Any])
    returned: Any = None
    pages: list[Any] = field(default_factory=list[Any])
    # What the last question's surface raised.
    cause: Exception | None = None


class Driver:
    """Performs the steps of any number of flows of one core."""

    def __init__(
        self,
        core: _native.Core,
        port: Port,
        *,
        ask: Ask,
        vault: Vault,
        ledger: Ledger,
        now: Callable[[], int],
        server_time: Callable[[], int | None] | None,
        on_step: Callable[[Step], None] | None,
        recorder: Recorder | None = None,
        watched: bool = False,
        on_error: Callable[[Exception], None] | None = None,
    ) -> None:
        self.core = core
        self.port = port
        self._ask = ask
        self._vault = vault
        self._ledger = ledger
        self._now = now
        self._server_time = server_time
        self._on_step = on_step
        self._on_error = on_error
        self._recorder = recorder
        # Whoever is told of every step or decision needs a flow.
        self._watched = watched or on_step is not None or recorder is not None
        self._driven: set[str] = set()
        # The questions that somebody looks at, by their steps.
        self._asking: dict[str, tuple[anyio.CancelScope, Settled]] = {}

    def now(self) -> int:
        """Return the time by the host's clock, in milliseconds since 1970."""
        return self._now()

    async def call(self, work: Mapping[str, Any], document: str, forward: Mapping[str, Any]) -> Ended:
        """Make a call: a plain read as it is, anything else by its flow. Raises as `run` does."""
        name, errand = work["name"], _Errand(forward)
        # A name that is no ASCII may have no UTF-8 either.
        brief = not self._watched and work["approval"] is None and work["meta"] is None and name.isascii()
        if not brief or not self.core.is_plain_read(name, document, self._now()):
            return await self.run(work, document, forward)
        event, result = await self._call_tool(name, json.loads(document), errand)
        if result is not None and self.core.is_plain_result(name, result):
            return Ended({"type": "result", "result": json.loads(result)}, errand.returned)
        # What is not plain is told by the call's flow.
        return await self._begin(work, document, errand, (event, result))

    async def run(
        self, work: Mapping[str, Any], document: str | None = None, forward: Mapping[str, Any] | None = None
    ) -> Ended:
        """Begin a flow and see it through to its end.

        Raises:
            ToolgateError: The core refused to begin it.
        """
        return await self._begin(work, document, _Errand(forward or {}))

    async def _begin(
        self,
        work: Mapping[str, Any],
        document: str | None,
        errand: _Errand,
        ahead: _Answer | None = None,
    ) -> Ended:
        """Begin a flow; `ahead` is what came of the call that is its first step, where it was made already."""
        start = {"now": self._now(), "entropy": secrets.token_hex(16), "flow": work}
        try:
            text = self.core.start(json.dumps(start), document)
        except _native.Refused as refusal:
            raise_refusal(refusal)
        step = self._received(text)
        return await self._drive(step, errand, ahead if step["type"] == "call_tool" else None)

    async def resume(self, step: Step) -> Ended:
        """Go on with a flow at its open step."""
        return await self._drive(step, _Errand())

    def check(self, request: Mapping[str, Any], document: str) -> Any:
        """Return what the gates would say of a call."""
        try:
            return json.loads(self.core.check(json.dumps({**request, "now": self._now()}), document))
        except _native.Refused as refusal:
            raise_refusal(refusal)

    async def remembered(self) -> Any:
        """Let the core learn the ledger's remembered answers; return those that it may go by.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        try:
            records = [record async for _, record in listed(self._ledger, REMEMBERED)]
        except Exception as error:  # noqa: BLE001 - the words of anything may quote a connection string
            raise make("ledger_failed", _ledger_failed(error)["message"]) from None
        return json.loads(self.core.remembered(json.dumps(records)))

    def restore(self, snapshot: str) -> list[Step]:
        """Take over what a snapshot holds; return its open steps.

        Raises:
            ToolgateError: The snapshot cannot be used; nothing was changed.
        """
        try:
            steps: list[Step] = json.loads(self.core.restore(snapshot))
        except _native.Refused as refusal:
            raise_refusal(refusal)
        if self._recorder is not None:
            self._recorder.add(line for step in steps for line in step.get("audit", ()))
        return steps

    def open_steps(self) -> list[Step]:
        """Return the open steps that nobody here is performing."""
        steps: list[Step] = json.loads(self.core.open_steps())
        return [step for step in steps if step["flow"] not in self._driven]

    async def _drive(self, step: Step, errand: _Errand, ahead: _Answer | None = None) -> Ended:
        flow = step["flow"]
        self._driven.add(flow)
        try:
            while True:
                self._show(step)
                failure = await self._unaudited(step)
                if step["type"] == "done":
                    outcome = step["outcome"]  # pyright: ignore[reportTypedDictNotRequiredAccess]
                    if failure is not None and outcome.get("decision"):
                        outcome["decision"]["audit"] = "failed"
                    return Ended(outcome, errand.returned, errand.pages, flow, errand.cause)
                if failure is not None:
                    step = self._handle(step, _failed("audit", failure))
                else:
                    step = await self._take(step, errand, ahead)
                ahead = None
        finally:
            self._driven.discard(flow)

    def _received(self, text: str) -> Step:
        """Read a step; its lines take their places in the audit before anything else is asked of the core."""
        step: Step = json.loads(text)
        if self._recorder is not None:
            self._recorder.add(step.get("audit", ()))
        for settled in step.get("withdraw", ()):
            if (question := self._asking.get(settled)) is not None:
                scope, ended = question
                ended.elsewhere = True
                scope.cancel()
        if step["type"] == "keep":
            cast("dict[str, Any]", step)["secret"] = Hidden(cast("dict[str, Any]", step)["secret"])
        return step

    async def _unaudited(self, step: Step) -> str | None:
        """Wait until the step's lines are stored; return why it must not be performed, if it must not."""
        if self._recorder is None or await self._recorder.stored():
            return None
        # A key that is shown once is kept, and what was done is settled, whatever becomes of the audit.
        held = step["type"] in ("call_tool", "ask", "done") or ("audit" in step and step["type"] != "keep")
        return self._recorder.failure if held else None

    async def _take(self, step: Step, errand: _Errand, ahead: _Answer | None) -> Step:
        """Perform one step, unless what came of it is known already, and return the next."""
        try:
            event, document = ahead or await self._perform(step, errand)
        except ToolgateError:
            raise
        except BaseException:
            await self._call_off(step)
            raise
        try:
            return self._handle(step, event, document)
        except ToolgateError as error:
            if step["type"] == "ask":
                # An answer that is no text or has a member that does not fit, or a kind of question without an end of
                # its own.
                errand.cause = errand.cause or error
                answer = {"type": "defer"} if event["type"] == "woke" else None
                return self._handle(step, {"type": "answer", "answer": answer})
            # Nothing else would ever be answered differently.
            await self._call_off(step)
            raise

    def _handle(self, step: Step, event: Mapping[str, Any], document: str | None = None) -> Step:
        quoted = {"step": step["id"], "now": self._now(), "event": event}
        try:
            return self._received(self.core.handle(json.dumps(quoted), document))
        except _native.Refused as refusal:
            raise_refusal(refusal)

    async def _perform(self, step: Step, errand: _Errand) -> _Answer:
        match step:
            case {"type": "list_tools"}:
                return await self._list_tools(step.get("cursor"), errand)
            case {"type": "call_tool", "name": name, "arguments": arguments}:
                members = cast("dict[str, Any]", step)
                more: dict[str, Any] = {
                    key: members[key] for key in ("meta", "input_responses", "request_state") if key in members
                }
                return await self._call_tool(name, arguments, errand, more)
            case {"type": "ask", "question": question}:
                return await self._asked(step["id"], question, errand), None
            case {"type": "keep", "name": name, "secret": secret}:
                return await self._keep(name, cast("Hidden[str]", secret)), None
            case {"type": "check_vault", "name": name}:
                return await self._check_vault(name), None
            case {"type": "commit"}:
                return await self._commit(step), None
            case {"type": "read", "key": key}:
                return await self._read(key), None
            case {"type": "wait", "until": until}:
                await anyio.sleep(max(0, until - self._now()) / 1000)
                return {"type": "woke"}, None
            case _:
                return _failed("host", "This version cannot perform the step."), None

    async def _asked(self, step: str, question: Question, errand: _Errand) -> dict[str, Any]:
        errand.cause = None
        # A code has an end too, but after it a fresh one can be asked for.
        end = None if question["type"] == "code" else cast("dict[str, Any]", question).get("expires_at")
        answer: Answer = Defer()
        with anyio.move_on_after(None if end is None else max(0, end - self._now()) / 1000 + _LATE_SECONDS) as scope:
            self._asking[step] = (scope, settled := Settled())
            token = SETTLED.set(settled)
            try:
                answer = await self._ask(question)
            except Exception as error:  # noqa: BLE001 - whatever went wrong, nobody said yes
                log.warning("asking a person failed (%s); nobody answered", type(error).__name__)
                if self._on_error is not None and not scope.cancel_called:
                    tell(self._on_error, error)
                errand.cause = error
            finally:
                SETTLED.reset(token)
                del self._asking[step]
        if scope.cancel_called:
            return {"type": "woke"}
        if isinstance(answer, Code):
            hide(str(answer.code))
        try:
            return {"type": "answer", "answer": _plain(answer_to_json(answer))}
        except Exception as error:  # noqa: BLE001 - what cannot be written is no answer
            errand.cause = error
            return {"type": "answer", "answer": None}

    async def _list_tools(self, cursor: str | None, errand: _Errand) -> _Answer:
        try:
            page = await self.port.list_tools(cursor, errand.forward)
        except Failed as failed:
            return failed.trouble.event(), None
        errand.pages.append(page.value)
        return {"type": "tools"}, page.document

    async def _call_tool(
        self, name: str, arguments: dict[str, Any], errand: _Errand, more: Mapping[str, Any] | None = None
    ) -> _Answer:
        if isinstance(code := arguments.get("code"), str):
            # Where the agent calls a registration tool by itself.
            hide(code)
        try:
            forward = {**errand.forward, **more} if more else errand.forward
            result: Returned = await self.port.call_tool(name, arguments, forward)
        except Failed as failed:
            return failed.trouble.event(), None
        errand.returned = result.value
        event: dict[str, Any] = {"type": "result"}
        if self._server_time is not None and (server_time := self._server_time()) is not None:
            event["server_time"] = server_time
        return event, result.document

    async def hide_held(self, name: str) -> None:
        """Mask what the vault holds already; one that cannot be read is the transport's to tell of."""
        with anyio.move_on_after(_VAULT_SECONDS):
            try:
                self.core.hide(await self._vault.get(name) or "")
            except Exception as error:  # noqa: BLE001
                log.warning("the vault failed (%s)", type(error).__name__)

    async def _check_vault(self, name: str) -> dict[str, Any]:
        with anyio.move_on_after(_VAULT_SECONDS):
            try:
                return {"type": "checked", "held": bool(await self._vault.get(name))}
            except Exception as error:  # noqa: BLE001
                return _failed("host", f"The vault failed ({type(error).__name__}).")
        return _failed("host", "The vault took too long.")

    async def _keep(self, name: str, secret: Hidden[str]) -> dict[str, Any]:
        # The backend shows the key once: whoever calls the flow off now still wants it kept.
        with anyio.move_on_after(_VAULT_SECONDS, shield=True):
            try:
                await self._vault.put(name, secret.reveal())
            except Exception as error:  # noqa: BLE001
                return _failed("host", f"The vault failed ({type(error).__name__}).")
            return {"type": "kept"}
        return _failed("host", "The vault took too long.")

    async def _commit(self, step: Step) -> dict[str, Any]:
        match step:
            case {"key": key, "record": record}:
                try:
                    stored = await swapped(self._ledger, key, step.get("expected"), record)
                except Exception as error:  # noqa: BLE001
                    return _ledger_failed(error)
                return {"type": "committed" if stored else "conflict"}
            case _:
                return _failed("host", "This version cannot perform the step.")

    async def _read(self, key: str) -> dict[str, Any]:
        try:
            return {"type": "found", "record": await got(self._ledger, key)}
        except Exception as error:  # noqa: BLE001
            return _ledger_failed(error)

    async def _call_off(self, step: Step) -> None:
        """End a flow whose task is going away, so that the guard knows and the ledger says so."""
        with anyio.move_on_after(_GRACE_SECONDS, shield=True):
            try:
                event: dict[str, Any] = {"type": "cancelled"}
                for _ in range(_LAST_STEPS):
                    step = self._handle(step, event)
                    self._show(step)
                    await self._unaudited(step)
                    if step["type"] == "done":
                        return
                    # A yes to what is called off is taken back; who else answered is looked at on the way.
                    event = (
                        (await self._perform(step, _Errand()))[0] if step["type"] in _LEFT else {"type": "cancelled"}
                    )
            except Exception as error:  # noqa: BLE001 - the reason for going away must not be replaced
                log.warning("a flow could not be called off (%s); it stays open", type(error).__name__)

    def _show(self, step: Step) -> None:
        if self._on_step is None:
            return
        shown = copy.deepcopy(step)
        # Arguments may carry the emailed code or a customer's data, and the secret is one.
        shown.pop("secret", None)
        shown.pop("arguments", None)
        shown.pop("input_responses", None)
        shown.pop("request_state", None)
        shown.pop("audit", None)
        tell(self._on_step, shown)


def tell(watcher: Callable[[_T], None], what: _T) -> None:
    """Tell someone who watches, and must not disturb."""
    try:
        watcher(what)
    except Exception as error:  # noqa: BLE001
        log.warning("a watcher raised %s", type(error).__name__)


def _plain(answer: dict[str, Any]) -> dict[str, Any]:
    """Return the answer; raise for one that JSON does not know or that nobody typed."""
    if len(json.dumps(answer)) > _MAX_ANSWER_CHARACTERS:
        raise ValueError("The answer is longer than 4 MiB.")
    return answer


def _ledger_failed(error: Exception) -> dict[str, Any]:
    # The words of anything else may quote a connection string.
    told = error.message if isinstance(error, LedgerError) else f"The ledger failed ({type(error).__name__})."
    return _failed("host", told)


def _failed(kind: str, message: str, retry_after: int | None = None) -> dict[str, Any]:
    event: dict[str, Any] = {"type": "failed", "kind": kind, "message": message}
    if retry_after is not None:
        event["retry_after"] = retry_after
    return event
