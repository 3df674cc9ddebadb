"""The plan, sends by two phases, records shown before they are destroyed, and calls whose answer was lost."""

from __future__ import annotations

import json
import urllib.request

import anyio
import pytest

import toolgate

from conftest import data, is_error, workspace

DEMO = ("--demo-data",)
YES = toolgate.Approve()
WHATSAPP = {"to": "+85212345678", "body": "See you on Friday"}


def post(url, body=None):
    request = urllib.request.Request(url, json.dumps(body or {}).encode(), {"content-type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def owner_decides(sandbox, approval, decision):
    return post(f"{sandbox.portal}/api/approvals/{approval}", {"decision": decision})


async def first(guard, tool):
    return data(await guard.call_tool(tool))["items"][0]


async def a_message(guard):
    contacts = data(await guard.call_tool("list_contacts"))["items"]
    contact = next(contact for contact in contacts if contact.get("email"))
    return {"contactId": contact["id"], "channel": "email", "subject": "Friday", "body": "See you on Friday"}, contact


async def test_a_plan_that_does_not_include_it_blocks_and_proposes(start):
    sandbox = start(*DEMO)
    async with workspace(sandbox, YES) as (guard, person):
        with pytest.raises(toolgate.PlanError) as caught:
            await guard.call_tool("send_whatsapp_message", WHATSAPP)
        assert caught.value.code == "plan_blocked"
        assert "whatsapp" in caught.value.details["reason"]
        assert caught.value.details["upgrade_action"]["planCode"] == "starter"
        assert sandbox.calls("send_whatsapp_message") == []
        assert [question["type"] for question in person.asked] == ["code"]

        link = data(await guard.plan_upgrade())
        record = {line["label"]: line["value"] for line in person.asked[-1]["preview"]["record"]}
        assert record == {"name": '"Starter"', "pricePerMonth": "49", "currency": '"USD"'}
        assert sandbox.calls("create_plan_upgrade_link")[0]["executed"]
        assert link["planCode"] == "starter"

        post(link["url"].replace("/portal/upgrade/", "/portal/api/upgrade/"))
        person.answers.append(YES)
        sent = data(await guard.call_tool("send_whatsapp_message", WHATSAPP))
        assert sent["status"] == "pending"


async def test_the_word_for_yes_is_never_the_agents(start):
    sandbox = start(*DEMO)
    async with workspace(sandbox, toolgate.Deny("too expensive")) as (guard, person):
        with pytest.raises(toolgate.ArgumentsError) as caught:
            await guard.call_tool("create_plan_upgrade_link", {"planCode": "starter", "confirm": True})
        assert caught.value.details["violations"][0]["path"] == "/confirm"
        with pytest.raises(toolgate.ApprovalError) as caught:
            await guard.call_tool("create_plan_upgrade_link", {"planCode": "starter"})
        assert caught.value.code == "approval_denied"
        assert len(person.asked) == 2
    assert sandbox.calls("create_plan_upgrade_link") == []


async def test_a_yes_of_the_plan_holds_for_a_while(start):
    sandbox = start(*DEMO)
    clock = [1_800_000_000_000]
    async with workspace(sandbox, now=lambda: clock[0]) as (guard, _):
        contact = (await first(guard, "list_contacts"))["id"]

        async def update(name):
            assert not is_error(await guard.call_tool("update_contact", {"id": contact, "name": name}))

        async with anyio.create_task_group() as group:
            for name in ("Ana", "Ben", "Cem", "Dee", "Eve"):
                group.start_soon(update, name)
        assert len(sandbox.calls("check_plan_operation")) == 1
        assert sandbox.ran("update_contact") == 5
        before = len(sandbox.calls("check_plan_operation")) + len(sandbox.calls("update_contact"))
        await update("Fay")
        assert len(sandbox.calls("check_plan_operation")) + len(sandbox.calls("update_contact")) == before + 1
        clock[0] += 60_000
        await update("Gus")
        assert len(sandbox.calls("check_plan_operation")) == 2


async def test_what_uses_a_quota_up_is_asked_about_each_time(start):
    sandbox = start(*DEMO)
    async with workspace(sandbox) as (guard, _):
        for name in ("Ana", "Ben"):
            assert not is_error(await guard.call_tool("create_contact", {"name": name}))
        assert len(sandbox.calls("check_plan_operation")) == 2


async def test_a_send_goes_by_a_draft_a_person_and_the_owner(start):
    sandbox = start(*DEMO)
    async with workspace(sandbox, YES) as (guard, person):
        message, contact = await a_message(guard)
        mails = len(sandbox.emails())
        pending = data(await guard.call_tool("send_message", message))
        shown = {line["label"]: line["value"] for line in person.asked[-1]["preview"]["record"]}
        to = json.dumps(contact["email"])
        assert shown == {"channel": '"email"', "to": to, "subject": '"Friday"', "body": '"See you on Friday"'}
        assert pending["status"] == "pending"
        assert len(sandbox.emails()) == mails
        assert sandbox.calls("send_message") == []

        approval = guard.approvals()[-1]
        assert approval["state"] == "dispatched"
        assert approval["request"] == {"id": pending["approvalId"], "status": "pending"}
        assert toolgate._native.digest(json.dumps(message)).removeprefix("sha256:")[:32] in pending["summary"]
        assert (await guard.settle(approval["id"]))["state"] == "dispatched"

        owner_decides(sandbox, pending["approvalId"], "approve")
        assert len(sandbox.emails()) == mails + 1
        settled = await guard.settle(approval["id"])
        assert settled["state"] == "completed"
        assert settled["request"]["status"] == "completed"
        with pytest.raises(toolgate.ApprovalError) as caught:
            await guard.call_tool("send_message", message, meta={toolgate.APPROVAL_META: approval["id"]})
        assert caught.value.code == "approval_spent"
        assert len(sandbox.emails()) == mails + 1
        assert sandbox.ran("request_send_approval") == 1


async def test_asking_again_with_the_approval_tells_how_the_owner_decided(start):
    sandbox = start(*DEMO)
    async with workspace(sandbox, YES) as (guard, _):
        message, _contact = await a_message(guard)
        pending = data(await guard.call_tool("send_message", message))
        approval = guard.approvals()[-1]["id"]
        quoting = {"meta": {toolgate.APPROVAL_META: approval}}
        assert data(await guard.call_tool("send_message", message, **quoting))["status"] == "pending"
        owner_decides(sandbox, pending["approvalId"], "deny")
        assert data(await guard.call_tool("send_message", message, **quoting))["status"] == "denied"
        assert guard.approvals()[-1]["state"] == "failed"
        assert sandbox.ran("request_send_approval") == 1


async def test_a_bulk_is_shown_by_its_count_and_three_rows(start):
    sandbox = start(*DEMO)
    async with workspace(sandbox, YES, YES) as (guard, person):
        campaign = {"name": "Spring", "channel": "email", "subject": "Hi", "body": "Dear {{name}}"}
        made = data(await guard.call_tool("create_campaign", campaign))["id"]
        pending = data(await guard.call_tool("send_campaign", {"id": made}))
        record = {line["label"]: line["value"] for line in person.asked[-1]["preview"]["record"]}
        assert record["channel"] == '"email"'
        assert int(record["recipientCount"]) >= 3
        assert record["rows"] == "3 items"
        assert record["rows[3].body"].startswith('"Dear ')
        owner_decides(sandbox, pending["approvalId"], "approve")
        assert (await guard.settle(guard.approvals()[-1]["id"]))["state"] == "completed"


async def test_where_the_agent_sends_it_does_once_the_owner_agreed(start):
    sandbox = start(*DEMO, "--agent-sends")
    person_says = (YES,)
    profile = {"extends": "favcrm", "sends": {"sender": "agent"}}
    async with workspace(sandbox, *person_says) as (signed, _):
        message, _contact = await a_message(signed)
        guard = await toolgate.Guard.attach(signed.client, profile=profile, ask=signed._driver._ask, server=sandbox.mcp)
        pending = data(await guard.call_tool("send_message", message))
        mails = len(sandbox.emails())
        quoting = {"meta": {toolgate.APPROVAL_META: guard.approvals()[-1]["id"]}}
        assert data(await guard.call_tool("send_message", message, **quoting))["status"] == "pending"
        assert sandbox.calls("send_message") == []
        owner_decides(sandbox, pending["approvalId"], "approve")
        with pytest.raises(toolgate.ApprovalError):
            await guard.call_tool("send_message", {**message, "body": "Something else"}, **quoting)
        assert data(await guard.call_tool("send_message", message, **quoting))["status"] == "sent"
        assert len(sandbox.emails()) == mails + 1
        with pytest.raises(toolgate.ApprovalError) as caught:
            await guard.call_tool("send_message", message, **quoting)
        assert caught.value.code == "approval_spent"
        assert sandbox.ran("send_message") == 1


async def test_a_refund_shows_the_order_and_is_asked_again_if_it_changed(start):
    sandbox = start(*DEMO)
    async with workspace(sandbox) as (guard, person):
        invoice = await first(guard, "list_invoices")
        with pytest.raises(toolgate.ApprovalError):
            await guard.call_tool("void_invoice", {"id": invoice["id"]})
        record = {line["label"]: line["value"] for line in person.asked[-1]["preview"]["record"]}
        assert json.loads(record["status"]) == invoice["status"]
        assert "total" in record
        approval = guard.approvals()[-1]["id"]
        await guard.approve(approval)
        # Somebody else takes the money meanwhile.
        assert not is_error(await guard.client.call_tool("mark_invoice_paid", {"id": invoice["id"]}))
        with pytest.raises(toolgate.ApprovalError) as caught:
            await guard.call_tool("void_invoice", {"id": invoice["id"]}, meta={toolgate.APPROVAL_META: approval})
        assert caught.value.code == "approval_mismatch"
        assert caught.value.details["different"] == ["record"]
    assert sandbox.calls("void_invoice") == []


@pytest.mark.parametrize(("drop", "state"), [("after", "completed"), ("before", "failed")])
async def test_a_lost_answer_is_settled_by_a_read_and_never_sent_again(start, drop, state):
    sandbox = start(*DEMO, faults=[{"tool": "cancel_booking", "times": 1, "fault": {"drop": drop}}])
    async with workspace(sandbox, YES) as (guard, _):
        booking = (await first(guard, "list_bookings"))["id"]
        with pytest.raises(toolgate.BackendError) as caught:
            await guard.call_tool("cancel_booking", {"id": booking})
        assert caught.value.code == "outcome_unknown"
        approval = guard.approvals()[-1]
        assert approval["state"] == "unknown"
        settled = await guard.settle(approval["id"])
        assert (settled["state"], settled["settled_by"]) == (state, "read")
    assert len(sandbox.calls("cancel_booking")) == 1


async def test_what_no_read_can_tell_a_person_does(start):
    sandbox = start(*DEMO, faults=[{"tool": "delete_tag", "times": 1, "fault": {"drop": "after"}}])
    async with workspace(sandbox, YES, toolgate.Ran()) as (guard, person):
        tag = data(await guard.call_tool("create_tag", {"name": "vip"}))["id"]
        with pytest.raises(toolgate.BackendError):
            await guard.call_tool("delete_tag", {"id": tag})
        settled = await guard.settle(guard.approvals()[-1]["id"])
        assert person.asked[-1]["type"] == "outcome"
        assert (settled["state"], settled["settled_by"]) == ("completed", "person")


async def test_one_asks_a_second_answers_a_third_calls(start):
    sandbox = start(*DEMO)
    ledger = toolgate.MemoryLedger()
    key = "4d1c" * 16
    async with workspace(sandbox, ledger=ledger, seal_key=key) as (one, _):
        booking = (await first(one, "list_bookings"))["id"]
        with pytest.raises(toolgate.ApprovalError) as caught:
            await one.call_tool("cancel_booking", {"id": booking})
        approval = caught.value.details["approval"]
        options = {"profile": "favcrm", "server": sandbox.mcp, "ledger": ledger, "seal_key": key}
        two = await toolgate.Guard.attach(one.client, **options)
        assert (await two.approve(approval))["preview"] == caught.value.details["preview"]
        three = await toolgate.Guard.attach(one.client, **options)
        quoting = {"meta": {toolgate.APPROVAL_META: approval}}
        assert not is_error(await three.call_tool("cancel_booking", {"id": booking}, **quoting))
        for guard in (one, two, three):
            with pytest.raises(toolgate.ApprovalError) as caught:
                await guard.call_tool("cancel_booking", {"id": booking}, **quoting)
            assert caught.value.code == "approval_spent"
        stranger = await toolgate.Guard.attach(one.client, **{**options, "seal_key": "aa" * 32})
        with pytest.raises(toolgate.LedgerError) as caught:
            await stranger.call_tool("cancel_booking", {"id": booking}, **quoting)
        assert caught.value.code == "invalid_record"
    assert sandbox.ran("cancel_booking") == 1
