"""Archives of every generation, in their workers, as the engine sees them."""

import os
import tomllib
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest
from tests.plugins.portal.conftest import Heard
from tests.plugins.portal.generations import (
    BROKEN,
    GENERATIONS,
    HOSTILE,
    MOODY,
    OF_2021,
    OF_PYTHON_2,
    OF_THE_DOCUMENT,
    PACKAGE,
    kept_in,
)

from yester.engine.archive.port import Constraints, FileSet, Policy, Readiness, Refusal
from yester.engine.errors import ArchiveError, UsageError
from yester.engine.places import Places
from yester.engine.profiles.writing import new_profile
from yester.plugins.portal.archives import PortalArchives
from yester.plugins.portal.casting import SHIPPED
from yester.plugins.portal.hosted import HostedArchive
from yester.plugins.portal.interface import ArchivePlugin
from yester.plugins.portal.readiness import KeptReadiness

Put = Callable[[str, str | dict[str, str]], Path]
Open = Callable[..., PortalArchives]
Pack = Callable[..., FileSet]


def test_every_generation_takes_brings_back_and_lets_go(
    put: Put, open_them: Open, pack: Pack, shelf: Path, heard: Heard
) -> None:
    for name, text in GENERATIONS.items():
        (shelf / name).mkdir()
        put(name, kept_in(text, shelf / name))
    archives = open_them()
    assert [*archives.all()] == ["of-2015", "of-2021", "of-the-document"]
    file_sets = [pack("data.aa", b"one", "here", "there"), pack("data.bb", b"two\0", "here", "there")]
    for name in GENERATIONS:
        archive = archives.named(name)
        policy = archive.policies()[0].uuid
        taken = archive.archive(file_sets, policy, "job-1")
        assert [each.item_id for each in taken.done] == ["data.aa", "data.bb"] and not taken.refused
        assert sorted(path.name for path in (shelf / name).iterdir()) == [
            f"data_{each.item_id}_{each.sha1}.{each.item_id[-2:]}" for each in file_sets
        ]
        for each in file_sets:
            Path(each.files[0]).unlink()
        back = archive.restore(taken.done, policy)
        assert [each.item_id for each in back.done] == ["data.aa", "data.bb"]
        assert Path(file_sets[1].files[0]).read_bytes() == b"two\0"
        gone = archive.delete(back.done, policy)
        assert len(gone.done) == 2 and not [*(shelf / name).iterdir()]
    assert heard.said_texts == []
    assert archives.seconds.keys() == GENERATIONS.keys() and min(archives.seconds.values()) > 0


def test_policies_constraints_and_bulk(put: Put, open_them: Open, pack: Pack, shelf: Path, heard: Heard) -> None:
    put("store", kept_in(OF_THE_DOCUMENT, shelf))
    archive = open_them().named("of-the-document")
    assert archive.name == "Of the document"
    assert archive.policies() == [
        Policy("daily", "daily", False),
        Policy("4711", "In bulk", True, Constraints(3, None, 600.0, "22:00"), {"restore_per_gb": 0.5}),
    ]
    archive.close()  # a fresh worker finds out by itself that this uuid is a number
    taken = archive.archive([pack("data.aa")], "4711", "job-1").done
    assert archive.restore(taken, "4711", is_bulk=True).done == archive.restore(taken, "4711").done == taken
    assert [line for line in heard.printed_texts if " o" in line or " in" in line] == [
        "store: stdout: in bulk 2",
        "store: stdout: one by one 2",
    ]
    Path(taken[0].external_ids[0]).unlink()
    with pytest.raises(ArchiveError, match=r"^store: tape A00001L8 is not in the library$"):
        archive.restore(taken, "4711")
    assert archive.verify(taken, "daily") is None
    shelf.rmdir()
    assert not archive.is_ready()


def test_what_fails_is_refused_in_the_words_of_the_plugin(put: Put, open_them: Open, pack: Pack, shelf: Path) -> None:
    put("store", kept_in(OF_2021, shelf))
    archive = open_them().named("portal/store")
    gone = pack("data.aa")._replace(files=["/nowhere/data.aa"])
    here = pack("data.bb")
    answer = archive.archive([gone, here], "store", "job-1")
    assert [each.item_id for each in answer.done] == ["data.bb"]
    assert answer.refused == (Refusal("data.aa", "could not be copied"),)
    assert answer.words == "could not be copied"
    assert answer.extra == {"af_barcodes": ["A1", "job-1"]}


def test_paths_need_not_be_utf_8(put: Put, open_them: Open, pack: Pack, shelf: Path) -> None:
    put("store", kept_in(OF_2021, shelf))
    archive = open_them().named("store")
    file_set = pack("data.aa", b"x", os.fsdecode(b"\xff\xfe"))
    assert archive.restore(archive.archive([file_set], "store", "1").done, "store").done[0].files == file_set.files


def test_a_copy_in_several_places_is_deleted_everywhere(put: Put, open_them: Open, pack: Pack, shelf: Path) -> None:
    put("store", kept_in(OF_2021, shelf))
    for name in ("a", "b"):
        (shelf / name).write_text("x")
    file_set = pack("data.aa")._replace(files=(), external_ids=(str(shelf / "a"), str(shelf / "b")))
    assert open_them().named("store").delete([file_set], "store").done[0].item_id == "data.aa"
    assert [*shelf.iterdir()] == []


def test_a_package_as_portal_has_it(put: Put, open_them: Open, pack: Pack, shelf: Path, heard: Heard) -> None:
    put("shelf", PACKAGE)
    (Places.default().config).mkdir(parents=True, exist_ok=True)
    (Places.default().config / "plugins.toml").write_text(
        f'[options.shelf]\nstorage_path = "{shelf}"\npassword = "hush"\ntries = 5\n'
    )
    text = '[plugins.shelf]\ntries = 7\n[plugins."portal/shelf"]\nspeed = "slow"\n'
    profile = replace(new_profile("docs", [b"/"]), plugins=tomllib.loads(text)["plugins"])
    archive = open_them(profile).named("shelf")
    file_set = pack("data.aa")
    # It has no policies, and nothing else that came after 2015.
    assert [policy.uuid for policy in archive.policies()] == ["default"] and archive.is_ready()
    assert archive.archive([file_set], "default", "1").done == (file_set,)
    assert heard.printed_texts == [f"shelf: stderr: WARNING: to {shelf}, 7, slow"]
    assert [path.read_bytes() for path in shelf.iterdir()] == [b"content"]
    with pytest.raises(ArchiveError, match=r"yester has no database, and so no ShelfJob\.objects.filter"):
        archive.restore([file_set], "default")


def test_a_package_of_python_2_and_one_archive_that_is_made_twice(put: Put, open_them: Open, pack: Pack) -> None:
    put("old-shelf", OF_PYTHON_2)
    archive = open_them().named("the-shelf")
    assert archive.archive([pack("data.aa")], "default", "1").done[0].item_id == "data.aa"


def test_readiness_is_kept_for_a_while(put: Put, open_them: Open, tmp_path: Path) -> None:
    put("moody", MOODY.replace("/the/place", str(tmp_path / "asked")))
    archives = open_them()
    archive = archives.named("moody")
    first = archives.readiness(archive)
    assert (first.is_ready, first.words) == (False, "moody: the library door is open")
    assert isinstance(archive, HostedArchive)
    key, began_ns = archive.key, first.asked_ns

    def asked_after(seconds: int) -> Readiness:
        return KeptReadiness(Places.default(), lambda: began_ns + seconds * 10**9).ask(archive, key, 60.0)

    assert asked_after(4) == first == KeptReadiness(Places.default()).known(key)
    assert (tmp_path / "asked").read_text() == "x"
    assert asked_after(5) == asked_after(64) == Readiness(True, began_ns + 5 * 10**9)
    assert (tmp_path / "asked").read_text() == "xx"
    assert asked_after(65).asked_ns == began_ns + 65 * 10**9
    # A clock that was put back says nothing about how old it is.
    assert asked_after(64).asked_ns == began_ns + 64 * 10**9
    otherwise = replace(new_profile("docs", [b"/"]), plugins={"moody": {"restore_wait": 5}})
    assert open_them(otherwise).readiness(open_them(otherwise).named("moody")).asked_ns > began_ns
    assert (tmp_path / "asked").read_text() == "xxxxx"
    (Places.default().state / "archives" / "ready.json").write_text("{")
    assert KeptReadiness(Places.default()).known(key) is None


@pytest.fixture
def _no_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have what hangs ended at once: it does not listen anyway."""
    monkeypatch.setattr("yester.plugins.worker.hosting.GRACE_S", 0.01)


@pytest.mark.usefixtures("_no_grace")
def test_one_that_dies_or_hangs_is_started_anew(put: Put, open_them: Open, pack: Pack) -> None:
    put("hostile", HOSTILE)
    patient = new_profile("docs", [b"/"])
    hasty = replace(patient, plugins={"hostile": {"time_limit": 1}})
    with pytest.raises(ArchiveError, match=r"^hostile: archive took longer than 1 s$"):
        open_them(hasty).named("hostile").archive([pack("data.aa")], "hangs", "1")
    archive = open_them(patient).named("hostile")
    for policy, words in (
        ("dies", "hostile: it ended the worker process of portal plugins: exit code 3"),
        ("raises", "hostile: half of it is on tape"),
        ("is mute", "hostile: RuntimeError"),
        ("leaves", "hostile: 7"),
    ):
        with pytest.raises(ArchiveError, match=f"^{words}$") as problem:
            archive.archive([pack("data.aa")], policy, "1")
        assert problem.value.transient
    assert archive.archive([pack("data.aa")], "", "1").done
    assert archive.archive([], "", "1").done == ()
    odd = archive.archive([pack("data.aa")], "talks", "1")
    assert odd.done == () and odd.remarks == (
        "hostile: It returned what is no file set: int 5",
        "hostile: It did not speak of 1 of 1 file sets",
    )


@pytest.mark.usefixtures("_no_grace")
def test_a_call_is_broken_off_when_it_is_to_stop(put: Put, open_them: Open, pack: Pack) -> None:
    put("hostile", HOSTILE)
    for_ever = replace(new_profile("docs", [b"/"]), plugins={"hostile": {"time_limit": 0}})
    archive = open_them(for_ever, stopping=lambda: True).named("hostile")
    with pytest.raises(ArchiveError, match="hostile: archive was broken off"):
        archive.archive([pack("data.aa")], "hangs", "1")


def test_what_is_no_archive_is_said_and_keeps_no_other(put: Put, open_them: Open, shelf: Path, heard: Heard) -> None:
    put("good", kept_in(OF_2021, shelf))
    put("z_again", kept_in(OF_2021, shelf))
    for name, text in BROKEN.items():
        put(name, text)
    (Places.default().data / "plugins" / "portal" / "writable.py").touch(0o666)
    (Places.default().data / "plugins" / "portal" / "writable.py").chmod(0o666)
    archives = open_them()
    assert [*archives.all()] == ["of-2021", "one", "two"]
    said = dict(text.split(" ", 1) for text in heard.said_texts)
    assert said["z_again"] == "has the guid of good, and is left out"
    assert said["empty"].startswith("cannot be loaded: it registers no archive")
    assert (
        said["lacking"] == "cannot be loaded: Store has no plugin_guid: it needs one of its own, as "
        'plugin_guid = "…" (`uuidgen` makes one); Store has no archive: '
        "def archive(self, file_sets, policy_uuid, job_id); Store.restore() must be: "
        "def restore(self, file_sets, policy_uuid); Store.delete must be a plain function: "
        "def delete(self, file_sets, policy_uuid)"
    )
    assert "ModuleNotFoundError: No module named 'portal.vidispine'" in said["imports"]
    assert said["writable:"].startswith("refused: ")
    assert said["options"].startswith("cannot be loaded: option_spec: ")
    assert said["twins"] == "cannot be loaded: two of its archives have the same plugin_guid"
    for name, words, hint in (
        ("pair", "The plugin pair has 2 archives", "Say which is meant: one or two."),
        ("Twice", "2 archives are called Twice", "Say which is meant: one or two."),
        ("filesys", "filesys is switched off", "To switch it on: yester plugin enable filesys"),
        (SHIPPED["command"].guid, "command is switched off", "To switch it on: yester plugin enable command"),
        ("empty", "empty cannot be loaded: it registers no archive", "To see what it says: yester plugin test empty"),
        ("writable", "writable: refused", "chmod go-w"),
        ("goood", "There is no archive goood here", "Did you mean good?"),
        ("4711-0815", "There is no archive 4711-0815 here", "Put its plugin back into "),
    ):
        with pytest.raises(UsageError, match=words) as problem:
            archives.named(name)
        assert hint in problem.value.hint
    assert archives.named("two").guid == "two"


def test_options_that_are_wrong(put: Put, open_them: Open) -> None:
    put("shelf", PACKAGE)
    (Places.default().config).mkdir(parents=True, exist_ok=True)
    (Places.default().config / "plugins.toml").write_text('[options.shelf]\ntries = "x"\n')
    with pytest.raises(UsageError, match='takes a whole number, not "x"') as problem:
        open_them().named("shelf")
    assert problem.value.what.startswith("shelf cannot be loaded: the option tries in /")


def test_calls_that_hold_more_than_a_message_are_several(
    put: Put, open_them: Open, pack: Pack, shelf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("yester.plugins.portal.hosted.AT_ONCE", 2)
    put("store", kept_in(OF_2021, shelf))
    sets = [pack(f"data.{number}") for number in range(4)] + [pack("x")._replace(files=["/nowhere"])]
    answer = open_them().named("store").archive(sets, "store", "1")
    assert [each.item_id for each in answer.done] == [f"data.{number}" for number in range(4)]
    assert (answer.refused, answer.words) == ((Refusal("x", "could not be copied"),), "could not be copied")


def test_the_plugin_of_the_docs(put: Put, open_them: Open, pack: Pack, shelf: Path) -> None:
    page = (Path(__file__).parents[3] / "docs" / "archives.md").read_text()
    put("drawer", page.partition("```python\n")[2].partition("```")[0])
    profile = replace(new_profile("docs", [b"/"]), plugins={"drawer": {"folder": str(shelf), "label": "Drawer 3"}})
    archive = open_them(profile).named("drawer")
    assert archive.is_ready() and archive.policies() == [Policy("drawer", "The drawer", False)]
    here, gone = pack("data.aa", b"one"), pack("data.bb")._replace(files=["/nowhere/data.bb"])
    answer = archive.archive([here, gone], "drawer", "1")
    assert answer.extra == {"volumes": ["Drawer 3"]}
    assert [each.item_id for each in answer.done] == ["data.aa"]
    assert answer.refused[0].words.startswith("[Errno 2] No such file or directory")
    Path(here.files[0]).unlink()
    assert archive.restore(answer.done, "drawer").done == answer.done
    assert Path(here.files[0]).read_bytes() == b"one"
    for _ in range(2):
        assert archive.delete(answer.done, "drawer").done
    assert [*shelf.iterdir()] == []


@pytest.mark.parametrize("name", SHIPPED)
def test_what_ships_has_the_guid_that_it_is_known_by(name: str) -> None:
    kinds = vars(import_module(SHIPPED[name].module)).values()
    own = [each for each in kinds if isinstance(each, type) and each.__module__ == SHIPPED[name].module]
    assert SHIPPED[name].guid in {each.plugin_guid for each in own if issubclass(each, ArchivePlugin)}
