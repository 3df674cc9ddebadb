"""The demo's backend: the sandbox as a child process, and its outbox."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import urllib.request
from contextlib import contextmanager
from email import message_from_string
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class Sandbox:
    """A running sandbox."""

    def __init__(self, url: str, portal: str, outbox: Path) -> None:
        """Hold what the sandbox printed about itself."""
        self.url = url
        self.outbox = outbox
        self._portal = portal

    def mail(self) -> str:
        """Return the newest email as text."""
        mails = [message_from_string(file.read_text()) for file in self.outbox.glob("*.eml")]
        newest = max(mails, key=lambda mail: parsedate_to_datetime(mail["Date"]))
        return str(newest.get_payload())

    def ran(self, tool: str) -> int:
        """Return how often the backend really ran a tool."""
        with urllib.request.urlopen(f"{self._portal}/api/log") as response:
            calls = json.load(response)["calls"]
        return sum(call["tool"] == tool and call["executed"] for call in calls)


@contextmanager
def sandbox() -> Iterator[Sandbox]:
    """Run the sandbox until the block ends."""
    program = os.environ["TOOLGATE_SANDBOX"]
    with tempfile.TemporaryDirectory(prefix="toolgate-outbox-") as outbox:
        command = [program, "--outbox", outbox, "--exit-with-stdin"]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            told = json.loads(process.stdout.readline())
            try:
                yield Sandbox(told["mcp"], told["portal"], Path(outbox))
            finally:
                process.stdin.close()
                process.wait(timeout=10)
