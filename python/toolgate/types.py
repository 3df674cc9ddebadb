"""The shapes that cross between the core and Python, as the core writes them: plain JSON data.

Times are integers, milliseconds since 1970-01-01T00:00:00Z.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

__all__ = [
    "Account",
    "Approval",
    "ApprovalQuestion",
    "CodeQuestion",
    "Credential",
    "Decision",
    "Effect",
    "Endpoint",
    "ErrorCode",
    "ErrorData",
    "Form",
    "Hints",
    "KeyHandle",
    "Line",
    "Passage",
    "Policy",
    "Preview",
    "Profile",
    "Question",
    "Report",
    "Rule",
    "SignedUp",
    "Step",
    "ToolReport",
]

Effect = Literal["read", "write", "external", "destructive", "send", "billing"]
"""What a call does to the world, from harmless to costly."""


class ErrorCode(TypedDict):
    """One entry of the list of errors."""

    code: str
    retryable: bool
    meaning: str
    next: str


class ErrorData(TypedDict):
    """An error as data."""

    code: str
    message: str
    retryable: bool
    next: str
    details: NotRequired[dict[str, Any]]


class Hints(TypedDict):
    """A tool's hints, a missing one taken as the worst."""

    read_only: bool
    destructive: bool
    idempotent: bool
    open_world: bool


class ToolReport(TypedDict):
    """A listed tool, its effect, and how that was come by."""

    name: str
    title: NotRequired[str]
    effect: Effect
    hints: Hints
    reasons: list[str]


class Endpoint(TypedDict):
    """Where a backend answers."""

    url: str
    alternatives: NotRequired[list[str]]
    server_card: NotRequired[str | None]
    protocol_version: NotRequired[str | None]


class Credential(TypedDict):
    """What a backend's key is called in the vault, and which environment variables may hold it."""

    name: str
    prefix: NotRequired[str]
    environment: list[str]


class Profile(TypedDict):
    """What a host needs to know of a backend."""

    name: str
    title: str
    endpoint: Endpoint
    environment: NotRequired[dict[str, list[str]]]
    credential: Credential | None
    registration: bool


class Rule(TypedDict, total=False):
    """One rule of a policy; the first that matches decides."""

    tools: list[str]
    """Tool name patterns with `*`; absent: any tool."""
    effects: list[Effect]
    """Absent: any effect."""
    then: Literal["allow", "ask", "deny"]
    reason: str


class Policy(TypedDict, total=False):
    """What a user allows: reads and plain writes by default, everything else by asking."""

    mode: Literal["observe", "enforce", "read_only"]
    rules: list[Rule]


class Line(TypedDict):
    """One argument in a preview; characters that could hide or reorder text are written out."""

    label: str
    value: str


class Preview(TypedDict):
    """What a person sees before saying yes: the same for the same call, in every language."""

    title: str
    tool: str
    effect: Effect
    reasons: list[str]
    lines: list[Line]


class Approval(TypedDict):
    """The record of one approval. `expires_at` and the like are milliseconds."""

    version: int
    id: str
    state: Literal["proposed", "approved", "denied", "dispatched", "completed", "failed", "unknown"]
    digest: str
    preview: Preview
    call: dict[str, str]
    proposed_at: int
    expires_at: int
    decided_at: NotRequired[int]
    reason: NotRequired[str]


class Passage(TypedDict):
    """What one gate said."""

    gate: str
    verdict: Literal["pass", "ask", "deny"]
    note: NotRequired[str]


class Decision(TypedDict):
    """How the gates decided on one call."""

    tool: str
    effect: NotRequired[Effect]
    reasons: list[str]
    gates: list[Passage]
    approval: NotRequired[str]
    audit: NotRequired[Literal["failed"]]
    """The call came back, but its outcome could not be written into the audit; nothing more is sent."""


class CodeQuestion(TypedDict):
    """The code that the backend emailed is needed; answers: `Code`, `Resend`, `Cancel`, `Defer`."""

    type: Literal["code"]
    message: str
    request_id: str
    masked_email: str
    """For display only."""
    expires_at: int
    resend_at: int
    digits: int
    attempts: int
    attempts_left: int
    problem: NotRequired[ErrorData]


class ApprovalQuestion(TypedDict):
    """Whether one exact call may be made; answers: `Approve`, `Deny`, `Defer`."""

    type: Literal["approval"]
    message: str
    approval: str
    preview: Preview
    digest: str
    expires_at: int


Question = CodeQuestion | ApprovalQuestion
"""What a person is asked; `question["type"]` tells which."""


class Form(TypedDict):
    """What a backend wants to know of a new organisation."""

    email: str
    organisation_name: str
    industry: NotRequired[str]
    country: NotRequired[str]
    """ISO 3166-1 alpha-2."""
    timezone: NotRequired[str]
    """An IANA time zone name."""


class Account(TypedDict):
    """The new account."""

    organisation_id: str
    company_id: str
    user_id: str
    login_url: str
    next_steps: Any


class KeyHandle(TypedDict):
    """Where the key is and what it looks like; no character of its secret part."""

    name: str
    masked: str


class Report(TypedDict):
    """What a look at the workspace found."""

    healthy: bool
    endpoint: Literal["active", "unreachable"]
    auth: Literal["configured", "missing", "unknown"]
    tool_count: int
    organisation: Any
    plan: Any
    whatsapp: Any
    problems: list[str]


class SignedUp(TypedDict):
    """A finished sign-up: the account, where its key is, and how the workspace looks with it."""

    account: Account
    key: KeyHandle
    report: Report


class Step(TypedDict):
    """What the core asks of its host; which other keys there are depends on `type`."""

    id: str
    flow: str
    type: Literal["list_tools", "call_tool", "ask", "keep", "commit", "read", "wait", "done"]
    cursor: NotRequired[str]
    name: NotRequired[str]
    arguments: NotRequired[Any]
    question: NotRequired[Question]
    secret: NotRequired[str]
    key: NotRequired[str]
    expected: NotRequired[str]
    record: NotRequired[str]
    until: NotRequired[int]
    why: NotRequired[str]
    outcome: NotRequired[dict[str, Any]]
    audit: NotRequired[list[str]]


class BadLine(TypedDict):
    """The first line of an audit that does not hold."""

    line: int
    """Counted from 1."""
    why: Literal[
        "cut",
        "unreadable",
        "other_version",
        "wrong_key",
        "not_sealed",
        "edited",
        "removed",
        "reordered",
        "duplicated",
        "inserted",
        "truncated",
    ]
    message: str


class AuditReport(TypedDict):
    """What `verify_audit` found."""

    ok: bool
    lines: int
    """How many lines hold, from the first on."""
    head: str
    """The hash of the last of them."""
    first_bad: NotRequired[BadLine]


class ConfigReference(TypedDict):
    """A placeholder in a client's configuration."""

    path: str
    """JSON Pointer to the text that it stands in."""
    line: int
    kind: Literal["env", "input"]
    name: str
    default: NotRequired[str]
