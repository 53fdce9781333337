"""Inode numbers: their shape, and that they are kept for ever."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yester.engine.errors import YesterError
from yester.fs.inodes import ORDINAL_BITS, ORDINAL_MASK, SPACES, Numbers, folder_inode, inode_of, link_inode


@given(st.integers(1, SPACES - 1), st.integers(0, ORDINAL_MASK))
def test_a_number_gives_back_space_and_ordinal_and_stays_below_2_to_the_53(space: int, ordinal: int) -> None:
    inode = inode_of(space, ordinal)
    assert (inode >> ORDINAL_BITS, inode & ORDINAL_MASK) == (space, ordinal)
    assert inode < 2**53


@given(st.integers(1, SPACES - 1))
def test_folders_and_links_of_views_lie_in_space_0_and_apart(number: int) -> None:
    assert folder_inode(number) >> ORDINAL_BITS == link_inode(number) >> ORDINAL_BITS == 0
    assert folder_inode(number) < link_inode(0)


def test_numbers_count_from_1_and_survive(tmp_path: Path) -> None:
    assert Numbers(tmp_path / "n").of(["b", "a"]) == {"b": 1, "a": 2}
    assert Numbers(tmp_path / "n").of(["c", "a"]) == {"c": 3, "a": 2}


def test_two_clients_of_one_file_never_give_a_number_twice(tmp_path: Path) -> None:
    one, other = Numbers(tmp_path / "n"), Numbers(tmp_path / "n")
    one.of(["a"])
    assert other.of(["b"]) == {"b": 2}
    assert one.of(["c", "b"]) == {"c": 3, "b": 2}


def test_a_line_that_a_crash_cut_short_uses_its_number_up(tmp_path: Path) -> None:
    (tmp_path / "n").write_text("abcd\nef")
    assert Numbers(tmp_path / "n").of(["efgh", "abcd"]) == {"efgh": 3, "abcd": 1}


def test_numbers_that_cannot_be_kept_are_an_error_with_a_way_out(tmp_path: Path) -> None:
    os.mkdir(tmp_path / "n")
    with pytest.raises(YesterError, match="Cannot keep inode numbers") as caught:
        Numbers(tmp_path / "n").of(["a"])
    assert "XDG_STATE_HOME" in caught.value.hint
