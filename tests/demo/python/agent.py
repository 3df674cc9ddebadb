"""A Python agent signs up for a CRM and works in it, through the guard, over real HTTP."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from typing import TYPE_CHECKING, Any

from toolgate import APPROVAL_META, Approve, Code, Defer, Deny, MemoryVault, ToolgateError, ask_in_terminal, connect

from sandbox import Sandbox, sandbox
from story import NotAsToldError, check, decided, heading, quiet, refused, say, timed

if TYPE_CHECKING:
    from toolgate import Answer, Question

INTERACTIVE = os.environ.get("INTERACTIVE") == "1"


class Person:
    """Whoever sits in front of the agent: scripted, or at the terminal."""

    def __init__(self, backend: Sandbox) -> None:
        """Let the person read the backend's emails."""
        self._backend = backend
        self.says: Answer = Deny()
        self.said: Answer | None = None

    async def ask(self, question: Question) -> Answer:
        """Answer a question of the guard."""
        if INTERACTIVE and not isinstance(self.says, Defer):
            if question["type"] == "code":
                say(f"The email is in {self._backend.outbox}.")
            self.said = await ask_in_terminal(question)
            return self.said
        say(f"person is asked: {question['message']}")
        if question["type"] == "code":
            found = re.search(r"Your code is (\d+)", self._backend.mail())
            say("person reads the code in the email and types it")
            return Code(found[1] if found else "")
        for line in question["preview"]["lines"]:
            say(f"  {line['label']}: {line['value']}")
        say(f"person answers: {type(self.says).__name__.lower()}")
        self.said = self.says
        return self.says


def data(result: Any) -> Any:
    """Return what the backend wrapped into its answer."""
    return result.structured_content["data"]


async def tell(backend: Sandbox) -> None:
    """Tell the whole story."""
    person = Person(backend)
    vault = MemoryVault()
    async with connect(backend.url, profile="favcrm", vault=vault, ask=person.ask, on_decision=decided) as guard:
        heading("Sign-up: the code by email, the key into the vault")
        say(f"before: {len(guard.tools())} tools are listed, none of them useful without a key")
        signup = await guard.signup(
            email="ana@studio.example",
            organisation_name="Studio Ana",
            industry="beauty",
            country="HK",
            timezone="Asia/Hong_Kong",
        )
        handle = signup["key"]
        say(f"organisation {signup['account']['organisation_id']}, key {handle['name']} = {handle['masked']}")
        key = await vault.get("favcrm_api_key") or ""
        check("the vault has the key", holds=key.startswith("fav_mcp_"))
        check("what the agent got shows none of it", holds=key.removeprefix("fav_mcp_") not in json.dumps(signup))

        heading("Doctor: is the workspace usable?")
        report = await guard.doctor()
        say(f"endpoint {report['endpoint']}, auth {report['auth']}, {report['tool_count']} tools")
        check("the workspace is healthy", holds=report["healthy"])

        heading("The catalogue by effect")
        tools = guard.tools()
        for effect in ("read", "write", "external", "destructive", "send", "billing"):
            names = [tool["name"] for tool in tools if tool["effect"] == effect]
            say(f"{effect:11} {len(names):3}  {', '.join(names[:3])}, …")
        effects = {tool["name"]: tool["effect"] for tool in tools}
        check(
            "send_message counts as a send, though its hints call it harmless", holds=effects["send_message"] == "send"
        )

        heading("A read passes without anyone being asked")
        services = data(await guard.call_tool("list_services", {}))["items"]
        check("three services are listed", holds=len(services) == 3)
        service = services[0]["id"]

        heading("A booking with bad arguments: the refusal says how to mend it")
        wrong = {"serviceId": "haircut", "contactId": "con_1", "startAt": "tomorrow at ten"}
        refusal = await refused("invalid_arguments", guard.call_tool("create_booking", wrong))
        for violation in refusal.details["violations"]:
            say(f"  mend: {violation['repair']}")
        check("nothing reached the backend", holds=backend.ran("create_booking") == 0)

        heading("The corrected booking")
        contact = data(await guard.call_tool("create_contact", {"name": "Ben Chan"}))["id"]
        slots = data(await guard.call_tool("get_available_slots", {"serviceId": service}))["slots"]

        async def book(slot: int) -> str:
            booking = {"serviceId": service, "contactId": contact, "startsAt": slots[slot]["startsAt"]}
            return str(data(await guard.call_tool("create_booking", booking))["id"])

        first = await book(0)
        check("the booking is made", holds=first.startswith("bkg_"))

        def cancel(booking: str, approval: str | None = None) -> Any:
            arguments = {"id": booking, "reason": "the customer called"}
            return guard.call_tool("cancel_booking", arguments, meta={APPROVAL_META: approval} if approval else None)

        async def decide(wanted: Answer, booking: str) -> int:
            """Ask for a cancellation; how many were made."""
            person.says = wanted
            if INTERACTIVE:
                say(f"(the story goes on best if you {type(wanted).__name__.lower()} this one)")
            try:
                await cancel(booking)
            except ToolgateError as error:
                say(f"refused: {error.code}")
                say(f"   next: {error.next}")
                expected = "approval_denied" if isinstance(person.said, Deny) else "approval_required"
                check("the person did not say yes, and the guard refuses", holds=error.code == expected)
                return 0
            check("the person said yes, and the call is made", holds=isinstance(person.said, Approve))
            return 1

        heading("A cancellation asks, and the person says no")
        cancelled = await decide(Deny(), first)
        check("the backend cancelled nothing unapproved", holds=backend.ran("cancel_booking") == cancelled)

        heading("The same again, and the person says yes")
        cancelled += await decide(Approve(), await book(1))
        check("the backend cancelled what was approved", holds=backend.ran("cancel_booking") == cancelled)

        heading("An approval is good for one exact call")
        second, third = await book(2), await book(3)
        person.says = Defer()
        say("nobody is there to answer:")
        open_call = await refused("approval_required", cancel(second))
        approval = str(open_call.details["approval"])
        await guard.approve(approval)
        say(f"later the person approves {approval}")
        say("the agent quotes it with an edited argument:")
        await refused("approval_mismatch", cancel(third, approval))
        say("the agent makes exactly the approved call:")
        check("the call is made", holds=not (await cancel(second, approval)).is_error)
        say("the agent replays it:")
        await refused("approval_spent", cancel(second, approval))
        check("the backend cancelled once more, not twice", holds=backend.ran("cancel_booking") == cancelled + 1)

        heading("What the guard costs")
        quiet()
        bare, guarded = await timed(
            lambda: guard.client.call_tool("list_services", {}),
            lambda: guard.call_tool("list_services", {}),
        )
        share = max(0.0, guarded - bare)
        say(f"a read takes {bare:.2f} ms by the client alone and {guarded:.2f} ms through the guard")
        say(f"the guard's own share of the call: {share:.2f} ms, {100 * share / guarded:.0f} %")


def main() -> int:
    """Tell the story; the exit code says whether it came out as told."""
    print("A Python agent, the official MCP client 2.x, and a CRM at the other end of HTTP.")
    try:
        with sandbox() as backend:
            asyncio.run(tell(backend))
    except (NotAsToldError, ToolgateError) as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    print("\nEvery step came out as told.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
