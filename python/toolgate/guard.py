"""The one object a host holds: an MCP client whose calls pass the gates."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar, Unpack, cast

import anyio

from . import _native
from ._frames import forgetting
from .arguments import to_text
from .ask import Approve, Deny, Withdraw, answer_to_json, defer, person_of
from .audit import opened
from .client import McpClient, Port, endpoint_of, from_data, server_name
from .driver import Driver, Ended, tell
from .errors import LedgerError, ToolgateError, make, raise_refusal
from .http import canonical_url
from .inputs import InputHandlers
from .ledger import MemoryLedger
from .logs import watch
from .telemetry import traced
from .vault import MemoryVault

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from .ask import Ask, Person
    from .audit import Audit, AuditSink
    from .ledger import Ledger
    from .telemetry import Tracer
    from .types import (
        Approval,
        CheckReport,
        Decision,
        Drift,
        Finding,
        Form,
        Policy,
        PolicyFinding,
        Profile,
        Remembered,
        Report,
        SignedUp,
        Silence,
        Step,
        ToolReport,
    )
    from .vault import Vault

__all__ = ["APPROVAL_META", "Guard", "Resumed", "profile"]

CallResult = TypeVar("CallResult")
ListResult = TypeVar("ListResult")
# The same for `attach`, which is called on the class before anything is known of the client.
Called = TypeVar("Called")
Listed = TypeVar("Listed")

_APPROVAL_META_BY_DOMAIN = "dev.toolgate/approval"
"""The same, spelled as MCP recommends for names in `_meta`."""

APPROVAL_META = "toolgate/approval"
"""The key in a call's `meta` under which the id of an approval is quoted; it is not sent to the server."""


@dataclass(frozen=True)
class Resumed:
    """How a flow ended that `Guard.resume` went on with.

    Attributes:
        flow: The flow's id.
        value: What the flow's own method would have returned; `None` if it failed.
        error: What the flow's own method would have raised; `None` if it did not fail.
    """

    flow: str
    value: Any
    error: ToolgateError | None


def profile(source: str | Mapping[str, Any]) -> Profile:
    """Return what a host needs to know of a backend, by a built-in profile's name or a profile as data.

    Raises:
        OptionsError: There is no such profile, or it cannot be used.
    """
    return cast("Profile", json.loads(_core({"server": "none", "profile": source}).profile()))


class Guard(Generic[CallResult, ListResult]):
    """A client's `list_tools` and `call_tool` behind the gates, and the flows around them.

    Made by `Guard.attach`. Calls may run concurrently. Every error is a `ToolgateError` that says what to do
    next, and leaves the guard usable.
    """

    def __init__(
        self, driver: Driver, on_decision: Callable[[Decision], None] | None, tracer: Tracer | None = None
    ) -> None:
        """Use `Guard.attach` instead."""
        self._driver = driver
        self._on_decision = on_decision
        self._tracer = tracer
        self._restored: list[Step] = []
        self._listed: Literal["usable", "all"] = "usable"

    @classmethod
    @forgetting
    async def attach(
        cls,
        client: McpClient[Called, Listed],
        *,
        server: str | None = None,
        endpoint: str | None = None,
        profile: str | Mapping[str, Any] | None = None,
        policy: Policy | str | None = None,
        trusted: bool | None = None,
        subject: str | None = None,
        approval_ttl: int | None = None,
        dispatch_timeout: int | None = None,
        ask: Ask = defer,
        inputs: InputHandlers | None = None,
        vault: Vault | None = None,
        ledger: Ledger | None = None,
        audit: Audit | AuditSink | Callable[[str], Awaitable[None]] | None = None,
        seal_key: str | None = None,
        secrets: Sequence[str] = (),
        tracer: Tracer | None = None,
        now: Callable[[], int] | None = None,
        server_time: Callable[[], int | None] | None = None,
        timeout: float | None = 300.0,
        on_decision: Callable[[Decision], None] | None = None,
        on_step: Callable[[Step], None] | None = None,
        on_error: Callable[[Exception], None] | None = None,
        snapshot: str | None = None,
        lock: str | Mapping[str, Any] | None = None,
        listed: Literal["usable", "all"] = "usable",
    ) -> Guard[Called, Listed]:
        """Put a guard in front of a connected client, reading its tool list once.

        Args:
            client: The SDK's `Client` or `ClientSession`, connected and initialised.
            server: A name of yours for the server, which approvals are bound to in place of `endpoint`.
            endpoint: The address that the client is connected to, which approvals are bound to; a fragment, users
                and the like are left out, and a query is told by a fingerprint. By default what a `Client` was made
                with (a URL or a command), else what the server calls itself, else the profile's URL. With any ledger
                but `MemoryLedger` either this or `server` is needed, for two servers may call themselves alike;
                `connect` gives its URL.
            profile: A built-in profile's name, such as `"favcrm"`, or a profile as data.
            policy: What the user allows, or the JSON text of a policy file, whose lines errors then name; by
                default reads and plain writes, everything else by asking.
            trusted: Whether the server's hints are believed; by default what the profile says, else no.
            subject: Who acts, such as the user's or tenant's id; part of what an approval covers. Needed with any
                ledger but `MemoryLedger`.
            approval_ttl: How long an approval lasts, in milliseconds; by default ten minutes.
            dispatch_timeout: How long a call may be on its way before its answer counts as lost, in milliseconds;
                by default five minutes.
            ask: Shows questions to a person; by default nobody is asked and approvals stay open.
            inputs: Handlers of the host for what tools ask for in the middle of a call; by default forms and addresses
                go to `ask`.
            vault: Where keys are kept; by default memory, in front of the profile's environment variables.
            ledger: Where approvals are recorded; by default memory.
            audit: Where every decision and outcome is written down before it takes effect: `FileAudit`,
                `SqliteAudit`, any sink or function, or an `Audit` with what is to be redacted. By default nowhere.
            seal_key: At least 32 random bytes in hexadecimal that seal the ledger's records, the snapshots and the
                audit, so that nobody without them can forge or rewrite one. Every process that shares the ledger
                needs the same. By default none, and only damage is noticed.
            secrets: Values of at least 8 bytes that must be seen nowhere: masked in results, refused in arguments.
            tracer: OpenTelemetry's, such as `opentelemetry.trace.get_tracer("agent")`; a span a tool call, without
                arguments and results.
            now: The clock, in milliseconds since 1970.
            server_time: The backend's clock, such as `VaultAuth.server_time`.
            timeout: Seconds to wait for any one answer of the server; `None`, or a call's own
                `read_timeout_seconds`, leaves it to the client.
            on_decision: Sees how the gates decided on each call.
            on_step: Sees each step, without secrets and arguments.
            on_error: Sees what `ask` raises, which is also the `__cause__` of the error that the caller gets.
            snapshot: What `Guard.snapshot` returned, here or in another process; see `resume`.
            lock: The pinned definitions, as `Guard.lock` wrote them, or the same as data. Tools that it does not
                name wait for `accept`; without a lock every tool is pinned as this guard first sees it.
            listed: What `list_tools` shows. `"usable"`: tools whose definition waits for a person with their pinned
                text, and none that is new, unusable, or denied by the policy whatever its arguments, so that a model
                reads only what was accepted. `"all"`: the list as the server gave it.

        Raises:
            OptionsError: An option cannot be used; `invalid_lock` if it is the lock.
            SnapshotError: The snapshot cannot be used.
            BackendError: The tool list cannot be read.
            AuditError: The audit cannot be written, or does not end with a line that can be trusted.
        """
        known = globals()["profile"](profile) if profile is not None else None
        name = server_name(client) or (known["endpoint"]["url"] if known else None)
        lasting = ledger is not None and type(ledger) is not MemoryLedger
        place = endpoint_of(client) if endpoint is None else {"url": canonical_url(endpoint)}
        if server is None and place is None and name is None and not lasting:
            raise make("invalid_options", "The client does not know what its server is called; pass `server`.")
        options = {
            "server": server,
            "name": name,
            "endpoint": place,
            "lasting": lasting,
            "profile": profile,
            "policy": policy,
            "trusted": trusted,
            "subject": subject,
            "approval_ttl": approval_ttl,
            "dispatch_timeout": dispatch_timeout,
            "seal_key": seal_key,
            "lock": lock,
            "secrets": list(secrets),
        }
        inputs = InputHandlers() if inputs is None else inputs
        # What a handler gives under an older protocol must belong to a call that has a flow. A person may answer even
        # while nothing but a plain read runs, and the short way of reads stays.
        is_asked = inputs.answers_by_itself
        recorder = None
        if audit is not None:
            recorder, options["audit"] = await opened(audit)
        core = _core({name: value for name, value in options.items() if value is not None})
        watch(known, core)
        driver = Driver(
            core,
            Port(client, timeout=timeout, offered=inputs.capabilities(asked=ask is not defer)),
            ask=inputs.wrap(ask),
            vault=MemoryVault.for_profile(known) if vault is None else vault,
            ledger=MemoryLedger() if ledger is None else ledger,
            now=_clock if now is None else now,
            server_time=server_time,
            on_step=on_step,
            recorder=recorder,
            watched=on_decision is not None or tracer is not None or is_asked,
            on_error=on_error,
        )
        guard = cast("Guard[Called, Listed]", cls(driver, on_decision, tracer))
        inputs.attached(guard._given)
        guard._listed = listed
        guard._value(await driver.run({"type": "list"}))
        if known and known["credential"]:
            await driver.hide_held(known["credential"]["name"])
        if snapshot is not None:
            guard._restored = driver.restore(snapshot)
        with suppress(LedgerError):
            # What cannot be learnt is asked about.
            await driver.remembered()
        return guard

    @property
    def client(self) -> McpClient[CallResult, ListResult]:
        """The client behind the gates."""
        return cast("McpClient[CallResult, ListResult]", self._driver.port.client)

    @property
    def profile(self) -> Profile | None:
        """What is known of the backend."""
        return cast("Profile | None", json.loads(self._driver.core.profile()))

    @forgetting
    async def reconnect(self, client: McpClient[CallResult, ListResult]) -> None:
        """Go on with another connection to the same server, and read its tool list anew.

        Raises:
            BackendError: The tool list cannot be read.
        """
        self._driver.port = self._driver.port.moved_to(client)
        self._value(await self._driver.run({"type": "list"}))

    @forgetting
    async def call_tool(
        self,
        name: str,
        arguments: Mapping[str, Any] | str | None = None,
        *args: Any,
        meta: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> CallResult:
        """Call a tool, if the gates agree.

        What is sent is what passed the gates: a copy that later changes of `arguments` do not reach.

        Args:
            name: The tool's name.
            arguments: The arguments, or their JSON text as a model wrote it.
            *args: As the client's own `call_tool` takes them.
            meta: As the client takes it; `{"toolgate/approval": id}` quotes an approval.
            **kwargs: As the client's own `call_tool` takes them.

        Returns:
            The client's own result, secrets masked. Where the tool reports an error, the result says so.

        Raises:
            ToolError: The tool is not listed, or its definition is not the pinned one; see `accept`.
            ArgumentsError: The arguments do not fit.
            PolicyError: The user's policy forbids the call.
            ApprovalError: A person must approve first, or did not.
            LedgerError: The approval could not be spent.
            BackendError: The backend refused, or what it did is not known.
        """
        document = to_text(arguments)
        rest = dict(meta or {})
        own, other = rest.pop(APPROVAL_META, None), rest.pop(_APPROVAL_META_BY_DOMAIN, None)
        work = {"type": "call", "name": name, "approval": other if own is None else own, "meta": rest or None}
        forward = {**kwargs, "meta": rest} if rest else kwargs
        # What the client does not take is the caller's mistake, and found before anyone is asked anything.
        forward = self._driver.port.bound(name, args, forward)
        forward.pop("meta", None)
        if callable(told := forward.get("progress_callback")):
            forward["progress_callback"] = self._masking(cast("Callable[..., Awaitable[None]]", told))
        if self._driver.port.list_changed:
            self._value(await self._driver.run({"type": "list"}))
        ended = await traced(self._tracer, self._driver.call(work, document, forward))
        return cast("CallResult", self._value(ended))

    @forgetting
    async def list_tools(self, cursor: str | None = None, **kwargs: Any) -> ListResult:  # noqa: ARG002
        """List the tools, all pages as one, and let the guard look at them anew.

        What a model should not read is left out: see `listed` of `attach`; credentials are masked.

        Args:
            cursor: As the client takes it; there is one page, whatever is given.
            **kwargs: As the client's own `list_tools` takes them.

        Raises:
            BackendError: The list cannot be read.
        """
        ended = await self._driver.run({"type": "list"}, forward=kwargs)
        self._value(ended)
        return cast("ListResult", self._shown(self._driver.port.joined(ended.pages)))

    def _shown(self, page: Any) -> Any:
        """Return a page of tools as a model may read it."""
        if self._listed == "all":
            return self._masked_page(page)
        listing = json.loads(self._driver.core.listing())
        hidden, pinned = set(listing["hidden"]), listing["pinned"]
        tools = [
            from_data(pinned[tool.name], like=tool) if tool.name in pinned else tool
            for tool in page.tools
            if tool.name not in hidden
        ]
        return self._masked_page(page.model_copy(update={"tools": tools, "meta": None}))

    def _masked_page(self, page: Any) -> Any:
        text: str = page.model_dump_json(by_alias=True, exclude_unset=True)
        masked = self._driver.core.masked_json(text)
        return page if masked == text else from_data(json.loads(masked), like=page)

    def tools(self) -> list[ToolReport]:
        """Return the listed tools with their effects and the reasons for them."""
        return cast("list[ToolReport]", json.loads(self._driver.core.tools()))

    def drift(self) -> list[Drift]:
        """Return the tools whose listed definition is not the pinned one, and how it differs."""
        return cast("list[Drift]", json.loads(self._driver.core.drift()))

    @forgetting
    async def accept(self, tool: str, digest: str) -> None:
        """Record that a person accepts a tool's new definition, so that it is pinned from now on.

        Never let a model decide this: what changed may be what the model reads.

        Args:
            tool: The tool's name.
            digest: Of the definition that the person saw: the error's `details["digest"]`, or that of `drift`.

        Raises:
            ToolError: The tool is not listed, or with another definition than the one of the digest by now; the
                error shows the new difference.
        """
        self._value(await self._driver.run({"type": "accept", "tool": tool, "digest": digest}))

    def lock(self) -> str:
        """Return the lock file: every pinned definition, in a form that is good to review and to compare.

        The same definitions give the same bytes in every language. Keep it as `toolgate.lock.json` under version
        control, and give it to `attach` as `lock`.
        """
        return self._driver.core.lock()

    def findings(self) -> list[Finding]:
        """Return what is suspicious about the tools as listed; it decides nothing. Reads every definition."""
        return cast("list[Finding]", json.loads(self._driver.core.findings()))

    def policy_findings(self) -> list[PolicyFinding]:
        """Return what looks safe in the policy and is not, beside the tools as listed.

        `lint_policy` looks at a policy alone.
        """
        return cast("list[PolicyFinding]", json.loads(self._driver.core.policy_findings()))

    @forgetting
    async def signup(self, form: Form | None = None, /, **fields: Unpack[Form]) -> SignedUp:
        """Sign an organisation up at the backend and put its key into the vault.

        The key itself is seen by nobody but the vault.

        Args:
            form: The form as a mapping.
            **fields: The form's fields as keywords.

        Raises:
            SignupError: A field is not acceptable, the code was not given or is wrong, the account exists
                already, or the answer was lost.
            BackendError: The backend was not reached or asks to slow down.
        """
        work = {"type": "signup", "form": {**(form or {}), **fields}}
        return cast("SignedUp", self._value(await self._driver.run(work)))

    @forgetting
    async def doctor(self) -> Report:
        """Look whether the workspace is usable; only reads are called."""
        return cast("Report", self._value(await self._driver.run({"type": "doctor"})))

    async def check(
        self, name: str, arguments: Mapping[str, Any] | str | None = None, *, meta: Mapping[str, Any] | None = None
    ) -> CheckReport:
        """Return what the gates would say of a call, without sending, asking or spending anything.

        Args:
            name: The tool's name.
            arguments: The arguments, or their JSON text as a model wrote it.
            meta: As `call_tool` takes it.
        """
        rest = dict(meta or {})
        request = {"name": name, "approval": rest.pop(APPROVAL_META, None), **({"meta": rest} if rest else {})}
        return cast("CheckReport", self._driver.check(request, to_text(arguments)))

    async def remembered(self) -> list[Remembered]:
        """Return the remembered answers that calls of this guard may go by, as the ledger has them now.

        Learns of those that other processes were given, too.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        return cast("list[Remembered]", await self._driver.remembered())

    async def forget(self, remembered: str) -> Remembered:
        """Take a remembered answer back: no call goes out by it any more, in any process.

        Raises:
            ApprovalError: There is no such answer.
            LedgerError: The ledger did not take it.
        """
        return cast("Remembered", self._value(await self._driver.run({"type": "forget", "remembered": remembered})))

    def approvals(self) -> list[Approval]:
        """Return the approvals that the guard knows."""
        return cast("list[Approval]", json.loads(self._driver.core.approvals()))

    @forgetting
    async def approve(self, approval: str, *, by: Person | None = None) -> Approval:
        """Record a person's yes to an approval that was left open; the same call can then be made once.

        A second yes is no error. Where the policy wants several people, the approval is `proposed` until enough of
        them said yes.

        Args:
            approval: The approval's id.
            by: Who answered, and by what means; a text is the person.

        Raises:
            ApprovalError: There is no such approval, it is denied, used or too old, or the policy names others
                (`approver_required`).
            LedgerError: The ledger did not take it.
        """
        return await self._decide(approval, Approve(person_of(by)))

    @forgetting
    async def deny(
        self,
        approval: str,
        reason: str | None = None,
        *,
        by: Person | None = None,
        silence: Literal["tool", "agent"] | None = None,
        until: int | None = None,
    ) -> Approval:
        """Record a person's no, which holds for the same call for a while.

        Args:
            approval: The approval's id.
            reason: For the agent.
            by: Who answered, and by what means; a text is the person.
            silence: Ask nothing more about this tool, or nothing more at all; see `silences`.
            until: When that ends, in milliseconds since 1970; by default with the session.

        Raises:
            ApprovalError: There is no such approval, it is approved (`already_decided`), used or too old, or the
                policy names others (`approver_required`).
            LedgerError: The ledger did not take it.
        """
        return await self._decide(approval, Deny(reason, person_of(by), silence, until))

    @forgetting
    async def withdraw(self, approval: str, reason: str | None = None, *, by: Person | None = None) -> Approval:
        """Take a yes back, or the question itself, as long as the call was not sent.

        Of a withdrawal and a dispatch at the same time exactly one happens.

        Returns:
            The approval, `denied` and `withdrawn`.

        Raises:
            ApprovalError: There is no such approval, or its call was sent (`approval_spent`).
            LedgerError: The ledger did not take it.
        """
        return await self._decide(approval, Withdraw(reason, person_of(by)))

    def silences(self) -> list[Silence]:
        """Return what people do not want to be asked about: denied calls whose no still holds, silenced tools."""
        return cast("list[Silence]", json.loads(self._driver.core.silences(self._driver.now())))

    @forgetting
    async def lift(self, silence: str) -> bool:
        """Take a silence back by its id, so that people are asked again; return whether there was one."""
        return cast("bool", self._value(await self._driver.run({"type": "lift", "silence": silence})))

    @forgetting
    async def settle(self, approval: str, *, ran: bool | None = None, by: Person | None = None) -> Approval:
        """Find out what became of a call that was sent under an approval.

        After its answer was lost, or while the backend asks its owner. Looks at the ledger, then asks the backend or
        a person; the call is never sent again.

        Args:
            approval: The approval's id.
            ran: What a person knows of it, where they looked themselves.
            by: Who that is.

        Raises:
            ApprovalError: There is no such approval, or its call may still be on its way.
            LedgerError: The ledger cannot be read, or did not take the record.
        """
        person = person_of(by)
        by_whom = None if person is None else person.to_json()
        work = {"type": "settle", "approval": approval, "ran": ran, "by": by_whom}
        return cast("Approval", self._value(await self._driver.run(work)))

    @forgetting
    async def plan_upgrade(
        self, plan: str | None = None, *, billing_cycle: str | None = None, return_url: str | None = None
    ) -> CallResult:
        """Make a payment link for another plan, once a person said yes to exactly that plan and price.

        Args:
            plan: The plan's code; by default the plan that the backend's last refusal proposed.
            billing_cycle: How often is paid, in the backend's words, such as `monthly`.
            return_url: Where the person goes after they paid.

        Returns:
            The backend's own result, which holds the link.

        Raises:
            SignupError: No plan is named, and no refusal has proposed one.
            ApprovalError: A person must approve first, or did not.
        """
        upgrade = {"plan": plan, "billing_cycle": billing_cycle, "return_url": return_url}
        work = {"type": "plan_upgrade", "upgrade": upgrade}
        return cast("CallResult", self._value(await self._driver.run(work)))

    def masked(self, value: Any) -> Any:
        """Return a text, or JSON data, with every credential in it masked as it is in results.

        Known kinds of keys, `secrets`, the seal's key and the backend's own, in each of their forms. For what does not
        pass through the guard, such as the client's logging and message callbacks and a host's own logs.
        """
        if isinstance(value, str):
            return self._driver.core.masked(value)
        text = json.dumps(value)
        masked = self._driver.core.masked_json(text)
        return value if masked == text else json.loads(masked)

    def _masking(self, told: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
        """Let a server's progress notifications through without credentials."""

        async def masking(progress: float, total: float | None = None, message: str | None = None) -> None:
            await told(progress, total, None if message is None else self.masked(message))

        return masking

    async def _given(self, request: str) -> dict[str, Any]:
        """Return what a server is given that asks while a call runs."""
        return cast("dict[str, Any]", self._value(await self._driver.run({"type": "inputs"}, request)))

    def snapshot(self) -> str:
        """Return the guard and its open flows as versioned JSON, without secrets.

        It can be taken at any time, also while a person is being asked. The ledger's records are not in it.
        """
        return self._driver.core.snapshot()

    @forgetting
    async def resume(self) -> list[Resumed]:
        """Go on with every open flow that nobody here is waiting for, and return how each ended.

        Those are the flows of the `snapshot` given to `attach`. A call that was on its way when the snapshot was taken
        counts as lost (`outcome_unknown`). A write that needed no approval is claimed in the ledger first, so that of
        several processes with the same snapshot one sends it (the others fail with `snapshot_taken`); without a
        ledger that they share nobody does (`snapshot_unclaimed`).
        """
        steps = self._driver.open_steps()
        # What could not safely go on has ended already; the core told so once.
        steps += [step for step in self._restored if step["type"] == "done"]
        self._restored = []
        ends: dict[str, Resumed] = {}

        async def go_on(step: Step) -> None:
            flow = step["flow"]
            try:
                ends[flow] = Resumed(flow, self._value(await self._driver.resume(step)), None)
            except ToolgateError as error:
                ends[flow] = Resumed(flow, None, error)

        async with anyio.create_task_group() as group:
            for step in steps:
                group.start_soon(go_on, step)
        return [ends[step["flow"]] for step in steps]

    async def _decide(self, approval: str, answer: Approve | Deny | Withdraw) -> Approval:
        work = {"type": "decide", "approval": approval, "answer": answer_to_json(answer)}
        return cast("Approval", self._value(await self._driver.run(work)))

    def _value(self, ended: Ended) -> Any:
        """Return what an outcome holds, or raise what it failed with."""
        outcome = ended.outcome
        decision = cast("Decision | None", outcome.get("decision"))
        if decision is not None and self._on_decision is not None:
            tell(self._on_decision, decision)
        match outcome["type"]:
            case "result":
                return from_data(outcome["result"], like=ended.returned)
            case "ready":
                return {name: outcome[name] for name in ("account", "key", "report")}
            case "report":
                return outcome["report"]
            case "decided" | "settled":
                return outcome["approval"]
            case "inputs":
                return outcome["response"]
            case "listed":
                return outcome["count"]
            case "forgotten":
                return outcome["remembered"]
            case "accepted":
                return outcome["tool"]
            case "lifted":
                return outcome["lifted"]
            case _:
                raise ToolgateError.from_json(outcome["error"], decision) from ended.cause


def _core(options: Mapping[str, Any]) -> _native.Core:
    try:
        text = json.dumps(options)
    except (TypeError, ValueError, RecursionError) as error:
        raise make("invalid_options", f"The options cannot be written as JSON: {error}.") from None
    try:
        return _native.Core(text)
    except _native.Refused as refusal:
        raise_refusal(refusal)


def _clock() -> int:
    return time.time_ns() // 1_000_000
