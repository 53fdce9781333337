"""The archive `command`: one's own programs."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from yester.engine.archive.port import FileSet
from yester.plugins.portal.shipped.command import Command
from yester.plugins.portal.shipped.results import Failed

Pack = Callable[..., FileSet]


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Command]:
    """Make the archive with some of its options."""

    def make(**options: Any) -> Command:
        defaults: dict[str, Any] = {**dict.fromkeys(Command.option_spec, ""), "bulk": False}
        monkeypatch.setattr("yester.plugins.portal.interface.Office.options_of", lambda *_: {**defaults, **options})
        return Command()

    return make


@pytest.fixture
def script(tmp_path: Path) -> Callable[[str], str]:
    """Write a program in shell, and return the words that run it."""

    def script(text: str) -> str:
        path = tmp_path / f"program-{len(os.listdir(tmp_path))}"
        path.write_text(f"set -eu\n{text}\n")
        return f"sh '{path}'"

    return script


def test_one_by_one(make: Callable[..., Command], pack: Pack, shelf: Path, script: Callable[[str], str]) -> None:
    take = script(f'cp "$1" "{shelf}/$2"; echo copied; echo "tape 7/$2"; echo')
    command = make(
        archive=take + " {file} {item}-{sha1}-{size}-{policy}-{job}",
        restore=f"cp {shelf}/{{external}} {{file}}",
        delete=f"rm -f {shelf}/{{external}}",
        verify=f"test -e {shelf}/{{item}}",
    )
    file_set = pack("data.aa", b"one")
    ((done,), failed, words, extra) = command.archive([file_set], "command", "job-1")
    name = f"data.aa-{file_set.sha1}-3-command-job-1"
    assert (done.external_ids, failed, words, extra) == ([f"tape 7/{name}"], [], "", {})
    assert os.listdir(shelf) == [name]
    there = file_set._replace(external_ids=[name], files=[str(shelf.parent / "new" / "data.aa")])
    assert command.restore([there], "command")[0] == [there]
    assert Path(there.files[0]).read_bytes() == b"one"
    assert command.verify([there], "command")[1:] == (
        [there], "1 of 1 failed", {"reasons": {"data.aa": "test ended with exit code 1: no word"}},
    )  # fmt: skip
    assert command.delete([there], "command")[0] == [there] and os.listdir(shelf) == []


def test_without_a_word_a_file_is_where_its_item_is(make: Callable[..., Command], pack: Pack) -> None:
    ((done,), *_) = make(archive="true", restore="true").archive([pack("data.aa")], "command", "1")
    assert done.external_ids == ["data.aa"]


def test_what_fails_is_said_with_its_last_complaint(
    make: Callable[..., Command], pack: Pack, script: Callable[[str], str]
) -> None:
    fails = script('test "$1" != data.bb || { echo "warming up" >&2; echo "tape torn" >&2; exit 4; }')
    file_sets = [pack("data.aa"), pack("data.bb"), pack("data.cc")._replace(files=["/nowhere"])]
    command = make(archive=fails + " {item}", restore=fails + " {item}")
    done, failed, words, extra = command.archive(file_sets, "command", "1")
    assert ([each.item_id for each in done], [each.item_id for each in failed]) == (["data.aa"], ["data.cc", "data.bb"])
    assert words == "2 of 3 failed"
    assert extra["reasons"] == {
        "data.cc": "/nowhere cannot be read",
        "data.bb": "sh ended with exit code 4: tape torn",
    }
    gone = pack("data.dd")
    Path(gone.files[0]).unlink()
    assert command.restore([gone], "command")[3]["reasons"] == {"data.dd": f"the program made no file {gone.files[0]}"}


def test_all_at_once(make: Callable[..., Command], pack: Pack, shelf: Path, script: Callable[[str], str]) -> None:
    take = script(
        f'cp "$1" "{shelf}/list"; cp "$2" "{shelf}/table"; printf "data.aa\\tok\\ttape 7\\n"; echo talk;'
        ' printf "data.bb\\tfailed\\tno tape\\ndata.cc\\tfailed\\n"'
    )
    file_sets = [pack(f"data.{name}") for name in ("aa", "bb", "cc", "dd")]
    command = make(archive=take + " {list} {table} {job}", restore="true", bulk=True)
    assert command.get_policies() == [{"uuid": "command", "name": "Command", "bulk_support": True}]
    done, failed, _, extra = command.archive(file_sets, "command", "1")
    assert [each.external_ids for each in done] == [["tape 7"]] and len(failed) == 3
    assert extra["reasons"] == {
        "data.bb": "no tape",
        "data.cc": "the program says that it failed",
        "data.dd": "the program did not speak of it",
    }
    assert (shelf / "list").read_text() == "".join(f"{each.files[0]}\n" for each in file_sets)
    rows = [f"{each.item_id}\t{each.sha1}\t{each.files[0]}\t\n" for each in file_sets]
    assert (shelf / "table").read_text() == "".join(rows)


def test_all_at_once_without_a_word_are_done(make: Callable[..., Command], pack: Pack) -> None:
    done, *_ = make(archive="test -s {list}", restore="true").archive(
        [pack("data.aa"), pack("data.bb")], "command", "1"
    )
    assert [each.external_ids for each in done] == [["data.aa"], ["data.bb"]]
    with pytest.raises(Failed, match=r"^false ended with exit code 1: no word$"):
        make(archive="false {list}", restore="true").archive([pack("data.aa")], "command", "1")
    strange = pack("data.aa", b"x", "a\nb")
    with pytest.raises(Failed, match=r"data\.aa has a path that no list of lines can hold"):
        make(archive="true {list}", restore="true").archive([strange], "command", "1")
    assert make(archive="false {list}", restore="true").archive([], "command", "1")[0] == []


@pytest.mark.parametrize(
    ("option", "template", "words"),
    [
        ("archive", "cp {file", "archive cannot be understood: expected '}' before end of string"),
        ("restore", "cp 'x", "restore cannot be understood: No closing quotation"),
        ("delete", "rm {path}", "delete asks for {path}; there are {external}, {file}, {item}"),
        ("verify", "x {file.__class__}", "verify asks for {file.__class__}"),
        ("ready", "x {file}", "ready is about no file, and asks for {file}"),
        ("archive", "tar -T {list} {item}", "archive is for one file or for all: {item} goes with neither list"),
    ],
)
def test_templates_that_make_no_sense(make: Callable[..., Command], option: str, template: str, words: str) -> None:
    with pytest.raises(ValueError, match="^" + words.replace("{", r"\{").replace(".", r"\.")):
        make(**{option: template})


def test_whether_it_is_ready(make: Callable[..., Command], script: Callable[[str], str]) -> None:
    assert make(archive="true", restore="true").is_ready()
    assert make(archive="true", restore="true", ready="true").is_ready()
    for options, words in (
        ({}, "There is no archive command; to set it: yester plugin options command --set archive='…'"),
        ({"archive": "true"}, "There is no restore command"),
        ({"archive": "true", "restore": "/nowhere/x {file}"}, "/nowhere/x of the restore command is no program here"),
        ({"archive": "true", "restore": "true", "ready": script("echo closed >&2; exit 2")}, "exit code 2: closed"),
    ):
        with pytest.raises(Failed, match=words):
            make(**options).is_ready()


def test_braces(make: Callable[..., Command], pack: Pack) -> None:
    ((done,), *_) = make(archive="echo {{{item}}}", restore="true").archive([pack("data.aa")], "command", "1")
    assert done.external_ids == ["{data.aa}"]
