"""The official JSON-Schema-Test-Suite: every test by text, by bytes and by objects that are walked where they are."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import toolgate

ROOT = Path(__file__).resolve().parents[2]
SUITE = Path(os.environ.get("TOOLGATE_SUITE", ROOT / ".cache/suite"))
KNOWN = json.loads((ROOT / "tests/suite/exceptions.json").read_text())
DRAFTS = {
    "draft2020-12": "https://json-schema.org/draft/2020-12/schema",
    "draft2019-09": "https://json-schema.org/draft/2019-09/schema",
    "draft7": "http://json-schema.org/draft-07/schema",
    "draft6": "http://json-schema.org/draft-06/schema",
}
ROOT_URI = "http://localhost:1234/the-schema-of-the-group.json"


def load(path):
    return json.loads(path.read_text(encoding="utf-8"))


def groups(draft):
    folder = SUITE / "tests" / draft
    for path in sorted(folder.rglob("*.json")):
        file = path.relative_to(folder).as_posix()
        is_format = file.startswith("optional/format/") and path.stem in KNOWN["formats"]
        if not file.startswith("optional") or is_format:
            for group in load(path):
                yield f"{draft}/{file}/{group['description']}", is_format, group


@pytest.fixture(scope="module")
def remotes():
    folder = SUITE / "remotes"
    assert folder.is_dir(), f"the suite is not in {SUITE}: `tests/setup/suite.sh .cache/suite` fetches it"
    return {
        f"http://localhost:1234/{path.relative_to(folder).as_posix()}": load(path) for path in folder.rglob("*.json")
    }


def verdicts(group, options):
    validator = toolgate.compile(group["schema"], **options)
    # A string that stands alone would be taken for text, so objects are judged as items, behind a reference.
    resources = {**options["resources"], ROOT_URI: group["schema"]}
    of_items = toolgate.compile({"items": {"$ref": ROOT_URI}}, **{**options, "resources": resources})
    for test in group["tests"]:
        text = json.dumps(test["data"], ensure_ascii=False)
        utf8, items = text.encode(), [test["data"]]
        said = {
            "text": validator.is_valid(text),
            "bytes": validator.is_valid(utf8),
            "object": of_items.is_valid(items),
            "tuple": of_items.is_valid(tuple(items)),
            "text explained": not validator.validate(text),
            "bytes explained": not validator.validate(utf8),
            "object explained": not of_items.validate(items),
        }
        yield test["description"], said, set(said.values()) == {test["valid"]}


def test_every_exception_is_of_a_draft():
    assert [entry for entry in KNOWN["exceptions"] if entry["test"].split("/")[0] not in DRAFTS] == []


@pytest.mark.parametrize("draft", DRAFTS)
def test_suite(draft, remotes, capsys):
    counts, problems = [0, 0], []
    excepted = {entry["test"] for entry in KNOWN["exceptions"] if entry["test"].startswith(f"{draft}/")}
    for name, is_format, group in groups(draft):
        options = {
            "dialect": DRAFTS[draft],
            "formats": "assert" if is_format else "annotate",
            # Reading all remotes for every group would be most of the work.
            "resources": remotes if "http://localhost:1234/" in json.dumps(group["schema"]) else {},
        }
        for description, said, passes in verdicts(group, options):
            counts[is_format] += 1
            test = f"{name}/{description}"
            if passes == (test in excepted):
                problems.append(f"{'passes, but is an exception' if passes else 'fails'}: {test}: {said}")
            excepted.discard(test)
    with capsys.disabled():
        print(f"\n{draft}: {counts[0]} required, {counts[1]} of formats")
    assert problems == []
    assert excepted == set(), "exceptions that name no test"
    assert counts == KNOWN["tests"][draft], "the number of tests"
