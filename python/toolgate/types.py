"""The shapes that cross between the core and Python, as the core writes them: plain JSON data.

Times are integers, milliseconds since 1970-01-01T00:00:00Z.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired, Required, TypedDict

__all__ = [
    "Account",
    "Agreement",
    "Approval",
    "ApprovalQuestion",
    "Approvers",
    "Bounds",
    "CheckReport",
    "CodeQuestion",
    "Credential",
    "DecidedBy",
    "Decision",
    "DefinitionQuestion",
    "Earlier",
    "Effect",
    "Endpoint",
    "ErrorCode",
    "ErrorData",
    "Form",
    "Group",
    "Hints",
    "InputField",
    "InputOption",
    "InputRequest",
    "InputsQuestion",
    "KeyHandle",
    "Limit",
    "Line",
    "Marks",
    "Once",
    "OutcomeQuestion",
    "Pace",
    "Passage",
    "Policy",
    "Predicate",
    "Preview",
    "Profile",
    "Question",
    "Questions",
    "Rate",
    "Remembered",
    "Report",
    "Request",
    "Rule",
    "RunningCall",
    "SecretArguments",
    "SignedUp",
    "Silence",
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
    unconfirmed: NotRequired[bool]
    """Nothing but the hints of a server that is not trusted makes the effect so low: the first call asks a person to
    confirm it, or `Guard.accept` does."""
    hints: Hints
    reasons: list[str]


Change = Literal["narrowed", "changed", "widened", "unconfirmed"]
"""What a difference means: less is accepted; a model reads another text; more may be done or less is checked; nothing
differs, but nothing except the server's own hints says how little the tool does."""


class Difference(TypedDict):
    """One difference between a pinned definition and the listed one."""

    aspect: Literal["description", "title", "hints", "inputSchema", "outputSchema", "other", "added"]
    change: Change
    path: str
    """JSON Pointer into the definition."""
    before: NotRequired[str]
    """Shortened, with secrets masked and hidden characters written out; `after` too."""
    after: NotRequired[str]
    note: str


class Drift(TypedDict):
    """A tool whose listed definition is not the pinned one, or waits for a person to confirm what its hints say."""

    tool: str
    change: Change
    """The worst of the differences. What is `narrowed` can be called, all else waits for `Guard.accept`."""
    digest: str
    """Of the listed definition: what `Guard.accept` takes."""
    differences: list[Difference]
    """The first of them: what is suspicious, then the worst."""
    more: int
    """How many there are besides."""


class PolicyFinding(TypedDict):
    """Something that looks safe in a policy and is not."""

    rule: int
    """The place in `rules`, or in `once` where `path` leads there, counted from 1."""
    kind: Literal[
        "unanchored_pattern",
        "open_pattern",
        "unescaped_dot",
        "open_range",
        "value_deny",
        "name_deny",
        "unbound_effect",
        "shadowed",
        "unknown_tool",
        "missed_tool",
        "unnamed_once",
        "alike_approvers",
    ]
    path: str
    """JSON Pointer into the policy."""
    message: str
    """What it means and what would be better, for people."""


class Finding(TypedDict):
    """Something suspicious about a listed tool."""

    tool: str
    kind: Literal["contradiction", "hidden_characters", "bidirectional", "instructions", "look_alike"]
    path: str
    """JSON Pointer into the definition."""
    message: str
    excerpt: str
    """Shortened, with secrets masked and hidden characters written out."""


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


class Bounds(TypedDict, total=False):
    """From `min` to `max`, both within; at least one of them."""

    min: float
    max: float


Predicate = TypedDict(
    "Predicate",
    {
        "path": Required[str],
        "equals": Any,
        "in": list[Any],
        "range": Bounds,
        "pattern": str,
        "count": Bounds,
    },
    total=False,
)
"""A place in the arguments, as a JSON Pointer (RFC 6901), and exactly one operator on the value there.

`range` compares numbers without rounding, `pattern` is ECMA-262 with the flag `u`, `count` counts an array's items or
an object's members. A value that is absent makes the predicate fail. A value that the operator cannot judge, such as
a text for `range`, counts as holding for `deny` and `ask` and as failing for `allow`; so does a number that a double
would round to another answer.
"""


Approvers = TypedDict("Approvers", {"from": list[str], "count": NotRequired[int]})
"""Who may answer for a call, by the names that the host gives in `by`.

`count` says how many different ones of them must say yes, by default one; one no ends it.
"""


class Rule(TypedDict, total=False):
    """One rule of a policy; the first that decides counts. It has `then`, `effect`, or both."""

    tools: list[str]
    """Tool name patterns with `*`; absent: any tool."""
    effects: list[Effect]
    """Absent: any effect."""
    when: list[Predicate]
    """What the call's arguments must be like; all of it must hold."""
    after: list[Literal["untrusted", "private"]]
    """It matches only once a result of this session brought any of these in; needs `then` as `ask` or `deny`."""
    effect: Effect
    """What the tools count as from here on, lower or higher than listed; needs `tools` with exact names."""
    then: Literal["allow", "ask", "deny"]
    approvers: Approvers
    """Beside `"then": "ask"`: who may answer. An answer of anybody else is refused."""
    reason: str
    digest: str
    """Of the one definition for which the rule lowers or allows anything; needs `tools` with one exact name."""


class Once(TypedDict):
    """What makes two calls one consequence; a second one is refused, whoever approved it."""

    tools: list[str]
    once_per: list[str]
    """JSON Pointers to the arguments that tell one consequence from another; `*` is every item of an array."""
    window_ms: NotRequired[int]
    name: NotRequired[str]
    reason: NotRequired[str]


class Marks(TypedDict):
    """What the results of some tools bring into the session, for rules with `after`."""

    tools: list[str]
    marks: list[Literal["untrusted", "private"]]


class Rate(TypedDict):
    """So many calls in so many milliseconds, evenly spread but for the burst."""

    calls: int
    per_ms: int
    burst: NotRequired[int]
    """How many may come at once after a pause; by default `calls`."""


class Limit(TypedDict, total=False):
    """At most so many of the matching calls: a rate, a budget, or both."""

    tools: list[str]
    effects: list[Effect]
    per: Literal["tool", "effect"]
    """Counts for each tool or effect on its own; absent: all matching calls together."""
    rate: Rate
    budget: int
    """So many calls in one session."""
    reason: str


class Group(TypedDict):
    """Tools of which one that reads must have succeeded before any other is called."""

    tools: list[str]


class Pace(TypedDict, total=False):
    """How fast, how often, and after which reads tools may be called; only calls that are sent count."""

    limits: list[Limit]
    read_first: list[Group]
    wait_ms: int
    """A call that may go within so many milliseconds waits, once, instead of being refused; by default 0."""


class Questions(TypedDict, total=False):
    """How often a person is asked."""

    denial_holds_ms: int
    """How long a no holds for the same call; by default ten minutes, 0: it does not hold."""
    in_a_row: int
    """After so many questions without a yes within `within_ms` nobody is asked another one; by default 20."""
    within_ms: int
    """By default ten minutes."""


_Described = TypedDict("_Described", {"$schema": str}, total=False)


class SecretArguments(TypedDict):
    """Some tools' arguments: name patterns with `*`, and JSON Pointers in which `*` stands for any name or place."""

    tools: list[str]
    paths: list[str]


class Policy(_Described, total=False):
    """What a user allows: reads and plain writes by default, everything else by asking.

    `policy.schema.json` in this package describes the same to editors.
    """

    mode: Literal["observe", "enforce", "read_only"]
    rules: list[Rule]
    pace: Pace
    questions: Questions
    once: list[Once]
    marks: list[Marks]
    secret_arguments: list[SecretArguments]
    """Arguments that nobody sees, not even whoever approves the call. What a server marks is shown to them."""


class Line(TypedDict):
    """One value in a preview."""

    label: str
    """Names joined by dots, and places in brackets from 1 on; a name that is not a plain word is in quotes."""
    value: str
    """JSON on one line, so that `1` and `"1"` differ; characters that could hide or reorder text are written out.
    `3 items`, `(hidden)` and `…` stand outside quotes."""


class Preview(TypedDict):
    """What a person sees before saying yes: the same for the same call, in every language."""

    tool: str
    title: NotRequired[str]
    """The server's own word for the tool: show it in quotes."""
    effect: Effect
    server: str
    """The server that is called."""
    subject: str
    """Who acts."""
    reasons: list[str]
    """Why the effect counts as that."""
    lines: list[Line]
    """The short view of the arguments, what matters most first, and of `_meta`, whose labels begin with `_meta`."""
    omitted: NotRequired[int]
    """How many lines the short view leaves out."""
    arguments: dict[str, Any]
    """The complete arguments; `None` stands for what is hidden."""
    hidden: NotRequired[list[str]]
    """JSON Pointers to arguments that the user's policy or the profile keeps from everybody's eyes."""
    defaults: NotRequired[list[Line]]
    """What the tool's schema says that the server fills in, what matters most first; `(may fill in)` stands behind what
    depends on a condition of the schema."""
    defaults_omitted: NotRequired[int]
    """How many defaults are left out at least."""
    meta: NotRequired[dict[str, Any]]
    """The call's `_meta`, but for the guard's own members."""
    notes: NotRequired[list[str]]
    """What is easily overlooked: letters that look like others, characters that are not seen."""
    notes_omitted: NotRequired[int]
    """How many more notes there would be."""
    inputs: NotRequired[list[Line]]
    """What the tool asked for in this round of the call, and is given."""
    record: NotRequired[list[Line]]
    """What the backend says of the thing that the call is about, or a draft of what would be sent."""
    earlier: NotRequired[list[Earlier]]
    """Calls that were sent before and may have run: the same one, or one of the same consequence. `notes` says so."""


class Request(TypedDict):
    """The backend's own question to its owner about a send, and how it stood when the backend was last asked."""

    id: str
    status: str


class DecidedBy(TypedDict):
    """Who answered, and by what means."""

    who: str
    means: NotRequired[str]


class Agreement(TypedDict):
    """One of several people said yes."""

    by: DecidedBy
    at: int


class Silence(TypedDict):
    """What a person does not want to be asked."""

    id: str
    """What `Guard.lift` takes."""
    scope: Literal["call", "tool", "agent"]
    """One call that was denied, every call of a tool, or everything."""
    tool: NotRequired[str]
    since: int
    until: NotRequired[int]
    """Absent: until the session ends."""
    reason: NotRequired[str]
    by: NotRequired[DecidedBy]


class Earlier(TypedDict):
    """A call that was sent before: the same one, or one of the same consequence."""

    approval: str
    state: Literal["dispatched", "unknown", "failed"]
    """`dispatched`: it may be on its way; `unknown`: its answer was lost; `failed`: the server answered with an
    error, and may have done it all the same."""


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
    decided_by: NotRequired[DecidedBy]
    """Who decided; where several must agree, the last one."""
    withdrawn: NotRequired[bool]
    """It was denied by taking back what was asked or agreed."""
    approvers: NotRequired[Approvers]
    """Who may answer, where the policy says so."""
    agreed: NotRequired[list[Agreement]]
    """Who of them agreed."""
    dispatched_at: NotRequired[int]
    request: NotRequired[Request]
    settled_by: NotRequired[Literal["person", "read"]]
    continues: NotRequired[str]
    """The record of the round before, where this one is of a later round of the same call."""
    result_type: NotRequired[Literal["input_required", "task"]]
    """What came back, where it was no result: a question of the tool's own, or a task."""
    not_sent: NotRequired[bool]
    """It ended before anything of the call was written, so that it certainly did not run."""
    witness: NotRequired[DecidedBy]
    """The person who looked."""


class FixedArgument(TypedDict):
    """An argument value that a remembered answer fixes."""

    path: str
    value: str
    """As JSON, shortened."""


class Remembered(TypedDict):
    """An answer that holds for further calls; see `toolgate.Remember`."""

    id: str
    state: Literal["active", "spent", "withdrawn"]
    """`spent`: it let out all the calls that it was good for."""
    by: NotRequired[DecidedBy]
    """Who gave it."""
    approval: str
    """The approval whose question it answered."""
    server: str
    subject: str
    tool: str
    effect: Effect
    arguments: list[FixedArgument]
    remembered_at: int
    until: NotRequired[int]
    calls: NotRequired[int]
    used: int
    used_at: NotRequired[int]
    session: NotRequired[str]


class CheckReport(TypedDict):
    """What the gates would say of a call."""

    verdict: Literal["allow", "ask", "deny", "invalid", "wait"]
    tool: str
    effect: NotRequired[Effect]
    reasons: list[str]
    gates: list[Passage]
    """A note that begins with `would` names what only the call itself finds out."""
    violations: NotRequired[list[dict[str, Any]]]
    preview: NotRequired[Preview]
    retry_at: NotRequired[int]
    error: NotRequired[ErrorData]


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


class _Asked(TypedDict):
    server: str
    """The server that the question is about."""
    server_note: NotRequired[str]
    """What a person should know of it beside that: that it calls itself so, or as what it was started."""
    subject: str
    """Who acts there."""


class CodeQuestion(_Asked):
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


class ApprovalQuestion(_Asked):
    """Whether one exact call may be made; answers: `Approve`, `Deny`, `Defer`."""

    type: Literal["approval"]
    message: str
    approval: str
    preview: Preview
    digest: str
    expires_at: int
    """The question ends with it."""
    same_call: NotRequired[str]
    """The approval of an equal call that is open as well: the agent asks for the same call twice."""
    remember: NotRequired[list[str]]
    remember_in_ledger: NotRequired[bool]
    """JSON Pointers to the argument values that `Remember` may fix; absent: the answer cannot be remembered."""
    approvers: NotRequired[Approvers]
    """Who may answer, where the policy says so: the answer then says in `by` who it was."""
    agreed: NotRequired[list[str]]
    """Who of them agreed already."""
    earlier: NotRequired[Earlier]
    """The same call was sent before and may have run."""


class DefinitionQuestion(_Asked):
    """Whether a tool's new definition is accepted; answers: `Approve`, `Deny`, `Cancel`, `Defer`."""

    type: Literal["definition"]
    message: str
    tool: str
    change: Change
    digest: str
    """Of the new definition."""
    differences: list[Difference]
    description: NotRequired[str]
    """The server's own words on the tool, on one line: show them in quotes."""
    parameters: NotRequired[list[str]]
    """The names of the tool's parameters."""
    preview: NotRequired[Preview]
    """The call that a yes sends, unless another gate has something against it."""


class CredentialQuestion(_Asked):
    """Whether a credential in the vault may be replaced; answers: `Approve`, `Deny`, `Cancel`, `Defer`."""

    type: Literal["credential"]
    message: str
    name: str
    """The vault's name for the credential."""
    held_organisation: NotRequired[str]
    """Whose the one in the vault is, as the backend says."""
    organisation: NotRequired[str]
    """Whose the new one would be."""


class OutcomeQuestion(_Asked):
    """Whether a call whose answer was lost took effect; answers: `Ran`, `NotRan`, `Cancel`, `Defer`."""

    type: Literal["outcome"]
    message: str
    approval: str
    preview: Preview


class RunningCall(TypedDict):
    """A call that is on its way."""

    flow: str
    """The flow of the call."""
    tool: str
    effect: NotRequired[Effect]
    approval: NotRequired[str]
    """The approval under which it was sent, where it needed one."""


class InputOption(TypedDict):
    """What may be chosen; the title is the server's own."""

    value: str
    title: NotRequired[str]


class InputField(TypedDict):
    """A field of a form; titles, descriptions and options are the server's own words, each on one line."""

    name: str
    """The member of `content` that it fills."""
    type: Literal["string", "number", "integer", "boolean", "choice", "choices"]
    """`choice` is one of the options, `choices` a list of some of them."""
    required: bool
    title: NotRequired[str]
    description: NotRequired[str]
    format: NotRequired[str]
    """`email`, `uri`, `date`, `date-time` or another format of JSON Schema."""
    options: NotRequired[list[InputOption]]
    default: NotRequired[Any]
    """What the server proposes."""
    minimum: NotRequired[float]
    maximum: NotRequired[float]


class InputRequest(TypedDict):
    """One thing that a tool asks for in the middle of a call."""

    key: str
    """The server's name for it; it is answered under the same."""
    type: Literal["form", "url", "sampling", "roots"]
    message: NotRequired[str]
    """The server's own words on one line, of a form or an address: show them in quotes."""
    fields: NotRequired[list[InputField]]
    """Of a form."""
    url: NotRequired[str]
    """The whole address, not fetched; absent if it is not fit to be shown."""
    params: NotRequired[dict[str, Any]]
    """Of `sampling/createMessage`."""
    notes: NotRequired[list[str]]
    """What a person should know."""
    declined: NotRequired[str]
    """Why the guard declines it by itself; such a request takes no answer."""


class InputsQuestion(_Asked):
    """What a tool wants before it goes on; answers: `Inputs`, `Deny` (declines all of them), `Cancel`, `Defer`.

    What is typed in answer to it is a person's yes to exactly that.
    """

    type: Literal["inputs"]
    message: str
    calls: list[RunningCall]
    """The calls that may be asking; several only under an older protocol, which does not tell."""
    round: NotRequired[int]
    """Which of the call's rounds it is, from 1 on; absent under an older protocol."""
    requests: list[InputRequest]
    expires_at: int
    problem: NotRequired[ErrorData]


Question = CodeQuestion | ApprovalQuestion | DefinitionQuestion | CredentialQuestion | OutcomeQuestion | InputsQuestion
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
    login_url: NotRequired[str]
    """An `https` address; absent where the backend gave one that nobody should open."""
    notes: NotRequired[list[str]]
    """What was left out or written otherwise."""
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
    type: Literal["list_tools", "call_tool", "ask", "keep", "check_vault", "commit", "read", "wait", "done"]
    cursor: NotRequired[str]
    name: NotRequired[str]
    arguments: NotRequired[Any]
    meta: NotRequired[dict[str, Any]]
    input_responses: NotRequired[dict[str, Any]]
    request_state: NotRequired[str]
    question: NotRequired[Question]
    secret: NotRequired[str]
    key: NotRequired[str]
    expected: NotRequired[str]
    record: NotRequired[str]
    until: NotRequired[int]
    why: NotRequired[str]
    outcome: NotRequired[dict[str, Any]]
    audit: NotRequired[list[str]]
    withdraw: NotRequired[list[str]]


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
