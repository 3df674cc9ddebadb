"""The wheel as its users get it: in an environment of its own, away from this repository."""

from __future__ import annotations

import os
import re
import subprocess
import venv
import zipfile
from pathlib import Path

import pytest

from keyboard import Keyboard
from sandbox import ROOT

WHEELS = Path(os.environ.get("TOOLGATE_WHEELS", ROOT / ".cache/wheels"))
WHEEL = max(WHEELS.glob("toolgate-*.whl"), key=lambda path: path.stat().st_mtime, default=None)

pytestmark = pytest.mark.skipif(
    WHEEL is None and "CI" not in os.environ, reason=f"no wheel in {WHEELS}; see TOOLGATE_WHEELS"
)


def example(readme: Path) -> str:
    """Return the first Python program of a page that runs as it stands."""
    programs = re.findall(r"```python\n(.*?)```", readme.read_text(), re.DOTALL)
    return next(program for program in programs if "asyncio.run(" in program)


def run(python: Path, *arguments: str, cwd: Path) -> str:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    done = subprocess.run([python, *arguments], capture_output=True, text=True, cwd=cwd, env=clean, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    directory = tmp_path_factory.mktemp("away")
    venv.create(directory / "venv", with_pip=True)
    python = directory / "venv/bin/python"
    run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", str(WHEEL), cwd=directory)
    # Before the SDK comes: importing needs none, and what needs it says so.
    told = run(
        python,
        "-c",
        "import toolgate\ntry: toolgate.http_client()\nexcept toolgate.OptionsError as error: print(error)",
        cwd=directory,
    )
    assert "toolgate[mcp]" in told
    run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", f"{WHEEL}[mcp]", cwd=directory)
    return directory, python


def test_what_is_in_it():
    with zipfile.ZipFile(WHEEL) as wheel:
        names = set(wheel.namelist())
    assert {"toolgate/py.typed", "toolgate/_native.pyi", "toolgate/_native.abi3.so"} <= names
    assert not [name for name in names if "test" in name]
    assert "-cp311-abi3-" in WHEEL.name


def test_it_comes_from_the_wheel(installed):
    directory, python = installed
    where = run(python, "-c", "import toolgate._native as native; print(native.__file__)", cwd=directory)
    assert Path(where.strip()).is_relative_to(directory)


@pytest.mark.parametrize("page", ["README.md", "python/README.md"])
def test_the_example_runs_as_written(installed, start, tmp_path, page, monkeypatch):
    directory, python = installed
    sandbox = start("--demo-data")
    program = tmp_path / "example.py"
    program.write_text(example(ROOT / page))
    environment = {"PATH": os.environ["PATH"], "FAVCRM_MCP_URL": sandbox.mcp, "PYTHONUNBUFFERED": "1"}
    monkeypatch.chdir(directory)
    with Keyboard([python, program], columns=500, **environment) as terminal:
        # The person reads the email and types the code.
        terminal.see("toolgate asks")
        terminal.rest()
        terminal.press(sandbox.code() + "\n")
        assert terminal.end() == 0, terminal.screen
        terminal.rest()
    assert "fav_mcp_…(sha256:" in terminal.screen
    assert "Consultation" in terminal.screen
    assert not re.search(r"fav_mcp_\w{4,}", terminal.screen)
