"""The sandbox as a child process, and what a test may look at: its outbox and its log of calls."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
import urllib.request
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]


def binary() -> Path:
    """Find the sandbox, built by `cargo build -p toolgate-sandbox`."""
    if named := os.environ.get("TOOLGATE_SANDBOX"):
        return Path(named)
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    found = [target / profile / "toolgate-sandbox" for profile in ("release", "debug")]
    built = [path for path in found if path.exists()]
    if not built:
        raise FileNotFoundError(
            f"no sandbox in {target}: run `cargo build -p toolgate-sandbox`, or set TOOLGATE_SANDBOX"
        )
    return max(built, key=lambda path: path.stat().st_mtime)


class Sandbox:
    """One running sandbox."""

    def __init__(self, directory: Path, *options: str, faults: list[dict[str, Any]] | None = None) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.outbox = directory / "outbox"
        if faults is not None:
            path = directory / "faults.json"
            path.write_text(json.dumps(faults))
            options += ("--faults", str(path))
        self._stderr = (directory / "sandbox.log").open("wb")
        self._process = subprocess.Popen(
            [binary(), "--outbox", self.outbox, "--exit-with-stdin", *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
        )
        assert self._process.stdout is not None
        where = json.loads(self._process.stdout.readline())
        self.mcp: str = where["mcp"]
        self.portal: str = where["portal"]

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(10)
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._stderr.close()

    def kill(self) -> None:
        self._process.kill()

    def emails(self) -> list[Path]:
        """Return the emails, the newest last; their names are random."""
        return sorted(self.outbox.glob("*.eml"), key=lambda email: email.stat().st_mtime_ns)

    def code(self, after: int = 0) -> str:
        """Return the code of the newest email, once there are more than `after`."""
        deadline = time.monotonic() + 5
        while len(self.emails()) <= after:
            assert time.monotonic() < deadline, "no email came"
            time.sleep(0.01)
        found = re.search(r"Your code is (\d{6})", self.emails()[-1].read_text())
        assert found, "the email has no code"
        return found[1]

    def calls(self, tool: str) -> list[dict[str, Any]]:
        """Return the calls of a tool that were received."""
        with urllib.request.urlopen(f"{self.portal}/api/log") as answer:
            return [call for call in json.load(answer)["calls"] if call["tool"] == tool]

    def set_faults(self, *faults: dict[str, Any]) -> None:
        body = json.dumps(faults).encode()
        where = self.mcp.rsplit("/", 1)[0] + "/sandbox/faults"
        with urllib.request.urlopen(urllib.request.Request(where, body, method="PUT")) as answer:
            assert answer.status == 204

    def ran(self, tool: str) -> int:
        """Return how often a tool really ran."""
        return sum(call["executed"] for call in self.calls(tool))
