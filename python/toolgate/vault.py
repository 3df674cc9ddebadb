"""Where secrets live."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from ._frames import Hidden

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .types import Profile

__all__ = ["MemoryVault", "Vault"]


@runtime_checkable
class Vault(Protocol):
    """Keeps secrets by name: a keychain, a secret manager, an encrypted file.

    A `put` that returns has stored the secret for good; it raises otherwise. What it raises is not shown to
    anyone, because such messages tend to quote what could not be stored.
    """

    async def get(self, name: str) -> str | None:
        """Return the secret of that name, or `None`."""
        ...

    async def put(self, name: str, secret: str) -> None:
        """Store the secret under that name in place of any other."""
        ...


class MemoryVault:
    """Secrets in memory, in front of environment variables.

    What was put is found first; then the first of the name's environment variables that is set and not empty.
    Nothing is ever written to the environment.
    """

    def __init__(
        self,
        environment: Mapping[str, Sequence[str]] | None = None,
        *,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        """Make a vault.

        Args:
            environment: For each secret's name, the variables that may hold it.
            environ: The variables; `os.environ` if not given.
        """
        self._secrets: dict[str, Hidden[str]] = {}
        self._environment = {name: tuple(variables) for name, variables in (environment or {}).items()}
        self._environ = os.environ if environ is None else environ

    @classmethod
    def for_profile(cls, profile: Profile | None) -> MemoryVault:
        """Make a vault that also finds the backend's key where its profile says it may be."""
        credential = profile["credential"] if profile else None
        return cls({credential["name"]: credential["environment"]} if credential else None)

    async def get(self, name: str) -> str | None:
        """Return the secret of that name, or `None`."""
        if (kept := self._secrets.get(name)) is not None:
            return kept.reveal()
        values = (self._environ.get(variable) for variable in self._environment.get(name, ()))
        return next((value for value in values if value), None)

    async def put(self, name: str, secret: str) -> None:
        """Store the secret in memory."""
        self._secrets[name] = Hidden(secret)

    def __repr__(self) -> str:
        return f"MemoryVault({sorted(self._secrets)})"
