import json
import os
import pwd
import shutil
from pathlib import Path

import pytest
from tests.tui.cli.conftest import Ended, Yester, is_one_complaint

CONTENT = b"".join(number.to_bytes(4, "big") for number in range(300_000))


@pytest.fixture
def tape(yester: Yester, plain: Path, docs: Path, home: Path, tmp_path: Path) -> Path:
    """A folder that is an archive, and one snapshot that is to go there."""
    (docs / "large").write_bytes(CONTENT)
    folder = tmp_path / "tape"
    folder.mkdir()
    assert yester("profile", "add", "docs", docs).code == 0
    (home / ".config/yester/plugins.toml").write_text(
        f'enabled = ["filesys"]\n[options.filesys]\nfolder = "{folder}"\nvolume = "T1"\n'
    )
    assert yester("snap", "docs").code == 0
    return folder


def allow(home: Path, role: str, more: str = "") -> None:
    """Give who runs this a role, as the hint says."""
    profile = home / ".config/yester/profiles/docs.toml"
    said = f'[archive.roles]\n{role} = ["{pwd.getpwuid(os.geteuid()).pw_name}"]\n{more}'
    profile.write_text(profile.read_text().replace("[archive.roles]", said))


def packs(repository: Path) -> set[str]:
    return {path.name for path in repository.rglob("data.*") if path.is_file()}


def said(done: Ended) -> dict[str, object]:
    found = json.loads(done.out)
    assert isinstance(found, dict)
    return found


def test_what_is_archived_and_purged_comes_back(
    yester: Yester, plain: Path, docs: Path, tape: Path, home: Path, tmp_path: Path
) -> None:
    planned = yester("archive", "docs", "--plan")
    assert (planned.code, planned.err) == (0, "")
    assert "to hand over to Folder (Folder)" in planned.out and "no other snapshot needs them" in planned.out
    assert not [*tape.iterdir()]
    refused = yester("archive", "docs", "--purge", "--yes")
    assert refused.code == 2 and "may not purge" in refused.err and "[archive.roles]" in refused.err
    assert not [*tape.iterdir()]
    allow(home, "purge")
    before = packs(plain)
    done = said(yester("archive", "docs", "--purge", "--yes", "--json"))
    assert done["failed"] == done["waiting"] == []
    assert packs(plain) == set() and len([*tape.iterdir()]) == len(before)
    [held] = json.loads(yester("archive", "status", "--json").out)
    assert (held["offline_packs"], held["verified_packs"], held["volumes"]) == (len(before), len(before), ["T1"])
    # What is looked at needs no archive; reading says where it is.
    assert "large" in yester("show", f"latest:{docs}").out
    foreseen = yester("restore", "latest", "--target", tmp_path / "lost", "--dry-run")
    assert foreseen.code == 0 and "1.1 MiB of it is in archives only: yester recall first" in foreseen.out, foreseen
    lost = yester("restore", "latest", "--target", tmp_path / "lost")
    assert lost.code == 3 and "is in the archive Folder on T1" in lost.err
    assert "yester recall brings it back" in lost.err
    (docs / "large").write_bytes(CONTENT[::-1])
    doubtful = yester("verify", "latest")
    assert (doubtful.code, doubtful.out) == (3, "1 not compared\n") and "is offline" in doubtful.err
    assert yester("init", "--like", plain, "--no-encryption", tmp_path / "other").code == 0
    uncopied = yester("copy", "latest", "--from", plain, "--to", tmp_path / "other", "--json")
    assert uncopied.code == 3 and "yester recall" in uncopied.err and "yester check" not in uncopied.err, uncopied
    assert [each["offline"] for each in json.loads(uncopied.out)["copied"]] == [True]
    [whole] = [each["source"] for each in json.loads(uncopied.out)["copied"]]
    plan = yester("recall", whole, "--plan")
    assert (plan.code, plan.err) == (0, "") and "from Folder" in plan.out and "on T1" in plan.out
    assert f"{whole[:8]} needs" in plan.out and whole not in plan.out
    assert yester("recall", "latest", "--wait").code == 0
    assert packs(plain) == before
    assert yester("restore", "latest", "--target", tmp_path / "back").code == 0
    assert Path(f"{tmp_path}/back{docs}/large").read_bytes() == CONTENT
    assert "all of it is online" in yester("recall", "latest", "--wait").out
    assert yester("check", "--read-data").code == 0
    journals = "".join(path.read_text() for path in (home / ".local/state/yester/runs").glob("*.jsonl"))
    told = (("archive", "Folder"), ("verify", "Folder"), ("recall", "Folder"))
    assert all(f'"type":"archive.begin","archive":"{name}","action":"{verb}"' in journals for verb, name in told)
    listed = yester("archive", "jobs")
    assert "restored" in listed.out and "purged" in listed.out
    [recall, *_] = json.loads(yester("archive", "jobs", "--json").out)
    assert (recall["kind"], recall["open"], recall["about"]) == ("recall", 0, "latest")
    [job, *_] = json.loads(yester("archive", "jobs", recall["id"], "--json").out)
    assert (job["state"], job["archive_name"]) == ("restored", "Folder")


def test_a_plugin_that_is_gone_with_packs_in_it_and_a_copy_that_is_damaged(
    yester: Yester, plain: Path, tape: Path, home: Path, docs: Path
) -> None:
    allow(home, "purge")
    (docs / "other").write_bytes(CONTENT[::-1])
    yester("snap", "docs")
    assert yester("archive", "docs", "--purge", "--yes").code == 0
    assert packs(plain) == set()
    yester("plugin", "disable", "filesys")
    assert "no plugin here" in yester("archive", "status").out
    assert "which is not there now" in yester("recall", "latest", "--plan").out
    refused = yester("recall", "latest", "--wait")
    assert refused.code == 3 and "2 packs not brought back (Folder): filesys is switched off" in refused.err, refused
    assert "yester plugin enable" in refused.err and "the same command goes on" in refused.err
    going_on = yester("archive", "run")
    assert (going_on.code, going_on.out) == (0, "nothing was done\n")
    yester("plugin", "enable", "filesys")
    [first, *others] = sorted(tape.iterdir())
    first.write_bytes(b"rot")
    refused = yester("recall", "latest", "--wait")
    assert refused.code == 3, refused
    assert is_one_complaint(refused.err) and "1 pack not brought back (Folder): " in refused.err
    assert len(packs(plain)) == len(others)
    assert yester("recall", "latest", "--wait").code == 3, "it is asked for again"
    assert "not brought back" in yester("messages").out


def test_a_prune_tells_the_archive_what_it_need_not_keep(
    yester: Yester, plain: Path, tape: Path, docs: Path, home: Path
) -> None:
    assert yester("archive", "docs").code == 0
    kept = len([*tape.iterdir()])
    assert kept
    (docs / "large").write_bytes(CONTENT[::-1])
    yester("snap", "docs")
    yester("forget", "docs", "--keep-last", "1", "--yes")
    [jobs] = (home / ".local/state/yester").rglob("archive.sqlite")
    kept_aside = jobs.rename(f"{jobs}.aside")
    jobs.write_bytes(b"no database")
    done = yester("prune", "--max-unused", "0")
    assert done.code == 0 and "deleted" in done.out and "Archives were not told" in done.err and "damaged" in done.err
    assert len([*tape.iterdir()]) == kept
    kept_aside.rename(jobs)
    done = yester("prune", "--max-unused", "0")
    assert (done.code, done.err) == (0, "")
    assert [*tape.iterdir()] == []
    assert [each["kind"] for each in json.loads(yester("archive", "jobs", "--json").out)] == ["delete", "archive"]


def test_an_archive_that_is_not_ready_is_waited_for_and_what_is_queued_can_be_taken_back(
    yester: Yester, tape: Path
) -> None:
    shutil.rmtree(tape)
    waiting = yester("archive", "docs")
    assert waiting.code == 0 and "1 pack waits: Folder is not ready" in waiting.err
    assert "There is no folder" in yester("archive", "jobs").out
    assert yester("archive", "cancel").out.endswith("taken back\n")
    assert yester("archive", "cancel").out == "0 packs taken back\n"
    assert "cancelled" in yester("archive", "jobs").out


def test_what_makes_no_sense_is_refused_and_who_lacks_a_role(
    yester: Yester, plain: Path, tape: Path, home: Path
) -> None:
    for arguments, words in (
        (("archive", "--policy", "Folder"), "--older-than"),
        (("archive", "nothing"), "nothing"),
        (("archive", "docs", "--policy", "other"), "There are: --to Folder --policy Folder"),
        (("archive", "docs", "--to", "nowhere"), "nowhere"),
        (("archive", "docs", "--older-than", "long"), "long"),
        (("archive", "docs", "--older-than", "9y"), "older than 9y"),
        (("archive", "jobs", "beef"), "beef"),
        (("archive", "retry", "beef"), "beef"),
        (("recall", "nothing"), "nothing"),
        (("recall", "latest:/nowhere", "--wait"), "/nowhere"),
    ):
        refused = yester(*arguments)
        assert refused.code == 2 and is_one_complaint(refused.err), refused
        assert words in refused.err, refused
    assert "no archive was asked" in yester("archive", "jobs").out
    plugins = home / ".config/yester/plugins.toml"
    stated = plugins.read_text()
    plugins.write_text("")
    assert "There is no archive here" in yester("archive", "docs").err
    assert "no archives" in yester("archive", "policies").out
    plugins.write_text(stated)
    allow(home, "purge", "archive = []\nrestore = []\n")
    for arguments in (("archive", "docs"), ("recall", "latest", "--wait")):
        refused = yester(*arguments)
        assert refused.code == 2 and "in the profile docs: the role has nobody" in refused.err, refused
    assert yester("recall", "latest", "--plan").code == yester("archive", "docs", "--plan").code == 0
    assert [*tape.iterdir()] == []
