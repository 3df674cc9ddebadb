"""Servers of older protocols ask while a call runs, by requests of their own: with both generations of the SDK."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest

import toolgate

AMOUNT = {"type": "object", "properties": {"amount": {"type": "integer", "minimum": 1}}, "required": ["amount"]}
PASSWORD = {"type": "object", "properties": {"password": {"type": "string"}}}
HINTS = {"readOnlyHint": False, "destructiveHint": True, "idempotentHint": False, "openWorldHint": False}
TOOLS = {"delete_order": HINTS, "create_note": {**HINTS, "destructiveHint": False}}


class Person:
    """Says yes to calls, and types an amount."""

    def __init__(self, amount: int = 5000) -> None:
        self.amount = amount
        self.asked: list[toolgate.Question] = []

    async def __call__(self, question: toolgate.Question, /) -> toolgate.Answer:
        self.asked.append(question)
        if question["type"] == "inputs":
            return toolgate.Inputs({"request": toolgate.Input("accept", {"amount": self.amount})})
        return toolgate.Approve()

    @property
    def kinds(self) -> list[str]:
        return [question["type"] for question in self.asked]


async def elicited(session: Any, name: str) -> Any:
    """Ask as a tool does, in the words of either generation; late enough for another call to begin."""
    await anyio.sleep(0.2)
    return await session.elicit("Which?", PASSWORD if name == "create_note" else AMOUNT)


def new_server() -> Any:
    import mcp_types as types
    from mcp.server.lowlevel import Server

    async def list_tools(_context: Any, _params: Any) -> Any:
        tools = [
            {"name": name, "inputSchema": {"type": "object"}, "annotations": hints} for name, hints in TOOLS.items()
        ]
        return types.ListToolsResult.model_validate({"tools": tools})

    async def call_tool(context: Any, params: Any) -> Any:
        answer = await elicited(context.session, params.name)
        text = answer.model_dump_json(by_alias=True, exclude_none=True)
        return types.CallToolResult(content=[types.TextContent(type="text", text=text)])

    return Server("shop", on_list_tools=list_tools, on_call_tool=call_tool)


def old_server() -> Any:
    from mcp import types
    from mcp.server.lowlevel import Server

    server: Any = Server("shop")

    @server.list_tools()
    async def list_tools() -> Any:
        return [
            types.Tool.model_validate({"name": name, "inputSchema": {"type": "object"}, "annotations": hints})
            for name, hints in TOOLS.items()
        ]

    @server.call_tool()
    async def call_tool(name: str, _arguments: Any) -> Any:
        answer = await elicited(server.request_context.session, name)
        return [types.TextContent(type="text", text=answer.model_dump_json(by_alias=True, exclude_none=True))]

    return server


@asynccontextmanager
async def connected(inputs: toolgate.InputHandlers) -> Any:
    import mcp

    if hasattr(mcp, "Client"):
        async with mcp.Client(new_server(), mode="legacy", **inputs.callbacks()) as client:
            yield client
    else:
        from mcp.shared.memory import create_connected_server_and_client_session

        async with create_connected_server_and_client_session(old_server(), **inputs.callbacks()) as session:
            yield session


async def attach(client: Any, **options: Any) -> toolgate.Guard[Any, Any]:
    return await toolgate.Guard.attach(client, server="https://shop.example/mcp", trusted=True, **options)


def text(result: Any) -> Any:
    return json.loads(result.content[0].text)


async def test_what_is_typed_is_bound_to_the_running_call_and_written_down():
    lines: list[str] = []

    async def audit(line: str) -> None:
        lines.append(line)

    inputs, person = toolgate.InputHandlers(), Person()
    async with connected(inputs) as client:
        guard = await attach(client, ask=person, inputs=inputs, audit=audit)
        result = await guard.call_tool("delete_order")
        assert text(result) == {"action": "accept", "content": {"amount": 5000}}
        assert person.kinds == ["approval", "inputs"]
        call, given = guard.approvals()
        (running,) = person.asked[1]["calls"]
        assert (running["tool"], running["effect"], running["approval"]) == ("delete_order", "destructive", call["id"])
        assert (given["state"], given["continues"]) == ("completed", call["id"])
        assert given["preview"]["inputs"] == [{"label": "request.amount", "value": "5000"}]
        told = [json.loads(line) for line in lines]
        assert [line["approval"] for line in told if line.get("outcome") == "inputs"] == [given["id"]]
        assert any(line.get("result", {}).get("value") == text(result) for line in told)


async def test_what_a_handler_gives_is_asked_and_a_no_is_told_to_the_server():
    async def elicitation(_request, _calls):
        return toolgate.Input("accept", {"amount": 7})

    class Refuses(Person):
        async def __call__(self, question, /):
            await super().__call__(question)
            return toolgate.Deny() if "inputs" in question.get("preview", {}) else toolgate.Approve()

    inputs, person = toolgate.InputHandlers(elicitation=elicitation), Refuses()
    async with connected(inputs) as client:
        guard = await attach(client, ask=person, inputs=inputs)
        assert text(await guard.call_tool("delete_order")) == {"action": "decline"}
    assert person.kinds == ["approval", "approval"]


async def test_a_form_that_asks_for_a_password_is_declined():
    inputs, person = toolgate.InputHandlers(), Person()
    async with connected(inputs) as client:
        guard = await attach(client, ask=person, inputs=inputs)
        assert text(await guard.call_tool("create_note")) == {"action": "decline"}
    assert person.asked == []


async def test_nobody_is_there_or_no_guard_yet():
    inputs = toolgate.InputHandlers()
    async with connected(inputs) as client:
        assert text(await client.call_tool("delete_order", {})) == {"action": "cancel"}
        policy: toolgate.Policy = {"rules": [{"tools": ["delete_order"], "then": "allow"}]}
        guard = await attach(client, inputs=inputs, policy=policy)
        assert text(await guard.call_tool("delete_order")) == {"action": "cancel"}


async def test_two_calls_at_once_are_both_named():
    inputs, person = toolgate.InputHandlers(), Person()
    async with connected(inputs) as client:
        guard = await attach(client, ask=person, inputs=inputs)
        named = 0

        class Waits(Person):
            async def __call__(self, question, /):
                nonlocal named
                if question["type"] == "inputs":
                    # The other call begins meanwhile; the 1.x session takes its request only after this one.
                    await anyio.sleep(0.5)
                    named = max(named, len(question["calls"]))
                return await super().__call__(question)

        person = Waits()
        guard = await attach(client, ask=person, inputs=inputs)
        async with anyio.create_task_group() as group:
            group.start_soon(guard.call_tool, "delete_order", {"order": "a"})
            group.start_soon(guard.call_tool, "delete_order", {"order": "b"})
    assert named == 2


@pytest.mark.parametrize("answer", [{"role": "assistant", "content": {"type": "text", "text": "Roses."}, "model": "m"}])
async def test_the_handlers_object_offers_only_what_it_answers(answer):
    async def sampling(_params, _calls):
        return answer

    assert set(toolgate.InputHandlers().callbacks()) == {"elicitation_callback"}
    assert set(toolgate.InputHandlers(sampling=sampling).callbacks()) == {"elicitation_callback", "sampling_callback"}
