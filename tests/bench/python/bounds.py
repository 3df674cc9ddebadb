"""What an outsider can make the guard spend: by secrets to mask in a result, and by an answer that never ends.

Usage: bounds.py RESULTS
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

import anyio

import toolgate
from toolgate import _native

SECRET = "Sup3r$ecret/Value+1"
FLOOD = Path(__file__).parents[1] / "ts/flood.mjs"
TIMEOUT_MS = 1_000


def seconds(core: _native.Core, keys: int) -> float:
    """Return what it takes to mask a result with so many secrets in names and values."""
    whole = {f"{SECRET} {number}": SECRET.upper() for number in range(keys)}
    text = json.dumps({"content": [{"type": "text", "text": json.dumps(whole)}], "structuredContent": whole})
    begun = time.perf_counter()
    masked = core.masked_json(text)
    assert SECRET not in masked
    return time.perf_counter() - begun


def masking() -> list[str]:
    core = _native.Core(json.dumps({"server": "bench", "secrets": [SECRET]}))
    lines = ["| names and values with a declared secret | ms | for each, against the fewest |", "|---:|---:|---:|"]
    fewest = None
    for keys in (10_000, 40_000):
        spent = statistics.median(seconds(core, keys) for _ in range(5))
        fewest = fewest or spent / keys
        lines.append(f"| {keys} | {spent * 1000:.0f} | {spent / keys / fewest:.2f} |")
    return lines


async def flooded(url: str, name: str) -> str:
    async with toolgate.connect(url, timeout=TIMEOUT_MS / 1000) as guard:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        begun = time.perf_counter()
        try:
            await guard.call_tool(name, {})
            code = "a result"
        except toolgate.ToolgateError as error:
            code = error.code
        spent = time.perf_counter() - begun
        await anyio.sleep(1)
        taken = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1000
        return f"{code} | {spent * 1000:.0f} | {taken:.0f}"


async def floods() -> list[str]:
    server = subprocess.Popen(["node", FLOOD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert server.stdout
    assert server.stdin
    url = server.stdout.readline().strip()
    lines = [f"| answer | ends with | ms, at a time-out of {TIMEOUT_MS} | MB |", "|---|---|---:|---:|"]
    try:
        for kind in ("json", "events", "failure"):
            lines.append(f"| {kind} | {await flooded(url, f'get_{kind}')} |")
    finally:
        server.stdin.close()
        server.wait()
    return lines


def main() -> None:
    """Write the tables."""
    lines = [*masking(), "", "An answer that never ends, by `connect`:", "", *anyio.run(floods)]
    text = "\n".join(lines)
    print(text)
    Path(sys.argv[1]).write_text(f"{text}\n")


if __name__ == "__main__":
    main()
