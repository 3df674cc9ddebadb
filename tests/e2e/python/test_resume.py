"""What one process began, another finishes; what may have run is not run again."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

WORKER = Path(__file__).with_name("worker.py")


@pytest.fixture
def process(tmp_path):
    directory = tmp_path / "carried"
    directory.mkdir()

    def run(sandbox, scenario, *, dies=False):
        done = subprocess.run(
            [sys.executable, WORKER, scenario, directory, sandbox.mcp, sandbox.outbox],
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == (9 if dies else 0), done.stderr
        return None if dies else json.loads(done.stdout.splitlines()[-1])

    run.directory = directory
    return run


def test_a_sign_up_goes_on_at_the_code(start, process):
    sandbox = start()
    process(sandbox, "begin_signup", dies=True)
    assert sandbox.code() not in (process.directory / "snapshot.json").read_text()
    done = process(sandbox, "resume")
    [resumed] = done["resumed"]
    assert resumed["value"]["report"]["healthy"] is True
    assert done["healthy"] is True
    assert len(sandbox.emails()) == 1
    assert sandbox.ran("register_organisation_verify") == 1
    key = (process.directory / "favcrm_api_key.secret").read_text()
    assert key not in json.dumps(done)


def test_an_approval_goes_on_at_the_question(start, process):
    sandbox = start("--demo-data")
    process(sandbox, "ready")
    process(sandbox, "begin_cancellation", dies=True)
    done = process(sandbox, "resume")
    [resumed] = done["resumed"]
    # There the client never returned a result before; what comes is still the client's own.
    assert resumed["value"]["structuredContent"]["data"]["status"] == "cancelled"
    assert done["states"] == ["completed"]
    assert sandbox.ran("cancel_booking") == 1


def test_an_approval_left_open_is_given_and_used_elsewhere_once(start, process):
    sandbox = start("--demo-data")
    process(sandbox, "ready")
    process(sandbox, "leave_open")
    result = process(sandbox, "approve_and_call")
    assert result["structuredContent"]["data"]["status"] == "cancelled"
    error = process(sandbox, "call_again")
    assert error["code"] == "approval_spent"
    assert error["next"]
    assert sandbox.ran("cancel_booking") == 1


def test_a_call_that_may_have_run_is_not_run_again(start, process):
    sandbox = start("--demo-data")
    process(sandbox, "ready")
    process(sandbox, "die_on_the_way", dies=True)
    done = process(sandbox, "resume")
    [resumed] = done["resumed"]
    assert resumed["error"]["code"] == "outcome_unknown"
    assert done["states"] == ["unknown"]
    assert sandbox.calls("cancel_booking") == []
