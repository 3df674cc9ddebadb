"""What validating costs in Python, beside others that validate.

Usage: schema.py DOCUMENTS RESULTS. Peers take turns in short slices, so that whatever else the machine does hits all
alike; a figure is the median of its rounds, a ratio the median of the rounds' ratios.
"""

from __future__ import annotations

import gc
import json
import platform
import sys
import time
from collections.abc import Callable
from datetime import datetime  # noqa: TC003 pydantic reads the annotations when it makes the model
from importlib.metadata import version
from itertools import cycle, islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import fastjsonschema
import jsonschema
import jsonschema_rs
import orjson
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

import toolgate

if TYPE_CHECKING:
    from collections.abc import Iterator

ROUNDS = 15
SLICE = 15e-3
WARM = 0.1
PEERS = ("jsonschema-rs", "orjson", "pydantic", "jsonschema", "fastjsonschema")

Work = Callable[[Any], bool]


class Strict(BaseModel):
    """What every part of the model has in common."""

    model_config = ConfigDict(extra="forbid")


class Address(Strict):
    street: Annotated[str, Field(min_length=1, max_length=120)]
    city: Annotated[str, Field(min_length=1, max_length=80)]
    country: Annotated[str, Field(min_length=2, max_length=2)]


class Customer(Strict):
    name: Annotated[str, Field(min_length=1, max_length=80)]
    email: str
    address: Address | None = None


class Item(Strict):
    sku: Annotated[str, Field(pattern=r"^[A-Z]{2}-[0-9]{4}$")]
    name: Annotated[str, Field(min_length=1, max_length=80)]
    quantity: Annotated[int, Field(ge=1, le=999)]
    unitPrice: Annotated[float, Field(ge=0)]  # noqa: N815
    taxed: bool | None = None
    tags: Annotated[list[Annotated[str, Field(min_length=1, max_length=24)]], Field(max_length=8)] | None = None
    discount: Annotated[int, Field(ge=0, le=100)] | None = None


class Order(Strict):
    """The same as the schema; the email is any string, because pydantic leaves checking it to another package."""

    id: Annotated[str, Field(min_length=4, max_length=32)]
    createdAt: datetime  # noqa: N815
    status: Literal["draft", "open", "paid", "shipped", "cancelled"]
    currency: Literal["EUR", "USD", "HKD", "JPY"] | None = None
    customer: Customer
    note: Annotated[str, Field(max_length=500)] | None = None
    items: Annotated[list[Item], Field(max_length=500)]


def passes(work: Callable[[Any], object], refusal: type[Exception]) -> Work:
    """Make a yes or no of a peer that raises."""

    def judged(document: Any) -> bool:
        try:
            work(document)
        except refusal:
            return False
        return True

    return judged


def contenders(schema: dict[str, Any]) -> dict[str, dict[str, Work]]:
    """Set everyone up as its own documentation has it, with formats asserted."""
    ours = toolgate.compile(schema)
    rust = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
    pure = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER)
    fast = fastjsonschema.compile(schema)
    model = TypeAdapter(Order)
    model_passes = passes(model.validate_python, ValidationError)
    fast_passes = passes(fast, fastjsonschema.JsonSchemaException)
    return {
        "dict": {
            "toolgate": ours.is_valid,
            "jsonschema_rs": rust.is_valid,
            "pydantic": model_passes,
            "fastjsonschema": fast_passes,
            "jsonschema": pure.is_valid,
        },
        "text": {
            "toolgate": ours.is_valid,
            "orjson.loads + jsonschema_rs": lambda text: rust.is_valid(orjson.loads(text)),
            "json.loads + jsonschema_rs": lambda text: rust.is_valid(json.loads(text)),
            "toolgate, then orjson.loads": lambda text: ours.is_valid(text) and orjson.loads(text) is not None,
            "pydantic": passes(model.validate_json, ValidationError),
            "orjson.loads + fastjsonschema": lambda text: fast_passes(orjson.loads(text)),
            "orjson.loads alone": lambda text: orjson.loads(text) is not None,
        },
        "mistakes": {
            "toolgate validate": lambda text: len(ours.validate(text)) > 0,
            "orjson.loads + jsonschema_rs iter_errors": lambda text: (
                len(list(rust.iter_errors(orjson.loads(text)))) > 0
            ),
            "toolgate is_valid": lambda text: not ours.is_valid(text),
            "orjson.loads + jsonschema_rs": lambda text: not rust.is_valid(orjson.loads(text)),
        },
    }


class Contender:
    """One that works on fresh copies: Python keeps in a string what the first reader has computed of it."""

    def __init__(self, work: Work, texts: list[str], fresh: Callable[[bytes], Any]) -> None:
        self.work = work
        self.fresh = fresh
        self.sources: Iterator[bytes] = cycle([text.encode() for text in texts])
        self.block = len(texts)
        self.figures: list[float] = []
        spent = self.slice(WARM, self.block)
        self.block = max(1, min(self.block, int(SLICE / spent)))

    def round(self) -> None:
        """Work for a moment; the figure is in nanoseconds an input."""
        self.figures.append(self.slice(SLICE, self.block) * 1e9)

    def slice(self, at_least: float, block: int) -> float:
        """Return the seconds an input."""
        spent = 0.0
        done = 0
        while spent < at_least:
            inputs = [self.fresh(source) for source in islice(self.sources, block)]
            work = self.work
            begin = time.perf_counter()
            passed = [work(given) for given in inputs]
            spent += time.perf_counter() - begin
            done += block
            assert all(passed), "a contender does not agree"
        gc.collect()
        return spent / done


def take_turns(works: dict[str, Work], texts: list[str], fresh: Callable[[bytes], Any]) -> dict[str, list[float]]:
    """Let each round rotate through the contenders."""
    everyone = {name: Contender(work, texts, fresh) for name, work in works.items()}
    names = list(everyone)
    for number in range(ROUNDS):
        for turn in range(len(names)):
            everyone[names[(number + turn) % len(names)]].round()
    return {name: contender.figures for name, contender in everyone.items()}


def main() -> None:
    """Measure everything and write it down."""
    source, target = (Path(argument) for argument in sys.argv[1:])
    given = json.loads(source.read_text(encoding="utf-8"))
    works = contenders(given["schema"])
    # Whoever makes more objects would otherwise be charged for looking through those of others.
    gc.disable()
    results: dict[str, dict[str, dict[str, list[float]]]] = {what: {} for what in works}
    for size, documents in given["documents"].items():
        sys.stderr.write(f"{size}\n")
        results["dict"][size] = take_turns(works["dict"], documents["valid"], orjson.loads)
        results["text"][size] = take_turns(works["text"], documents["valid"], bytes.decode)
        if "mistaken" in documents:
            results["mistakes"][size] = take_turns(works["mistakes"], documents["mistaken"], bytes.decode)
    versions = {"Python": platform.python_version(), **{name: version(name) for name in PEERS}}
    target.write_text(json.dumps({"versions": versions, "results": results}), encoding="utf-8")


if __name__ == "__main__":
    main()
