"""Approved calls go out at most once, and so do consequences: however many race, and wherever a process is killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import anyio
import pytest

import toolgate

from conftest import Person, data, workspace
from sandbox import ROOT

HERE = Path(__file__).parent
PYTHON = [sys.executable, HERE / "racer.py"]
NODE = ["node", ROOT / "tests/e2e/ts/.out/racer.js"]
KEY = "favcrm_api_key"
YES = [toolgate.Approve()] * 4


@pytest.fixture(params=["sqlite", "postgres"])
def fresh(request):
    """Return what makes an empty ledger and says where it is: a file in the folder, or a URL."""

    async def make(folder):
        if request.param == "sqlite":
            return str(folder / "ledger.sqlite")
        url = request.getfixturevalue("server").database()
        async with toolgate.PostgresLedger(url) as ledger:
            await ledger.create()
        return url

    return make


def ledger_at(where):
    return toolgate.PostgresLedger(where) if where.startswith("postgresql:") else toolgate.SqliteLedger(where)


def raced(sandbox, key, arguments):
    """Let ten processes of both languages call at once, and count what each of their guards came to."""
    running = [
        subprocess.Popen(
            [*racer, sandbox.mcp, *arguments],
            stdin=-1,
            stdout=-1,
            text=True,
            env={**os.environ, "FAVCRM_API_KEY": key},
        )
        for racer in [PYTHON, NODE] * 5
    ]
    try:
        assert [process.stdout.readline() for process in running] == ["ready\n"] * 10
        for process in running:
            process.stdin.write("\n")
            process.stdin.flush()
        ended = [process.communicate(timeout=60)[0] for process in running]
    finally:
        for process in running:
            process.kill()
            process.communicate()
    return Counter(code for line in ended for code in json.loads(line))


async def bookings(guard):
    return [booking["id"] for booking in data(await guard.call_tool("list_bookings"))["items"]]


async def test_two_hundred_of_both_languages_race_for_one_approval(start, fresh, tmp_path):
    where = await fresh(tmp_path)
    sandbox = start("--demo-data")
    vault = toolgate.MemoryVault()
    async with ledger_at(where) as ledger:
        async with workspace(sandbox, vault=vault, ledger=ledger) as (guard, _):
            [booking, *_] = await bookings(guard)
            with pytest.raises(toolgate.ApprovalError) as caught:
                await guard.call_tool("cancel_booking", {"id": booking})
            approval = caught.value.details["approval"]
            await guard.approve(approval)
            snapshot = tmp_path / "snapshot.json"
            snapshot.write_text(guard.snapshot())
        codes = raced(sandbox, await vault.get(KEY), [snapshot, where, booking, "20"])
        assert codes["ran"] == 1
        assert codes["approval_spent"] + codes["ledger_conflict"] == 199, codes
        assert sandbox.ran("cancel_booking") == 1
        assert len(sandbox.calls("cancel_booking")) == 1
        [(key, record)] = await ledger.entries("approval/")
        assert key == f"approval/{approval}"
        assert json.loads(record)["state"] == "completed"


CANCELLED_ONCE = {"once": [{"name": "cancellation", "tools": ["cancel_booking"], "once_per": ["/id"]}]}


async def test_two_hundred_of_both_languages_race_for_one_consequence(start, fresh, tmp_path):
    where = await fresh(tmp_path)
    sandbox = start("--demo-data")
    vault = toolgate.MemoryVault()
    async with ledger_at(where) as ledger:
        async with workspace(sandbox, vault=vault) as (guard, _):
            [booking, *_] = await bookings(guard)
            snapshot = tmp_path / "snapshot.json"
            snapshot.write_text(guard.snapshot())
        # Nobody is asked: each of them would be let through.
        policy = {**CANCELLED_ONCE, "rules": [{"tools": ["cancel_booking"], "then": "allow"}]}
        codes = raced(sandbox, await vault.get(KEY), [snapshot, where, booking, "20", json.dumps(policy)])
        assert codes["ran"] == 1
        assert codes["already_done"] + codes["ledger_conflict"] == 199, codes
        assert len(sandbox.calls("cancel_booking")) == 1
        assert len(await ledger.entries("once/")) == 1


POINTS = {
    # Where it is killed: how the ledger then says the approval stands, and whether the call had run by then.
    "before-1": (None, False),
    "after-1": ("proposed", False),
    "before-2": ("proposed", False),
    # The second write names the approval to other guards.
    "after-2": ("proposed", False),
    "before-3": ("proposed", False),
    "after-3": ("approved", False),
    "before-4": ("approved", False),
    "after-4": ("dispatched", False),
    "before-call": ("dispatched", False),
    "on-the-way": ("dispatched", True),
    "before-5": ("dispatched", True),
    "after-5": ("completed", True),
}


async def test_killed_anywhere_nothing_runs_twice(start, fresh, tmp_path):
    await at_every_point(POINTS, killed, start, fresh, tmp_path)


async def at_every_point(points, does, start, fresh, folder):
    # Each has a backend and a ledger of its own, so that all can die at the same time.
    async with anyio.create_task_group() as group:
        for point in points:
            own = folder / point
            own.mkdir()
            group.start_soon(does, point, start, await fresh(own), own)


async def killed(point, start, where, folder):
    state, ran = POINTS[point]
    sandbox, vault, booking = await killed_at(point, start, where, folder)
    assert sandbox.ran("cancel_booking") == ran, point
    snapshot = (folder / "snapshot.json").read_text()
    async with ledger_at(where) as ledger:
        records = [json.loads(record) for _, record in await ledger.entries("approval/")]
        assert [record["state"] for record in records] == ([] if state is None else [state]), point

        # Whoever comes after goes on with what the dead left behind, and tries the same approval once more; twice.
        outcomes = []
        for _ in range(2):
            options = {"vault": vault, "ledger": ledger, "subject": "agent", "snapshot": snapshot}
            async with toolgate.connect(sandbox.mcp, profile="favcrm", **options) as guard:
                outcomes += [resumed.error.code if resumed.error else "ran" for resumed in await guard.resume()]
                for record in records:
                    quoted = {toolgate.APPROVAL_META: record["id"]}
                    try:
                        await guard.call_tool("cancel_booking", {"id": booking}, meta=quoted)
                        outcomes.append("ran")
                    except toolgate.ToolgateError as error:
                        outcomes.append(error.code)
        calls = len(sandbox.calls("cancel_booking"))
        assert calls <= 1, (point, outcomes)
        if state in {"dispatched", "completed"}:
            # Spent, whether or not the call got out: nobody may try again.
            assert (calls, outcomes.count("ran")) == (ran, 0), (point, outcomes)
        if state == "dispatched":
            [record] = records
            await settled(sandbox, vault, ledger, record["id"], ran=ran)


async def killed_at(point, start, where, folder, *policy):
    """Let a process die on the way of a call, and return what it leaves behind."""
    # On the way: the backend has done the work, and its answer does not come.
    slow = [{"tool": "cancel_booking", "times": 1, "fault": {"delay_ms": 60_000}}] if point == "on-the-way" else []
    sandbox = start("--demo-data", faults=slow)
    vault = toolgate.MemoryVault()
    async with workspace(sandbox, vault=vault) as (guard, _):
        [booking, *_] = await bookings(guard)

    environment = {**os.environ, "FAVCRM_API_KEY": await vault.get(KEY)}
    command = [sys.executable, HERE / "victim.py", sandbox.mcp, where, folder, booking, point, *policy]
    async with await anyio.open_process(command, env=environment, stdout=None, stderr=None) as victim:
        with anyio.fail_after(60):
            if point == "on-the-way":
                while sandbox.ran("cancel_booking") == 0:
                    await anyio.sleep(0.02)
                victim.kill()
            assert await victim.wait() == -signal.SIGKILL, point
    return sandbox, vault, booking


async def settled(sandbox, vault, ledger, approval, *, ran):
    """Whoever looks after the call's time is over finds it unknown, and lets a read tell; nothing is sent again."""
    states = []

    class Watched:
        get, entries = ledger.get, ledger.entries

        async def compare_and_set(self, key, expected, record):
            states.append(json.loads(record)["state"])
            return await ledger.compare_and_set(key, expected, record)

    options = {"vault": vault, "ledger": Watched(), "subject": "agent", "profile": "favcrm"}
    state = json.loads(await ledger.get(f"approval/{approval}"))["state"]
    if state == "completed":
        # Killed between the answer and its record: going on with the snapshot has made up for that.
        assert ran
        return
    # And where the snapshot knew of a call on its way, that its answer is lost.
    lost = ["unknown"] if state == "dispatched" else []
    if lost:
        async with toolgate.connect(sandbox.mcp, **options) as guard:
            with pytest.raises(toolgate.ApprovalError) as caught:
                await guard.settle(approval)
            assert caught.value.code == "still_dispatched"
    calls = len(sandbox.calls("cancel_booking"))
    later = lambda: (time.time_ns() // 1_000_000) + 5 * 60_000  # noqa: E731
    async with toolgate.connect(sandbox.mcp, now=later, **options) as guard:
        told = await guard.settle(approval)
    assert states == [*lost, "completed" if ran else "failed"]
    assert (told["state"], told["settled_by"]) == (states[-1], "read")
    assert len(sandbox.calls("cancel_booking")) == calls


# Where it is killed: whether the consequence is taken from then on, and whether the call had run.
CONSEQUENCE_POINTS = {
    "before-4": (False, False),
    "after-4": (False, False),
    "before-5": (False, False),
    "after-5": (True, False),
    "before-call": (True, False),
    "on-the-way": (True, True),
    "before-6": (True, True),
    "after-6": (True, True),
}


async def test_killed_anywhere_a_consequence_happens_once(start, fresh, tmp_path):
    await at_every_point(CONSEQUENCE_POINTS, killed_for_good, start, fresh, tmp_path)


async def killed_for_good(point, start, where, folder):
    taken, ran = CONSEQUENCE_POINTS[point]
    sandbox, vault, booking = await killed_at(point, start, where, folder, json.dumps(CANCELLED_ONCE))
    snapshot = (folder / "snapshot.json").read_text()
    async with ledger_at(where) as ledger:
        assert bool(await ledger.entries("once/")) == taken, point
        outcomes = []
        for known in [{"snapshot": snapshot}, {}]:
            options = {"vault": vault, "ledger": ledger, "subject": "agent", "policy": CANCELLED_ONCE, **known}
            async with toolgate.connect(sandbox.mcp, profile="favcrm", ask=Person(sandbox, *YES), **options) as guard:
                outcomes += [resumed.error.code if resumed.error else "ran" for resumed in await guard.resume()]
                for reason in ["another one", "one more"]:
                    try:
                        await guard.call_tool("cancel_booking", {"id": booking, "reason": reason})
                        outcomes.append("ran")
                    except toolgate.ToolgateError as error:
                        outcomes.append(error.code)
        calls = len(sandbox.calls("cancel_booking"))
        assert calls == (ran if taken else 1), (point, outcomes)
        assert outcomes.count("ran") == calls - ran, (point, outcomes)
        assert outcomes[-2:] == ["already_done", "already_done"], (point, outcomes)
