"""What looks safe in a policy and is not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from . import _native
from .errors import raise_refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .types import PolicyFinding

__all__ = ["lint_policy"]


def lint_policy(policy: str | Mapping[str, Any]) -> list[PolicyFinding]:
    """Return what looks safe in a policy and is not, in the order of the rules; it decides nothing.

    Patterns that fit a part of a value, what a rule does not reach, rules that decide nothing. `Guard.policy_findings`
    looks at the listed tools too.

    Args:
        policy: The policy, or the text of its file.

    Raises:
        OptionsError: `invalid_policy`: the policy cannot be used.
    """
    text = json.dumps(policy if isinstance(policy, str) else dict(policy))
    try:
        return cast("list[PolicyFinding]", json.loads(_native.policy_findings(text)))
    except _native.Refused as refusal:
        raise_refusal(refusal)
