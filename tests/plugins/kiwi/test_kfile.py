"""A file as Kiwi's plugins see it."""

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from yester.engine.decisions import Candidate
from yester.plugins.deciding.answers import Said, read_answer
from yester.plugins.deciding.batch import gone_through
from yester.plugins.kiwi.kfile import KFile

FACTS = Candidate(b"/d/f\xff", stat.S_IFREG | 0o640, 3, 1_500_000_000, 2_000_000_000, 6, 7)
FOLDER = FACTS._replace(mode=stat.S_IFDIR | 0o755)


def said(facts: Candidate, function: Callable[[Any], object]) -> Said | str | None:
    """Return what was said about one entry, or what was raised."""
    answer = read_answer(gone_through([facts], KFile, function), 1)
    if answer.failures:
        return answer.failures[0][1]
    return answer.said[0][1] if answer.said else None


def test_fields() -> None:
    kfile = KFile(FACTS)
    assert (kfile.path, kfile.name, kfile.typ, kfile.type) == ("/d/f\udcff", "f\udcff", "File", "File")
    assert (kfile.size, kfile.st_size, kfile.mtime, kfile.st_mtime) == (3, 3, 1.5, 1.5)
    assert (kfile.ctime, kfile.st_ctime, kfile.uid, kfile.gid, kfile.acl) == (2.0, 2.0, 6, 7, 0o640)
    assert (KFile(FOLDER).typ, KFile(FOLDER).sha) == ("Dir", "")
    assert kfile["st_mtime"] == 1.5
    for key in ("nothing", "_facts"):
        with pytest.raises(KeyError):
            kfile[key]


@pytest.mark.parametrize(
    ("function", "wanted"),
    [
        (lambda kfile: kfile.skip(), Said(skip=True)),
        (lambda kfile: setattr(kfile, "skip", True), Said(skip=True)),
        (lambda kfile: setattr(kfile, "skip", False), None),
        (lambda kfile: kfile.force_read(), Said(read=True)),
        (lambda kfile: setattr(kfile, "force", 1), Said(read=True)),
        (lambda kfile: kfile.replace_content(b"x"), Said(content=b"x")),
        (lambda kfile: kfile.replace_content("/x"), Said(content_path=b"/x")),
        (lambda kfile: setattr(kfile, "content", b""), Said(content=b"")),
        (lambda kfile: setattr(kfile, "mode", 0o100600), Said(mode=0o600)),
        (lambda kfile: setattr(kfile, "st_mtime", 1.25), Said(mtime_ns=1_250_000_000)),
        (lambda kfile: kfile.__setitem__("uid", 5), Said(uid=5)),
        (lambda kfile: kfile.tags.append("t"), Said(wishes=(("tag", "t"),))),
        (lambda kfile: (kfile.tags, kfile.size), None),
        (lambda kfile: kfile.tag("a") or kfile.__setattr__("tags", ("b",)), Said(wishes=(("tag", "a"), ("tag", "b")))),
        (lambda kfile: kfile.label("n"), Said(wishes=(("name", "n"),))),
        (lambda kfile: setattr(kfile, "note", "n"), Said(wishes=(("note", "n"),))),
        (lambda kfile: kfile.abort(), Said(wishes=(("abort", ""),))),
    ],
)
def test_what_is_said_by_methods_and_by_assignment(function: Callable[[Any], object], wanted: Said | None) -> None:
    assert said(FACTS, function) == wanted


def test_times_are_those_of_os_stat(tmp_path: Path) -> None:
    for mtime_ns in (1_795_221_512_345_678_901, 1_795_221_512_999_999_999, 1, -1, 123_456_789):
        os.utime(tmp_path, ns=(0, mtime_ns))
        assert KFile(FACTS._replace(mtime_ns=mtime_ns)).mtime == tmp_path.stat().st_mtime


def test_a_folder_is_left_empty() -> None:
    for function in (lambda kfile: kfile.exclude_subtree(), lambda kfile: setattr(kfile, "exclude", True)):
        assert said(FOLDER, function) == Said(empty=True)
        assert said(FACTS, function) == "ValueError: /d/f\\udcff is no folder"


@pytest.mark.parametrize("name", ["size", "path", "sha", "nothing"])
def test_what_cannot_be_set(name: str) -> None:
    words = said(FACTS, lambda kfile: setattr(kfile, name, 1))
    assert str(words).startswith(f"AttributeError: {name} of a file cannot be set")
