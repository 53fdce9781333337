"""Versions, ranges of them, and what is called between two; contract 4.3."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.plugins.kolibri.conftest import Import

from yester.plugins.kolibri.versions import is_within, version

IN_ORDER = [
    "0.9",
    "1.0.dev1",
    "1.0.dev2",
    "1.0a1.dev1",
    "1.0a1",
    "1.0a2",
    "1.0b1",
    "1.0rc1",
    "1.0",
    "1.0.1",
    "1.2",
    "1.10",
]


def test_versions_in_order() -> None:
    assert sorted(sorted(IN_ORDER), key=version) == IN_ORDER


@pytest.mark.parametrize("other", ["1.0.0", "v1.0", " 1 ", "1.0+git.5"])
def test_other_spellings(other: str) -> None:
    assert version(other) == version("1.0")


@pytest.mark.parametrize(
    ("text", "wanted", "is_in"),
    [
        ("1.5", ">=1.2,<2", True),
        ("2.0", ">=1.2,<2", False),
        ("2.0a1", "<2", True),
        ("1.2", "1.2.0", True),
        ("1.2", "!=1.2", False),
        ("0.5.9", "<0.6.4", True),
    ],
)
def test_ranges(text: str, wanted: str, is_in: bool) -> None:
    assert is_within(text, wanted) == is_in


@pytest.mark.parametrize("wanted", ["", "new", ">=", "1.2,,2", "~1"])
def test_what_is_no_range(wanted: str) -> None:
    with pytest.raises(ValueError, match="is no"):
        is_within("1.0", wanted)


UPGRADE = """
from kolibri.core.upgrade import version_upgrade
called = []

@version_upgrade(old_version="<1.5")
def second(): called.append("second")

@version_upgrade(old_version="<1.1")
def first(): called.append("first")

@version_upgrade(old_version=">=1.0", new_version="<2.0")
def never(): called.append("never")
"""


def called(put: Callable[..., Any], kolibri: Import, old: str, new: str) -> list[str]:
    put("some", upgrade=UPGRADE)
    kolibri("kolibri.core.upgrade").run_upgrades(old, new, "some")
    found: list[str] = kolibri("some.upgrade").called
    return found


@pytest.mark.parametrize(
    ("old", "new", "names"),
    [("1.0", "2.0", ["first", "second"]), ("1.2", "2.0", ["second"]), ("1.6", "2.0", []), ("", "2.0", [])],
)
def test_what_is_called_between_versions(
    put: Callable[..., Any], kolibri: Import, old: str, new: str, names: list[str]
) -> None:
    assert called(put, kolibri, old, new) == names


def test_what_cannot_be_imported_is_said(
    put: Callable[..., Any], kolibri: Import, logged: Callable[[], list[str]]
) -> None:
    put("some", upgrade="import nothing_of_that_name")
    kolibri("kolibri.core.upgrade").run_upgrades("1", "2", "some")
    assert "No module named 'nothing_of_that_name'" in logged()[0]


@pytest.mark.parametrize("named", [{"old_version": "soon"}, {"new_version": ">"}, {}])
def test_what_is_no_upgrade(kolibri: Import, named: dict[str, str]) -> None:
    with pytest.raises(TypeError, match="Unparseable semver version or range" if named else "must be a function"):
        kolibri("kolibri.core.upgrade").version_upgrade(**named)(print if named else None)
