"""Who says yes, what is taken back, what is asked only so often, and who takes a snapshot up."""

from __future__ import annotations

import anyio
import pytest

import toolgate

pytestmark = pytest.mark.anyio

ANA, BEN = toolgate.By("ana", "slack"), toolgate.By("ben")


class Bookings:
    """A client whose server deletes unasked and notes what reached it."""

    def __init__(self, *names: str, hints: dict[str, bool] | None = None) -> None:
        self.names = names or ("cancel_booking",)
        self.hints = {"destructiveHint": True} if hints is None else hints
        self.sent: list[str] = []

    async def list_tools(self, *, cursor=None):
        schema = {"type": "object", "properties": {"id": {"type": "string"}}}
        return {"tools": [{"name": name, "inputSchema": schema, "annotations": self.hints} for name in self.names]}

    async def call_tool(self, name, arguments=None, *, meta=None):
        self.sent.append(name)
        return {"content": []}


class Shared(toolgate.MemoryLedger):
    """No memory of one process, as far as the guard can tell."""


async def attach(client, **options):
    return await toolgate.Guard.attach(client, **{"server": "crm", "subject": "ana", **options})


async def left_open(guard, name="cancel_booking", arguments=None):
    with pytest.raises(toolgate.ApprovalError) as raised:
        await guard.call_tool(name, arguments or {"id": "b1"})
    assert raised.value.code == "approval_required"
    assert "`toolgate/approval`" in raised.value.next
    return raised.value.details["approval"]


async def refused(call, code):
    with pytest.raises(toolgate.ToolgateError) as raised:
        await call
    assert raised.value.code == code, raised.value
    return raised.value


ODD = (5, ["ana"], {}, {"who": 5}, {"who": "ana", "means": 5}, toolgate.By(None), toolgate.By("ana", b"slack"))


@pytest.mark.parametrize("by", ODD, ids=repr)
async def test_who_answers_is_a_text_a_by_or_its_members(by):
    ledger, client = Shared(), Bookings()
    guard = await attach(client, ledger=ledger)
    approval = await left_open(guard)
    for decide in (guard.approve, guard.deny, guard.withdraw, guard.settle):
        await refused(decide(approval, by=by), "invalid_options")
    for decide in (toolgate.approve, toolgate.deny, toolgate.withdraw):
        await refused(decide(ledger, approval, by=by), "invalid_options")
    with pytest.raises(toolgate.OptionsError):
        toolgate.ask_in_terminal(by=by)

    async def ask(_):
        return toolgate.Approve(by=by)

    await refused((await attach(client, ask=ask)).call_tool("cancel_booking", {"id": "b2"}), "wrong_answer")
    person = {"who": "ana", "means": "slack"}
    assert (await toolgate.approve(ledger, approval, by=person))["decided_by"] == person
    assert client.sent == []


@pytest.mark.parametrize("name", ["toolgate/approval", "dev.toolgate/approval"])
async def test_a_yes_is_taken_back_before_the_call(name):
    ledger, client = Shared(), Bookings()
    one, other = await attach(client, ledger=ledger), await attach(client, ledger=ledger)
    approval = await left_open(one)
    assert (await other.approve(approval, by=ANA))["decided_by"] == {"who": "ana", "means": "slack"}
    assert (await other.approve(approval, by=BEN))["decided_by"]["who"] == "ana"
    await refused(one.deny(approval), "already_decided")
    taken = await one.withdraw(approval, "wrong booking", by=BEN)
    assert (taken["state"], taken["withdrawn"], taken["decided_by"]) == ("denied", True, {"who": "ben"})
    # The other process remembers the yes; the ledger tells it better.
    for guard in (one, other):
        quoted = guard.call_tool("cancel_booking", {"id": "b1"}, meta={name: approval})
        assert "took the yes" in (await refused(quoted, "approval_denied")).message
        # Without its id the same call leads to no dead end either: the no holds.
        held = await refused(guard.call_tool("cancel_booking", {"id": "b1"}), "approval_denied")
        assert "retry_at" in held.details
    assert client.sent == []


async def test_of_a_withdrawal_and_a_dispatch_exactly_one_happens():
    for round_ in range(20):
        ledger, client = Shared(), Bookings()
        one, other = await attach(client, ledger=ledger), await attach(client, ledger=ledger)
        approval = await left_open(one)
        await one.approve(approval)
        ended: list[str] = []

        async def run(work, what, ended=ended):
            try:
                await work
                ended.append(what)
            except toolgate.ToolgateError:
                pass

        call = one.call_tool("cancel_booking", {"id": "b1"}, meta={toolgate.APPROVAL_META: approval})
        works = [(call, "sent"), (other.withdraw(approval), "withdrawn")]
        async with anyio.create_task_group() as group:
            for work, what in works if round_ % 2 else reversed(works):
                group.start_soon(run, work, what)
        assert len(ended) == 1
        assert client.sent == (["cancel_booking"] if ended == ["sent"] else [])


async def test_two_different_people_must_say_yes():
    rule = {"effects": ["destructive"], "then": "ask", "approvers": {"from": ["ana", "ben"], "count": 2}}
    asked: list[toolgate.Question] = []

    async def ask(question):
        asked.append(question)
        return toolgate.Approve(ANA)

    client = Bookings()
    guard = await attach(client, policy={"rules": [rule]}, ask=ask)
    approval = await left_open(guard)
    assert asked[0]["approvers"] == {"from": ["ana", "ben"], "count": 2}
    await refused(guard.approve(approval), "approver_required")
    await refused(guard.approve(approval, by=toolgate.By("mallory")), "approver_required")
    assert (await guard.approve(approval, by=ANA))["state"] == "proposed"
    assert (await guard.approve(approval, by=BEN))["state"] == "approved"
    await guard.call_tool("cancel_booking", {"id": "b1"}, meta={toolgate.APPROVAL_META: approval})
    assert client.sent == ["cancel_booking"]


@pytest.mark.parametrize("way", ["quoted", "unquoted", "both asked at once"])
async def test_two_people_at_two_guards_meet_in_one_approval(way):
    rule = {"effects": ["destructive"], "then": "ask", "approvers": {"from": ["ana", "ben"], "count": 2}}
    asked: list[tuple[str, str, list[str]]] = []
    both = anyio.Event()

    def person(by):
        async def ask(question):
            asked.append((by.who, question["approval"], question.get("agreed") or []))
            if way == "both asked at once":
                if len(asked) == 2:
                    both.set()
                await both.wait()
            return toolgate.Approve(by)

        return ask

    ledger, client = Shared(), Bookings()
    guards = [await attach(client, ledger=ledger, policy={"rules": [rule]}, ask=person(by)) for by in (ANA, BEN)]
    if way == "both asked at once":
        async with anyio.create_task_group() as group:
            for guard in guards:
                group.start_soon(left_open, guard)
        assert len({approval for _, approval, _ in asked}) == 2
        meta = None
        # Each guard knows an approval of its own; both go on with the one that the ledger names.
        last = asked[-1][0]
        guard = guards[0 if last == "ben" else 1]
    else:
        approval = await left_open(guards[0])
        guard = guards[1]
        meta = {toolgate.APPROVAL_META: approval} if way == "quoted" else None
    assert client.sent == []
    await guard.call_tool("cancel_booking", {"id": "b1"}, meta=meta)
    assert client.sent == ["cancel_booking"]
    assert len(asked[-1][2]) == 1
    assert asked[-1][0] not in asked[-1][2]
    # What both said yes to is used.
    if way == "quoted":
        for guard in guards:
            await refused(guard.call_tool("cancel_booking", {"id": "b1"}, meta=meta), "approval_spent")
    assert client.sent == ["cancel_booking"]


async def test_nobody_is_asked_for_ever():
    asked: list[str] = []
    now = [1_795_237_200_000]

    async def no(question):
        asked.append(question["type"])
        return toolgate.Deny("no", ANA)

    guard = await attach(Bookings("cancel_booking", "delete_contact"), ask=no, now=lambda: now[0])
    for _ in range(200):
        error = await refused(guard.call_tool("cancel_booking", {"id": "b1"}), "approval_denied")
        assert error.details["retry_at"] == now[0] + 600_000
    assert len(asked) == 1
    codes = {(await refused(guard.call_tool("cancel_booking", {"id": f"c{n}"}), code_of(n))).code for n in range(200)}
    assert codes == {"approval_denied", "too_many_questions"}
    assert len(asked) == 20
    now[0] += 600_001
    silence = await left_denied(guard)
    assert [one["id"] for one in guard.silences()] == [silence]
    assert await guard.lift(silence)
    assert not await guard.lift(silence)
    assert guard.silences() == []


def code_of(number):
    return "approval_denied" if number < 19 else "too_many_questions"


async def left_denied(guard):
    error = await refused(guard.call_tool("delete_contact", {"id": "c1"}), "approval_denied")
    return error.decision["approval"]


async def test_a_person_silences_a_tool():
    asked: list[str] = []

    async def ask(question):
        asked.append(question["preview"]["tool"])
        return toolgate.Deny("stop it", ANA, "tool")

    guard = await attach(Bookings("cancel_booking", "delete_contact"), ask=ask)
    await refused(guard.call_tool("cancel_booking", {"id": "b1"}), "approval_denied")
    error = await refused(guard.call_tool("cancel_booking", {"id": "b2"}), "approval_denied")
    assert "stop it" in error.message
    await refused(guard.call_tool("delete_contact", {"id": "b2"}), "approval_denied")
    assert asked == ["cancel_booking", "delete_contact"]
    assert {one["id"] for one in guard.silences() if one["scope"] == "tool"} == {
        "tool:cancel_booking",
        "tool:delete_contact",
    }


async def test_a_ledger_that_others_share_needs_server_and_subject():
    client = Bookings()
    for options, missing in [({"server": "crm"}, "subject"), ({"subject": "ana"}, "server")]:
        with pytest.raises(toolgate.OptionsError, match=f"`{missing}` must say") as raised:
            await toolgate.Guard.attach(client, ledger=Shared(), **options)
        assert raised.value.details["missing"] == missing
    ledger = Shared()
    one = await attach(client, ledger=ledger, subject="tenant:a")
    other = await attach(client, ledger=ledger, subject="tenant:b")
    approval = await left_open(one)
    await one.approve(approval)
    quoted = {toolgate.APPROVAL_META: approval}
    error = await refused(other.call_tool("cancel_booking", {"id": "b1"}, meta=quoted), "approval_mismatch")
    assert error.details["different"] == ["subject"]
    assert client.sent == []


@pytest.mark.parametrize("shared", [True, False])
async def test_a_snapshot_is_taken_up_once(shared):
    policy = {"pace": {"limits": [{"rate": {"calls": 1, "per_ms": 1_000}}], "wait_ms": 5_000}}
    client = Bookings("set_order", hints={"destructiveHint": False, "openWorldHint": False})
    ledger = Shared() if shared else None
    options = {"policy": policy, "ledger": ledger}
    first = await attach(client, **options)
    await first.call_tool("set_order", {"id": "o1"})
    taken: list[str] = []

    async with anyio.create_task_group() as group:
        group.start_soon(first.call_tool, "set_order", {"id": "o2"})
        await anyio.sleep(0.1)
        taken.append(first.snapshot())
        group.cancel_scope.cancel()
    codes = []
    for _ in range(2):
        guard = await attach(client, snapshot=taken[0], **options)
        [resumed] = await guard.resume()
        codes.append(resumed.error.code if resumed.error else "sent")
    assert codes == (["sent", "snapshot_taken"] if shared else ["snapshot_unclaimed"] * 2)
    assert client.sent == ["set_order"] * (2 if shared else 1)


async def test_who_wrote_a_snapshot_and_goes_on_does_not_send_twice():
    policy = {"pace": {"limits": [{"rate": {"calls": 1, "per_ms": 500}}], "wait_ms": 5_000}}
    client = Bookings("set_order", hints={"destructiveHint": False, "openWorldHint": False})
    options = {"policy": policy, "ledger": Shared()}
    first = await attach(client, **options)
    await first.call_tool("set_order", {"id": "o1"})
    codes: list[str] = []

    async def go_on():
        try:
            await first.call_tool("set_order", {"id": "o2"})
            codes.append("sent")
        except toolgate.ToolgateError as error:
            codes.append(error.code)

    async with anyio.create_task_group() as group:
        group.start_soon(go_on)
        await anyio.sleep(0.1)
        second = await attach(client, snapshot=first.snapshot(), **options)
        [resumed] = await second.resume()
        codes.append(resumed.error.code if resumed.error else "sent")
    assert sorted(codes) == ["sent", "snapshot_taken"]
    assert client.sent == ["set_order"] * 2


async def test_a_lost_answer_is_told_with_its_approval_and_at_the_next_question():
    asked: list[toolgate.Question] = []

    async def yes(question):
        asked.append(question)
        return toolgate.Approve()

    class Lost(Bookings):
        async def call_tool(self, name, arguments=None, *, meta=None):
            await super().call_tool(name, arguments)
            raise TimeoutError

    guard = await attach(Lost(), ask=yes)
    error = await refused(guard.call_tool("cancel_booking", {"id": "b1"}), "outcome_unknown")
    await refused(guard.call_tool("cancel_booking", {"id": "b1"}), "outcome_unknown")
    assert asked[1]["earlier"] == {"approval": error.details["approval"], "state": "unknown"}
    assert "may have run already" in asked[1]["message"]
