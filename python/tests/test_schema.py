"""JSON Schema on its own: what it takes, what it refuses, and that no document breaks the interpreter."""

from __future__ import annotations

import collections
import datetime
import decimal
import enum
import gc
import json
import subprocess
import sys
import textwrap
import threading
import types
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import toolgate

BOOKING = {
    "type": "object",
    "required": ["country"],
    "properties": {"country": {"enum": ["HK", "SG"]}, "guests": {"type": "integer", "minimum": 1}},
    "additionalProperties": False,
}
booking = toolgate.compile(BOOKING)
anything = toolgate.compile(True)
tree = toolgate.compile({"items": {"$ref": "#"}, "additionalProperties": {"$ref": "#"}})
D7 = "http://json-schema.org/draft-07/schema#"


def only(validator, document):
    """Return the one violation of a document."""
    violations = validator.validate(document)
    assert validator.is_valid(document) is False
    assert len(violations) == 1, violations
    return violations[0]


def keyword(validator, document):
    return only(validator, document)["keyword"]


def as_bytes(document):
    return json.dumps(document).encode()


@pytest.mark.parametrize("form", [json.dumps, as_bytes, dict, collections.OrderedDict])
def test_text_bytes_and_objects_alike(form):
    assert booking.is_valid(form({"country": "HK", "guests": 2})) is True
    assert booking.validate(form({"country": "HK", "guests": 2})) == []
    assert only(booking, form({"country": "HJ", "guests": 2})) == {
        "path": "/country",
        "schema_path": "/properties/country/enum",
        "keyword": "enum",
        "expected": 'one of "HK", "SG"',
        "got": '"HJ"',
        "repair": '`country` must be one of "HK", "SG"; did you mean `HK`?',
    }


def test_a_string_is_text_and_not_a_value():
    string = toolgate.compile({"type": "string"})
    assert string.is_valid('"text"')
    assert keyword(string, "text") == "syntax"


@pytest.mark.parametrize(
    "text", ["", " ", "{", "nul", "[1,]", "01", '{"a":1} x', "NaN", "\ufeff{}", "'a'", "1e", '"\t"']
)
def test_malformed_text(text):
    assert keyword(anything, text) == "syntax"
    assert keyword(anything, text.encode()) == "syntax"


def test_where_a_text_is_malformed():
    violation = only(anything, '{\n  "a": 1,\n}')
    assert violation["got"] == "line 3, column 1"
    assert "line 3, column 1" in violation["repair"]


@pytest.mark.parametrize("data", [b'"\xff"', b'"\xc0\xaf"', b'"\xed\xa0\x80"', b'"\xe2\x82'])
def test_bytes_that_are_no_utf8(data):
    assert keyword(anything, data) == "invalid_utf8"


@pytest.mark.parametrize("document", ['"\ud800"', '"\\ud800"', '["\udc00\ud800"]', '{"\udfff": 1}'])
def test_lone_surrogates_in_text(document):
    assert keyword(anything, document) == "lone_surrogate"


def test_a_wrong_escape_stays_wrong():
    assert keyword(anything, '"\\\ud800"') == "syntax"
    assert keyword(anything, '"\\\\\ud800"') == "lone_surrogate"
    assert toolgate.arguments.well_formed('"\\\ud800\\\\\ud800"') == '"\\x\\\\\\ud800"'


def test_lone_surrogates_in_objects():
    long = toolgate.compile({"items": {"minLength": 1}, "properties": {"a": True}})
    for document in (["\ud800"], {"\ud800": 1}):
        assert keyword(long, document) == "lone_surrogate"


def test_keys_that_stand_twice():
    assert only(anything, '{"a": {"b": 1, "b": 2}}')["path"] == "/a/b"
    assert keyword(anything, '{"b": 1, "\\u0062": 2}') == "duplicate_key"


class Digits(enum.IntEnum):
    ONE = 1


class Letter(enum.StrEnum):
    A = "a"


class Misleading(dict):
    def __len__(self):
        raise AssertionError

    __iter__ = keys = items = values = __getitem__ = __contains__ = __len__


class MisleadingList(list):
    def __len__(self):
        raise AssertionError

    __iter__ = __getitem__ = __len__


class MisleadingText(str):
    __slots__ = ()

    def __str__(self):
        raise AssertionError

    __len__ = __hash__ = __eq__ = encode = __str__


class MisleadingInteger(int):
    def __repr__(self):
        raise AssertionError

    __str__ = __index__ = __int__ = __eq__ = __lt__ = __repr__


class MisleadingFloat(float):
    def __repr__(self):
        raise AssertionError

    __str__ = __float__ = __eq__ = __lt__ = __repr__


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        ({"type": "array", "maxItems": 2}, (1, 2), (1, 2, 3)),
        ({"prefixItems": [{"type": "null"}, {"type": "boolean"}]}, (None, True), (0, True)),
        ({"type": "object", "maxProperties": 1}, collections.OrderedDict(a=1), collections.OrderedDict(a=1, b=2)),
        ({"required": ["a"]}, collections.defaultdict(list, a=1), collections.defaultdict(list)),
        ({"items": {"const": 1}}, [Digits.ONE, 1, 1.0], [True]),
        ({"items": {"enum": ["a"]}}, [Letter.A], [Letter.A.value + "b"]),
        ({"items": {"type": "integer"}}, [Digits.ONE, 1.0, 1e300, 10**400], [1.5]),
        ({"maxProperties": 1, "properties": {"a": {"const": 1}}}, Misleading(a=1), Misleading(a=1, b=2)),
        ({"maxItems": 1, "items": {"const": 1}}, MisleadingList([1]), MisleadingList([1, 1])),
        ({"items": {"maxLength": 1}}, [MisleadingText("ü")], [MisleadingText("üb")]),
        ({"items": {"maximum": 10**20}}, [MisleadingInteger(10**20)], [MisleadingInteger(10**20 + 1)]),
        ({"items": {"maximum": 0.5}}, [MisleadingFloat(0.5)], [MisleadingFloat(0.75)]),
        ({"items": {"minimum": 0}}, [0, -0.0, 5e-324], [-5e-324]),
        ({"uniqueItems": True}, [1, True, "1", 0, False], [1, 1.0]),
    ],
)
def test_values_of_python(schema, good, bad):
    validator = toolgate.compile(schema)
    assert validator.validate(good) == []
    assert validator.is_valid(good) is True
    assert len(validator.validate(bad)) == 1
    assert validator.is_valid(bad) is False


@pytest.mark.parametrize(
    "value",
    [
        float("nan"),
        float("inf"),
        -float("inf"),
        decimal.Decimal(1),
        datetime.datetime.now(datetime.UTC),
        {1, 2},
        bytearray(b"{}"),
        object(),
        b"text",
        types.MappingProxyType({}),
        enum.Enum("Plain", "A").A,
        complex(1),
        len,
        range(3),
    ],
)
def test_what_json_has_no_word_for(value):
    of_a = toolgate.compile({"properties": {"a": {"type": ["null", "boolean", "number", "string", "array", "object"]}}})
    violation = only(of_a, {"a": value})
    assert (violation["keyword"], violation["path"]) == ("not_json", "/a")
    no_text = toolgate.compile({"properties": {"a": {"not": {"type": "string"}}}})
    assert keyword(no_text, {"a": value}) == "not_json"


def test_names_that_are_no_strings():
    closed = toolgate.compile({"properties": {"a": True}, "additionalProperties": False})
    for document in ({1: 2}, {"a": 1, None: 2}, {(): 1}, {b"a": 1}):
        assert keyword(closed, document) == "not_json"


@pytest.mark.parametrize("digits", [20, 400, 4300, 4301, 5000, 20_000])
def test_integers_of_any_size(digits):
    huge = 10**digits
    text = "1" + "0" * digits
    for schema, verdict in [
        ({"maximum": 10}, False),
        ({"minimum": 10}, True),
        ({"const": 0}, False),
        ({"type": "integer", "exclusiveMinimum": 0}, True),
        (f'{{"const": {text}}}', True),
        (f'{{"maximum": {text[:-1]}}}', False),
    ]:
        validator = toolgate.compile({"items": True, **schema} if isinstance(schema, dict) else schema)
        assert validator.is_valid(huge) is verdict
        assert validator.is_valid(text) is verdict
        assert validator.validate(huge) == validator.validate(text)
    assert toolgate.compile({"maximum": 0}).is_valid(-huge)


def nested(depth, wrap):
    value = 1
    for _ in range(depth):
        value = wrap(value)
    return value


@pytest.mark.parametrize("wrap", [lambda value: [value], lambda value: (value,), lambda value: {"a": value}])
def test_depth(wrap):
    assert tree.is_valid(nested(127, wrap))
    assert keyword(tree, nested(100_000, wrap)) == "too_deep"


def test_a_document_that_holds_itself():
    items, members = [], {}
    items.append(items)
    members["a"] = members
    unique = toolgate.compile({"uniqueItems": True})
    for document in (items, members, [members, items]):
        assert keyword(tree, document) == "too_deep"
    other = [1]
    other.append(other)
    for document in ([items, other], [members, items, other]):
        assert isinstance(unique.is_valid(document), bool)
    assert keyword(toolgate.compile({"const": [[1]]}), items) == "const"


def run(program):
    """Run a program in a process of its own: what could end the interpreter shall not end the tests."""
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@pytest.mark.parametrize(
    "schema",
    [
        {"items": {"$ref": "#"}},
        {"allOf": [{"items": {"$ref": "#"}}]},
        {"anyOf": [{"$ref": "#/$defs/a"}], "$defs": {"a": {"unevaluatedItems": {"$ref": "#"}, "not": {"not": {}}}}},
        {"contains": {"$ref": "#"}, "items": {"if": {"$ref": "#"}, "then": {"oneOf": [{"$ref": "#"}]}}},
        {"uniqueItems": True, "items": {"$ref": "#"}},
    ],
)
def test_the_stack_of_a_small_thread_is_enough(schema):
    # macOS gives threads half a megabyte.
    program = f"""
        import threading, toolgate
        threading.stack_size(512 * 1024)
        cycle = []
        cycle += [cycle, [cycle]]
        validator = toolgate.compile({schema!r})
        def work():
            print(validator.is_valid(cycle), validator.validate(cycle)[0]["keyword"])
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    """
    verdict, keyword = run(program)
    assert verdict == "False"
    assert keyword in {"too_deep", "too_much_work", "contains"}


def test_the_memory_of_a_huge_text_is_given_back():
    program = """
        import json, toolgate
        def resident():
            for line in open("/proc/self/status"):
                if line.startswith("VmRSS"):
                    return int(line.split()[1])
        validator = toolgate.compile({"items": {"type": "string"}})
        text = json.dumps(["x"] * 3_000_000)
        small = validator.is_valid('["x"]')
        before = resident()
        print(all(validator.is_valid(text) for _ in range(5)), len(validator.validate(text)))
        print(resident() - before)
    """
    if not Path("/proc/self/status").exists():
        pytest.skip("only Linux says how much memory is in use")
    valid, violations, grown = run(program)
    assert (valid, violations) == ("True", "0")
    # The marks that reading leaves are several times as large.
    assert int(grown) < 20_000, f"{grown} KiB more"


def test_huge_documents_in_every_form():
    document = [{"index": index, "name": f"name {index} {'ü' * 8}"} for index in range(120_000)]
    text = json.dumps(document, ensure_ascii=False)
    assert len(text) > 5_000_000
    validator = toolgate.compile({"items": {"properties": {"index": {"type": "integer"}}}})
    for form in (text, text.encode(), document):
        assert validator.is_valid(form)
    document[-1]["index"] = "x"
    for form in (json.dumps(document), document):
        assert only(validator, form)["path"] == "/119999/index"


def test_a_text_that_is_too_large():
    assert keyword(anything, b" " * (65 << 20)) == "too_large"


def test_validators_that_nobody_holds_are_freed():
    program = """
        import gc, toolgate
        def resident():
            for line in open("/proc/self/status"):
                if line.startswith("VmRSS"):
                    return int(line.split()[1])
        schema = {"enum": [f"a value of some length {index}" for index in range(1_000)]}
        def make():
            for _ in range(500):
                toolgate.compile(schema)
            gc.collect()
        make()
        before = resident()
        for _ in range(5):
            make()
        print(resident() - before)
    """
    if not Path("/proc/self/status").exists():
        pytest.skip("only Linux says how much memory is in use")
    assert int(run(program)[0]) < 8_000


def test_the_document_may_be_changed_by_another_thread():
    document = {f"k{index}": {"n": 10**30, "x": 1.5} for index in range(2_000)}
    validator = toolgate.compile({"additionalProperties": {"properties": {"n": {"maximum": 10**40}}}})
    done = threading.Event()

    def change():
        index = 0
        while not done.is_set():
            document[f"new{index}"] = {"n": 1}
            document.pop(f"new{index - 100}", None)
            index += 1

    thread = threading.Thread(target=change)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    thread.start()
    try:
        for _ in range(100):
            assert validator.is_valid(document) is True
    finally:
        done.set()
        thread.join()
        sys.setswitchinterval(interval)


def test_nothing_of_python_runs_while_a_document_is_walked():
    document, died = {}, []

    class Dying:
        def __del__(self):
            died.append(len(document))
            document.update({f"new{index}": 1 for index in range(1_000)})

    def doom():
        # A cycle of garbage: whatever makes an object may collect it, and run `__del__`.
        cycle = [Dying()]
        cycle.append(cycle)

    numbers = toolgate.compile({"additionalProperties": {"maximum": 10**400}})
    threshold = gc.get_threshold()
    try:
        for _ in range(50):
            gc.disable()
            document.clear()
            document.update({f"k{index}": 10**300 + index for index in range(500)})
            doom()
            gc.set_threshold(1)
            gc.enable()
            assert numbers.is_valid(document) is True
            gc.collect()
    finally:
        gc.set_threshold(*threshold)
        gc.enable()
    assert len(died) == 50


def test_threads_share_a_validator():
    text = json.dumps([{"country": "HK", "guests": 1}] * 5_000)
    validator = toolgate.compile({"items": BOOKING})
    document = json.loads(text)
    wrong = json.loads(text)
    wrong[4_999]["guests"] = 0

    def work(number):
        given, expected = [(text, 0), (document, 0), (json.dumps(wrong), 1), (wrong, 1)][number % 4]
        return len(validator.validate(given)) == expected and validator.is_valid(given) is (expected == 0)

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(200)))


def test_the_interpreter_runs_on_while_a_text_is_judged():
    validator = toolgate.compile({"items": {"pattern": "^(ab|ba)*c$"}})
    text = json.dumps(["ab" * 500 + "c"] * 4_000)
    done, ticks = threading.Event(), 0

    def work():
        for _ in range(3):
            validator.is_valid(text)
        done.set()

    thread = threading.Thread(target=work)
    thread.start()
    while not done.wait(0.001):
        ticks += 1
    thread.join()
    assert ticks > 5


def failing(schema, **options):
    with pytest.raises(toolgate.SchemaError) as caught:
        toolgate.compile(schema, **options)
    assert caught.value.code == "invalid_schema"
    assert caught.value.next
    return tuple(caught.value.details[name] for name in ("problem", "keyword", "path"))


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "strnig"}, ("invalid_keyword", "type", "/type")),
        ({"properties": {"a": {"minimum": "1"}}}, ("invalid_keyword", "minimum", "/properties/a/minimum")),
        ({"items": 1}, ("invalid_keyword", "items", "/items")),
        ({"pattern": "("}, ("invalid_keyword", "pattern", "/pattern")),
        (None, ("invalid_keyword", "", "")),
        ([], ("invalid_keyword", "", "")),
        ({"$schema": "http://json-schema.org/draft-04/schema#"}, ("unsupported_dialect", "$schema", "/$schema")),
        ({"$ref": "#/$defs/none"}, ("unresolvable_reference", "$ref", "/$ref")),
        ({"$ref": "https://example.com/s"}, ("unresolvable_reference", "$ref", "/$ref")),
        ({"$ref": "#"}, ("endless_reference", "", "")),
        ('{"type": "string",}', ("unreadable", "syntax", "")),
        ('{"const": "\ud800"}', ("unreadable", "lone_surrogate", "/const")),
        ({"const": "\ud800"}, ("unreadable", "lone_surrogate", "/const")),
        ({"const": float("nan")}, ("unreadable", "syntax", "/const")),
        ({"const": object()}, ("unreadable", "", "")),
        ({"const": 10**5000}, ("unreadable", "", "")),
        (b"{}", ("unreadable", "", "")),
    ],
)
def test_schemas_that_cannot_be_used(schema, expected):
    assert failing(schema) == expected


def test_a_schema_that_holds_itself():
    schema = {}
    schema["not"] = schema
    assert failing(schema) == ("unreadable", "", "")
    assert failing(nested(100_000, lambda value: {"not": value})) == ("unreadable", "", "")
    assert failing(nested(200, lambda value: {"not": value}))[:2] == ("unreadable", "too_deep")


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"formats": "maybe"}, "formats"),
        ({"dialect": "draft-07"}, "dialect"),
        ({"dialect": 7}, "dialect"),
        ({"resources": []}, "resources"),
    ],
)
def test_options_that_are_wrong(options, name):
    assert failing(True, **options) == ("invalid_option", name, f"/{name}")


def test_mappings_of_any_kind_are_schemas():
    proxy = types.MappingProxyType
    schema = proxy({"properties": proxy({"a": proxy({"$ref": "urn:a"})})})
    validator = toolgate.compile(schema, resources=proxy({"urn:a": proxy({"type": "null"})}))
    assert validator.is_valid({"a": None})
    assert only(validator, {"a": 1})["schema_path"] == "urn:a#/type"


def test_resources():
    resources = {
        "https://example.com/country": {"$defs": {"code": {"enum": ["HK"]}}, "$ref": "#/$defs/code"},
        "https://example.com/broken": {"type": "strnig"},
    }
    schema = {"properties": {"country": {"$ref": "https://example.com/country"}}}
    violation = only(toolgate.compile(schema, resources=resources), {"country": "SG"})
    assert violation["path"] == "/country"
    assert violation["schema_path"] == "https://example.com/country#/$defs/code/enum"
    broken = failing({"$ref": "https://example.com/broken"}, resources=resources)
    assert broken == ("invalid_keyword", "type", "https://example.com/broken#/type")


def test_formats_are_asserted_unless_it_is_said_otherwise():
    schema = {"format": "email"}
    assert not toolgate.compile(schema).is_valid('"none"')
    assert not toolgate.compile(schema, formats="assert").is_valid('"none"')
    assert toolgate.compile(schema, formats="annotate").is_valid('"none"')


def test_the_dialect_of_schemas_that_name_none():
    schema = {"items": [{"type": "string"}]}
    assert not toolgate.compile(schema, dialect=D7).is_valid([1])
    assert failing(schema) == ("invalid_keyword", "items", "/items")


def test_a_validator_goes_on_after_errors():
    with pytest.raises(TypeError):
        booking.is_valid()
    assert keyword(booking, {"country": object()}) in {"enum", "not_json"}
    assert booking.is_valid({"country": "HK"})
