"""A backend that answers wrongly: the error says what is known, nothing runs twice, and the session lives on."""

from __future__ import annotations

from contextlib import AsyncExitStack

import pytest

import toolgate
from toolgate.connect import _client as connected
from toolgate.http import http_library

from conftest import FORM, Person, data, is_error, workspace

DEMO = ("--demo-data",)


async def still_usable(guard):
    assert not is_error(await guard.call_tool("list_contacts"))


def once(tool, fault, **more):
    return [{"tool": tool, "times": 1, "fault": fault, **more}]


async def test_a_lost_verification_is_never_repeated(start):
    sandbox = start(faults=once("register_organisation_verify", {"drop": "after"}))
    async with toolgate.connect(sandbox.mcp, profile="favcrm", ask=Person(sandbox)) as guard:
        with pytest.raises(toolgate.SignupError) as caught:
            await guard.signup(FORM)
        assert caught.value.code == "signup_unknown"
        assert "Do not verify again" in caught.value.next
        assert await guard.list_tools()
    assert len(sandbox.calls("register_organisation_verify")) == 1
    assert sandbox.ran("register_organisation_verify") == 1


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"status": 429, "retry_after": 30}, "rate_limited"),
        ({"status": 503}, "outcome_unknown"),
        ({"status": 500}, "outcome_unknown"),
        ({"drop": "before"}, "outcome_unknown"),
        ({"drop": "after"}, "outcome_unknown"),
        ({"html": True}, "outcome_unknown"),
        ({"malformed_json": True}, "outcome_unknown"),
        ({"rpc_error": {"code": -32602, "message": "no such thing"}}, "backend_refused"),
    ],
)
@pytest.mark.parametrize("answers", ["json", "sse"])
async def test_a_write_that_goes_wrong(start, fault, code, answers):
    sandbox = start(*DEMO, "--answers", answers, faults=once("create_contact", fault))
    before = 0
    clock = [1_800_000_000_000]
    async with workspace(sandbox, now=lambda: clock[0]) as (guard, _):
        with pytest.raises(toolgate.BackendError) as caught:
            await guard.call_tool("create_contact", {"name": "Ana"})
        assert caught.value.code == code
        assert caught.value.next
        if code == "rate_limited":
            assert caught.value.details["retry_at"] == 1_800_000_030_000
            # Nothing more is sent for as long as the backend wished.
            clock[0] += 29_999
            with pytest.raises(toolgate.BackendError) as held:
                await still_usable(guard)
            assert held.value.code == "rate_limited"
            assert sandbox.calls("list_contacts") == []
            clock[0] += 1
        await still_usable(guard)
        before = sandbox.ran("create_contact")
        assert not is_error(await guard.call_tool("create_contact", {"name": "Ben"}))
        assert sandbox.ran("create_contact") == before + 1


async def test_an_approved_call_whose_answer_is_lost_is_not_repeated(start):
    sandbox = start(*DEMO, faults=once("cancel_booking", {"drop": "after"}))
    ledger = toolgate.MemoryLedger()
    async with workspace(sandbox, toolgate.Approve(), ledger=ledger) as (guard, _):
        booking = data(await guard.call_tool("list_bookings"))["items"][0]["id"]
        with pytest.raises(toolgate.BackendError) as caught:
            await guard.call_tool("cancel_booking", {"id": booking})
        assert caught.value.code == "outcome_unknown"
        assert [approval["state"] for approval in guard.approvals()] == ["unknown"]
        await still_usable(guard)
    assert sandbox.ran("cancel_booking") == 1


async def test_a_read_that_is_lost_may_be_repeated(start):
    sandbox = start(*DEMO, faults=once("list_services", {"drop": "before"}))
    async with workspace(sandbox) as (guard, _):
        with pytest.raises(toolgate.BackendError) as caught:
            await guard.call_tool("list_services")
        assert caught.value.code == "unreachable"
        assert caught.value.retryable is True
        assert not is_error(await guard.call_tool("list_services"))


async def test_a_list_that_goes_wrong_leaves_the_old_one(start):
    faults = [{"method": "tools/list", "after": 2, "times": 1, "fault": {"html": True}}]
    sandbox = start(*DEMO, faults=faults)
    async with workspace(sandbox) as (guard, _):
        with pytest.raises(toolgate.BackendError):
            await guard.list_tools()
        await still_usable(guard)
        assert await guard.list_tools()


async def test_a_key_that_was_revoked(start):
    sandbox = start(*DEMO)
    vault = toolgate.MemoryVault()
    async with workspace(sandbox, vault=vault) as (guard, _):
        good = await vault.get("favcrm_api_key")
        await vault.put("favcrm_api_key", "fav_mcp_no_longer_any_good_0000000000")
        with pytest.raises(toolgate.BackendError) as caught:
            await guard.call_tool("list_services")
        assert caught.value.code == "unauthorized"
        assert "fav_mcp_" not in str(caught.value)
        await vault.put("favcrm_api_key", good)
        await still_usable(guard)


async def test_a_backend_that_is_gone_and_comes_back(start):
    sandbox, other = start(*DEMO), start(*DEMO)
    vault = toolgate.MemoryVault()
    async with workspace(sandbox, vault=vault) as (guard, _):
        sandbox.kill()
        # Over a connection that was kept open, the first request may go out before its end is noticed: then nobody
        # can say that it did not arrive. From the second on there is no connection at all.
        with pytest.raises(toolgate.BackendError) as caught:
            await guard.call_tool("create_contact", {"name": "Ana"})
        assert caught.value.code in ("outcome_unknown", "unreachable")
        with pytest.raises(toolgate.BackendError) as caught:
            await guard.call_tool("create_contact", {"name": "Ana"})
        assert caught.value.code == "unreachable"
        assert caught.value.retryable is True
        async with workspace(other) as (elsewhere, _):
            await guard.reconnect(elsewhere.client)
            await still_usable(guard)


async def test_a_slow_clock_at_either_end_does_no_harm(start):
    sandbox = start(faults=[{"tool": "*", "fault": {"clock_skew_s": -7200}}])
    async with toolgate.connect(sandbox.mcp, profile="favcrm", ask=Person(sandbox)) as guard:
        assert (await guard.signup(FORM))["report"]["healthy"] is True


@pytest.mark.parametrize("fault", [{"drop": "after"}, {"status": 500}, {"html": True}, {"malformed_json": True}])
async def test_the_sdks_own_http_client(start, fault):
    """It may give the session up and cancel the caller; the guard then knows that the call is lost, and goes on."""
    sandbox = start(*DEMO, faults=once("cancel_booking", fault))
    vault = toolgate.MemoryVault()
    async with workspace(sandbox, vault=vault) as (guard, _):
        booking = data(await guard.call_tool("list_bookings"))["items"][0]["id"]
        ended = []

        async def approve(question):
            return toolgate.Approve()

        async def with_plain_client():
            auth = toolgate.VaultAuth(vault, "favcrm_api_key", sandbox.mcp)
            async with AsyncExitStack() as stack:
                http = await stack.enter_async_context(http_library().AsyncClient(auth=auth))
                client = await connected(stack, sandbox.mcp, http)
                plain = await toolgate.Guard.attach(
                    client, profile="favcrm", server=sandbox.mcp, ask=approve, timeout=1
                )
                ended.append(plain)
                await plain.call_tool("cancel_booking", {"id": booking})

        with pytest.raises((toolgate.BackendError, BaseExceptionGroup)) as caught:
            await with_plain_client()
        [plain] = ended
        assert [approval["state"] for approval in plain.approvals()] == ["unknown"]
        await plain.reconnect(guard.client)
        await still_usable(plain)
        if isinstance(caught.value, toolgate.BackendError):
            assert caught.value.code == "outcome_unknown"
    assert len(sandbox.calls("cancel_booking")) == 1
