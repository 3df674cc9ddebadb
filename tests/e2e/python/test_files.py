"""Files of the audit and of the ledger: one writer in whatever language, nobody else's eyes, nothing unnoticed."""

from __future__ import annotations

import json
import multiprocessing
import os
import socket
import sqlite3
import stat
import subprocess
import sys
import time
import warnings
from pathlib import Path

import pytest

import toolgate
from toolgate._lock import FileLock, LockError, _held

from sandbox import ROOT

HERE = Path(__file__).parent
RACERS = [[sys.executable, HERE / "lock_racer.py"], ["node", ROOT / "npm/test/lock-racer.mjs"]]
SECONDS = 8


class Notes:
    """A client with one tool that reads; remembers what was sent."""

    def __init__(self) -> None:
        self.sent: list[str] = []

    async def list_tools(self, *, cursor=None):
        tool = {"name": "list_notes", "annotations": {"readOnlyHint": True}, "inputSchema": {"type": "object"}}
        return {"tools": [tool]}

    async def call_tool(self, name, arguments):
        self.sent.append(name)
        return {"content": []}


def test_processes_of_both_languages_write_one_chain(tmp_path):
    """They open, write, close and die, for a while; the dead are followed by others."""
    path = tmp_path / "audit.jsonl"
    until = time.monotonic() + SECONDS
    running: list[tuple[int, subprocess.Popen[str]]] = []
    written: list[str] = []
    died = 0
    try:
        while time.monotonic() < until or running:
            while len(running) < 6 and time.monotonic() < until:
                kind = min((0, 1), key=lambda kind: sum(one == kind for one, _ in running))
                left = str(max(0.1, until - time.monotonic()))
                running.append((kind, subprocess.Popen([*RACERS[kind], path, left], stdout=-1, stderr=-1, text=True)))
            time.sleep(0.02)
            for kind, process in [one for one in running if one[1].poll() is not None]:
                running.remove((kind, process))
                out, err = process.communicate()
                assert process.returncode in (0, -9), err
                died += process.returncode == -9
                written += out.split()
    finally:
        for _, process in running:
            process.kill()
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    previous = "0" * 64
    for line in lines:
        assert line["prev"] == previous
        previous = line["hash"]
    # What a process said that it wrote is there, once.
    assert len(set(written)) == len(written)
    assert {line["hash"] for line in lines} >= set(written)
    assert {line["by"].split()[0] for line in lines} == {"python", "node"}
    assert died >= 2
    print(f"{len(lines)} lines of {len({line['by'] for line in lines})} processes, of which {died} died")
    left = sorted(name for name in os.listdir(tmp_path) if ".lock" in name and not name.endswith(".new"))
    assert left in ([], ["audit.jsonl.lock"])


ROUNDS = 200


def _heir(lock, barrier, won):
    for _ in range(ROUNDS):
        barrier.wait()
        try:
            mine = FileLock(lock)
        except LockError:
            mine = None
        else:
            with won.get_lock():
                won.value += 1
        barrier.wait()
        if mine is not None:
            assert mine.is_held()
            # As if it had died.
            _held.discard(mine)
        barrier.wait()


def test_the_dead_have_one_heir(tmp_path):
    lock = str(tmp_path / "lock")
    dead = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True)
    owner = {"pid": int(dead.stdout), "host": socket.gethostname(), "started": ""}
    context = multiprocessing.get_context("fork")
    barrier, won = context.Barrier(9), context.Value("i", 0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        heirs = [context.Process(target=_heir, args=(lock, barrier, won)) for _ in range(8)]
        for heir in heirs:
            heir.start()
    for round_ in range(ROUNDS):
        # Every other dead owner left a dead heir.
        text = json.dumps({**owner, "token": os.urandom(16).hex()})
        Path(f"{lock}.first").write_text(text)
        os.replace(f"{lock}.first", lock)
        if round_ % 2:
            token = json.loads(text)["token"]
            Path(f"{lock}.{token}").write_text(json.dumps({**owner, "token": os.urandom(16).hex()}))
        barrier.wait(60)
        barrier.wait(60)
        assert won.value == round_ + 1
        barrier.wait(60)
    for heir in heirs:
        heir.join()
        assert heir.exitcode == 0
    assert os.listdir(tmp_path) == ["lock"]


@pytest.mark.parametrize("first", ["python", "node"])
def test_each_language_keeps_the_other_out(tmp_path, first):
    path = tmp_path / "audit.jsonl"
    if first == "python":
        sink = toolgate.FileAudit(path)
        script = f'import {{ FileAudit }} from "toolgate/node"; new FileAudit({json.dumps(str(path))});'
        command = ["node", "--input-type=module", "--eval", script]
        done = subprocess.run(command, cwd=ROOT / "npm", capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode != 0
        assert f"another guard uses it, two must not share one (process {os.getpid()}" in done.stderr
        sink.close()
        done = subprocess.run(command, cwd=ROOT / "npm", capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return
    script = f"""import {{ FileAudit }} from "toolgate/node";
        const sink = new FileAudit({json.dumps(str(path))});
        console.log("open");
        process.stdin.once("data", () => {{ sink.close(); console.log("closed"); }});"""
    command = ["node", "--input-type=module", "--eval", script]
    with subprocess.Popen(command, cwd=ROOT / "npm", stdin=-1, stdout=-1, text=True) as node:
        assert node.stdout.readline() == "open\n"
        with pytest.raises(toolgate.AuditError, match=rf"another guard uses it.*process {node.pid}"):
            toolgate.FileAudit(path)
        node.stdin.write("\n")
        node.stdin.flush()
        assert node.stdout.readline() == "closed\n"
        toolgate.FileAudit(path).close()
        node.kill()


MEDDLERS = {
    "cut short": lambda path: os.truncate(path, 10),
    "renamed": lambda path: os.rename(path, f"{path}.old"),
    "removed": lambda path: os.remove(path),
    "replaced": lambda path: (os.rename(path, f"{path}.old"), Path(path).write_bytes(Path(f"{path}.old").read_bytes())),
    "another guard wrote": lambda path: Path(path).write_text(Path(path).read_text() + "{}\n"),
    "last line was changed": lambda path: Path(path).write_text(Path(path).read_text()[:-3] + "?}\n"),
    "lock was taken": lambda path: os.remove(f"{path}.lock"),
    "or removed": lambda path: (os.remove(f"{path}.lock"), toolgate.FileAudit(path)),
}


@pytest.mark.parametrize("told", MEDDLERS)
async def test_whatever_happens_to_the_file_is_noticed_before_the_next_line(tmp_path, told):
    path = str(tmp_path / "audit.jsonl")
    client = Notes()
    sink = toolgate.FileAudit(path)
    guard = await toolgate.Guard.attach(client, server="notes", subject="agent", trusted=True, audit=sink)
    await guard.call_tool("list_notes", {})
    MEDDLERS[told](path)
    with pytest.raises(toolgate.AuditError, match=told) as caught:
        await guard.call_tool("list_notes", {})
    assert caught.value.code == "audit_failed"
    assert client.sent == ["list_notes"]


def _forked(sink, out):
    import anyio

    try:
        anyio.run(sink.append, json.dumps({"prev": "0" * 64, "hash": "1" * 64}))
        out.put("written")
    except Exception as error:
        out.put(str(error))
    sink.close()


def test_a_fork_holds_nothing(tmp_path):
    path = tmp_path / "audit.jsonl"
    sink = toolgate.FileAudit(path)
    context = multiprocessing.get_context("fork")
    out = context.Queue()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        child = context.Process(target=_forked, args=(sink, out))
        child.start()
    assert "lock was taken" in out.get(timeout=30)
    child.join()
    with pytest.raises(toolgate.AuditError, match="another guard uses it"):
        toolgate.FileAudit(path)
    assert path.read_text() == ""


def test_what_is_no_file_of_ones_own_is_refused(tmp_path):
    target = tmp_path / "target"
    target.touch()
    link = tmp_path / "audit.jsonl"
    link.symlink_to(target)
    with pytest.raises(toolgate.AuditError, match="symbolic link"):
        toolgate.FileAudit(link)
    os.link(target, tmp_path / "second")
    with pytest.raises(toolgate.AuditError, match="more than one name"):
        toolgate.FileAudit(target)
    with pytest.raises(toolgate.AuditError, match="no file"):
        toolgate.FileAudit("/dev/full")
    for name in os.listdir(tmp_path):
        assert ".lock" not in name
    precious = tmp_path / "precious"
    precious.write_text("precious")
    fresh = tmp_path / "fresh"
    (tmp_path / "fresh.lock").symlink_to(precious)
    with pytest.raises(toolgate.AuditError, match=r"symbolic link; remove .*fresh\.lock"):
        toolgate.FileAudit(fresh)
    assert precious.read_text() == "precious"


@pytest.mark.parametrize(
    "text", ["", "4711 host", "{}", "[" * 4000, '{"pid":-1,"host":"h","started":"","token":"' + "0" * 32 + '"}']
)
def test_a_lock_that_cannot_be_read_is_left(tmp_path, text):
    (tmp_path / "audit.lock").write_text(text)
    with pytest.raises(toolgate.AuditError, match=r"cannot be read; .* remove"):
        toolgate.FileAudit(tmp_path / "audit")


def test_the_locks_of_the_dead_are_taken_and_those_of_other_hosts_are_not(tmp_path):
    path = tmp_path / "audit"
    dead = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True)
    owner = {"pid": int(dead.stdout), "host": socket.gethostname(), "started": "", "token": "0" * 32}
    lock = tmp_path / "audit.lock"
    lock.write_text(json.dumps(owner))
    (tmp_path / f"audit.lock.{'0' * 32}").write_text(json.dumps({**owner, "token": "1" * 32}))
    toolgate.FileAudit(path).close()
    assert os.listdir(tmp_path) == ["audit"]
    lock.write_text(json.dumps({**owner, "host": "elsewhere"}))
    with pytest.raises(toolgate.AuditError, match="on elsewhere"):
        toolgate.FileAudit(path)


# ---- modes ----


def mode(path) -> int:
    return stat.S_IMODE(os.stat(path).st_mode)


@pytest.fixture
def told():
    """Return what was warned of since the last time."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")

        def since() -> str:
            said = [str(one.message) for one in caught if issubclass(one.category, toolgate.ToolgateWarning)]
            caught.clear()
            return "\n".join(said)

        yield since


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o777])
async def test_files_are_their_owners_alone(tmp_path, umask, told):
    before = os.umask(umask)
    try:
        async with toolgate.SqliteLedger(tmp_path / "ledger") as ledger:
            assert await ledger.compare_and_set("k", None, "1") is True
            for ending in ("", "-wal", "-shm"):
                assert mode(f"{tmp_path}/ledger{ending}") == 0o600
        file = toolgate.FileAudit(tmp_path / "audit")
        database = toolgate.SqliteAudit(tmp_path / "audit.db")
        await database.append('{"seq":1}')
    finally:
        os.umask(before)
    for name in ("audit", "audit.lock", "audit.db"):
        assert mode(tmp_path / name) == 0o600
    file.close()
    database.close()
    assert told() == ""


async def test_laxer_files_are_warned_of_and_left(tmp_path, told):
    async with toolgate.SqliteLedger(tmp_path / "ledger"):
        pass
    os.chmod(tmp_path / "ledger", 0o644)
    async with toolgate.SqliteLedger(tmp_path / "ledger"):
        assert "The ledger" in (said := told())
        assert "has mode 0644" in said
    assert mode(tmp_path / "ledger") == 0o644
    for kind in (toolgate.FileAudit, toolgate.SqliteAudit):
        path = tmp_path / kind.__name__
        path.touch()
        os.chmod(path, 0o640)
        kind(path).close()
        assert "The audit" in (said := told())
        assert "has mode 0640" in said
    (tmp_path / "open").mkdir()
    os.chmod(tmp_path / "open", 0o777)
    toolgate.FileAudit(tmp_path / "open" / "audit").close()
    assert "lies in a folder with mode 0777" in told()
    os.chmod(tmp_path / "open", 0o1777)
    toolgate.FileAudit(tmp_path / "open" / "audit").close()
    assert told() == ""


async def test_sqlite_makes_no_file_by_itself(tmp_path):
    link = tmp_path / "ledger"
    link.symlink_to(tmp_path / "nowhere")
    with pytest.raises(toolgate.LedgerError, match="cannot be opened"):
        await toolgate.SqliteLedger(link).get("k")
    assert not (tmp_path / "nowhere").exists()
    # A name that an address would take apart.
    odd = tmp_path / "a?mode=memory#b%20c"
    async with toolgate.SqliteLedger(odd) as ledger:
        assert await ledger.compare_and_set("k", None, "1") is True
    assert sqlite3.connect(odd).execute("SELECT record FROM toolgate_ledger").fetchall() == [("1",)]


# ---- a ledger of the host's own ----


class Odd(toolgate.MemoryLedger):
    """Answers what it is told to, from the given write on."""

    def __init__(self, answer, from_):
        super().__init__()
        self.answer, self.from_, self.writes = answer, from_, 0

    def __len__(self):
        return len(self.dump())

    async def compare_and_set(self, key, expected, record):
        self.writes += 1
        if self.writes >= self.from_:
            return self.answer
        return await super().compare_and_set(key, expected, record)


class Dropped(Notes):
    async def list_tools(self, *, cursor=None):
        return {"tools": [{"name": "drop_note", "inputSchema": {"type": "object"}}]}


async def yes(question):
    return toolgate.Approve()


@pytest.mark.parametrize("from_", [1, 2, 3])
@pytest.mark.parametrize("answer", ["false", "true", 1, 0, {}, [], None, 1.0], ids=repr)
async def test_a_ledgers_answer_is_true_or_it_is_no(answer, from_):
    client = Dropped()
    guard = await toolgate.Guard.attach(client, server="notes", subject="agent", ask=yes, ledger=Odd(answer, from_))
    with pytest.raises(toolgate.LedgerError, match="`compare_and_set` must return True or False"):
        await guard.call_tool("drop_note", {})
    assert client.sent == []


async def test_an_empty_ledger_or_vault_of_the_hosts_own_is_used():
    ledger = Odd(True, 99)
    assert not ledger

    class Vault(toolgate.MemoryVault):
        used = 0

        def __len__(self):
            return 0

    guard = await toolgate.Guard.attach(
        Dropped(), server="notes", subject="agent", ask=yes, ledger=ledger, vault=Vault()
    )
    await guard.call_tool("drop_note", {})
    assert len(await ledger.entries("approval/")) == 1
    assert isinstance(guard._driver._vault, Vault)


@pytest.mark.parametrize("record", [1, True, {}, b"x"], ids=repr)
async def test_a_record_is_a_string(record):
    class Wrong(toolgate.MemoryLedger):
        async def get(self, key):
            return record

    guard = await toolgate.Guard.attach(Dropped(), server="notes", subject="agent", ledger=Wrong())
    with pytest.raises(toolgate.LedgerError, match="`get` must return a string or None"):
        await guard.approve("apr_" + "0" * 24)
