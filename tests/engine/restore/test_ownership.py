"""Whose the shown files are."""

import os
import pwd

import pytest

from yester.engine.entries import Owner
from yester.engine.restore.ownership import OwnerMode, opened_mode, owner_map

STORED = Owner(4001, 4002, b"root", b"root")


def test_as_stored_keeps_numbers() -> None:
    assert owner_map(OwnerMode.AS_STORED, (1, 2))(STORED) == (4001, 4002)


def test_by_name_takes_this_machines_numbers() -> None:
    assert owner_map(OwnerMode.BY_NAME, (1, 2))(STORED) == (0, 0)
    me = pwd.getpwuid(os.getuid())
    assert owner_map(OwnerMode.BY_NAME, (1, 2))(Owner(1, 2, me.pw_name.encode()))[0] == me.pw_uid


@pytest.mark.parametrize("name", [b"", b"no-such-user-anywhere", b"\xff\xfe"])
def test_by_name_keeps_the_numbers_of_names_unknown_here(name: bytes) -> None:
    assert owner_map(OwnerMode.BY_NAME, (1, 2))(Owner(7, 8, name, name)) == (7, 8)


def test_me_owns_all() -> None:
    assert owner_map(OwnerMode.ME, (1, 2))(STORED) == (1, 2)


@pytest.mark.parametrize(
    ("mode", "opened"), [(0o040000, 0o040500), (0o100200, 0o100600), (0o104755, 0o104755), (0o120777, 0o120777)]
)
def test_opened_modes_let_the_owner_read_and_enter(mode: int, opened: int) -> None:
    assert opened_mode(mode) == opened
