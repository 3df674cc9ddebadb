"""The shared vectors: Python's binding says, byte for byte, what Rust and TypeScript say."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

import pytest
import toolgate
from toolgate import _native

VECTORS = Path(__file__).resolve().parents[2] / "tests/vectors"


def load(path):
    return json.loads(path.read_text())


def text(value):
    # Compact, as Rust and JavaScript write it: some errors name the column.
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def refused(work, *arguments):
    try:
        return None, work(*arguments)
    except _native.Refused as refusal:
        return json.loads(refusal.args[0]), None


POLICY_SCHEMA = files(toolgate) / "policy.schema.json"
DIGESTS = load(VECTORS / "digests.json")["digests"]
EFFECTS = load(VECTORS / "effects.json")["effects"]
CASES = [
    pytest.param(case, id=f"{path.parent.name}/{path.stem}: {case['name']}")
    for folder in ("attacks", "transcripts")
    for path in sorted((VECTORS / folder).glob("*.json"))
    for case in load(path)["cases"]
]


@pytest.mark.parametrize("case", DIGESTS, ids=lambda case: case["name"])
def test_digest(case):
    error, canonical = refused(_native.canonicalize, case["text"])
    if "refused" in case:
        assert error is not None
        assert error["details"]["keyword"] == case["refused"]
        return
    assert error is None
    assert canonical == case["canonical"]
    assert _native.digest(case["text"]) == case["digest"]


def relist(core, tools, digit):
    step = json.loads(core.start(text({"now": 0, "entropy": digit * 32, "flow": {"type": "list"}})))
    event = {"step": step["id"], "now": 0, "event": {"type": "tools"}}
    assert json.loads(core.handle(text(event), text({"tools": tools})))["outcome"]["type"] == "listed"


def listed(options, tools):
    core = _native.Core(text(options))
    if tools is not None:
        relist(core, tools, "0")
    return core


@pytest.mark.parametrize("case", EFFECTS, ids=lambda case: case["name"])
def test_effect(case):
    core = listed(case["options"], [case["tool"]])
    assert json.loads(core.tools()) == [case["report"]]


@pytest.mark.parametrize("case", load(VECTORS / "policies.json")["policies"], ids=lambda case: case["name"])
def test_policy(case):
    error, _ = refused(_native.Core, text({"server": "policies", "policy": case["policy"]}))
    assert error == case.get("error")
    fits = error is None or "beyond_schema" in case
    assert toolgate.compile(POLICY_SCHEMA.read_text()).is_valid(case["policy"]) is fits


def test_the_schema_of_policies_is_the_core_s():
    assert POLICY_SCHEMA.read_text() == (VECTORS / "../../core/src/policy/policy.schema.json").read_text()


@pytest.mark.parametrize("case", load(VECTORS / "drift.json")["drift"], ids=lambda case: case["name"])
def test_drift(case):
    core = listed({"server": "crm"}, [case["before"]])
    relist(core, [case["after"]], "1")
    assert json.loads(core.drift()) == case["report"]


@pytest.mark.parametrize("case", load(VECTORS / "findings.json")["findings"], ids=lambda case: case["name"])
def test_findings(case):
    assert json.loads(listed({"server": "crm"}, case["tools"]).findings()) == case["report"]


@pytest.mark.parametrize(
    "case", load(VECTORS / "tool-names.json")["tool_names"], ids=lambda case: f"{case['tool']} says {case['says']}"
)
def test_tool_name(case):
    hints = {"readOnlyHint": True}
    if case["says"] == "write":
        hints = {"readOnlyHint": False, "destructiveHint": False, "openWorldHint": False}
    tool = {"name": case["tool"], "annotations": hints, "inputSchema": {"type": "object"}}
    if "description" in case:
        tool["description"] = case["description"]
    report = json.loads(listed({"server": "crm"}, [tool]).tools())[0]
    assert (report["effect"], report.get("unconfirmed")) == (case["effect"], case.get("unconfirmed"))


@pytest.mark.parametrize(
    "case", load(VECTORS / "policy-findings.json")["policy_findings"], ids=lambda case: case["name"]
)
def test_policy_findings(case):
    if "tools" in case:
        core = listed({"server": "crm", "policy": case["policy"]}, case["tools"])
        assert json.loads(core.policy_findings()) == case["report"]
        return
    assert toolgate.lint_policy(case["policy"]) == case["report"]
    assert toolgate.lint_policy(json.dumps(case["policy"], indent=2)) == case["report"]


@pytest.mark.parametrize("case", load(VECTORS / "validation.json")["validation"], ids=lambda case: case["name"])
def test_validation(case):
    validator = toolgate.compile(case["schema"], **case.get("options", {}))
    document = case["document"]
    forms = [document, document.encode()]
    if "text_only" not in case:
        forms.append(json.loads(document))
    for form in forms:
        assert validator.validate(form) == case["violations"]
        assert validator.is_valid(form) is (case["violations"] == [])


class Conversation:
    def __init__(self, case):
        self.case = case
        self.core = listed(case["options"], case.get("tools"))

    def document(self, turn):
        if "repeat" in turn:
            repeat = turn["repeat"]
            return repeat["before"] + repeat["text"] * repeat["times"] + repeat["after"]
        return text(turn["json"]) if "json" in turn else turn.get("document")

    def take(self, turn):
        if "start" in turn:
            return self.core.start(text(turn["start"]), self.document(turn))
        if "event" in turn:
            return self.core.handle(text(turn["event"]), self.document(turn))
        if "report" in turn:
            report = getattr(self.core, turn["report"])(*([turn["now"]] if turn["report"] == "silences" else []))
            return text(report) if turn["report"] == "lock" else report
        if "attach" in turn:
            lock = {"lock": self.core.lock()} if "keep_lock" in turn else {}
            self.core = listed({**turn["attach"], **lock}, turn.get("tools"))
            return "null"
        if "verify" in turn:
            return text(toolgate.verify_audit(turn["verify"]["lines"], **turn["verify"]["options"]))
        if "plain_read" in turn:
            read = turn["plain_read"]
            return text(self.core.is_plain_read(read["tool"], self.document(turn), read["now"]))
        if "plain_result" in turn:
            return text(self.core.is_plain_result(turn["plain_result"]["tool"], self.document(turn)))
        if "check" in turn:
            return self.core.check(text(turn["check"]), self.document(turn))
        if "remembered" in turn:
            return self.core.remembered(text(turn["remembered"]))
        if "restore" in turn:
            return self.core.restore(turn["restore"])
        snapshot = self.core.snapshot()
        for secret in self.case.get("secrets", []):
            assert secret not in snapshot
        self.core = listed(turn.get("options", self.case["options"]), self.case.get("tools"))
        return self.core.restore(snapshot)


def without_ways_out(value):
    """Return what a log may hold: everything but a secret on its way to the vault, and arguments to the backend."""
    if isinstance(value, dict):
        hidden = {"keep": ("secret",), "call_tool": ("arguments", "request_state")}.get(value.get("type"), ())
        return {name: without_ways_out(member) for name, member in value.items() if name not in hidden}
    if isinstance(value, list):
        return [without_ways_out(item) for item in value]
    return value


@pytest.mark.parametrize("case", CASES)
def test_transcript(case):
    conversation = Conversation(case)
    for number, turn in enumerate(case["turns"], 1):
        error, answer = refused(conversation.take, turn)
        said = error if error is not None else json.loads(answer)
        expected = next(turn[kind] for kind in ("step", "steps", "error", "value") if kind in turn)
        assert ("error" in turn) == (error is not None), f"turn {number}: {said}"
        assert said == expected, f"turn {number}"
        for secret in case.get("secrets", []):
            assert secret not in text(without_ways_out(said)), f"turn {number}"


@pytest.mark.parametrize("case", load(VECTORS / "audit.json")["audit"], ids=lambda case: case["name"])
def test_audit(case):
    for lines in (case["lines"], case["lines"].encode()):
        assert toolgate.verify_audit(lines, **case["options"]) == case["report"]


@pytest.mark.parametrize("case", load(VECTORS / "config.json")["config"], ids=lambda case: case["name"])
def test_config(case):
    if "references" in case:
        assert toolgate.config_references(case["config"]) == case["references"]
    values = {"env": {}, **case["values"]}
    if "error" not in case:
        assert toolgate.resolve_config(case["config"], **values) == case["resolved"]
        return
    with pytest.raises(toolgate.OptionsError) as refused:
        toolgate.resolve_config(case["config"], **values)
    assert refused.value.to_json() == {"details": {}, **case["error"]}


@pytest.mark.parametrize("case", load(VECTORS / "errors.json")["errors"], ids=lambda case: case["name"])
def test_errors(case):
    assert toolgate.ToolgateError.from_json(case["error"]).to_result() == case["report"]
