"""The demo's backend: the sandbox as a child process, its outbox, and what its owner does in the portal."""

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
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

if TYPE_CHECKING:
    from collections.abc import Iterator


class Sandbox:
    """A running sandbox."""

    def __init__(self, url: str, portal: str, folder: Path) -> None:
        """Hold what the sandbox printed about itself, and the folder that goes with it."""
        self.url = url
        self.outbox = folder / "outbox"
        self.audit = folder / "audit.jsonl"
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

    def mails(self) -> int:
        """Return how many emails were sent."""
        return len(list(self.outbox.glob("*.eml")))

    def owner_approves(self, approval: str) -> None:
        """Let the owner agree to a send."""
        _send("POST", f"{self._portal}/api/approvals/{approval}", {"decision": "approve"})

    def pay(self, link: str) -> None:
        """Let the owner pay by the link that a tool made."""
        _send("POST", link.replace("/portal/upgrade/", "/portal/api/upgrade/"), {})

    def describes(self, tool: str, description: str) -> None:
        """Let the server describe a tool in other words from now on."""
        changed = {"definition": {"tool": tool, "patch": {"description": description}}}
        _send("PUT", urljoin(self.url, "/sandbox/faults"), [{"fault": changed}])


def _send(method: str, url: str, body: Any) -> None:
    """Send JSON; any answer but a good one is an error."""
    headers = {"content-type": "application/json"}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers, method=method)
    with urllib.request.urlopen(request):
        pass


@contextmanager
def sandbox() -> Iterator[Sandbox]:
    """Run the sandbox until the block ends."""
    program = os.environ["TOOLGATE_SANDBOX"]
    with tempfile.TemporaryDirectory(prefix="toolgate-demo-") as folder:
        command = [program, "--outbox", str(Path(folder, "outbox")), "--exit-with-stdin"]
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            told = json.loads(process.stdout.readline())
            try:
                yield Sandbox(told["mcp"], told["portal"], Path(folder))
            finally:
                process.stdin.close()
                process.wait(timeout=10)
