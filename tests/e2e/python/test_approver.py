"""An approver has nothing but the ledger; the agent's process, in the other language, waits meanwhile."""

from __future__ import annotations

import json
import subprocess

import anyio
import pytest

import toolgate

from sandbox import ROOT

KEY = "07" * 32
AGENT = ["node", ROOT / "npm/test/approver-agent.mjs"]


class Notes:
    """A client with one tool that asks; remembers what was sent."""

    def __init__(self) -> None:
        self.sent: list[object] = []

    async def list_tools(self, *, cursor=None):
        return {"tools": [{"name": "drop_note", "inputSchema": {"type": "object"}}]}

    async def call_tool(self, name, arguments):
        self.sent.append(arguments)
        return {"content": []}


async def left_open(ledger, count=1, **options):
    """Let a guard ask for so many approvals; return it, its client and the ids."""
    client = Notes()
    guard = await toolgate.Guard.attach(client, server="notes", subject="agent", ledger=ledger, **options)
    ids = []
    for number in range(count):
        with pytest.raises(toolgate.ApprovalError) as caught:
            await guard.call_tool("drop_note", {"id": number})
        ids.append(caught.value.details["approval"])
    return guard, client, ids


@pytest.mark.parametrize("key", [None, KEY])
@pytest.mark.parametrize(("word", "ended"), [("approve", "ran"), ("deny", "approval_denied")])
async def test_a_process_of_the_other_language_waits(tmp_path, key, word, ended):
    path = str(tmp_path / "ledger.sqlite")
    with subprocess.Popen([*AGENT, path, *filter(None, [key])], stdout=-1, text=True) as agent:
        approval = agent.stdout.readline().strip()
        async with toolgate.SqliteLedger(path) as ledger:
            [found] = await toolgate.open_approvals(ledger, seal_key=key)
            assert found["id"] == approval
            assert found["state"] == "proposed"
            assert found["expires_at"] > found["proposed_at"]
            preview = found["preview"]
            assert (preview["tool"], preview["server"], preview["subject"]) == ("drop_note", "notes", "agent")
            assert preview["arguments"] == {"id": 1, "to": "ana@example.com"}
            answered = await getattr(toolgate, word)(ledger, approval, by="ana@studio.example", seal_key=key)
            assert answered["state"] == {"approve": "approved", "deny": "denied"}[word]
            assert answered["decided_by"] == {"who": "ana@studio.example"}
            assert agent.stdout.readline().strip() == ended
            assert await toolgate.open_approvals(ledger, seal_key=key) == []
            [after] = await toolgate.open_approvals(ledger, seal_key=key, everything=True)
            assert after["state"] == {"approve": "completed", "deny": "denied"}[word]


async def test_what_was_used_expired_or_never_there_is_refused():
    ledger = toolgate.MemoryLedger()
    guard, client, [used, denied, old] = await left_open(ledger, 3)
    await toolgate.approve(ledger, used)
    await toolgate.approve(ledger, used)
    await guard.call_tool("drop_note", {"id": 0}, meta={toolgate.APPROVAL_META: used})
    assert client.sent == [{"id": 0}]
    await toolgate.deny(ledger, denied, reason="not today")
    await toolgate.deny(ledger, denied)

    def later() -> int:
        return 1 << 45

    for work, code in [
        (toolgate.approve(ledger, used), "approval_spent"),
        (toolgate.deny(ledger, used), "approval_spent"),
        (toolgate.withdraw(ledger, used), "approval_spent"),
        (toolgate.approve(ledger, denied), "approval_denied"),
        (toolgate.approve(ledger, old, now=later), "approval_expired"),
        (toolgate.approve(ledger, "apr_" + "0" * 24), "unknown_approval"),
        (toolgate.approve(ledger, "sk-" + "0" * 40), "unknown_approval"),
        (toolgate.approve(ledger, ""), "unknown_approval"),
    ]:
        with pytest.raises(toolgate.ToolgateError) as caught:
            await work
        assert caught.value.code == code
        assert "sk-" not in str(caught.value)
    assert [found["id"] for found in await toolgate.open_approvals(ledger)] == [old]
    assert await toolgate.open_approvals(ledger, now=later) == []
    with pytest.raises(toolgate.ApprovalError) as caught:
        await guard.call_tool("drop_note", {"id": 1}, meta={toolgate.APPROVAL_META: denied})
    assert caught.value.code == "approval_denied"
    assert "not today" in caught.value.message


async def test_a_yes_is_taken_back_before_the_call():
    ledger = toolgate.MemoryLedger()
    guard, client, [approval] = await left_open(ledger)
    await toolgate.approve(ledger, approval)
    withdrawn = await toolgate.withdraw(ledger, approval, reason="a mistake")
    assert withdrawn["state"] == "denied"
    with pytest.raises(toolgate.ApprovalError) as caught:
        await guard.call_tool("drop_note", {"id": 0}, meta={toolgate.APPROVAL_META: approval})
    assert caught.value.code == "approval_denied"
    assert client.sent == []


async def test_another_seal_key_reads_and_writes_nothing():
    ledger = toolgate.MemoryLedger()
    _, _, [approval] = await left_open(ledger, seal_key=KEY)
    before = ledger.dump()
    unreadable = []

    def note(error, key):
        unreadable.append((error.code, key))

    for key in (None, "08" * 32):
        with pytest.raises(toolgate.LedgerError) as caught:
            await toolgate.open_approvals(ledger, seal_key=key)
        assert caught.value.code == "invalid_record"
        with pytest.raises(toolgate.LedgerError) as caught:
            await toolgate.approve(ledger, approval, seal_key=key)
        assert caught.value.code == "invalid_record"
        assert await toolgate.open_approvals(ledger, seal_key=key, on_unreadable=note) == []
        assert unreadable.pop() == ("invalid_record", f"approval/{approval}")
    with pytest.raises(toolgate.OptionsError):
        await toolgate.approve(ledger, approval, seal_key="short")
    assert ledger.dump() == before


async def test_a_record_under_the_key_of_another_is_refused():
    ledger = toolgate.MemoryLedger()
    _, _, [one, other] = await left_open(ledger, 2)
    records = ledger.dump()
    swapped = toolgate.MemoryLedger({f"approval/{one}": records[f"approval/{other}"]})
    for work in (toolgate.approve(swapped, one), toolgate.open_approvals(swapped)):
        with pytest.raises(toolgate.LedgerError) as caught:
            await work
        assert caught.value.code == "invalid_record"


async def test_of_two_approvers_one_is_first(tmp_path):
    async with (
        toolgate.SqliteLedger(tmp_path / "ledger") as one,
        toolgate.SqliteLedger(tmp_path / "ledger") as other,
    ):
        _, _, ids = await left_open(one, 20)
        ended: dict[str, list[str]] = {approval: [] for approval in ids}

        async def answer(word, ledger, approval):
            try:
                answered = await word(ledger, approval)
                ended[approval].append(answered["state"])
            except toolgate.ApprovalError as error:
                ended[approval].append(error.code)

        async with anyio.create_task_group() as group:
            for approval in ids:
                group.start_soon(answer, toolgate.approve, one, approval)
                group.start_soon(answer, toolgate.deny, other, approval)
        for approval in ids:
            said = json.loads(await one.get(f"approval/{approval}"))["state"]
            assert said in ("approved", "denied")
            assert said in ended[approval]
            assert len({*ended[approval]} & {"approved", "denied"}) == 1


async def test_many_are_listed_in_pages_and_an_odd_ledger_is_told():
    ledger = toolgate.MemoryLedger()
    _, _, ids = await left_open(ledger, 450)
    found = await toolgate.open_approvals(ledger)
    assert {approval["id"] for approval in found} == {*ids}
    assert [approval["proposed_at"] for approval in found] == sorted(approval["proposed_at"] for approval in found)

    class Odd(toolgate.MemoryLedger):
        answer: object = None

        async def entries(self, prefix, *, after="", limit=1000):
            if isinstance(self.answer, Exception):
                raise self.answer
            return self.answer

    odd = Odd()
    endless = [(f"approval/{approval}", ledger.dump()[f"approval/{approval}"]) for approval in sorted(ids)[:3]]
    for answer in (None, 1, "x", [1], [("approval/x",)], [("approval/x", 1)], [("other/x", "{}")], endless):
        odd.answer = answer
        with pytest.raises(toolgate.LedgerError, match="`entries` must return pairs"):
            await toolgate.open_approvals(odd)
    odd.answer = OSError("postgresql://user:secret@host")
    with pytest.raises(toolgate.LedgerError) as caught:
        await toolgate.open_approvals(odd)
    assert "secret" not in str(caught.value)
    assert caught.value.code == "ledger_failed"


async def test_what_was_answered_for_further_calls_is_listed_and_taken_back():
    ledger = toolgate.MemoryLedger()
    client = Notes()

    async def ask(_question):
        if client.sent:
            return toolgate.Defer()
        return toolgate.Approve("ana", remember=toolgate.Remember([], calls=5, scope="ledger"))

    guard = await toolgate.Guard.attach(client, server="notes", subject="agent", ledger=ledger, ask=ask, seal_key=KEY)
    await guard.call_tool("drop_note", {"id": 0})
    await guard.call_tool("drop_note", {"id": 1})
    [found] = await toolgate.remembered_answers(ledger, seal_key=KEY)
    assert (found["tool"], found["state"], found["calls"], found["used"]) == ("drop_note", "active", 5, 1)
    assert found["by"] == {"who": "ana"}
    for work in (toolgate.remembered_answers(ledger), toolgate.forget(ledger, found["id"])):
        with pytest.raises(toolgate.LedgerError) as caught:
            await work
        assert caught.value.code == "invalid_record"
    for unknown in ("rem_" + "0" * 24, found["approval"], "sk-" + "0" * 40):
        with pytest.raises(toolgate.ApprovalError) as unknown_answer:
            await toolgate.forget(ledger, unknown, seal_key=KEY)
        assert unknown_answer.value.code == "unknown_approval"
        assert "sk-" not in str(unknown_answer.value)
    for _ in range(2):
        assert (await toolgate.forget(ledger, found["id"], seal_key=KEY))["state"] == "withdrawn"
    assert await toolgate.remembered_answers(ledger, seal_key=KEY) == []
    [withdrawn] = await toolgate.remembered_answers(ledger, seal_key=KEY, everything=True)
    assert withdrawn["state"] == "withdrawn"
    with pytest.raises(toolgate.ApprovalError) as refused:
        await guard.call_tool("drop_note", {"id": 2})
    assert refused.value.code == "approval_required"
    assert client.sent == [{"id": 0}, {"id": 1}]
    assert await guard.remembered() == await toolgate.remembered_answers(ledger, seal_key=KEY, everything=True)
