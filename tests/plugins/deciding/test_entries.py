"""What a plugin may say about an entry, and how a batch of them is gone through; in this process."""

import hashlib
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from yester.engine.decisions import Candidate, Decision
from yester.plugins.deciding import batch
from yester.plugins.deciding.answers import BatchAnswer, Said, read_answer
from yester.plugins.deciding.batch import gone_through
from yester.plugins.deciding.entry import MAX_CONTENT_SIZE, Entry
from yester.plugins.worker.frames import frame
from yester.plugins.worker.messages import Answer


def row(path: str | bytes, mode: int = stat.S_IFREG | 0o644) -> Candidate:
    return Candidate(os.fsencode(path), mode, 3, 4, 5, 6, 7)


def folder(path: str) -> Candidate:
    return row(path, stat.S_IFDIR | 0o755)


def answered(rows: list[Candidate], function: Callable[[Entry], object]) -> BatchAnswer:
    value = gone_through(rows, Entry, function)
    frame(Answer(1, value))
    return read_answer(value, len(rows))


def test_what_an_entry_is() -> None:
    entry = Entry(row(b"/a/\xff.txt"))
    assert (entry.raw, os.fsencode(entry.path), os.fsencode(entry.name)) == (
        b"/a/\xff.txt",
        b"/a/\xff.txt",
        b"\xff.txt",
    )
    assert (entry.kind, entry.size, entry.mtime_ns, entry.ctime_ns, entry.uid, entry.gid) == ("file", 3, 4, 5, 6, 7)
    assert entry.mode == stat.S_IFREG | 0o644
    kinds = [Entry(row("/x", kind)).kind for kind in (stat.S_IFDIR, stat.S_IFLNK, stat.S_IFIFO)]
    assert kinds == ["folder", "link", "other"]


def test_the_digest_is_made_when_it_is_wanted(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"abc")
    assert Entry(row(str(tmp_path / "f"))).sha1() == hashlib.sha1(b"abc").hexdigest()
    assert Entry(folder(str(tmp_path))).sha1() == ""
    with pytest.raises(FileNotFoundError):
        Entry(row("/no/such")).sha1()


@pytest.mark.parametrize(
    ("say", "said"),
    [
        (lambda entry: entry.skip(), Decision(skip=True)),
        (lambda entry: entry.read(), Decision(read=True)),
        (lambda entry: entry.replace(b"x"), Decision(content=b"x")),
        (lambda entry: entry.replace(bytearray(b"")), Decision(content=b"")),
        (lambda entry: entry.replace_with("/y"), Decision(content_path=b"/y")),
        (lambda entry: (entry.replace(b"x"), entry.replace_with(Path("/y"))), Decision(content_path=b"/y")),
        (lambda entry: (entry.replace_with("/y"), entry.replace(b"x")), Decision(content=b"x")),
        (
            lambda entry: entry.set(mode=0o100600, uid=0, gid=2, mtime_ns=-3),
            Decision(False, False, False, 0o600, 0, 2, -3),
        ),
        (lambda entry: entry.set(), None),
        (lambda entry: entry.path, None),
    ],
)
def test_what_is_said(say: Callable[[Entry], object], said: Decision | None) -> None:
    answer = answered([row("/f")], say)
    assert (answer.done, answer.failed) == (1, 0)
    assert [(place, each.decision()) for place, each in answer.said] == ([] if said is None else [(0, said)])


def wordless() -> None:
    class Wordless(Exception):
        def __str__(self) -> str:
            raise ValueError("no words")

    raise Wordless


@pytest.mark.parametrize(
    "say",
    [
        lambda entry: entry.skip_content(),
        lambda entry: entry.replace("text"),
        lambda entry: entry.replace(b"x" * (MAX_CONTENT_SIZE + 1)),
        lambda entry: entry.replace_with("relative"),
        lambda entry: entry.replace_with(b"/a\0"),
        lambda entry: entry.set(mode="600"),
        lambda entry: entry.set(mode=-1),
        lambda entry: entry.set(uid=2**32 - 1),
        lambda entry: entry.set(gid=True),
        lambda entry: entry.set(mtime_ns=1.5),
        lambda entry: entry.nonsense,
        lambda entry: entry.tag(b"t"),
        lambda entry: entry.pin(object()),
        lambda entry: entry.note("x" * (1 << 24)),
        lambda entry: [entry.tag(f"t{number}") for number in range(1000)],
        lambda entry: wordless(),
    ],
)
def test_nonsense_is_a_failure_of_the_plugin_with_this_entry(say: Callable[[Any], object]) -> None:
    answer = answered([row("/f"), row("/g")], lambda entry: say(entry) if entry.path == "/f" else entry.skip())
    assert (answer.done, answer.failed, len(answer.failures), answer.failures[0][0]) == (2, 1, 1, 0)
    assert answer.said == ((1, Said(skip=True)),)


def test_only_files_have_content() -> None:
    assert answered([folder("/d")], lambda entry: entry.replace(b"")).failed == 1
    assert answered([folder("/d")], lambda entry: entry.skip_content()).said == ((0, Said(empty=True)),)


def test_wishes_come_along() -> None:
    def say(entry: Entry) -> None:
        entry.tag("t")
        entry.note("n")
        entry.name_snapshot("s")
        entry.pin()

    [(_, said)] = answered([row("/f")], say).said
    assert said.wishes == (("tag", "t"), ("note", "n"), ("name", "s"), ("pin", True))
    assert said.decision() == Decision()


def test_what_is_below_what_was_left_out_is_not_shown() -> None:
    seen = []

    def say(entry: Entry) -> None:
        seen.append(entry.path)
        if entry.name == "no":
            entry.skip()
        elif entry.name == "hollow":
            entry.skip_content()

    rows = [folder("/no"), folder("/hollow"), row("/nono"), row("/no/a"), row("/hollow/b"), row("/z")]
    assert answered(rows, say).done == 6
    assert seen == ["/no", "/hollow", "/nono", "/z"]


def test_a_batch_ends_early(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [row(f"/{place}") for place in range(9)]
    assert answered(rows, lambda entry: entry.abort("no") if entry.path == "/3" else None).done == 4
    assert answered(rows, lambda entry: entry.replace(b"x" * MAX_CONTENT_SIZE)).done == 5
    monkeypatch.setattr(batch, "_MOST_S", -1.0)
    assert answered(rows, lambda entry: None).done == 1
    assert answered(rows, lambda entry: 1 / 0).done == 1
    assert answered([], lambda entry: None).done == 0


def test_words_that_are_no_text_cost_no_decisions() -> None:
    def say(entry: Entry) -> None:
        entry.tag("\udcff")
        raise ValueError("\ud800" + entry.path)

    answer = answered([row(b"/\xff"), row("/g")], lambda entry: say(entry) if entry.path != "/g" else entry.skip())
    assert answer.failures == ((0, r"ValueError: \ud800/\udcff"),)
    assert answer.said == ((1, Said(skip=True)),)
    assert answered([row("/f")], lambda entry: entry.tag("\udcff")).said[0][1].wishes == (("tag", r"\udcff"),)


def test_an_exception_that_cannot_say_what_it_is() -> None:
    class Mute(Exception):
        def __str__(self) -> str:
            raise ValueError("no")

    def fail(entry: Entry) -> None:
        raise Mute

    assert answered([row("/f")], fail).failures == ((0, "Mute: it does not say what"),)


def test_of_many_failures_a_few_are_told() -> None:
    def fail(entry: Entry) -> None:
        raise SystemExit("no")

    answer = answered([row("/f")] * 50, fail)
    assert (answer.done, answer.failed) == (50, 50)
    assert answer.failures == ((0, "SystemExit: no"), (1, "SystemExit: no"), (2, "SystemExit: no"))


SAID = ({"mode": "x"}, {"mode": 2**40}, {"uid": -1}, {"gid": 2**32 - 1}, {"mtime_ns": 2**63}, {"content_path": b"a"})


@pytest.mark.parametrize(
    "value",
    [
        None,
        {},
        {"done": "x"},
        {"done": -1},
        *({"done": 1, "said": [[0, said]]} for said in (*SAID, {"content_path": b"/a\0"})),
        {"done": 1, "said": [[1, {"skip": True}]]},
        {"done": 1, "said": [[-1, {"skip": True}]]},
        {"done": 1, "failures": [[1, "no"]]},
    ],
)
def test_an_answer_that_is_none(value: object) -> None:
    with pytest.raises(ValueError, match=r".+"):
        read_answer(value, 1)
