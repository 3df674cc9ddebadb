"""What masking costs where a result repeats a declared secret: the ratio of 40,000 to 10,000 repeats stays near 4."""

from __future__ import annotations

import json
import time

from toolgate import _native

SECRET = "Sup3r$ecret/Value+1"


def seconds(core: _native.Core, keys: int) -> float:
    whole = {f"{SECRET} {number}": SECRET.upper() for number in range(keys)}
    text = json.dumps({"content": [{"type": "text", "text": json.dumps(whole)}], "structuredContent": whole})
    begun = time.perf_counter()
    masked = core.masked_json(text)
    assert SECRET not in masked
    return time.perf_counter() - begun


def main() -> None:
    """Print the times and their ratio."""
    core = _native.Core(json.dumps({"server": "bench", "secrets": [SECRET]}))
    few, many = (min(seconds(core, keys) for _ in range(3)) for keys in (10_000, 40_000))
    print(f"10,000 keys: {few * 1000:.0f} ms; 40,000 keys: {many * 1000:.0f} ms; ratio {many / few:.1f}")


if __name__ == "__main__":
    main()
