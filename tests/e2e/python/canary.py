"""A whole sign-up and a day's work, telling everything that a host may see.

Usage: canary.py CLIENT DIRECTORY MCP_URL OUTBOX, with CLIENT `toolgate` or `plain` (the SDK's own HTTP client).
Everything that the guard gives out goes to `DIRECTORY/surfaces`, every log at DEBUG to `DIRECTORY/log`, and the
vault's one secret to `DIRECTORY/vault`.
"""

from __future__ import annotations

import base64
import contextlib
import json
import logging
import re
import sys
import traceback
from pathlib import Path

import anyio

import toolgate
from toolgate.connect import _client as connected
from toolgate.http import http_library

CLIENT, DIRECTORY, URL, OUTBOX = sys.argv[1], Path(sys.argv[2]), sys.argv[3], Path(sys.argv[4])
SURFACES = (DIRECTORY / "surfaces").open("a")

logging.basicConfig(filename=DIRECTORY / "log", level=logging.DEBUG, force=True)


def tell(what: str, value: object) -> None:
    dump = getattr(value, "model_dump_json", None)
    text = dump(by_alias=True) if dump else json.dumps(value, default=repr, ensure_ascii=False)
    print(what, text, repr(value), file=SURFACES, flush=True)


class Vault(toolgate.MemoryVault):
    async def put(self, name, secret):
        await super().put(name, secret)
        (DIRECTORY / "vault").write_text(secret)


class Host:
    def __init__(self) -> None:
        self.guard: toolgate.Guard | None = None
        self.asked = 0

    async def ask(self, question):
        self.asked += 1
        tell("question", question)
        if self.guard is not None:
            tell("snapshot", self.guard.snapshot())
        if question["type"] == "credential":
            return toolgate.Deny()
        if question["type"] == "approval":
            return toolgate.Approve()
        found = re.search(r"Your code is (\d{6})", max(OUTBOX.glob("*.eml")).read_text())
        assert found
        wrong = f"{(int(found[1]) + 1) % 1_000_000:06}"
        answer = toolgate.Code(wrong if self.asked == 1 else found[1])
        tell("answer", repr(answer))
        return answer


@contextlib.asynccontextmanager
async def guarded(vault, host, ledger):
    options = {
        "profile": "favcrm",
        "vault": vault,
        "ledger": ledger,
        "subject": "agent",
        "ask": host.ask,
        "on_step": lambda step: tell("step", step),
        "on_decision": lambda decision: tell("decision", decision),
    }
    if CLIENT == "toolgate":
        async with toolgate.connect(URL, **options) as guard:
            yield guard
        return
    auth = toolgate.VaultAuth(vault, "favcrm_api_key", URL)
    tell("auth", repr(auth))
    async with contextlib.AsyncExitStack() as stack:
        http = await stack.enter_async_context(http_library().AsyncClient(auth=auth))
        client = await connected(stack, URL, http)
        yield await toolgate.Guard.attach(client, server=URL, timeout=2, **options)


def forms(key):
    """Return the key as others write it."""
    text = key.encode()
    return {
        "upper case": key.upper(),
        "hexadecimal": text.hex(),
        "percent": "".join(f"%{byte:02x}" for byte in text),
        "base64": base64.b64encode(text).decode(),
        "base64 of a pair": base64.b64encode(b"ana:" + text).decode(),
        "base64 for addresses": base64.urlsafe_b64encode(b"id" + text).decode(),
        "zero-width": "\u200b".join(key),
        "behind a letter": f"x{key}x",
    }


async def attempt(what, work):
    try:
        tell(what, await work)
    except toolgate.ToolgateError as error:
        tell(what, error.to_json())
        tell(what, str(error))
        tell(what, traceback.format_exc())
        # What error trackers record: the variables of every frame but those of this host.
        recorded = traceback.TracebackException.from_exception(error, capture_locals=True)
        tell(what, [[frame.name, frame.locals] for frame in recorded.stack if frame.filename != __file__])
        tell(what, repr(recorded.__cause__ or recorded.__context__))
        tell(what, traceback.format_exception(error.__context__) if error.__context__ else None)


async def main() -> None:
    vault, host, ledger = Vault(), Host(), toolgate.MemoryLedger()
    async with guarded(vault, host, ledger) as guard:
        host.guard = guard
        await attempt("signup", guard.signup(email="ana@example.com", organisation_name="Ana's"))
        await attempt("doctor", guard.doctor())
        key = (await vault.get("favcrm_api_key")) or "fav_mcp_aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY"
        await attempt("read", guard.call_tool("list_my_companies"))
        await attempt("leak", guard.call_tool("create_contact", {"name": "Eve", "notes": key}))
        await attempt("leak", guard.call_tool("create_contact", json.dumps({"name": key})))
        await attempt("leak", guard.call_tool("create_contact", {key: 1}))
        await attempt("approval", guard.approve(key))
        await attempt("booking", guard.call_tool("cancel_booking", {"id": "bkg_none"}))
        await attempt(
            "agent",
            guard.call_tool("register_organisation_request", {"email": "eve@example.com", "organisationName": "Eve's"}),
        )
        tell("tools", guard.tools())
        tell("approvals", guard.approvals())
        tell("ledger", ledger.dump())
        tell("snapshot", guard.snapshot())
        # A key that the guard never had is known by its prefix alone.
        spelled = forms(key) if await vault.get("favcrm_api_key") else {}
        everything = {form: guard.masked(text) for form, text in spelled.items()}
        tell("masked", everything)
        for form, text in spelled.items():
            await attempt(f"leak as {form}", guard.call_tool("create_contact", {"name": "Eve", "notes": f"see {text}"}))
        tell("lock", guard.lock())
        tell("findings", guard.findings())
        if await vault.get("favcrm_api_key"):
            await attempt("replace", guard.signup(email="eve@example.com", organisation_name="Eve's"))
        tell("reprs", [repr(guard), repr(vault), str(guard.profile)])


if __name__ == "__main__":
    anyio.run(main)
    print("the end")
