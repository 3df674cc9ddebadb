"""Whatever is passed, the error is typed, says what to do next, and leaves the guard usable."""

from __future__ import annotations

import json

import pytest

import toolgate
from toolgate import _native

from conftest import is_error, workspace

CYCLE: dict = {}
CYCLE["self"] = CYCLE


def nested(depth):
    value = 1
    for _ in range(depth):
        value = {"a": value}
    return value


BAD = {
    "a list": [1, 2],
    "a number": 7,
    "ten megabytes": {"id": "x" * 10_000_000},
    "deep": nested(10_000),
    "deep as text": '{"a":' * 10_000 + "1" + "}" * 10_000,
    "a key twice as text": '{"id": "a", "id": "b"}',
    "keys that collide": {1: "a", "1": "b"},
    "NaN": {"id": float("nan")},
    "infinity": {"id": float("inf")},
    "a lone surrogate": {"id": "\ud800"},
    "a lone surrogate as text": '{"id": "\udfff"}',
    "a number beyond exactness": {"id": 2**60 + 1},
    "a huge integer": {"id": 10**5000},
    "no JSON": "{id: 1}",
    "nothing as text": "",
    "a cut text": '{"id": "a',
    "an object of Python's": {"id": object()},
    "bytes": {"id": b"x"},
    "a tuple as key": {("a",): 1},
    "a cycle": CYCLE,
}


async def test_bad_arguments(start):
    sandbox = start("--demo-data")
    async with workspace(sandbox) as (guard, _):
        for name, arguments in BAD.items():
            with pytest.raises(toolgate.ArgumentsError) as caught:
                await guard.call_tool("get_service", arguments)
            assert caught.value.code == "invalid_arguments", name
            assert caught.value.next, name
            assert len(str(caught.value)) < 2_000, name
        assert sandbox.calls("get_service") == []
        assert not is_error(await guard.call_tool("list_services"))


@pytest.mark.parametrize("name", ["no_such_tool", "", "cancel_boking", "x" * 100_000, "\u202ecancel", "a\x00b"])
async def test_an_unknown_tool(start, name):
    async with workspace(start("--demo-data")) as (guard, _):
        with pytest.raises(toolgate.ToolError) as caught:
            await guard.call_tool(name, {})
        assert caught.value.code == "unknown_tool"
        assert caught.value.next
        assert not is_error(await guard.call_tool("list_services"))


async def test_a_secret_in_arguments(start):
    async with workspace(start("--demo-data")) as (guard, _):
        key = await guard._driver._vault.get("favcrm_api_key")
        with pytest.raises(toolgate.ArgumentsError) as caught:
            await guard.call_tool("create_contact", {"name": "Eve", "notes": f"my key is {key}"})
        assert caught.value.code == "secret_in_arguments"
        assert key not in json.dumps(caught.value.to_json())


@pytest.mark.parametrize(
    ("snapshot", "code"),
    [
        ("", "invalid_snapshot"),
        ("{}", "invalid_snapshot"),
        ("[1]", "invalid_snapshot"),
        ("cut", "invalid_snapshot"),
        ("newer", "unsupported_snapshot"),
        ("another server", "invalid_snapshot"),
    ],
)
async def test_a_snapshot_that_cannot_be_used(start, snapshot, code):
    sandbox = start("--demo-data")
    async with workspace(sandbox) as (guard, _):
        good = guard.snapshot()
        text = {
            "cut": good[: len(good) // 2],
            "newer": json.dumps({**json.loads(good), "version": 99}),
            "another server": json.dumps({**json.loads(good), "server": "https://elsewhere.test"}),
        }.get(snapshot, snapshot)
        with pytest.raises(toolgate.SnapshotError) as caught:
            await toolgate.Guard.attach(guard.client, profile="favcrm", server=sandbox.mcp, snapshot=text)
        assert caught.value.code == code
        assert caught.value.next
        again = await toolgate.Guard.attach(guard.client, profile="favcrm", server=sandbox.mcp, snapshot=good)
        assert not is_error(await again.call_tool("list_services"))


def refusal(work):
    with pytest.raises(_native.Refused) as caught:
        work()
    return json.loads(caught.value.args[0])


def test_events_that_answer_nothing():
    core = _native.Core(json.dumps({"server": "https://example.test/mcp"}))
    flow = {"now": 1, "entropy": "ab" * 16, "flow": {"type": "list"}}
    step = json.loads(core.start(json.dumps(flow)))

    def event(step_id, happening, document=None):
        return lambda: core.handle(json.dumps({"step": step_id, "now": 2, "event": happening}), document)

    tools = json.dumps({"tools": []})
    assert refusal(event("nobody/1", {"type": "tools"}, tools))["code"] == "step_not_open"
    assert refusal(event(step["id"][:-1] + "9", {"type": "tools"}, tools))["code"] == "step_not_open"
    assert refusal(event(step["id"], {"type": "kept"}))["code"] == "wrong_event"
    assert refusal(event(step["id"], {"type": "nonsense"}))["code"] == "invalid_event"
    assert refusal(lambda: core.handle("{", None))["code"] == "invalid_event"
    assert refusal(lambda: core.start("{}", None))["code"] == "invalid_event"
    # Nothing of that changed anything: the step is open, and answered once.
    assert json.loads(event(step["id"], {"type": "tools"}, tools)())["type"] == "done"
    late = refusal(event(step["id"], {"type": "tools"}, tools))
    assert late["code"] == "step_not_open"
    assert late["next"]
