"""The key on its way from the vault into an HTTP request, and the backend's clock on its way back."""

from __future__ import annotations

import importlib
import ipaddress
import logging
import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import urlsplit

from .errors import make

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator

    from .vault import Vault

__all__ = ["VaultAuth"]

log = logging.getLogger("toolgate")

Origin: TypeAlias = tuple[str, str, int | None]

if TYPE_CHECKING:
    _Base: TypeAlias = Any
else:

    def _auth_bases() -> tuple[type, ...]:
        # The SDK's first major version speaks through httpx, its second through httpx2; each insists on its
        # own base class.
        found = []
        for library in ("httpx2", "httpx"):
            try:
                found.append(importlib.import_module(library).Auth)
            except ImportError:
                continue
        return tuple(found)

    _Base = type("_Base", _auth_bases(), {})


class VaultAuth(_Base):  # type: ignore[misc]
    """An `httpx.Auth` (and `httpx2.Auth`) that sends the vault's key, read anew for each request.

    The key goes to the one origin it was made for, never to another, and never over plain HTTP except to this
    machine. A key that a sign-up puts into the vault is used from the next request on.
    """

    requires_request_body = False
    requires_response_body = False

    def __init__(self, vault: Vault, name: str, origin: str) -> None:
        """Make the authentication.

        Args:
            vault: Where the key is.
            name: What it is called there.
            origin: A URL of the backend; its scheme, host and port are the only ones that see the key.

        Raises:
            OptionsError: The origin is no HTTP URL, or would show the key to the network.
        """
        self._vault = vault
        self._name = name
        self._origin = origin_of(origin)
        self._clock: tuple[int, float] | None = None
        scheme, host, _ = self._origin
        if scheme not in ("http", "https") or not host:
            raise make("invalid_options", "The origin must be an http or https URL.")
        if scheme == "http" and not _is_loopback(host):
            raise make("invalid_options", "A key is not sent over plain HTTP to another machine; use https.")

    async def async_auth_flow(self, request: Any) -> AsyncGenerator[Any, Any]:
        """Add the key to the request, and read the backend's clock off the response."""
        if origin_of(str(request.url)) == self._origin:
            # No variable of this frame holds the key: it waits here for the answer, and is in the tracebacks of errors.
            await self._authorize(request)
        response = yield request
        if (date := date_of(response.headers.get("date"))) is not None:
            self._clock = (date, time.monotonic())

    async def _authorize(self, request: Any) -> None:
        if key := await self._key():
            request.headers["Authorization"] = f"Bearer {key}"

    async def _key(self) -> str | None:
        try:
            return await self._vault.get(self._name)
        except Exception as error:  # noqa: BLE001 - raised here, it would end the whole session
            log.warning("the vault failed (%s); the request goes without a key", type(error).__name__)
            return None

    def sync_auth_flow(self, request: Any) -> Generator[Any, Any]:  # noqa: ARG002 - the base's signature
        """Refuse: a vault is asynchronous."""
        raise RuntimeError("VaultAuth works with asynchronous HTTP clients only")

    def server_time(self) -> int | None:
        """Return the backend's clock now, in milliseconds, by the last `Date` it sent; else `None`."""
        if self._clock is None:
            return None
        date, seen = self._clock
        return date + int((time.monotonic() - seen) * 1000)

    def __repr__(self) -> str:
        return f"VaultAuth(name={self._name!r}, origin={self._origin!r})"


def origin_of(url: str) -> Origin:
    """Return scheme, host and port of a URL, default ports written out."""
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    port = parts.port or {"http": 80, "https": 443}.get(scheme)
    return scheme, (parts.hostname or "").lower(), port


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def date_of(text: str | None) -> int | None:
    """Read an HTTP date as milliseconds."""
    if not text:
        return None
    try:
        return int(parsedate_to_datetime(text).timestamp() * 1000)
    except (ValueError, OverflowError):
        return None


def retry_after_of(text: str | None) -> int | None:
    """Read `Retry-After`, seconds or a date, as milliseconds from now."""
    if not text:
        return None
    if text.strip().isdecimal():
        # A number that the core can read, however long it is.
        return min(int(text.strip()[:16]) * 1000, 2**53 - 1)
    date = date_of(text)
    return None if date is None else max(0, date - int(time.time() * 1000))
