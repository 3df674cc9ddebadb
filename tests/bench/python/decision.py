"""What the core's decision costs without any client, beside the bare validation, and a flow that goes on from JSON.

Usage: decision.py RESULTS. Who is compared takes turns on 64 inputs; a figure is the median of its rounds, a ratio the
median of the rounds' ratios.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import toolgate
from guard import tool
from toolgate import _native

if TYPE_CHECKING:
    from collections.abc import Callable

GOAL = 3
RESTORE_GOAL = 100
TOOLS = 165
INPUTS = 64
ROUNDS = 41
NOW = 1_800_000_000_000
RESULT = json.dumps({"content": [{"type": "text", "text": "done"}]})


def start(core: _native.Core, entropy: int, flow: dict[str, Any], document: str | None = None) -> Any:
    """Begin a flow as the guard's driver does."""
    return json.loads(core.start(json.dumps({"now": NOW, "entropy": f"{entropy:032x}", "flow": flow}), document))


def handle(core: _native.Core, step: str, event: dict[str, Any], document: str | None = None) -> Any:
    """Answer a step as the guard's driver does."""
    return json.loads(core.handle(json.dumps({"step": step, "now": NOW, "event": event}), document))


def listed() -> _native.Core:
    """Make a core that knows the tools."""
    core = _native.Core(json.dumps({"server": "bench", "trusted": True}))
    step = start(core, 1, {"type": "list"})
    page = json.dumps({"tools": [tool(number) for number in range(TOOLS)]})
    assert handle(core, step["id"], {"type": "tools"}, page)["outcome"]["count"] == TOOLS
    return core


def per_input(work: Callable[[int], object]) -> float:
    """Time one work on each input, in microseconds."""
    begin = time.perf_counter()
    for _ in range(4):
        for number in range(INPUTS):
            assert work(number)
    return 1e6 * (time.perf_counter() - begin) / (4 * INPUTS)


def read(core: _native.Core) -> dict[str, list[float]]:
    """Time a read with small arguments, and the bare validation of the same arguments."""
    flow = {"type": "call", "name": "list_thing_0"}
    validator = toolgate.compile(tool(0)["inputSchema"])
    texts = [json.dumps({"id": f"thing-{n}", "limit": n + 1, "tags": ["a", "b"]}) for n in range(INPUTS)]
    starts = [json.dumps({"now": NOW, "entropy": f"{n:032x}", "flow": flow}) for n in range(INPUTS)]
    events: list[str] = []
    for number, text in enumerate(texts):
        step = start(core, number, flow, text)
        assert step["type"] == "call_tool"
        done = handle(core, step["id"], {"type": "result"}, RESULT)
        assert done["outcome"]["decision"]["gates"][-1] == {"gate": "result", "verdict": "pass"}
        events.append(json.dumps({"step": step["id"], "now": NOW, "event": {"type": "result"}}))

    def finished(number: int) -> str:
        core.start(starts[number], texts[number])
        return core.handle(events[number], RESULT)

    def driven(number: int) -> Any:
        step = start(core, number, flow, texts[number])
        return handle(core, step["id"], {"type": "result"}, RESULT)

    called = flow["name"]

    def decided(number: int) -> bool:
        return core.is_plain_read(called, texts[number], NOW)

    works: dict[str, Callable[[int], object]] = {
        "validated": lambda number: validator.is_valid(texts[number]),
        "decided": decided,
        "answered": lambda number: decided(number) and core.is_plain_result(called, RESULT),
        "finished": finished,
        "driven": driven,
    }
    figures: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(ROUNDS):
        for name, work in works.items():
            figures[name].append(per_input(work))
    return figures


def restored(core: _native.Core) -> tuple[int, float]:
    """Time a call that waits for a person going on from its snapshot: the snapshot's bytes, and microseconds."""
    step = start(core, 999, {"type": "call", "name": "delete_thing_2"}, '{"id":"thing-2"}')
    asked = handle(core, step["id"], {"type": "committed"})
    assert asked["type"] == "ask"
    snapshot = core.snapshot()
    times: list[float] = []
    for _ in range(300):
        # As in another process that has called the tool before: its schema is compiled.
        other = listed()
        other.check(json.dumps({"name": "delete_thing_2", "now": NOW}), '{"id":"thing-2"}')
        begin = time.perf_counter()
        [step] = json.loads(other.restore(snapshot))
        times.append(1e6 * (time.perf_counter() - begin))
        assert step["id"] == asked["id"]
    return len(snapshot), statistics.median(times)


def main() -> None:
    """Run everything and write it down."""
    core = listed()
    figures = read(core)
    size, resumed = restored(core)

    def row(what: str, name: str, goal: float | None = None) -> str:
        ratios = [own / bare for own, bare in zip(figures[name], figures["validated"], strict=True)]
        ratio = statistics.median(ratios)
        mark = "" if goal is None else " ✓" if ratio <= goal else " ✗"
        return f"| {what} | {statistics.median(figures[name]):.2f} | {ratio:.1f}{mark} |"

    lines = [
        "A read with small arguments, decided by the core without any client:",
        "",
        "| | µs | by the bare validation |",
        "|---|---:|---:|",
        row("`is_valid` of the arguments' text alone", "validated"),
        row(f"all gates before the call (goal ≤ {GOAL})", "decided", GOAL),
        row("all gates, and the result checked", "answered"),
        row("the same by a flow that tells what each gate said", "finished"),
        row("with the driver's JSON", "driven"),
        "",
        f"A call that waits for a person goes on from its snapshot of {size} bytes, at {TOOLS} tools: "
        f"{resumed:.0f} µs (goal ≤ {RESTORE_GOAL}) {'✓' if resumed <= RESTORE_GOAL else '✗'}.",
        "",
    ]
    Path(sys.argv[1]).write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
