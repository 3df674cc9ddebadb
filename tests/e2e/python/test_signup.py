"""An agent signs itself up: the key goes to the vault and nowhere else."""

from __future__ import annotations

import json
import re

import anyio
import pytest

import toolgate

from conftest import FORM, Person, data


async def test_from_a_form_to_a_ready_workspace(start):
    sandbox = start()
    vault = toolgate.MemoryVault()
    person = Person(sandbox)
    async with toolgate.connect(sandbox.mcp, profile="favcrm", vault=vault, ask=person) as guard:
        assert {tool["name"] for tool in guard.tools()} >= {"register_organisation_request"}
        before = len(guard.tools())
        signed_up = await guard.signup(FORM)

        key = await vault.get("favcrm_api_key")
        assert key is not None
        assert re.fullmatch(r"fav_mcp_\w+", key)
        assert key not in json.dumps(signed_up)
        assert signed_up["key"]["masked"].startswith("fav_mcp_…")
        assert signed_up["account"]["organisation_id"].startswith("org_")
        assert signed_up["report"]["healthy"] is True
        assert [question["type"] for question in person.asked] == ["code"]
        # The guard read the list anew with the key.
        assert len(guard.tools()) > before

        report = await guard.doctor()
        assert report["healthy"] is True
        assert report["tool_count"] == len(guard.tools())
        assert report["auth"] == "configured"
        companies = data(await guard.call_tool("list_my_companies"))
        assert companies["items"][0]["organisationId"] == signed_up["account"]["organisation_id"]
    assert sandbox.ran("register_organisation_verify") == 1


async def test_keywords_are_a_form_too(start):
    sandbox = start()
    async with toolgate.connect(sandbox.mcp, profile="favcrm", ask=Person(sandbox)) as guard:
        signed_up = await guard.signup(email="ben@example.com", organisation_name="Ben's", country="HK")
    assert signed_up["account"]["user_id"].startswith("usr_")


async def test_a_wrong_code_is_asked_again(start):
    sandbox = start()
    asked = []

    async def person(question):
        asked.append(question)
        code = sandbox.code()
        return toolgate.Code(code if len(asked) > 1 else f"{(int(code) + 1) % 1_000_000:06}")

    async with toolgate.connect(sandbox.mcp, profile="favcrm", ask=person) as guard:
        await guard.signup(FORM)
    assert [question["attempts"] for question in asked] == [0, 1]
    assert asked[1]["problem"]["code"] == "wrong_code"


@pytest.mark.parametrize(
    ("field", "value"), [("email", "no address"), ("organisation_name", "x"), ("country", "UK"), ("timezone", "Mars")]
)
async def test_a_bad_field_is_named_and_nothing_is_sent(start, field, value):
    sandbox = start()
    async with toolgate.connect(sandbox.mcp, profile="favcrm", ask=Person(sandbox)) as guard:
        with pytest.raises(toolgate.SignupError) as caught:
            await guard.signup({**FORM, field: value})
        assert caught.value.code == "invalid_input"
        assert caught.value.details["field"] == field
        assert caught.value.next
        assert sandbox.calls("register_organisation_request") == []
        await guard.signup(FORM)


async def test_nobody_to_ask_is_a_typed_end(start):
    sandbox = start()
    async with toolgate.connect(sandbox.mcp, profile="favcrm") as guard:
        with pytest.raises(toolgate.SignupError) as caught:
            await guard.signup(FORM)
    assert caught.value.code == "code_required"
    assert sandbox.calls("register_organisation_verify") == []


async def test_a_person_who_cancels_ends_it(start):
    sandbox = start()

    async def person(question):
        return toolgate.Cancel()

    async with toolgate.connect(sandbox.mcp, profile="favcrm", ask=person) as guard:
        with pytest.raises(toolgate.FlowCancelledError):
            await guard.signup(FORM)


async def test_a_vault_that_fails_loses_the_key_and_says_so(start):
    sandbox = start()

    class Broken:
        async def get(self, name):
            return None

        async def put(self, name, secret):
            raise OSError(f"cannot store {secret}")

    async with toolgate.connect(sandbox.mcp, profile="favcrm", ask=Person(sandbox), vault=Broken()) as guard:
        with pytest.raises(toolgate.SignupError) as caught:
            await guard.signup(FORM)
        assert caught.value.code == "key_not_kept"
        assert "fav_mcp_" not in json.dumps(caught.value.to_json()).replace("fav_mcp_…", "")
        assert len(guard.tools()) > 0
    assert sandbox.ran("register_organisation_verify") == 1


async def test_the_agent_may_call_the_registration_tools_itself_and_never_sees_the_key(start):
    sandbox = start()
    vault = toolgate.MemoryVault()
    approve = Person(sandbox, toolgate.Approve(), toolgate.Approve())
    async with toolgate.connect(sandbox.mcp, profile="favcrm", vault=vault, ask=approve) as guard:
        asked = data(
            await guard.call_tool(
                "register_organisation_request", {"email": "eve@example.com", "organisationName": "Eve's"}
            )
        )
        verified = await guard.call_tool(
            "register_organisation_verify", {"requestId": asked["requestId"], "code": sandbox.code()}
        )
        key = await vault.get("favcrm_api_key")
        assert key is not None
        assert key not in verified.model_dump_json()


async def test_a_key_in_the_environment_is_used(start, monkeypatch):
    sandbox = start()
    vault = toolgate.MemoryVault()
    async with toolgate.connect(sandbox.mcp, profile="favcrm", vault=vault, ask=Person(sandbox)) as guard:
        await guard.signup(FORM)
    key = await vault.get("favcrm_api_key")
    assert key is not None
    monkeypatch.setenv("FAVCRM_MCP_TOKEN", key)
    async with toolgate.connect(sandbox.mcp, profile="favcrm") as guard:
        assert (await guard.doctor())["healthy"] is True


async def test_a_key_on_its_way_into_the_vault_gets_there_even_if_the_task_is_cancelled(start):
    sandbox = start()
    putting = anyio.Event()

    class Slow(toolgate.MemoryVault):
        async def put(self, name, secret):
            putting.set()
            await anyio.sleep(0.3)
            await super().put(name, secret)

    vault = Slow()
    async with toolgate.connect(sandbox.mcp, profile="favcrm", vault=vault, ask=Person(sandbox)) as guard:
        async with anyio.create_task_group() as group:
            group.start_soon(guard.signup, FORM)
            await putting.wait()
            group.cancel_scope.cancel()
        assert (await vault.get("favcrm_api_key") or "").startswith("fav_mcp_")
        assert (await guard.doctor())["healthy"] is True


async def test_a_key_in_the_vault_is_replaced_only_by_a_persons_word(start):
    sandbox = start()
    vault = toolgate.MemoryVault()
    other = {**FORM, "email": "mallory@example.com", "organisation_name": "Mallory's"}
    asked = []
    says: list[toolgate.Answer] = [toolgate.Deny(), toolgate.Defer()]
    codes = 0

    async def person(question):
        nonlocal codes
        if question["type"] == "code":
            codes += 1
            return toolgate.Code(sandbox.code(codes - 1))
        asked.append(question)
        return says.pop(0) if says else toolgate.Approve()

    async with toolgate.connect(sandbox.mcp, profile="favcrm", vault=vault, ask=person) as guard:
        await guard.signup(FORM)
        key = await vault.get("favcrm_api_key")
        requests = len(sandbox.calls("register_organisation_request"))
        for _ in range(2):
            with pytest.raises(toolgate.ToolgateError) as caught:
                await guard.signup(other)
            assert caught.value.code == "credential_held"
        assert len(sandbox.calls("register_organisation_request")) == requests
        assert await vault.get("favcrm_api_key") == key

        replaced = await guard.signup(other)
        assert await vault.get("favcrm_api_key") != key
    assert {question["type"] for question in asked} == {"credential"}
    assert asked[0]["name"] == "favcrm_api_key"
    assert "Mallory's" in json.dumps(asked[0])
    assert replaced["account"]["organisation_id"].startswith("org_")


async def test_an_agents_own_sign_up_replaces_no_key_unasked(start):
    sandbox = start()
    vault = toolgate.MemoryVault()
    policy: toolgate.Policy = {"rules": [{"effects": ["write", "external"], "then": "allow"}]}
    person = Person(sandbox, toolgate.Deny())
    async with toolgate.connect(sandbox.mcp, profile="favcrm", vault=vault, ask=person, policy=policy) as guard:
        await guard.signup(FORM)
        key = await vault.get("favcrm_api_key")
        form = {"email": "mallory@example.com", "organisationName": "Mallory's"}
        requested = data(await guard.call_tool("register_organisation_request", form))
        verify = {"requestId": requested["requestId"], "code": sandbox.code(1)}
        with pytest.raises(toolgate.ApprovalError) as caught:
            await guard.call_tool("register_organisation_verify", verify)
        assert caught.value.code == "approval_denied"
        assert await vault.get("favcrm_api_key") == key
    assert sandbox.ran("register_organisation_verify") == 1
    shown = json.dumps(person.asked[-1])
    assert verify["code"] not in shown
