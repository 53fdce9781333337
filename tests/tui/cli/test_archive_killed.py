"""yester is killed while an archive is at work, and the archive with it; and many readers wait for packs at a time."""

import os
import pwd
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.living import wait_for
from tests.tui.cli.conftest import Yester, start

from yester.engine.ids import PackId
from yester.engine.places import Places
from yester.engine.repository import Repository
from yester.plugins.backends.folder import FolderStore
from yester.tui.cli.archive_desk import recaller_of
from yester.tui.cli.visiting import Screen

PLUGIN = '''
import os, shutil, time
from portal.pluginbase.core import ArchivePlugin

FOLDER = {folder!r}

class Slow(ArchivePlugin):
    """Keeps copies by name and sha1, writes down each call, and stands still where it is told to."""

    name = "Slow"
    plugin_guid = "slow"

    def is_ready(self):
        return True

    def get_policies(self):
        return [{{"uuid": "slow", "bulk_support": False}}]

    def _heard(self, verb, about, file_sets):
        with open(FOLDER + "/calls", "a") as calls:
            calls.write(" ".join([verb, about, *(each.item_id for each in file_sets)]) + "\\n")

    def _stand(self, verb):
        while os.path.exists(FOLDER + "/stand-" + verb):
            open(FOLDER + "/standing", "w").close()
            time.sleep(0.01)

    def archive(self, file_sets, policy_uuid, job_id):
        self._heard("archive", job_id, file_sets)
        done = []
        for each in file_sets:
            copy = FOLDER + "/copies/" + each.item_id + "_" + each.sha1
            shutil.copy(each.files[0], copy)
            done.append(each._replace(external_ids=[copy]))
            self._stand("archive")
        return done

    def restore(self, file_sets, policy_uuid):
        self._heard("restore", "-", file_sets)
        for each in file_sets:
            shutil.copy(each.external_ids[0], each.files[0])
            self._stand("restore")
        return file_sets

    def delete(self, file_sets, policy_uuid):
        return None

Slow()
'''


@pytest.fixture
def shelf(yester: Yester, plain: Path, docs: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the plugin has, for a repository of several packs that its owner may purge."""
    monkeypatch.setattr("yester.engine.packs.packs.PACK_SIZE", 400_000)
    for number in range(12):
        (docs / f"large-{number}").write_bytes(os.urandom(150_000))
    folder = tmp_path / "shelf"
    (folder / "copies").mkdir(parents=True)
    plugins = home / ".local/share/yester/plugins/portal"
    plugins.mkdir(parents=True)
    (plugins / "slow.py").write_text(PLUGIN.format(folder=str(folder)))
    yester("profile", "add", "docs", docs)
    profile = home / ".config/yester/profiles/docs.toml"
    role = f'[archive.roles]\npurge = ["{pwd.getpwuid(os.geteuid()).pw_name}"]'
    profile.write_text(profile.read_text().replace("[archive.roles]", role))
    assert yester("snap", "docs").code == 0
    return folder


def packs(repository: Path) -> set[str]:
    return {path.name for path in repository.rglob("data.*") if path.is_file()}


def calls(shelf: Path, verb: str) -> list[str]:
    return [line for line in (shelf / "calls").read_text().splitlines() if line.startswith(f"{verb} ")]


def killed_while(shelf: Path, verb: str, *arguments: str) -> None:
    """Start a command, and kill it and the archive when that is in the midst of something."""
    (shelf / f"stand-{verb}").touch()
    process = start(*arguments)
    wait_for(lambda: (shelf / "standing").exists() or process.poll() is not None)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    for name in (f"stand-{verb}", "standing"):
        (shelf / name).unlink()


def test_after_a_kill_the_same_command_goes_on(yester: Yester, plain: Path, shelf: Path) -> None:
    before, arguments = packs(plain), ("archive", "docs", "--purge", "--yes")
    assert len(before) > 3
    for verb in ("archive", "restore"):
        killed_while(shelf, verb, *arguments)
        assert packs(plain) == before
    done = yester(*arguments)
    assert (done.code, done.err) == (0, ""), done
    assert packs(plain) == set()
    assert len(calls(shelf, "archive")) == 2 and len({*calls(shelf, "archive")}) == 1, "the same call was made again"
    assert len([*(shelf / "copies").iterdir()]) == len(before)
    assert yester("recall", "latest", "--wait").code == 0
    assert packs(plain) == before
    assert yester("check", "--read-data").code == 0


def test_many_readers_wait_for_one_call(yester: Yester, plain: Path, shelf: Path) -> None:
    wanted = [PackId(bytes.fromhex(name.removeprefix("data."))) for name in sorted(packs(plain))]
    assert yester("archive", "docs", "--purge", "--yes").code == 0
    (shelf / "calls").unlink()
    places = Places.default()
    opened = Repository.open(FolderStore(plain), None, places=places)
    recaller = recaller_of(opened, places, None, Screen(places), lambda: False)
    with ThreadPoolExecutor(len(wanted)) as pool:
        answers = [*pool.map(lambda pack: recaller.recall_now([pack], 60.0, ahead=wanted), wanted)]
    assert answers == [{}] * len(wanted)
    assert len(packs(plain)) == len(wanted)
    assert len(calls(shelf, "restore")) <= 2
