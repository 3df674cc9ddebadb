"""A person's side of a terminal: a program on a pseudo-terminal of its own, what it writes, and keys pressed."""

from __future__ import annotations

import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import termios
import time
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["Keyboard"]

# Several suites may share the machine.
PATIENCE = 30.0


def _as_from_a_shell() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    # What runs in the background or without a terminal, as suites do, hands on that it ignores these.
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP):
        signal.signal(number, signal.SIG_DFL)


class Keyboard:
    """Runs a program as a shell in a window would."""

    def __init__(self, command: Sequence[str | Path], *, columns: int = 80, rows: int = 24, **environment: str) -> None:
        self.own, theirs = os.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.mode = termios.tcgetattr(theirs)
        self.program = subprocess.Popen(
            command,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            preexec_fn=_as_from_a_shell,
            env={**os.environ, **environment},
        )
        # It stays open, so that its mode can be looked at afterwards.
        self.theirs = theirs
        self.screen = ""
        self._seen = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.program.poll() is None:
            self.program.kill()
            self.program.wait()
        os.close(self.own)
        os.close(self.theirs)

    def press(self, keys: str) -> None:
        """Press keys; what they do may come later."""
        os.write(self.own, keys.encode())

    def see(self, pattern: str, seconds: float = PATIENCE) -> re.Match[str]:
        """Wait until something stands on the screen that was not yet seen."""
        until = time.monotonic() + seconds
        while (found := re.compile(pattern, re.DOTALL).search(self.screen, self._seen)) is None:
            assert self._read(until - time.monotonic()), f"{pattern!r} was not seen:\n{self.screen}"
        self._seen = found.end()
        return found

    def rest(self, seconds: float = 0.5) -> str:
        """Wait for a while; return what came in it."""
        began = len(self.screen)
        until = time.monotonic() + seconds
        while self._read(until - time.monotonic()):
            pass
        return self.screen[began:]

    def end(self, seconds: float = PATIENCE) -> int:
        """Wait until the program is over; return its code, negative for a signal."""
        until = time.monotonic() + seconds
        while self.program.poll() is None:
            assert time.monotonic() < until, f"it goes on:\n{self.screen}"
            self._read(0.05)
        self._read(0.05)
        assert self.is_as_before(), "the terminal is not as it was"
        return self.program.returncode

    def is_as_before(self) -> bool:
        """Whether the terminal's mode is that of the beginning."""
        return termios.tcgetattr(self.theirs) == self.mode

    def signal(self, number: signal.Signals) -> None:
        self.program.send_signal(number)

    def resize(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self.own, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def _read(self, seconds: float) -> bool:
        """Take what the program wrote; whether it wrote anything in time."""
        if seconds <= 0 or not select.select([self.own], [], [], seconds)[0]:
            return False
        try:
            self.screen += os.read(self.own, 65_536).decode(errors="replace").replace("\r\n", "\n")
        except OSError:
            return False
        return True
