"""What can go wrong, as one exception with a family of subclasses.

The codes and their meaning come from the core (`error_codes`); this module only gives each a Python class.
"""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any, NoReturn, Self, cast

from . import _native

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .types import Decision, ErrorCode

__all__ = [
    "FAMILIES",
    "ApprovalError",
    "ArgumentsError",
    "AuditError",
    "BackendError",
    "FlowCancelledError",
    "InputsError",
    "LedgerError",
    "OptionsError",
    "PlanError",
    "PolicyError",
    "ProtocolError",
    "SchemaError",
    "SignupError",
    "SnapshotError",
    "ToolError",
    "ToolgateError",
    "error_codes",
]


class ToolgateError(Exception):
    """A refusal or failure with a way out. Never holds a secret.

    Attributes:
        code: What went wrong, stable over versions; see `error_codes`.
        message: The same as a sentence for people.
        retryable: Whether the same request may succeed later without being changed.
        next: What the agent should do now.
        details: Structured facts, such as `violations`, `approval`, `preview` or `retry_at` (milliseconds).
        decision: How the gates decided, where a call was refused; else `None`.
    """

    code: str
    message: str
    retryable: bool
    next: str
    details: dict[str, Any]
    decision: Decision | None

    def __init__(
        self,
        code: str,
        message: str,
        *,
        retryable: bool = False,
        next: str = "",  # noqa: A002 - the field's name in every language
        details: Mapping[str, Any] | None = None,
        decision: Decision | None = None,
    ) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.retryable = retryable
        self.next = next
        self.details = dict(details or {})
        self.decision = decision

    def __str__(self) -> str:
        return f"{self.code}: {self.message} {self.next}".rstrip()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.code!r}, {self.message!r})"

    def __reduce__(self) -> tuple[Callable[..., ToolgateError], tuple[Any, ...]]:
        return _revive, (self.to_json(), self.decision)

    def to_json(self) -> dict[str, Any]:
        """Return the error as plain JSON data, as an agent may be shown it."""
        return {
            "code": self.code,
            "message": self.message,
            "retryable": self.retryable,
            "next": self.next,
            "details": self.details,
        }

    def to_result(self) -> dict[str, Any]:
        """Return the error as the JSON data of a `tools/call` result that a model may read.

        It says what happened and what to do now, without anything that a server wrote. `message` and `details` are
        for people.
        """
        try:
            text = _native.error_result(json.dumps(self.to_json()))
        except (TypeError, ValueError, _native.Refused):
            text = _native.error_result(json.dumps({**self.to_json(), "details": {}}))
        return cast("dict[str, Any]", json.loads(text))

    @classmethod
    def from_json(cls, body: Mapping[str, Any], decision: Decision | None = None) -> Self:
        """Make the error that a core's JSON describes, in the class of its family."""
        family = FAMILIES.get(body["code"], ToolgateError)
        return (family if issubclass(family, cls) else cls)(
            body["code"],
            body["message"],
            retryable=body.get("retryable", False),
            next=body.get("next", ""),
            details=body.get("details"),
            decision=decision,
        )


class OptionsError(ToolgateError):
    """The options, the policy or the profile cannot be used."""


class ProtocolError(ToolgateError):
    """A step or a question was answered with something that is not an answer to it."""


class SnapshotError(ToolgateError):
    """A snapshot cannot be resumed."""


class ToolError(ToolgateError):
    """The tool is not listed, or its definition cannot be used."""


class SchemaError(ToolgateError):
    """A schema that was to be compiled on its own cannot be used."""


class ArgumentsError(ToolgateError):
    """The arguments are not what the tool accepts; `details["violations"]` says how to mend them."""


class PolicyError(ToolgateError):
    """The user's policy forbids the call."""


class ApprovalError(ToolgateError):
    """A person must approve, did not, or approved something else."""


class LedgerError(ToolgateError):
    """The ledger did not take the approval's record, or holds one that cannot be trusted, so nothing was sent."""


class AuditError(ToolgateError):
    """The audit cannot be written or continued, so nothing is sent."""


class PlanError(ToolgateError):
    """The plan does not include the operation, or could not be asked."""


class BackendError(ToolgateError):
    """The backend was not reached, refused, or did not answer as it promises."""


class InputsError(ToolgateError):
    """The tool asks for further inputs, and was not given them; the call was not continued."""


class SignupError(ToolgateError):
    """The sign-up did not end with a key in the vault."""


class FlowCancelledError(ToolgateError):
    """A person or the host called the flow off."""


FAMILIES: dict[str, type[ToolgateError]] = {
    "invalid_options": OptionsError,
    "invalid_policy": OptionsError,
    "invalid_profile": OptionsError,
    "invalid_event": ProtocolError,
    "step_not_open": ProtocolError,
    "wrong_event": ProtocolError,
    "wrong_answer": ProtocolError,
    "snapshot_taken": SnapshotError,
    "snapshot_unclaimed": SnapshotError,
    "too_many_flows": ProtocolError,
    "invalid_snapshot": SnapshotError,
    "unsupported_snapshot": SnapshotError,
    "unknown_tool": ToolError,
    "invalid_definition": ToolError,
    "invalid_schema": SchemaError,
    "invalid_arguments": ArgumentsError,
    "definition_changed": ToolError,
    "definition_unconfirmed": ToolError,
    "invalid_lock": OptionsError,
    "invalid_config": OptionsError,
    "secret_in_arguments": ArgumentsError,
    "denied_by_policy": PolicyError,
    "budget_spent": PolicyError,
    "read_required": PolicyError,
    "consequence_unclear": PolicyError,
    "already_done": PolicyError,
    "plan_blocked": PlanError,
    "plan_unknown": PlanError,
    "approval_required": ApprovalError,
    "approval_denied": ApprovalError,
    "approval_expired": ApprovalError,
    "approval_spent": ApprovalError,
    "approval_mismatch": ApprovalError,
    "approver_required": ApprovalError,
    "already_decided": ApprovalError,
    "too_many_questions": ApprovalError,
    "unknown_approval": ApprovalError,
    "too_many_approvals": ApprovalError,
    "still_dispatched": ApprovalError,
    "invalid_record": LedgerError,
    "unsupported_record": LedgerError,
    "ledger_failed": LedgerError,
    "ledger_conflict": LedgerError,
    "audit_failed": AuditError,
    "invalid_audit": AuditError,
    "unreachable": BackendError,
    "unauthorized": BackendError,
    "rate_limited": BackendError,
    "backend_refused": BackendError,
    "inputs_required": InputsError,
    "inputs_refused": InputsError,
    "task_started": BackendError,
    "outcome_unknown": BackendError,
    "invalid_result": BackendError,
    "invalid_input": SignupError,
    "no_registration": SignupError,
    "existing_account": SignupError,
    "credential_held": SignupError,
    "code_required": SignupError,
    "code_expired": SignupError,
    "wrong_code": SignupError,
    "too_many_attempts": SignupError,
    "signup_unknown": SignupError,
    "key_not_kept": SignupError,
    "cancelled": FlowCancelledError,
}
"""The class of each code. A code that a later core adds is a plain `ToolgateError`."""


def error_codes() -> list[ErrorCode]:
    """Return every code with its meaning, whether it is retryable, and what to do next."""
    codes: list[ErrorCode] = json.loads(_native.error_codes())
    return codes


@cache
def _known() -> dict[str, ErrorCode]:
    return {entry["code"]: entry for entry in error_codes()}


def make(code: str, message: str, *, instead: str | None = None, **details: Any) -> ToolgateError:
    """Make an error that arises in Python, with the core's own words on what to do next, or with others instead."""
    known = _known()[code]
    body = {**known, "message": message, "details": details}
    if instead is not None:
        body["next"] = instead
    return ToolgateError.from_json(body)


def raise_refusal(refusal: _native.Refused) -> NoReturn:
    """Raise what the core refused with, without the carrier in its traceback."""
    raise ToolgateError.from_json(json.loads(refusal.args[0])) from None


def _revive(body: dict[str, Any], decision: Decision | None) -> ToolgateError:
    return ToolgateError.from_json(body, decision)
