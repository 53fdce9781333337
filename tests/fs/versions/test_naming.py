from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yester.fs.versions.naming import dated, extension

SECOND = 10**9


@pytest.mark.parametrize(
    ("name", "end"),
    [
        (b"letter.odt", b".odt"),
        (b"LETTER.ODT", b".ODT"),
        (b"a.tar.gz", b".tar.gz"),
        (b"a.TAR.xz", b".TAR.xz"),
        (b".tar.gz", b".gz"),
        (b"Makefile", b""),
        (b".bashrc", b""),
        (b"..rc", b""),
        (b".config.yml", b".yml"),
        (b"ends.", b""),
        (b"dr. no and the rest", b""),
        (b"a.b c", b""),
        (b"a.averyveryverylongextension", b""),
        (b"\xff.\xfe", b".\xfe"),
        (b"", b""),
    ],
)
def test_the_extension_of_a_name(name: bytes, end: bytes) -> None:
    assert extension(name) == end


def test_versions_of_one_second_are_told_apart() -> None:
    names = [name for name, _ in dated([(5 * SECOND, "a"), (5 * SECOND + 1, "b"), (6 * SECOND, "c")], b".txt")]
    assert [name.rpartition(b"-")[2] for name in names] == [b"05.txt", b"2.txt", b"06.txt"]
    assert names[1] == names[0].removesuffix(b".txt") + b"-2.txt"


@given(st.lists(st.integers(0, 10 * SECOND)).map(sorted), st.binary(max_size=20))
def test_no_two_have_one_name_and_all_fit(times: list[int], name: bytes) -> None:
    names = [name for name, _ in dated(((time, time) for time in times), extension(name))]
    assert len(set(names)) == len(times)
    assert all(len(name) < 60 and b"/" not in name.removesuffix(extension(name)) for name in names)
    assert all(one <= other for one, other in pairwise(times))
