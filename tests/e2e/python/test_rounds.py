"""Tools that ask for more in the middle of a call, by the official client and server of this environment."""

from __future__ import annotations

import json
import threading
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest

import toolgate

STATE = "state-that-only-the-server-reads"
AMOUNT = {"type": "object", "properties": {"amount": {"type": "integer", "minimum": 1}}, "required": ["amount"]}
SHOP = "https://shop.example/mcp"


class Person:
    """Says yes to calls, and answers what tools ask for as told."""

    def __init__(self, **responses: toolgate.Input) -> None:
        self.responses = responses
        self.asked: list[toolgate.Question] = []

    async def __call__(self, question: toolgate.Question, /) -> toolgate.Answer:
        self.asked.append(question)
        return toolgate.Inputs(self.responses) if question["type"] == "inputs" else toolgate.Approve()

    @property
    def kinds(self) -> list[str]:
        return [question["type"] for question in self.asked]


def amount(value: Any) -> toolgate.Input:
    return toolgate.Input("accept", {"amount": value})


class Shop:
    """A server whose tools ask, as 2026-07-28 has it; remembers what reached it."""

    def __init__(self) -> None:
        import mcp_types as types
        from mcp.server.lowlevel import Server

        self.types = types
        self.seen: list[tuple[str, Any, Any]] = []
        self.server = Server("shop", on_list_tools=self.list_tools, on_call_tool=self.call_tool)

    async def list_tools(self, _context: Any, _params: Any) -> Any:
        types = self.types

        def tool(name: str, *, destructive: bool) -> Any:
            hints = types.ToolAnnotations(
                read_only_hint=False, destructive_hint=destructive, idempotent_hint=False, open_world_hint=False
            )
            return types.Tool(name=name, input_schema={"type": "object"}, annotations=hints)

        names = {"delete_order": True, "delete_for_ever": True, "create_note": False, "create_task": False}
        return types.ListToolsResult(tools=[tool(name, destructive=hint) for name, hint in names.items()])

    async def call_tool(self, _context: Any, params: Any) -> Any:
        types = self.types
        given = params.input_responses
        shown = given and {key: one.model_dump(by_alias=True, exclude_none=True) for key, one in given.items()}
        self.seen.append((params.name, shown, params.request_state))
        if params.name == "delete_for_ever" or not given:
            secret = params.name == "create_note"
            schema = {"type": "object", "properties": {"password": {"type": "string"}}} if secret else AMOUNT
            form = types.ElicitRequestFormParams(message="Which amount?", requested_schema=schema)
            return types.InputRequiredResult(
                input_requests={"amount": types.ElicitRequest(params=form)}, request_state=STATE
            )
        text = json.dumps(shown)
        return types.CallToolResult(content=[types.TextContent(type="text", text=text)])


@asynccontextmanager
async def in_memory(shop: Shop, **options: Any) -> Any:
    import mcp

    async with mcp.Client(shop.server, **options) as client:
        yield client


@asynccontextmanager
async def over_http(shop: Shop, **options: Any) -> Any:
    import mcp
    import uvicorn

    app = shop.server.streamable_http_app()
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        await anyio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        async with mcp.Client(f"http://127.0.0.1:{port}/mcp", **options) as client:
            yield client
    finally:
        server.should_exit = True
        await anyio.to_thread.run_sync(thread.join)


async def attach(client: Any, **options: Any) -> toolgate.Guard[Any, Any]:
    return await toolgate.Guard.attach(client, **{"server": SHOP, "trusted": True, **options})


WRONG = [
    (amount("much"), "inputs_required"),
    (toolgate.Input("accept", {"amount": 1, "note": "x" * 100_000}), "inputs_required"),
    (toolgate.Input("accept", {"amount": 1, "note": "x" * 10_000_000}), "wrong_answer"),
    (None, "inputs_required"),
    (toolgate.Input(), "wrong_answer"),
    ({}, "wrong_answer"),
    (42, "wrong_answer"),
    ("accept", "wrong_answer"),
]
PLACES = pytest.mark.parametrize("place", [in_memory, over_http])


@PLACES
async def test_exactly_what_the_person_typed_goes_out_and_the_audit_shows_it(place):
    lines: list[str] = []

    async def audit(line: str) -> None:
        lines.append(line)

    shop, person = Shop(), Person(amount=amount(5000))
    async with place(shop) as client:
        guard = await attach(client, ask=person, audit=audit)
        result = await guard.call_tool("delete_order")
        given = {"amount": {"action": "accept", "content": {"amount": 5000}}}
        assert json.loads(result.content[0].text) == given
        assert person.kinds == ["approval", "inputs"]
        assert shop.seen == [("delete_order", None, None), ("delete_order", given, STATE)]
        first, second = guard.approvals()
        assert (first["state"], first["result_type"]) == ("completed", "input_required")
        assert (second["state"], second["continues"]) == ("completed", first["id"])
        assert second["preview"]["inputs"] == [{"label": "amount.amount", "value": "5000"}]
        dispatched = [line for line in map(json.loads, lines) if line["event"] == "dispatch"]
        assert [(line["approval"], line.get("inputs", {}).get("value")) for line in dispatched] == [
            (first["id"], None),
            (second["id"], given),
        ]
        told = [*lines, json.dumps(person.asked), json.dumps(guard.approvals())]
        assert not any(STATE in text for text in told)


@PLACES
async def test_the_clients_own_callback_is_not_called(place):
    async def callback(_context, _params):
        pytest.fail("the client answered by itself")

    shop, person = Shop(), Person(amount=amount(1))
    async with place(shop, elicitation_callback=callback) as client:
        await (await attach(client, ask=person)).call_tool("delete_order")
    assert person.kinds == ["approval", "inputs"]


async def test_what_a_handler_gives_is_shown_and_asked():
    async def elicitation(request, calls):
        assert calls[0]["tool"] == "delete_order"
        assert request["fields"][0]["name"] == "amount"
        return amount(7)

    shop, person = Shop(), Person()
    async with in_memory(shop) as client:
        guard = await attach(client, ask=person, inputs=toolgate.InputHandlers(elicitation=elicitation))
        await guard.call_tool("delete_order")
    assert person.kinds == ["approval", "approval"]
    assert person.asked[1]["preview"]["inputs"] == [{"label": "amount.amount", "value": "7"}]


async def test_what_a_handler_gives_is_asked_about_though_a_rule_allows_the_call():
    async def elicitation(_request, _calls):
        return amount(5000)

    asked: list[Any] = []

    async def refuses(question, /):
        asked.append(question)
        return toolgate.Deny()

    shop = Shop()
    policy = {"rules": [{"tools": ["delete_order"], "then": "allow"}]}
    async with in_memory(shop) as client:
        inputs = toolgate.InputHandlers(elicitation=elicitation)
        guard = await attach(client, ask=refuses, inputs=inputs, policy=policy)
        with pytest.raises(toolgate.ToolgateError) as caught:
            await guard.call_tool("delete_order")
    assert caught.value.code == "approval_denied"
    assert len(shop.seen) == 1
    assert asked[0]["preview"]["inputs"] == [{"label": "amount.amount", "value": "5000"}]


@pytest.mark.parametrize("answer", [toolgate.Deny(), toolgate.Defer(), toolgate.Cancel()])
async def test_a_person_is_not_asked_for_ever(answer):
    asked: list[Any] = []

    async def answers(question, /):
        asked.append(question)
        return toolgate.Approve() if question["type"] == "approval" else answer

    policy = {
        "rules": [{"tools": ["delete_order"], "then": "allow"}],
        "questions": {"in_a_row": 3, "denial_holds_ms": 0},
    }
    codes: list[str] = []
    async with in_memory(Shop()) as client:
        guard = await attach(client, ask=answers, policy=policy)
        for _ in range(6):
            try:
                await guard.call_tool("delete_order")
                codes.append("done")
            except toolgate.ToolgateError as error:
                codes.append(error.code)
    assert len(asked) == 3
    assert codes[3:] == ["too_many_questions"] * 3


@pytest.mark.parametrize(("answer", "code"), WRONG)
async def test_handlers_that_raise_or_answer_wrongly(answer, code):
    async def elicitation(_request, _calls):
        if answer is None:
            raise RuntimeError("broken")
        return answer

    shop = Shop()
    async with in_memory(shop) as client:
        guard = await attach(client, ask=Person(), inputs=toolgate.InputHandlers(elicitation=elicitation))
        with pytest.raises(toolgate.ToolgateError) as caught:
            await guard.call_tool("delete_order")
    assert caught.value.code == code
    assert len(shop.seen) == 1


async def test_a_tool_that_asks_for_ever_is_left():
    shop = Shop()
    async with in_memory(shop) as client:
        guard = await attach(client, ask=Person(amount=amount(1)))
        with pytest.raises(toolgate.InputsError) as caught:
            await guard.call_tool("delete_for_ever")
    assert caught.value.code == "inputs_refused"
    assert len(shop.seen) == 11


async def test_a_form_that_asks_for_a_password_is_declined():
    shop, person = Shop(), Person()
    async with in_memory(shop) as client:
        result = await (await attach(client, ask=person)).call_tool("create_note")
    assert json.loads(result.content[0].text) == {"amount": {"action": "decline"}}
    assert person.asked == []


async def test_the_raw_client_is_as_it_was():
    shop = Shop()
    async with in_memory(shop) as client:
        before = client.session._build_capabilities("2026-07-28")
        await (await attach(client, ask=Person(amount=amount(1)))).call_tool("delete_order")
        assert client.session._build_capabilities("2026-07-28") == before
        assert before.elicitation is None


async def test_a_snapshot_at_the_question_goes_on_elsewhere():
    shop = Shop()
    saved = anyio.Event()
    snapshot = ""
    key = "0b" * 32

    async with in_memory(shop) as client:

        async def gone(question):
            nonlocal snapshot
            if question["type"] != "inputs":
                return toolgate.Approve()
            snapshot = first.snapshot()
            saved.set()
            await anyio.sleep_forever()
            return toolgate.Defer()

        first = await attach(client, ask=gone, seal_key=key)
        async with anyio.create_task_group() as group:
            group.start_soon(first.call_tool, "delete_order")
            await saved.wait()
            second = await attach(client, ask=Person(amount=amount(9)), seal_key=key, snapshot=snapshot)
            (resumed,) = await second.resume()
            group.cancel_scope.cancel()
    assert resumed.error is None
    assert [given for _, given, _ in shop.seen] == [None, {"amount": {"action": "accept", "content": {"amount": 9}}}]
