"""The ledgers: one is first, whatever is shared; each trouble ends in a refusal that names it, with nothing sent."""

from __future__ import annotations

import os
import re
import socket
import sqlite3
import stat
import subprocess
import sys
import textwrap
import traceback
from contextlib import AsyncExitStack
from urllib.parse import urlsplit

import anyio
import psycopg_pool
import pytest

import toolgate

from conftest import data, workspace
from sandbox import Sandbox

KINDS = ["memory", "sqlite", "postgres"]


@pytest.fixture(params=KINDS)
async def shared(request, tmp_path):
    """Return what opens another ledger over the same records."""
    memory = toolgate.MemoryLedger()
    url = request.getfixturevalue("database") if request.param == "postgres" else None
    async with AsyncExitStack() as stack:

        async def another():
            if request.param == "memory":
                return memory
            if request.param == "sqlite":
                return await stack.enter_async_context(toolgate.SqliteLedger(tmp_path / "ledger.sqlite"))
            ledger = await stack.enter_async_context(toolgate.PostgresLedger(url))
            await ledger.create()
            return ledger

        yield another


async def test_a_record_is_stored_only_over_what_was_seen(shared):
    ledger, other = await shared(), await shared()
    assert isinstance(ledger, toolgate.Ledger)
    assert await ledger.get("k") is None
    assert await ledger.compare_and_set("k", "1", "2") is False
    assert await ledger.compare_and_set("k", None, "1") is True
    assert await other.get("k") == "1"
    assert await other.compare_and_set("k", None, "1") is False
    assert await other.compare_and_set("k", "0", "2") is False
    assert await other.compare_and_set("k", "1", "2") is True
    assert await ledger.compare_and_set("k", "1", "3") is False
    assert await ledger.get("k") == "2"


@pytest.mark.parametrize(
    ("held", "guessed"),
    [("a", "A"), ("a", "a "), ("\u00e9", "e\u0301"), ("1", "1.0"), ("%", "_"), ("\U0001f4c5", "\U0001f4c6"), ("", " ")],
)
async def test_records_are_compared_byte_for_byte(shared, held, guessed):
    ledger = await shared()
    assert await ledger.compare_and_set("k", None, held) is True
    assert await ledger.compare_and_set("k", guessed, "stolen") is False
    assert await ledger.get("k") == held
    assert await ledger.compare_and_set("k", held, guessed) is True
    assert await ledger.get("k") == guessed


async def test_a_large_record_comes_back_whole(shared):
    ledger = await shared()
    record = "\u00fc\n'\"\\" * 200_000
    assert await ledger.compare_and_set("k", None, record) is True
    assert await ledger.compare_and_set("k", record, "next") is True


async def test_entries_are_those_of_the_prefix_in_order_and_in_pages(shared):
    ledger = await shared()
    for key in ("b/2", "a/3", "a/1", "a/2", "a", "a%", "B/1", "a0"):
        assert await ledger.compare_and_set(key, None, f"record of {key}") is True
    assert await ledger.entries("a/") == [(key, f"record of {key}") for key in ("a/1", "a/2", "a/3")]
    assert [key for key, _ in await ledger.entries("a/", limit=2)] == ["a/1", "a/2"]
    assert [key for key, _ in await ledger.entries("a/", after="a/2")] == ["a/3"]
    assert [key for key, _ in await ledger.entries("a/", after="a/3")] == []
    assert [key for key, _ in await ledger.entries("a%")] == ["a%"]
    assert [key for key, _ in await ledger.entries("")] == ["B/1", "a", "a%", "a/1", "a/2", "a/3", "a0", "b/2"]


async def test_one_of_many_tasks_is_first(shared):
    ledgers = [await shared() for _ in range(4)]
    for expected in (None, "0"):
        first: list[int] = []

        async def try_(number, expected=expected, first=first):
            if await ledgers[number % 4].compare_and_set("k", expected, "0" if expected is None else "1"):
                first.append(number)

        async with anyio.create_task_group() as group:
            for number in range(40):
                group.start_soon(try_, number)
        assert len(first) == 1


async def test_a_closed_ledger_says_so(shared):
    ledger = await shared()
    if isinstance(ledger, toolgate.MemoryLedger):
        return
    await ledger.aclose()
    with pytest.raises(toolgate.LedgerError, match="is closed"):
        await ledger.get("k")


@pytest.fixture(scope="module")
def account(tmp_path_factory):
    """Sign up once, and return the sandbox and the vault with its key."""
    sandbox = Sandbox(tmp_path_factory.mktemp("sandbox"), "--demo-data")
    vault = toolgate.MemoryVault()

    async def sign_up():
        async with workspace(sandbox, vault=vault):
            pass

    anyio.run(sign_up)
    yield sandbox, vault
    sandbox.close()


async def yes(question):
    return toolgate.Approve()


async def refused(ledger, account, *, secret="nothing of this kind") -> str:
    """Let a guard try to have something approved; return what it says of the ledger."""
    sandbox, vault = account
    async with toolgate.connect(
        sandbox.mcp, profile="favcrm", vault=vault, ask=yes, ledger=ledger, subject="agent"
    ) as guard:
        booking = data(await guard.call_tool("list_bookings"))["items"][0]["id"]
        with pytest.raises(toolgate.LedgerError) as caught:
            await guard.call_tool("cancel_booking", {"id": booking})
        assert caught.value.code == "ledger_failed"
        assert caught.value.retryable
        said = r"The ledger could not (be read|store the approval's record); nothing was sent\. "
        assert re.match(said, caught.value.message)
        assert secret not in guard.snapshot()
    assert sandbox.calls("cancel_booking") == []
    errors = [caught.value]
    for ask in (ledger.get("k"), ledger.entries("")):
        try:
            await ask
        except toolgate.LedgerError as error:
            errors.append(error)
    for error in errors:
        assert secret not in "".join(traceback.format_exception(error)) + repr(error.__context__)
    return caught.value.message.partition(" nothing was sent. ")[2]


# ---- SQLite -------------------------------------------------------------------------------------------------------


async def made(path):
    async with toolgate.SqliteLedger(path) as ledger:
        assert await ledger.compare_and_set("old", None, "record")


async def test_sqlite_a_file_that_is_no_database(account, tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("Buy milk. " * 500)
    told = await refused(toolgate.SqliteLedger(path), account)
    assert told == "The ledger's file is no SQLite database; give another path."
    assert path.read_text() == "Buy milk. " * 500


async def test_sqlite_a_database_of_another_program(account, tmp_path):
    path = tmp_path / "other.sqlite"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE customers(name TEXT)")
    before = path.read_bytes()
    told = await refused(toolgate.SqliteLedger(path), account)
    assert told == "The SQLite file holds something else than a ledger; give another path."
    assert path.read_bytes() == before


async def test_sqlite_a_file_of_a_later_version(account, tmp_path):
    path = tmp_path / "ledger.sqlite"
    await made(path)
    with sqlite3.connect(path) as later:
        later.execute("PRAGMA user_version = 2")
    told = await refused(toolgate.SqliteLedger(path), account)
    assert told.startswith("The ledger's SQLite file is of version 2, and this toolgate knows version 1; update")


async def test_sqlite_a_folder_that_is_not_there(account, tmp_path):
    for path in (tmp_path / "nowhere" / "ledger.sqlite", tmp_path):
        told = await refused(toolgate.SqliteLedger(path), account)
        assert told.startswith("The ledger's SQLite file cannot be opened; its folder must exist")


async def test_sqlite_memory_is_no_file(account):
    assert "cannot have a write-ahead log" in await refused(toolgate.SqliteLedger(":memory:"), account)


async def test_sqlite_a_file_that_another_process_holds(account, tmp_path, monkeypatch):
    monkeypatch.setattr("toolgate.sqlite._PATIENCE_SECONDS", 0.2)
    path = tmp_path / "ledger.sqlite"
    await made(path)
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    async with toolgate.SqliteLedger(path) as ledger:
        told = await refused(ledger, account)
        assert told == "The ledger's SQLite file is locked by another process; let that one finish."
        holder.execute("ROLLBACK")
        assert await ledger.compare_and_set("k", None, "1")
    holder.close()


async def fill(ledger):
    for number in range(1000):
        await ledger.compare_and_set(f"filler {number}", None, "x" * 500)


async def test_sqlite_a_full_disk(account, tmp_path):
    async with toolgate.SqliteLedger(tmp_path / "ledger.sqlite") as ledger:
        assert ledger._connection is not None
        [pages] = ledger._connection.execute("PRAGMA page_count").fetchone()
        ledger._connection.execute(f"PRAGMA max_page_count = {pages}")
        assert await ledger.compare_and_set("small", None, "fits")
        # What the guard would store is small as well: the room that is left goes first.
        with pytest.raises(toolgate.LedgerError):
            await fill(ledger)
        told = await refused(ledger, account)
        assert told == "The ledger's SQLite file cannot grow; make room on its disk."
        assert await ledger.get("small") == "fits"
        ledger._connection.execute("PRAGMA max_page_count = 100000")
        assert await ledger.compare_and_set("more", None, "fits again")


async def test_sqlite_a_damaged_file(account, tmp_path):
    path = tmp_path / "ledger.sqlite"
    async with toolgate.SqliteLedger(path) as ledger:
        for number in range(50):
            assert await ledger.compare_and_set(f"key {number}", None, "x" * 500)
    bytes_ = bytearray(path.read_bytes())
    bytes_[4096:] = b"\xa5" * (len(bytes_) - 4096)
    path.write_bytes(bytes_)
    told = await refused(toolgate.SqliteLedger(path), account)
    assert told.startswith("The ledger's SQLite file is damaged; move it away")


READ_ONLY = textwrap.dedent("""
    import os, sys
    import anyio, anyio.to_thread, toolgate

    # Everything is imported while that is still allowed.
    anyio.run(anyio.to_thread.run_sync, int)
    if os.getuid() == 0:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)

    async def main():
        async with toolgate.SqliteLedger(sys.argv[1]) as ledger:
            print(await ledger.get("old"))
            try:
                await ledger.compare_and_set("k", None, "1")
            except toolgate.LedgerError as error:
                print(error.message)

    anyio.run(main)
""")


async def test_sqlite_a_file_that_may_only_be_read(tmp_path_factory):
    # As root nothing is read-only, so that another process tries, as nobody.
    folder = tmp_path_factory.mktemp("read-only")
    for parent in (folder, *list(folder.parents)[:2]):
        parent.chmod(parent.stat().st_mode | stat.S_IXOTH | stat.S_IROTH | stat.S_IXGRP)
    folder.chmod(0o777)
    path = folder / "ledger.sqlite"
    await made(path)
    path.chmod(0o444)
    done = subprocess.run([sys.executable, "-c", READ_ONLY, path], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    held, told = done.stdout.splitlines()
    assert held == "record"
    assert told == "The ledger's SQLite file is read-only; let this process write to it and to its folder."


async def test_sqlite_what_is_stored_is_on_the_disk(tmp_path):
    async with toolgate.SqliteLedger(tmp_path / "ledger.sqlite") as ledger:
        assert ledger._connection is not None
        assert ledger._connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        # 2: FULL, each commit is on the disk when it returns.
        assert ledger._connection.execute("PRAGMA synchronous").fetchone() == (2,)


async def test_sqlite_many_processes_make_one_file(tmp_path):
    code = "import anyio, sys; from toolgate import SqliteLedger as L; "
    code += "print(anyio.run(L(sys.argv[1]).compare_and_set, 'k', None, '1'))"
    command = [sys.executable, "-c", code, tmp_path / "ledger.sqlite"]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    assert sorted(process.communicate(timeout=30)[0].strip() for process in running) == ["False"] * 2 + ["True"]


# ---- PostgreSQL ---------------------------------------------------------------------------------------------------


@pytest.fixture
async def table(database):
    async with toolgate.PostgresLedger(database) as ledger:
        await ledger.create()
    return database


UNREACHED = "PostgreSQL was not reached, or refused the connection;"


async def test_postgres_nobody_listens(account):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    ledger = toolgate.PostgresLedger(f"postgresql://ana:hunter2hunter2@127.0.0.1:{port}/crm")
    assert (await refused(ledger, account, secret="hunter2hunter2")).startswith(UNREACHED)


async def test_postgres_a_wrong_password(account, table):
    where = urlsplit(table)
    wrong = where._replace(netloc=f"toolgate:hunter2hunter2@{where.hostname}:{where.port}").geturl()
    assert (await refused(toolgate.PostgresLedger(wrong), account, secret="hunter2hunter2")).startswith(UNREACHED)


async def test_postgres_a_database_that_is_not_there(account, server):
    gone = f"{server.url.rpartition('/')[0]}/nowhere"
    password = urlsplit(gone).password
    assert (await refused(toolgate.PostgresLedger(gone), account, secret=password)).startswith(UNREACHED)


async def test_postgres_what_is_no_connection_string(account):
    ledger = toolgate.PostgresLedger("postgres:/ana:hunter2hunter2@crm")
    assert (await refused(ledger, account, secret="hunter2hunter2")).startswith(UNREACHED)


async def test_postgres_no_table(account, database):
    async with toolgate.PostgresLedger(database) as ledger:
        assert await refused(ledger, account) == "The table toolgate_ledger is missing; call `create()` once."
        await ledger.create()
        await ledger.create()
        assert await ledger.compare_and_set("k", None, "1")


async def test_postgres_many_create_the_table_at_once(database):
    async def create():
        async with toolgate.PostgresLedger(database) as ledger:
            await ledger.create()

    async with anyio.create_task_group() as group:
        for _ in range(8):
            group.start_soon(create)


async def test_postgres_a_table_of_a_later_version(account, table, server):
    server.run("COMMENT ON TABLE toolgate_ledger IS 'toolgate ledger, version 2'", url=table)
    async with toolgate.PostgresLedger(table) as ledger:
        told = await refused(ledger, account)
        assert told.startswith("The table toolgate_ledger is of version 2, and this toolgate knows version 1; update")


async def test_postgres_a_table_of_another_program(account, database, server):
    server.run("CREATE TABLE toolgate_ledger (id int)", url=database)
    async with toolgate.PostgresLedger(database) as ledger:
        await ledger.create()
        assert (await refused(ledger, account)).startswith("The table toolgate_ledger is something else than a ledger")


async def test_postgres_a_replica_or_a_database_that_may_only_be_read(account, table, server):
    name = urlsplit(table).path[1:]
    server.run(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    async with toolgate.PostgresLedger(table) as ledger:
        assert (await refused(ledger, account)).startswith("PostgreSQL is read-only here; connect to the primary")


async def test_postgres_a_user_who_may_only_read_and_one_with_the_least_rights(account, table, server):
    name = urlsplit(table).path[1:]
    where = urlsplit(table)
    server.run(
        f"CREATE ROLE {name}_app LOGIN PASSWORD 'hunter2hunter2'",
        f"GRANT SELECT ON toolgate_ledger TO {name}_app",
        url=table,
    )
    url = where._replace(netloc=f"{name}_app:hunter2hunter2@{where.hostname}:{where.port}").geturl()
    async with toolgate.PostgresLedger(url) as ledger:
        told = await refused(ledger, account, secret="hunter2hunter2")
        assert told.startswith("PostgreSQL does not let this user do that; grant SELECT, INSERT and UPDATE")
        server.run(f"GRANT INSERT, UPDATE ON toolgate_ledger TO {name}_app", url=table)
        assert await ledger.compare_and_set("k", None, "1")
        assert await ledger.compare_and_set("k", "1", "2")


async def test_postgres_a_full_disk(account, table, server):
    # Who fills a real disk here stops every other test; PostgreSQL itself raises its own error.
    server.run(
        "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$",
        "CREATE TRIGGER full_disk BEFORE INSERT ON toolgate_ledger EXECUTE FUNCTION full_disk()",
        url=table,
    )
    async with toolgate.PostgresLedger(table) as ledger:
        assert await refused(ledger, account) == "PostgreSQL's disk is full; make room there."


async def test_postgres_a_table_that_someone_holds(account, table, server, monkeypatch):
    monkeypatch.setattr("toolgate.postgres._PATIENCE_SECONDS", 0.5)
    import psycopg

    with psycopg.connect(table) as holder:
        holder.execute("LOCK TABLE toolgate_ledger IN ACCESS EXCLUSIVE MODE")
        async with toolgate.PostgresLedger(table) as ledger:
            assert (await refused(ledger, account)).startswith("PostgreSQL did not answer in time;")
            holder.rollback()
            assert await ledger.compare_and_set("k", None, "1")


async def test_postgres_a_connection_that_broke_while_idle_is_opened_again(table, server, monkeypatch):
    monkeypatch.setattr("toolgate.postgres._FRESH_SECONDS", -1.0)
    async with toolgate.PostgresLedger(table) as ledger:
        assert await ledger.compare_and_set("k", None, "1")
        name = urlsplit(table).path[1:]
        server.run(f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{name}'")
        assert await ledger.compare_and_set("k", "1", "2")


@pytest.mark.parametrize(
    ("usual", "used"), [("off", "on"), ("local", "on"), ("on", "on"), ("remote_apply", "remote_apply")]
)
async def test_postgres_what_is_stored_is_on_the_disk(table, server, usual, used):
    name = urlsplit(table).path[1:]
    # The trigger fires while the transaction commits.
    server.run(
        f"ALTER DATABASE {name} SET synchronous_commit = {usual}",
        "CREATE TABLE seen (setting text)",
        "CREATE FUNCTION look() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN INSERT INTO seen VALUES (current_setting('synchronous_commit')); RETURN NULL; END $$",
        "CREATE CONSTRAINT TRIGGER look AFTER INSERT OR UPDATE ON toolgate_ledger DEFERRABLE INITIALLY DEFERRED "
        "FOR EACH ROW EXECUTE FUNCTION look()",
        url=table,
    )
    async with toolgate.PostgresLedger(table) as ledger:
        assert await ledger.compare_and_set("k", None, "1")
        assert await ledger.compare_and_set("k", "1", "2")
    assert server.run("SELECT setting FROM seen", url=table) == [(used,)] * 2


@pytest.mark.parametrize("isolation", ["read committed", "repeatable read", "serializable"])
async def test_postgres_one_is_first_at_every_isolation_with_a_pool_of_the_users_own(table, server, isolation):
    server.run(f"ALTER DATABASE {urlsplit(table).path[1:]} SET default_transaction_isolation = '{isolation}'")
    async with psycopg_pool.AsyncConnectionPool(table, min_size=8, open=False) as pool:
        ledger = toolgate.PostgresLedger(pool)
        for expected, record in ((None, "1"), ("1", "2"), ("2", "3")):
            first: list[bool] = []

            async def try_(expected=expected, record=record, first=first):
                first.append(await ledger.compare_and_set("k", expected, record))

            async with anyio.create_task_group() as group:
                for _ in range(24):
                    group.start_soon(try_)
            assert sorted(first) == [False] * 23 + [True]
        await ledger.aclose()
        async with pool.connection() as connection:
            assert await (await connection.execute("SELECT record FROM toolgate_ledger")).fetchone() == ("3",)


def test_postgres_without_its_package():
    code = "import sys; sys.modules['psycopg'] = None; import toolgate; toolgate.PostgresLedger('postgresql://')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ})
    assert "invalid_options: PostgresLedger needs psycopg: run `pip install 'toolgate[postgres]'`." in done.stderr


# ---- any other ----------------------------------------------------------------------------------------------------


class Foreign(toolgate.MemoryLedger):
    async def compare_and_set(self, key, expected, record):
        raise ConnectionError("could not reach redis://:hunter2hunter2@cache")


async def test_of_a_foreign_error_only_the_class_is_told(account):
    assert await refused(Foreign(), account, secret="hunter2hunter2") == "The ledger failed (ConnectionError)."
