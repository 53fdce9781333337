"""Heads of members: what GNU tar, bsdtar and Python take for what it is; held against Python's reader."""

import io
import tarfile
from dataclasses import replace
from stat import S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFREG, S_IFSOCK

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yester.engine.entries import Entry, Owner, Span
from yester.engine.exporting.tar import BLOCK, END, fits, member, padding

PLAIN = Entry(b"f", S_IFREG | 0o640, Owner(1000, 100, b"me", b"users"), 3, 1_700_000_000 * 10**9, 0)


def read(head: bytes, data: bytes = b"") -> tarfile.TarInfo:
    archive = io.BytesIO(head + data + padding(len(data)) + END)
    with tarfile.open(fileobj=archive, errors="surrogateescape") as tar:
        [found] = tar.getmembers()
    return found


def test_a_plain_file_needs_one_block() -> None:
    made = member(PLAIN, b"d/f", {})
    assert len(made.head) == BLOCK and made.data_size == 3
    found = read(made.head, b"abc")
    assert (found.name, found.mode, found.size, found.mtime) == ("d/f", 0o640, 3, 1_700_000_000)
    assert (found.uid, found.gid, found.uname, found.gname) == (1000, 100, "me", "users")


@pytest.mark.parametrize(
    ("mode", "type"),
    [
        (S_IFREG, tarfile.REGTYPE),
        (S_IFDIR, tarfile.DIRTYPE),
        (S_IFLNK, tarfile.SYMTYPE),
        (S_IFCHR, tarfile.CHRTYPE),
        (S_IFBLK, tarfile.BLKTYPE),
        (S_IFIFO, tarfile.FIFOTYPE),
    ],
)
def test_types(mode: int, type: bytes) -> None:
    entry = replace(PLAIN, mode=mode | 0o7755, size=0, target=b"there" if mode == S_IFLNK else b"")
    assert fits(entry)
    found = read(member(entry, b"f", {}).head)
    assert (found.type, found.mode) == (type, 0o7755)
    assert not fits(replace(PLAIN, mode=S_IFSOCK))


@given(st.integers(-(2**70), 2**70), st.integers(0, 2**32 - 1), st.integers(0, 2**40))
def test_numbers_of_any_size(mtime_ns: int, uid: int, size: int) -> None:
    entry = replace(PLAIN, mtime_ns=mtime_ns, owner=Owner(uid, uid), size=size)
    archive = io.BytesIO(member(entry, b"f", {}).head)
    with tarfile.open(fileobj=archive) as tar:
        found = tar.next()
    assert found is not None
    assert (found.uid, found.gid, found.size) == (uid, uid, size)
    exact = found.pax_headers.get("mtime")
    if exact is None:
        assert found.mtime * 10**9 == mtime_ns
    else:
        sign = -1 if exact.startswith("-") else 1
        seconds, _, fraction = exact.lstrip("-").partition(".")
        assert sign * (int(seconds) * 10**9 + int(fraction.ljust(9, "0"))) == mtime_ns


@given(st.binary(min_size=1, max_size=300).filter(lambda name: b"\0" not in name and b"/" not in name))
def test_names_of_any_bytes(name: bytes) -> None:
    entry = replace(PLAIN, mode=S_IFLNK | 0o777, size=0, target=name)
    found = read(member(entry, b"d/" + name, {}).head)
    assert found.name.encode("utf-8", "surrogateescape") == b"d/" + name
    assert found.linkname.encode("utf-8", "surrogateescape") == name


def test_a_further_name_has_no_data() -> None:
    made = member(PLAIN, b"second", {}, link=b"x" * 200)
    found = read(made.head)
    assert (found.type, found.linkname, made.data_size) == (tarfile.LNKTYPE, "x" * 200, 0)


def test_attributes_and_acls() -> None:
    acl = b"\2\0\0\0" + b"".join(
        tag.to_bytes(2, "little") + permissions.to_bytes(2, "little") + id.to_bytes(4, "little")
        for tag, permissions, id in ((1, 6, 2**32 - 1), (2, 7, 1000), (4, 4, 0), (8, 1, 100), (16, 7, 0), (32, 0, 0))
    )
    given = {b"user.a=b%c": b"\0\n=", b"system.posix_acl_access": acl, b"system.posix_acl_default": b"nonsense"}
    head = member(PLAIN, b"f", given).head
    assert b" SCHILY.xattr.user.a%3Db%25c=\0\n=\n" in head
    assert b" SCHILY.acl.access=user::rw-,user:1000:rwx,group::r--,group:100:--x,mask::rwx,other::---\n" in head
    assert b" SCHILY.xattr.system.posix_acl_default=nonsense\n" in head, "what is no ACL goes over as it is"


@given(st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 50)).filter(any), min_size=1, max_size=20))
def test_holes(pairs: list[tuple[int, int]]) -> None:
    spans = [Span(hole, data) for hole, data in pairs]
    size, data = sum(map(sum, pairs)), b"".join(bytes([65 + row]) * span.data for row, span in enumerate(spans))
    made = member(replace(PLAIN, size=size), b"d/f", {}, spans=spans)
    assert made.data_size == len(data)
    expected = b"".join(bytes(span.hole) + bytes([65 + row]) * span.data for row, span in enumerate(spans))
    with tarfile.open(fileobj=io.BytesIO(made.head + data + padding(len(data)) + END)) as tar:
        [found] = tar.getmembers()
        content = tar.extractfile(found)
        assert content is not None and content.read() == expected
        assert found.name == "d/f"
