"""The skin over the core: threads share it, and a failure inside ends a guard, not the interpreter."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from toolgate import _native

OPTIONS = json.dumps({"server": "https://example.test/mcp"})


def start(core, number):
    work = {"now": 1, "entropy": f"{number:032x}"[::-1], "flow": {"type": "list"}}
    return json.loads(core.start(json.dumps(work)))


def finish(core, step, page):
    event = {"step": step["id"], "now": 2, "event": {"type": "tools"}}
    return json.loads(core.handle(json.dumps(event), page))


def test_threads_take_turns():
    core = _native.Core(OPTIONS)
    page = json.dumps({"tools": [{"name": f"tool{n}", "inputSchema": {"type": "object"}} for n in range(200)]})

    def work(number):
        return finish(core, start(core, number), page)["outcome"]

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(100))) == [{"type": "listed", "count": 200}] * 100


def test_the_interpreter_runs_on_while_the_core_works():
    core = _native.Core(OPTIONS)
    schema = {"type": "object", "properties": {f"p{n}": {"type": "string", "pattern": "^a+$"} for n in range(20)}}
    page = json.dumps({"tools": [{"name": f"tool{n}", "inputSchema": schema} for n in range(5_000)]})
    step = start(core, 1)
    done, ticks = threading.Event(), 0

    def work():
        finish(core, step, page)
        done.set()

    thread = threading.Thread(target=work)
    thread.start()
    while not done.wait(0.001):
        ticks += 1
    thread.join()
    assert ticks > 5


@pytest.mark.parametrize("options", ["", "{", "[]", '{"server": ""}', '{"server": "x", "nonsense": 1}'])
def test_options_are_refused_as_data(options):
    with pytest.raises(_native.Refused) as caught:
        _native.Core(options)
    assert json.loads(caught.value.args[0])["code"] == "invalid_options"


def test_a_refusal_changes_nothing():
    core = _native.Core(OPTIONS)
    before = core.snapshot()
    for text in ("", "{}", "[]", '{"now": -1}'):
        with pytest.raises(_native.Refused):
            core.start(text)
        with pytest.raises(_native.Refused):
            core.handle(text)
        with pytest.raises(_native.Refused):
            core.restore(text)
    assert core.snapshot() == before
