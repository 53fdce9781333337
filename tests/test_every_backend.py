"""Every backend in the registry runs the suite, and is tried out as a person would: none is added without."""

import json
from collections.abc import Mapping
from importlib import import_module

import pytest
from tests.backend_contract import BackendContract
from tests.places import PLACES, Making, azure, gcs, making, moto, sshd, webdav  # noqa: F401 - fixtures
from tests.tui.cli.conftest import Yester, yester  # noqa: F401

from yester.plugins.backends.proving.suite import CHECKS
from yester.plugins.backends.registry import PREFIXES, SCHEMES

ROWS = {**SCHEMES, **{f"{prefix}+": row for prefix, row in PREFIXES.items()}}
OTHERS = "shelf"
"""Stands for all that is no part of yester."""

TESTED: Mapping[str, str] = {
    "file": "tests.plugins.backends.test_folder",
    "sftp": "tests.plugins.backends.sftp.test_store",
    "s3": "tests.plugins.backends.objects.test_s3",
    "s3+https": "tests.plugins.backends.objects.test_s3",
    "s3+http": "tests.plugins.backends.objects.test_s3",
    "rclone": "tests.plugins.backends.rclone.test_store",
    "gs": "tests.plugins.backends.objects.test_gs",
    "az": "tests.plugins.backends.objects.test_az",
    "multi": "tests.plugins.backends.multi.test_mirror",
    "webdav": "tests.plugins.backends.webdav.test_store",
    "webdavs": "tests.plugins.backends.webdav.test_store",
    "duplicity+": "tests.plugins.duplicity.test_world",
    "cache+": "tests.plugins.backends.cached.test_contract",
    "par2+": "tests.plugins.backends.par2.test_store",
    "limit+": "tests.plugins.backends.test_limited",
    OTHERS: "tests.plugins.backends.test_third_party",
}
"""Where a backend runs the suite (tests/backend_contract.py), by scheme or by prefix with its plus."""

SAME_CODE = {"s3": "s3+http", "s3+https": "s3+http", "webdavs": "webdav"}
"""Schemes for which another is tried out: on loopback nobody has certificates, or Amazon."""


def test_every_backend_says_where_it_is_tested() -> None:
    assert set(TESTED) == {*ROWS, OTHERS}


@pytest.mark.parametrize("name", TESTED)
def test_every_backend_runs_the_suite(name: str) -> None:
    module = import_module(TESTED[name])
    found = [each for each in vars(module).values() if isinstance(each, type) and issubclass(each, BackendContract)]
    assert any(each.__name__.startswith("Test") and each.__module__ == module.__name__ for each in found)


def test_every_backend_has_a_place_to_be_tried_out_at() -> None:
    assert {*PLACES, *SAME_CODE} == {*ROWS, OTHERS}
    assert all(ROWS[name].module == ROWS[other].module for name, other in SAME_CODE.items())


KINDS = [pytest.param(kind, marks=[] if kind == "file" else pytest.mark.servers) for kind in PLACES]


@pytest.mark.parametrize("kind", KINDS)
def test_a_repository_can_lie_in_each(kind: str, making: Making, yester: Yester) -> None:  # noqa: F811
    place = PLACES[kind](making)
    done = yester("backend", "test", "--quick", "--json", place.url)
    assert (done.code, done.err) == (0, "")
    said = json.loads(done.out)
    assert [each["name"] for each in said["checks"]][: len(CHECKS)] == [check.name for check in CHECKS]
    assert {each["verdict"] for each in said["checks"] if each["is_required"]} == {"yes"}
    assert place.everything() in ([], [*place.made])
