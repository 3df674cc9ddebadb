"""A PostgreSQL of the tests' own, and databases in it."""

from __future__ import annotations

import itertools
import subprocess
from typing import Self

import psycopg

from sandbox import ROOT


class Server:
    """One running server; it ends with the process that made it, however that ends."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            # Nothing here is about a machine that loses its power, and to wait for its disk takes most of the time.
            [ROOT / "tests/setup/postgres.sh", "-c", "fsync=off"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()
        assert self.url, "no PostgreSQL: run tests/setup/system.sh postgres"
        self._numbers = itertools.count()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate(timeout=20)

    def run(self, *statements: str, url: str | None = None) -> list[tuple]:
        """Run statements, and return the rows of the last one."""
        with psycopg.connect(url or self.url, autocommit=True) as connection:
            for statement in statements:
                cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def database(self) -> str:
        """Make an empty database, and return its URL."""
        name = f"test{next(self._numbers)}"
        self.run(f"CREATE DATABASE {name}")
        return f"{self.url.rpartition('/')[0]}/{name}"
