"""No key and no code anywhere but in the vault and the outbox."""

from __future__ import annotations

import base64
import re
import subprocess
import sys
from pathlib import Path

import pytest

import toolgate

CANARY = Path(__file__).with_name("canary.py")


@pytest.mark.parametrize("client", ["toolgate", "plain"])
@pytest.mark.parametrize("answers", ["json", "sse"])
@pytest.mark.parametrize("fault", [None, {"malformed_json": True}])
def test_nothing_leaks(start, tmp_path, client, answers, fault):
    # The first verification has the wrong code; the second brings the key.
    faults = [{"tool": "register_organisation_verify", "after": 1, "times": 1, "fault": fault}] if fault else []
    sandbox = start("--seed", "42", "--demo-data", "--answers", answers, faults=faults)
    directory = tmp_path / "told"
    directory.mkdir()
    with (directory / "stdout").open("wb") as out, (directory / "stderr").open("wb") as err:
        subprocess.run(
            [sys.executable, CANARY, client, directory, sandbox.mcp, sandbox.outbox], stdout=out, stderr=err, timeout=90
        )
    assert "the end" in (directory / "stdout").read_text(), (directory / "stderr").read_text()

    emails = [email.read_text() for email in sandbox.emails()]
    codes = [found[1] for email in emails if (found := re.search(r"Your code is (\d{6})", email))]
    wrong = f"{(int(codes[0]) + 1) % 1_000_000:06}"
    secrets = [codes[0], wrong]
    if fault is None:
        secrets.append((directory / "vault").read_text())
        assert secrets[-1].startswith("fav_mcp_")
    assert len(sandbox.calls("register_organisation_verify")) == 2
    told = {path.name: path.read_text() for path in directory.iterdir() if path.name != "vault"}
    assert len(told["surfaces"]) > 10_000
    assert "register_organisation_verify" in told["log"], "the SDK's debug log is not there, so nothing is proved"
    for name, text in told.items():
        for secret in secrets:
            assert secret not in text, f"{name} holds a secret: …{text[max(0, text.index(secret) - 200) :][:260]}…"
        for secret in secrets[2:]:
            for form in (secret.upper(), secret.encode().hex(), base64.b64encode(secret.encode()).decode()[:-4]):
                assert form not in text, f"{name} holds the key in another form"
        # Nor any other key of the vendor's, whole or cut.
        assert not re.search(r"fav_mcp_\w{4,}", text), name


async def test_a_key_given_as_a_tools_name_is_not_repeated(start):
    key = "fav_mcp_aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY"
    async with toolgate.connect(start().mcp, profile="favcrm") as guard:
        with pytest.raises(toolgate.ToolgateError) as caught:
            await guard.call_tool(key, {})
    assert key not in str(caught.value)
    assert key not in str(caught.value.decision)
