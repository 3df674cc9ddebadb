"""The questions of a terminal, one after the other, however many guards, tasks and event loops share it.

A thread of its own reads the terminal while there are questions, and only then: a task that is cancelled wakes it up.
The system edits the lines; Ctrl-C is made an end of the line, so that it is read in its turn and no signal comes.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import os
import re
import select
import signal
import sys
import termios
import threading
import time
from collections import deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, TextIO, cast

import anyio
import anyio.to_thread

from .ask import SETTLED, Approve, Cancel, Defer, Deny, Inputs, NotRan, Ran, Resend, Settled
from .terminal_rows import LEAST_COLUMNS, Next, Row, Show, Unclear, fitted, quoted, written
from .terminal_text import nobody, sheet_of, time_of, unasked

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from .ask import Answer, By
    from .terminal_rows import Sheet
    from .types import Question

__all__ = ["ask"]

# How long nothing must have come before a question is shown.
_QUIET_SECONDS = 0.08
# After so long without quiet there is nobody at the keyboard, but a program.
_NEVER_QUIET_SECONDS = 2.0
# How often an answer may be unclear.
_MAX_UNCLEAR = 3
# How often Enter alone shows the question again, where other output stands below it.
_MAX_EMPTY = 20
# So long the next question waits for what the program writes of the last one's answer.
_GO_ON_SECONDS = 0.3
# How often `y` may be typed where it must be `yes`.
_MAX_HALVES = 2
# How long a task that goes away waits until the terminal is as it was.
_GIVE_BACK_SECONDS = 1.0
# No answer is longer.
_MAX_LINE = 4_096

_CTRL_C = b"\x03"
# What a terminal sends before what is pasted, where a program asked it to.
_PASTE = b"\x1b[200~"
_PASTE_MARKS = re.compile(rb"\x1b\[20[01]~")
# Keys that write nothing, such as arrows, and a mark that one language takes for a blank.
_NO_TEXT = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\ufeff]")

# What stands around a sheet's lines: a blank, our number, and a prompt that may take two.
_FRAME_LINES = 4
_LEAST_LINES = 12


@dataclass(eq=False)
class _Asked:
    """One question on its way to a person."""

    question: Question
    deliver: Callable[[Answer], None]
    by: By | None = None
    # What the guard says about that.
    settled: Settled | None = field(default_factory=SETTLED.get)
    withdrawn: bool = False
    over: threading.Event = field(default_factory=threading.Event)


async def ask(question: Question, by: By | None = None) -> Answer:
    """Ask whoever sits at the terminal; cancelling the task withdraws the question."""
    streams = _streams()
    if isinstance(streams, str):
        return nobody(question, streams)
    if sheet_of(question) is None:
        return nobody(question, "this version cannot show such a question")
    if (not_them := _why_not(question, by)) is not None:
        return nobody(question, not_them)
    with _given_back_at_the_end():
        return _signed(await _asked(question, streams, by), by)


def _why_not(question: Question, by: By | None) -> str | None:
    """Return why the person at the terminal cannot answer, where the policy says who may."""
    if question["type"] != "approval" or (approvers := question.get("approvers")) is None:
        return None
    if by is None:
        return "the policy names who must answer, and `by` does not say who sits at the terminal"
    if by.who not in approvers["from"]:
        return f"{quoted(by.who)} is none of those who may answer"
    return f"{quoted(by.who)} agreed already, and others must too" if by.who in question.get("agreed", ()) else None


def _signed(answer: Answer, by: By | None) -> Answer:
    return replace(answer, by=by) if by is not None and isinstance(answer, Approve | Deny | Ran | NotRan) else answer


@contextlib.contextmanager
def _given_back_at_the_end() -> Generator[None]:
    """Give the terminal back if a signal ends the process, which would leave Ctrl-C without its meaning."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    ours = [number for number in (signal.SIGTERM, signal.SIGHUP) if signal.getsignal(number) == signal.SIG_DFL]

    def ended(number: int, _frame: object) -> None:
        for terminal in list(_terminals.values()):
            terminal.give_back()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    for number in ours:
        signal.signal(number, ended)
    try:
        yield
    finally:
        for number in ours:
            # Somebody may have set another meanwhile.
            if signal.getsignal(number) is ended:
                signal.signal(number, signal.SIG_DFL)


async def _asked(question: Question, streams: tuple[int, TextIO], by: By | None) -> Answer:
    terminal = _terminal_of(*streams)
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        answers: list[Answer] = []
        asked = _Asked(question, answers.append, by)
        terminal.add(asked)
        try:
            await anyio.to_thread.run_sync(asked.over.wait, abandon_on_cancel=True, limiter=anyio.CapacityLimiter(1))
        finally:
            terminal.withdraw(asked)
        return answers[0]
    future: asyncio.Future[Answer] = loop.create_future()

    def answered(answer: Answer) -> None:
        if not future.done():
            future.set_result(answer)

    def deliver(answer: Answer) -> None:
        # A loop that is closed by now has nobody who waits.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(answered, answer)

    asked = _Asked(question, deliver, by)
    terminal.add(asked)
    try:
        return await future
    finally:
        terminal.withdraw(asked)


def _streams() -> tuple[int, TextIO] | str:
    """Return the input's descriptor and the output, or why there is no terminal."""
    source = _descriptor(sys.stdin)
    if source is None:
        return "the input is no terminal"
    shown = next((stream for stream in (sys.stdout, sys.stderr) if _descriptor(stream) is not None), None)
    if shown is None:
        return "the output is no terminal"
    if not _is_in_front(source):
        return "the program runs in the background"
    return source, shown


def _descriptor(stream: TextIO | None) -> int | None:
    """Of a stream that is a terminal; tools replace the process's streams by all kinds of objects."""
    try:
        descriptor = stream.fileno()  # type: ignore[union-attr]
        return descriptor if os.isatty(descriptor) else None
    except (AttributeError, OSError, ValueError):
        return None


def _is_in_front(descriptor: int) -> bool:
    try:
        return os.tcgetpgrp(descriptor) == os.getpgrp()
    except OSError:
        # Not the terminal that controls this process, so nothing stops it.
        return True


_terminals: dict[int, _Terminal] = {}
_terminals_lock = threading.Lock()


def _terminal_of(source: int, shown: TextIO) -> _Terminal:
    with _terminals_lock:
        return _terminals.setdefault(os.fstat(source).st_rdev, _Terminal(source, shown))


class _Terminal:
    """The queue of one terminal and the thread that works on it."""

    def __init__(self, source: int, shown: TextIO) -> None:
        self._source = source
        self._shown_on = shown
        self._lock = threading.Lock()
        self._waiting: deque[_Asked] = deque()
        self._active: _Asked | None = None
        self._thread: threading.Thread | None = None
        self._wake: tuple[int, int] | None = None
        # How many were shown since there were none.
        self._shown = 0
        # Until then the program may write what came of the last answer.
        self._goes_on_until = 0.0
        # Whether the last that was typed was Ctrl-C.
        self._was_interrupted = False
        # How the terminal was before the question that is on it.
        self._before: list[Any] | None = None
        atexit.register(self._end)

    def add(self, asked: _Asked) -> None:
        with self._lock:
            self._waiting.append(asked)
            if self._thread is None or not self._thread.is_alive():
                self._wake = os.pipe()
                self._thread = threading.Thread(target=self._work, name="toolgate terminal", daemon=True)
                self._thread.start()

    def withdraw(self, asked: _Asked) -> None:
        """Take back what waits or stands on the screen; nothing for what is answered already."""
        with self._lock:
            asked.withdrawn = True
            if asked in self._waiting:
                self._waiting.remove(asked)
                asked.over.set()
                return
            if self._active is not asked or self._wake is None:
                return
            os.write(self._wake[1], b"x")
        asked.over.wait(_GIVE_BACK_SECONDS)

    def _end(self) -> None:
        with self._lock:
            waiting = [*self._waiting, *([self._active] if self._active else [])]
        for asked in waiting:
            self.withdraw(asked)

    def _next(self) -> _Asked | None:
        with self._lock:
            self._active = self._waiting.popleft() if self._waiting else None
            if self._active is None:
                self._thread = None
                self._shown = 0
                for descriptor in self._wake or ():
                    os.close(descriptor)
                self._wake = None
            elif self._wake is not None:
                # Whoever was withdrawn before is gone.
                while select.select([self._wake[0]], [], [], 0)[0]:
                    os.read(self._wake[0], 64)
            return self._active

    def _work(self) -> None:
        # What is withdrawn meanwhile still waits, and goes.
        while self._gone_on() and (asked := self._next()) is not None:
            answer: Answer = Defer()
            try:
                answer = self._show(asked)
            except (OSError, termios.error):
                self._write(unasked(asked.question, "the terminal has gone away"))
            finally:
                with self._lock:
                    self._active = None
                asked.deliver(answer)
                asked.over.set()
                self._goes_on_until = time.monotonic() + _GO_ON_SECONDS

    def _gone_on(self) -> bool:
        with self._lock:
            waits = len(self._waiting) > 0
        if waits and (left := self._goes_on_until - time.monotonic()) > 0:
            time.sleep(left)
        return True

    def _show(self, asked: _Asked) -> Answer:
        """One question from its first line to its answer, and the terminal as it was before."""
        if self._size()[0] < LEAST_COLUMNS:
            why = f"the terminal has fewer than {LEAST_COLUMNS} columns, on which lines cannot be told apart"
            self._write(unasked(asked.question, why))
            return Defer(unasked=True)
        before = self._before = termios.tcgetattr(self._source)
        try:
            state = self._quiet(before, asked)
            if state != "quiet":
                if state == "noise":
                    self._write(unasked(asked.question, "the input does not fall silent"))
                if state == "end":
                    self._write(unasked(asked.question, "the input is at its end"))
                return Defer(unasked=True)
            sheet = cast("Sheet", sheet_of(asked.question))
            with self._lock:
                self._shown += 1
                number = f"question {self._shown} of {self._shown + len(self._waiting)}"
                is_twin = any(_is_same_call(other.question, asked.question) for other in self._waiting)
            # Else the question's own message says it.
            if is_twin and "same_call" not in asked.question:
                note = "Note: the agent asks for the same call twice; the other question waits behind this one."
                sheet.lines.append(Row(note))
            self._write(f"\ntoolgate asks, {number}:\n")
            answer = self._dialogue(asked, sheet, before)
            if isinstance(answer, Resend) and asked.question["type"] == "code":
                ready_at = asked.question["resend_at"]
                if ready_at > time.time() * 1000:
                    self._say(f"The server makes no fresh code before {time_of(ready_at)}. It is requested then.")
            return answer
        finally:
            self._give_back(before)
            self._before = None

    def give_back(self) -> None:
        """Leave the terminal as it was before the question that is on it, if one is."""
        if self._before is not None:
            self._give_back(self._before)

    def _dialogue(self, asked: _Asked, sheet: Sheet, before: list[Any]) -> Answer:
        unclear = halves = empty = 0
        if (end := self._put(sheet, asked, before)) is not None:
            return self._unanswered(end, asked, before)
        while unclear < _MAX_UNCLEAR and halves < _MAX_HALVES:
            typed = self._line(sheet.prompt, asked, before)
            if isinstance(typed, _End):
                return self._unanswered(typed, asked, before, sheet.end)
            self._was_interrupted = False
            if not typed.is_text:
                unclear += 1
                self._say("A key in it is no text, such as an arrow: type it again.")
                continue
            match sheet.read(typed.text):
                case Approve() | Inputs() | Ran() | NotRan() if typed.is_pasted:
                    # A code, or a value of a form, may come from the clipboard; a yes may not.
                    unclear += 1
                    self._say("What is pasted is no answer: type it.")
                case Next(following):
                    return self._dialogue(asked, following, before)
                case Show("help"):
                    self._say(*sheet.help)
                case Show():
                    # Behind it what was asked has left the screen.
                    shown = self._page(sheet.complete, asked, before) or self._put(sheet, asked, before)
                    if shown is not None:
                        return self._unanswered(shown, asked, before)
                case Unclear(why) if not typed.text and empty < _MAX_EMPTY:
                    empty += 1
                    self._say(why)
                    if (end := self._put(sheet, asked, before)) is not None:
                        return self._unanswered(end, asked, before)
                case Unclear(why, half_yes):
                    halves += half_yes
                    unclear += not half_yes
                    self._say(why)
                case answer:
                    return answer
        is_open = "No clear answer: it stays open." if sheet.end is None else f"No clear answer. {sheet.end}"
        self._say("No clear yes: that is a no." if isinstance(sheet.otherwise, Deny) else is_open)
        return sheet.otherwise

    def _unanswered(self, end: _End, asked: _Asked, before: list[Any], ended: str | None = None) -> Answer:
        if end.why == "withdrawn":
            expires_at = cast("dict[str, Any]", asked.question).get("expires_at")
            is_late = asked.question["type"] != "code" and expires_at is not None and expires_at <= time.time() * 1000
            why = "its time is over" if is_late else "its call was called off"
            if asked.settled is not None and asked.settled.elsewhere:
                why = "it is answered elsewhere"
            self._write("\n")
            self._say(f"The question is withdrawn: {why}. What is typed now does not answer it.")
            return Defer()
        if end.why == "end":
            self._write("\n")
            self._say(f"Not answered: the input is at its end. {ended or 'It can be answered later.'}")
            return Defer()
        self._write("\n")
        is_second = self._was_interrupted or self._is_interrupt_left()
        self._give_back(before)
        if is_second:
            # As if nobody had caught it.
            signal.pthread_kill(cast("int", threading.main_thread().ident), signal.SIGINT)
        else:
            self._say("The call is called off. Ctrl-C once more ends the program.")
        self._was_interrupted = True
        return Cancel()

    def _is_interrupt_left(self) -> bool:
        left = b""
        with contextlib.suppress(OSError):
            while len(left) < _MAX_LINE and self._is_readable(0) and (read := os.read(self._source, _MAX_LINE)):
                left += read
        return _CTRL_C in left

    def _put(self, sheet: Sheet, asked: _Asked, before: list[Any]) -> _End | None:
        """Show the sheet as the screen has room for it.

        It is shortened where `all` shows the rest, else shown a screen at a time.
        """
        columns, height = self._size()
        height = max(_LEAST_LINES, height - _FRAME_LINES)
        whole = written(sheet.lines, columns)
        if sheet.complete or whole.count("\n") <= height:
            self._write(fitted(sheet.lines, columns, height) if sheet.complete else whole)
            return None
        if (end := self._page(sheet.lines, asked, before)) is None:
            self._write(written(sheet.lines[:1], columns))
        return end

    def _page(self, rows: list[Row], asked: _Asked, before: list[Any]) -> _End | None:
        """Show the complete call, a screen at a time."""
        columns, height = self._size()
        lines = written(rows, columns).split("\n")[:-1]
        step = max(5, height - 2)
        for start in range(0, len(lines), step):
            self._write("".join(f"{line}\n" for line in lines[start : start + step]))
            left = len(lines) - start - step
            if left <= 0:
                break
            typed = self._line(f"  {left} more lines; Enter: go on, q: enough: ", asked, before)
            if isinstance(typed, _End):
                return typed
            if typed.text.lower().startswith("q"):
                break
        return None

    def _quiet(self, before: list[Any], asked: _Asked) -> Literal["quiet", "noise", "end", "withdrawn"]:
        """Throw away what was typed until nothing more comes."""
        mode: list[Any] = [*before[:6], list(before[6])]
        # Key by key, so that a line without its end is seen too, and without showing it.
        mode[3] = (mode[3] | termios.ISIG) & ~(termios.ICANON | termios.ECHO)
        mode[6][termios.VMIN], mode[6][termios.VTIME] = 0, 0
        termios.tcsetattr(self._source, termios.TCSAFLUSH, mode)
        never = time.monotonic() + _NEVER_QUIET_SECONDS
        while time.monotonic() < never:
            if asked.withdrawn:
                return "withdrawn"
            if not self._is_readable(_QUIET_SECONDS):
                return "withdrawn" if asked.withdrawn else "quiet"
            if not os.read(self._source, 65_536):
                return "end"
        return "noise"

    def _line(self, prompt: str, asked: _Asked, before: list[Any]) -> _Typed | _End:
        """Return what is typed from now on, up to the end of the line."""
        mode: list[Any] = [*before[:6], list(before[6])]
        mode[0] |= termios.ICRNL
        mode[3] |= termios.ICANON | termios.ECHO | termios.ECHOE | termios.ECHOK | termios.ISIG
        mode[6][termios.VINTR] = os.fpathconf(self._source, "PC_VDISABLE").to_bytes(1, "little")
        mode[6][termios.VEOL] = _CTRL_C
        termios.tcsetattr(self._source, termios.TCSAFLUSH, mode)
        self._write(prompt)
        typed = b""
        while True:
            if asked.withdrawn:
                return _End("withdrawn")
            is_readable = self._is_readable(1.0)
            if not _is_in_front(self._source):
                # Stopped and sent to the background: a read would stop the program again.
                time.sleep(0.2)
                continue
            if _is_other(termios.tcgetattr(self._source), mode):
                # Whoever had the terminal meanwhile, such as a shell, set it as they like it.
                termios.tcsetattr(self._source, termios.TCSAFLUSH, mode)
                self._write(f"\n{prompt}")
                typed = b""
                continue
            if not is_readable or asked.withdrawn:
                continue
            read = os.read(self._source, _MAX_LINE)
            typed += read
            if not read:
                return _End("end")
            if _CTRL_C in read:
                return _End("interrupt")
            if typed.endswith(b"\n"):
                text = _PASTE_MARKS.sub(b"", typed).decode("utf-8", "replace").removesuffix("\n")
                return _Typed(text.strip(), is_pasted=_PASTE in typed, is_text=_NO_TEXT.search(text) is None)
            if len(typed) > _MAX_LINE:
                typed = b""

    def _is_readable(self, seconds: float) -> bool:
        wake = self._wake[0] if self._wake is not None else self._source
        try:
            return self._source in select.select([self._source, wake], [], [], seconds)[0]
        except ValueError:
            # More files are open than `select` knows; `poll` in turn knows no terminals everywhere.
            poll = select.poll()
            for descriptor in (self._source, wake):
                poll.register(descriptor, select.POLLIN)
            return any(descriptor == self._source for descriptor, _ in poll.poll(seconds * 1000))

    def _give_back(self, before: list[Any]) -> None:
        # From the background this would stop the program, and the terminal is another's by now.
        with contextlib.suppress(OSError, termios.error):
            if _is_in_front(self._source):
                termios.tcsetattr(self._source, termios.TCSADRAIN, before)

    def _say(self, *lines: str) -> None:
        self._write(written([Row(line) for line in lines], self._size()[0]))

    def _size(self) -> tuple[int, int]:
        try:
            size = os.get_terminal_size(self._shown_on.fileno())
        except (OSError, ValueError):
            return 80, 24
        return size.columns or 80, size.lines or 24

    def _write(self, text: str) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._shown_on.flush()
            encoded = text.encode(self._shown_on.encoding or "utf-8", "backslashreplace")
            descriptor = self._shown_on.fileno()
            while encoded:
                encoded = encoded[os.write(descriptor, encoded) :]


def _is_other(one: list[Any], mode: list[Any]) -> bool:
    flags = termios.ICANON | termios.ECHO
    keys = (termios.VINTR, termios.VEOL)
    return (one[3] & flags) != (mode[3] & flags) or any(one[6][key] != mode[6][key] for key in keys)


@dataclass(frozen=True)
class _Typed:
    """One line; `is_pasted`: of some of it the terminal said that it was pasted.

    `is_text`: no key is in it that writes nothing.
    """

    text: str
    is_pasted: bool
    is_text: bool


@dataclass(frozen=True)
class _End:
    """Why no line came."""

    why: Literal["interrupt", "end", "withdrawn"]


def _is_same_call(one: Question, other: Question) -> bool:
    if one["type"] != "approval" or other["type"] != "approval":
        return False
    return (one["preview"], one.get("server")) == (other["preview"], other.get("server"))
