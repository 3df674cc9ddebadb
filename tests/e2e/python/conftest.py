"""What the end-to-end tests share: sandboxes, people who answer, and ready workspaces."""

from __future__ import annotations

import itertools
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

import toolgate

from postgres import Server
from sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

FORM: toolgate.Form = {"email": "ana@example.com", "organisation_name": "Ana's Studio", "industry": "beauty"}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def no_keys_around(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("FAVCRM_API_KEY", "FAVCRM_MCP_TOKEN", "CRM_MCP_TOKEN"):
        monkeypatch.delenv(variable, raising=False)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Sandbox]]:
    """Start sandboxes that end with the test."""
    running: list[Sandbox] = []
    numbers = itertools.count()

    def begin(*options: str, faults: list[dict[str, Any]] | None = None) -> Sandbox:
        sandbox = Sandbox(tmp_path / f"sandbox{next(numbers)}", *options, faults=faults)
        running.append(sandbox)
        return sandbox

    yield begin
    for sandbox in running:
        sandbox.close()


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """Run a PostgreSQL for the whole session."""
    with Server() as running:
        yield running


@pytest.fixture
def database(server: Server) -> str:
    """Return the URL of an empty PostgreSQL database."""
    return server.database()


class Person:
    """Answers codes from the outbox, and approvals as told; remembers what was asked."""

    def __init__(self, sandbox: Sandbox, *answers: toolgate.Answer) -> None:
        self.sandbox = sandbox
        self.answers = list(answers)
        self.asked: list[toolgate.Question] = []

    async def __call__(self, question: toolgate.Question, /) -> toolgate.Answer:
        self.asked.append(question)
        if question["type"] == "code":
            return toolgate.Code(self.sandbox.code())
        return self.answers.pop(0) if self.answers else toolgate.Defer()


@asynccontextmanager
async def workspace(
    sandbox: Sandbox, *answers: toolgate.Answer, **options: Any
) -> AsyncIterator[tuple[toolgate.Guard[Any, Any], Person]]:
    """Connect to the sandbox and sign up there."""
    person = Person(sandbox, *answers)
    options.setdefault("ask", person)
    options.setdefault("subject", "agent")
    async with toolgate.connect(sandbox.mcp, profile="favcrm", **options) as guard:
        await guard.signup(FORM)
        yield guard, person


def data(result: Any) -> Any:
    """Return the payload of a result of either SDK."""
    structured = getattr(result, "structured_content", None) or result.structuredContent
    return structured.get("data", structured)


def is_error(result: Any) -> bool:
    """Tell whether a result of either SDK is an error."""
    return bool(getattr(result, "is_error", None) or getattr(result, "isError", None))
