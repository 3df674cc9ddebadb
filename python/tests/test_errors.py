"""One list of errors, one class for each."""

from __future__ import annotations

import copy
import pickle

import pytest
import toolgate
from toolgate.errors import FAMILIES, make


def test_every_code_has_a_class_and_every_class_a_code():
    assert [entry["code"] for entry in toolgate.error_codes()] == list(FAMILIES)
    assert set(FAMILIES.values()) == set(toolgate.ToolgateError.__subclasses__())


def test_every_code_says_what_to_do():
    for entry in toolgate.error_codes():
        error = make(entry["code"], "It happened.", where=1)
        assert type(error) is FAMILIES[entry["code"]]
        assert (error.code, error.retryable, error.next) == (entry["code"], entry["retryable"], entry["next"])
        assert error.next
        assert error.details == {"where": 1}
        assert str(error) == f"{entry['code']}: It happened. {entry['next']}"


def test_a_code_of_a_later_core_is_a_plain_error():
    error = toolgate.ToolgateError.from_json({"code": "brand_new", "message": "?"})
    assert type(error) is toolgate.ToolgateError
    assert error.code == "brand_new"


@pytest.mark.parametrize("again", [copy.copy, lambda error: pickle.loads(pickle.dumps(error))])
def test_errors_cross_processes(again):
    error = make("approval_required", "A person must agree.", approval="apr_1")
    twin = again(error)
    assert type(twin) is toolgate.ApprovalError
    assert twin.to_json() == error.to_json()


@pytest.mark.parametrize("options", [{"profile": "nobody"}, {"profile": {"name": 1}}, {"profile": object()}])
def test_options_that_cannot_be_used(options):
    with pytest.raises(toolgate.OptionsError) as caught:
        toolgate.profile(source=options["profile"])
    assert caught.value.next
