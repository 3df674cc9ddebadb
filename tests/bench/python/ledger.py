"""What a ledger's commit costs beside a plain INSERT of the same record, by the same driver and as durable.

Usage: ledger.py RESULTS. Both take turns in one process, so that both see the same disk.
"""

from __future__ import annotations

import json
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import psycopg
import psycopg_pool
from anyio import to_thread

from toolgate import PostgresLedger, SqliteLedger

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from toolgate import Ledger

ROUNDS = 21
COMMITS = 40

PROPOSED, APPROVED = (json.dumps({"state": state, "preview": "x" * 800}) for state in ("proposed", "approved"))
POSTGRES = Path(__file__).parents[2] / "setup/postgres.sh"


async def timed(work: Callable[[str], Awaitable[object]], first: int) -> float:
    """Return the seconds that one commit takes."""
    begin = time.perf_counter()
    for number in range(first, first + COMMITS):
        await work(f"approval/{number}")
    return (time.perf_counter() - begin) / COMMITS


async def measure(name: str, ledger: Ledger, insert: Callable[[str], Awaitable[object]]) -> list[str]:
    """Run rounds of three: a record that is new, a record that moves on, a plain INSERT."""

    async def new(key: str) -> None:
        assert await ledger.compare_and_set(key, None, PROPOSED)

    async def move(key: str) -> None:
        assert await ledger.compare_and_set(key, PROPOSED, APPROVED)

    works = {"a new record": new, "a record that moves on": move, "plain": insert}
    figures: dict[str, list[float]] = {work: [] for work in works}
    for number in range(ROUNDS + 1):
        for work, does in works.items():
            spent = await timed(does, number * COMMITS)
            # The first round warms up.
            if number:
                figures[work].append(spent)
    plain = figures.pop("plain")
    rows: list[str] = []
    for work, spent in figures.items():
        ratio = statistics.median(figure / other for figure, other in zip(spent, plain, strict=True))
        rates = f"{1 / statistics.median(spent):.0f} | {1 / statistics.median(plain):.0f}"
        rows.append(f"| {name}: {work} | {rates} | {ratio:.2f} |")
    return rows


async def sqlite(folder: str) -> list[str]:
    """Measure the ledger in a file."""
    plain = sqlite3.connect(f"{folder}/plain.sqlite", isolation_level=None, check_same_thread=False)
    plain.execute("PRAGMA journal_mode = WAL")
    plain.execute("PRAGMA synchronous = FULL")
    plain.execute("CREATE TABLE plain(key TEXT NOT NULL PRIMARY KEY, record TEXT NOT NULL)")

    async def insert(key: str) -> None:
        # From a thread, as anyone must who does not want to hold up everything else.
        await to_thread.run_sync(plain.execute, "INSERT INTO plain(key, record) VALUES (?, ?)", (key, PROPOSED))

    async with SqliteLedger(f"{folder}/ledger.sqlite") as ledger:
        rows = await measure("SQLite", ledger, insert)
    plain.close()
    return rows


async def postgres() -> list[str]:
    """Measure the ledger in PostgreSQL."""
    server = subprocess.Popen([POSTGRES], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    url = server.stdout.readline().strip()
    try:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("CREATE TABLE plain (key text PRIMARY KEY, record text NOT NULL)")
        pool = psycopg_pool.AsyncConnectionPool(url, kwargs={"autocommit": True}, open=False)
        async with pool:

            async def insert(key: str) -> None:
                async with pool.connection() as connection:
                    statement = "INSERT INTO plain (key, record) VALUES (%s, %s)"
                    await connection.execute(statement, (key, PROPOSED), prepare=False)

            ledger = PostgresLedger(pool)
            await ledger.create()
            return await measure("PostgreSQL", ledger, insert)
    finally:
        server.communicate()


async def main() -> None:
    """Run everything and write it down."""
    with tempfile.TemporaryDirectory() as folder:
        rows = [*await sqlite(folder), *await postgres()]
    head = "| | commits a second | plain INSERTs a second | time against the INSERT |\n|---|---:|---:|---:|\n"
    await anyio.Path(sys.argv[1]).write_text(head + "\n".join(rows) + "\n", encoding="utf-8")


if __name__ == "__main__":
    anyio.run(main)
