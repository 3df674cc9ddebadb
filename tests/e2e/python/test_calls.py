"""Calls through the gates: what is read runs, what matters is asked, what is wrong is mended."""

from __future__ import annotations

import json

import anyio
import anyio.lowlevel
import pytest

import toolgate

from conftest import data, is_error, workspace

DEMO = ("--demo-data",)


async def a_booking(guard):
    return data(await guard.call_tool("list_bookings"))["items"][0]["id"]


async def test_the_catalogue_goes_by_effect(start):
    async with workspace(start(*DEMO)) as (guard, _):
        effects = {tool["name"]: tool["effect"] for tool in guard.tools()}
    assert effects["list_bookings"] == "read"
    assert effects["create_booking"] == "write"
    assert effects["cancel_booking"] == "destructive"
    assert effects["send_campaign"] == "send"
    assert effects["create_plan_upgrade_link"] == "billing"


@pytest.mark.parametrize(
    "options", [("--dialect", "article"), ("--page-size", "20"), ("--answers", "sse"), ("--answers", "json")]
)
async def test_other_spellings_pages_and_transports_make_no_difference(start, options):
    async with workspace(start(*DEMO)) as (guard, _):
        expected = {tool["name"]: tool["effect"] for tool in guard.tools()}
    async with workspace(start(*DEMO, *options)) as (guard, _):
        effects = {tool["name"]: tool["effect"] for tool in guard.tools()}
        assert {name: effects[name] for name in expected} == expected
        listed = await guard.list_tools()
        assert {tool.name for tool in listed.tools} == set(effects)
        assert not is_error(await guard.call_tool("list_services"))


async def test_a_read_returns_the_clients_own_result(start):
    async with workspace(start(*DEMO)) as (guard, person):
        direct = await guard.client.call_tool("list_services", {})
        guarded = await guard.call_tool("list_services", {})
        assert type(guarded) is type(direct)
        assert data(guarded) == data(direct)
        assert [question["type"] for question in person.asked] == ["code"]


async def test_a_read_goes_without_a_flow_where_nobody_is_told_and_gives_the_same(start):
    async with workspace(start(*DEMO)) as (guard, _):
        decisions = []
        watched = await toolgate.Guard.attach(guard.client, profile="favcrm", on_decision=decisions.append)
        for name, arguments in (("list_services", {}), ("get_service", {"id": "svc_none"})):
            answers = {}

            async def call(one, name=name, arguments=arguments, answers=answers):
                answers[one] = await one.call_tool(name, arguments)

            async with anyio.create_task_group() as group:
                group.start_soon(call, guard)
                group.start_soon(call, watched)
                await anyio.lowlevel.checkpoint()
                assert json.loads(guard.snapshot())["flows"] == {}
                assert len(json.loads(watched.snapshot())["flows"]) == 1
            assert answers[guard] == answers[watched]
        assert [decision["tool"] for decision in decisions] == ["list_services", "get_service"]


async def test_what_the_client_takes_is_forwarded(start):
    async with workspace(start(*DEMO)) as (guard, _):
        seen = []

        async def progress(*facts):
            seen.append(facts)

        result = await guard.call_tool("list_services", {}, None, progress, meta={"example.com/trace": "1"})
        assert not is_error(result)
        with pytest.raises(TypeError):
            await guard.call_tool("list_services", {}, no_such_keyword=True)


async def test_bad_arguments_are_mended_as_told(start):
    sandbox = start(*DEMO)
    async with workspace(sandbox) as (guard, _):
        service = data(await guard.call_tool("list_services"))["items"][0]["id"]
        with pytest.raises(toolgate.ArgumentsError) as caught:
            await guard.call_tool("get_service", {"id": 7})
        violation = caught.value.details["violations"][0]
        assert violation["path"] == "/id"
        assert violation["repair"]
        assert caught.value.decision["gates"][-1] == {
            **caught.value.decision["gates"][-1],
            "gate": "arguments",
            "verdict": "deny",
        }
        assert data(await guard.call_tool("get_service", {"id": service}))["id"] == service
        assert len(sandbox.calls("get_service")) == 1


async def test_a_booking_is_made_without_asking(start):
    sandbox = start(*DEMO)
    async with workspace(sandbox) as (guard, person):
        service = data(await guard.call_tool("list_services"))["items"][0]["id"]
        contact = data(await guard.call_tool("list_contacts"))["items"][0]["id"]
        slot = data(await guard.call_tool("get_available_slots", {"serviceId": service}))["slots"][0]["startsAt"]
        made = await guard.call_tool(
            "create_booking", json.dumps({"serviceId": service, "contactId": contact, "startsAt": slot})
        )
        assert data(made)["status"] == "booked"
        assert len(person.asked) == 1
    assert sandbox.ran("create_booking") == 1


async def test_a_cancellation_is_denied_then_approved(start):
    sandbox = start(*DEMO)
    decisions = []
    answers = (toolgate.Deny("she is on her way"), toolgate.Approve())
    async with workspace(sandbox, *answers, on_decision=decisions.append) as (guard, person):
        booking = await a_booking(guard)
        with pytest.raises(toolgate.ApprovalError) as caught:
            await guard.call_tool("cancel_booking", {"id": booking})
        assert caught.value.code == "approval_denied"
        assert "she is on her way" in str(caught.value)
        assert sandbox.calls("cancel_booking") == []

        # The no holds for the same call.
        booking = data(await guard.call_tool("list_bookings"))["items"][1]["id"]
        cancelled = await guard.call_tool("cancel_booking", {"id": booking})
        assert data(cancelled)["status"] == "cancelled"
        lines = {line["label"]: line["value"] for line in person.asked[-1]["preview"]["lines"]}
        assert lines == {"id": json.dumps(booking)}
        assert decisions[-1]["effect"] == "destructive"
    assert sandbox.ran("cancel_booking") == 1


async def test_an_approval_left_open_is_given_later_and_used_once(start):
    sandbox = start(*DEMO)
    async with workspace(sandbox) as (guard, _):
        booking = await a_booking(guard)
        with pytest.raises(toolgate.ApprovalError) as caught:
            await guard.call_tool("cancel_booking", {"id": booking})
        assert caught.value.code == "approval_required"
        approval = caught.value.details["approval"]
        assert [open_one["id"] for open_one in guard.approvals() if open_one["state"] == "proposed"] == [approval]
        assert (await guard.approve(approval))["state"] == "approved"

        quoted = {"toolgate/approval": approval}
        with pytest.raises(toolgate.ApprovalError) as caught:
            await guard.call_tool("cancel_booking", {"id": booking, "reason": "other"}, meta=quoted)
        assert caught.value.code == "approval_mismatch"
        assert sandbox.calls("cancel_booking") == []

        assert not is_error(await guard.call_tool("cancel_booking", {"id": booking}, meta=quoted))
        with pytest.raises(toolgate.ApprovalError) as caught:
            await guard.call_tool("cancel_booking", {"id": booking}, meta=quoted)
        assert caught.value.code == "approval_spent"
        with pytest.raises(toolgate.ApprovalError) as caught:
            await guard.approve("apr_000000000000000000000000")
        assert caught.value.code == "unknown_approval"
    assert sandbox.ran("cancel_booking") == 1


async def test_what_is_sent_is_what_was_approved(start):
    sandbox = start(*DEMO)
    async with workspace(sandbox) as (guard, _person):
        bookings = [booking["id"] for booking in data(await guard.call_tool("list_bookings"))["items"]]
        arguments = {"id": bookings[0]}

        async def swap_while_asked(question):
            arguments["id"] = bookings[1]
            return toolgate.Approve()

        guard._driver._ask = swap_while_asked
        cancelled = await guard.call_tool("cancel_booking", arguments)
        assert data(cancelled)["id"] == bookings[0]


async def test_one_approval_and_many_calls_at_once_run_one(start):
    sandbox = start(*DEMO)
    async with workspace(sandbox) as (guard, _):
        booking = await a_booking(guard)
        with pytest.raises(toolgate.ApprovalError) as caught:
            await guard.call_tool("cancel_booking", {"id": booking})
        approval = caught.value.details["approval"]
        await guard.approve(approval)
        codes = []

        async def call():
            try:
                await guard.call_tool("cancel_booking", {"id": booking}, meta={"toolgate/approval": approval})
                codes.append("ran")
            except toolgate.ToolgateError as error:
                codes.append(error.code)

        async with anyio.create_task_group() as group:
            for _ in range(20):
                group.start_soon(call)
        assert codes.count("ran") == 1
        assert set(codes) <= {"ran", "approval_spent", "ledger_conflict", "approval_required"}
    assert len(sandbox.calls("cancel_booking")) == 1


async def test_a_policy_forbids(start):
    sandbox = start(*DEMO)
    policy = {"rules": [{"tools": ["cancel_*"], "then": "deny", "reason": "never"}]}
    async with workspace(sandbox, policy=policy) as (guard, _):
        with pytest.raises(toolgate.PolicyError) as caught:
            await guard.call_tool("cancel_booking", {"id": await a_booking(guard)})
        assert "never" in str(caught.value)
    assert sandbox.calls("cancel_booking") == []


class BrokenLedger(toolgate.MemoryLedger):
    async def compare_and_set(self, key, expected, record):
        raise ConnectionError(f"no database for {record}")


async def test_a_ledger_that_fails_lets_nothing_through(start):
    sandbox = start(*DEMO)
    async with workspace(sandbox, toolgate.Approve(), ledger=BrokenLedger()) as (guard, _):
        with pytest.raises(toolgate.LedgerError) as caught:
            await guard.call_tool("cancel_booking", {"id": await a_booking(guard)})
        assert caught.value.code == "ledger_failed"
        assert caught.value.retryable is True
        assert not is_error(await guard.call_tool("list_services"))
    assert sandbox.calls("cancel_booking") == []


async def test_an_ask_that_raises_is_no_yes(start):
    sandbox = start(*DEMO)
    async with workspace(sandbox) as (guard, _):
        booking = await a_booking(guard)

        async def broken(question):
            raise RuntimeError("no terminal")

        told: list[Exception] = []
        guard._driver._ask, guard._driver._on_error = broken, told.append
        with pytest.raises(toolgate.ApprovalError) as caught:
            await guard.call_tool("cancel_booking", {"id": booking})
        assert caught.value.code == "approval_required"
        assert isinstance(caught.value.__cause__, RuntimeError)
        assert told == [caught.value.__cause__]
    assert sandbox.calls("cancel_booking") == []


@pytest.mark.parametrize(
    "answer", [toolgate.Code("123456"), toolgate.Ran(), True, None, "yes", toolgate.Deny("x" * 10_000_000)]
)
async def test_a_wrong_kind_of_answer_is_told_at_once_and_leaves_nothing_open(start, answer):
    sandbox = start(*DEMO)
    async with workspace(sandbox) as (guard, _person):
        booking = await a_booking(guard)
        answers = [answer, toolgate.Approve()]

        async def confused(question):
            return answers.pop(0)

        guard._driver._ask = confused
        with pytest.raises(toolgate.ProtocolError) as caught:
            await guard.call_tool("cancel_booking", {"id": booking})
        assert caught.value.code == "wrong_answer"
        assert "`approve`, `deny`" in caught.value.message
        assert sandbox.calls("cancel_booking") == []
        assert await guard.resume() == []
        assert guard._driver.open_steps() == []
        # The approval is taken back, and the same call is asked about anew.
        [approval] = guard.approvals()
        assert (approval["state"], approval["withdrawn"]) == ("denied", True)
        assert data(await guard.call_tool("cancel_booking", {"id": booking}))["status"] == "cancelled"
        assert [one["state"] for one in guard.approvals()] == ["denied", "completed"]
    assert sandbox.ran("cancel_booking") == 1


async def test_a_question_ends_with_its_approval(start):
    sandbox = start(*DEMO)
    cancelled: list[bool] = []

    async def slow(question):
        if question["type"] == "code":
            return toolgate.Code(sandbox.code())
        try:
            await anyio.sleep_forever()
        finally:
            cancelled.append(True)

    async with workspace(sandbox, ask=slow, approval_ttl=1_000) as (guard, _):
        booking = await a_booking(guard)
        with pytest.raises(toolgate.ApprovalError) as caught, anyio.fail_after(20):
            await guard.call_tool("cancel_booking", {"id": booking})
        assert caught.value.code == "approval_expired"
        assert cancelled == [True]
        assert guard._driver.open_steps() == []
    assert sandbox.calls("cancel_booking") == []


async def test_cancelling_the_task_while_a_person_is_asked_calls_it_off(start):
    sandbox = start(*DEMO)
    async with workspace(sandbox) as (guard, _):
        booking = await a_booking(guard)
        asked = anyio.Event()

        async def slow(question):
            asked.set()
            await anyio.sleep_forever()

        guard._driver._ask = slow
        async with anyio.create_task_group() as group:
            group.start_soon(guard.call_tool, "cancel_booking", {"id": booking})
            await asked.wait()
            group.cancel_scope.cancel()
        assert guard._driver.open_steps() == []
        assert not is_error(await guard.call_tool("list_services"))
    assert sandbox.calls("cancel_booking") == []


async def test_a_call_that_is_called_off_while_its_yes_is_stored_takes_the_yes_along(start):
    asked: list[str] = []
    leaving = anyio.CancelScope()

    class Leaving(toolgate.MemoryLedger):
        async def compare_and_set(self, key, expected, record):
            stored = await super().compare_and_set(key, expected, record)
            if '"state":"approved"' in record and len(asked) == 1:
                leaving.cancel()
                await anyio.lowlevel.checkpoint()
            return stored

    async def person(question):
        asked.append(question["approval"])
        return toolgate.Approve()

    sandbox = start(*DEMO)
    async with workspace(sandbox, ledger=Leaving()) as (guard, _):
        guard._driver._ask = person
        booking = await a_booking(guard)
        with leaving:
            await guard.call_tool("cancel_booking", {"id": booking})
        assert leaving.cancelled_caught
        [approval] = guard.approvals()
        assert (approval["state"], approval["withdrawn"]) == ("denied", True)
        assert sandbox.calls("cancel_booking") == []
        await guard.call_tool("cancel_booking", {"id": booking})
        assert len(set(asked)) == 2
    assert len(sandbox.calls("cancel_booking")) == 1


async def test_cancelling_the_task_of_a_call_on_its_way_counts_it_as_lost(start):
    sandbox = start(*DEMO, faults=[{"tool": "cancel_booking", "fault": {"delay_ms": 3000}}])
    ledger = toolgate.MemoryLedger()
    async with workspace(sandbox, toolgate.Approve(), ledger=ledger) as (guard, _):
        booking = await a_booking(guard)
        with anyio.move_on_after(0.7):
            await guard.call_tool("cancel_booking", {"id": booking})
        [approval] = guard.approvals()
        assert approval["state"] == "unknown"
        [record] = ledger.dump().values()
        assert json.loads(record)["state"] == "unknown"
        assert not is_error(await guard.call_tool("list_services"))


async def test_who_watches_does_not_disturb(start):
    def broken(what):
        raise RuntimeError("disk full")

    async with workspace(start(*DEMO), on_step=broken, on_decision=broken) as (guard, _):
        assert not is_error(await guard.call_tool("list_services"))


async def test_an_answer_that_is_too_slow_is_lost(start):
    sandbox = start(*DEMO, faults=[{"tool": "create_contact", "fault": {"delay_ms": 1500}}])
    async with workspace(sandbox) as (guard, _):
        impatient = await toolgate.Guard.attach(guard.client, profile="favcrm", server=sandbox.mcp, timeout=0.5)
        with pytest.raises(toolgate.BackendError) as caught:
            await impatient.call_tool("create_contact", {"name": "Ana"})
        assert caught.value.code == "outcome_unknown"
        assert not is_error(await impatient.call_tool("list_contacts"))
