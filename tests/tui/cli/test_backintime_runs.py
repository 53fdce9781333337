"""Plugins of Back In Time in runs of `yester snap`: what they hear in each situation, whole and in order."""

import json
import os
import re
import shutil
from collections.abc import Mapping, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from tests.tui.cli.conftest import SOURCE_ROOT, Yester, finish, start

from yester.engine.events import AppExit, AppStart, Message, decode
from yester.engine.host import host_name, user_name
from yester.engine.journal import journal_path
from yester.engine.limits import power
from yester.engine.places import Places
from yester.engine.profiles.reading import load_profile
from yester.engine.runlock import run_lock
from yester.plugins.worker import hosting
from yester.tui.cli.plugging import enabled_plugins

WITNESS = """
import json, os
import pluginmanager

def trace(*what):
    with open(os.environ["TRACE"], "a") as file:
        file.write(json.dumps([str(each) if type(each).__name__ == "SID" else each for each in what]) + "\\n")

class Witness(pluginmanager.Plugin):
    name = "NAME"
    def init(self, snapshots):
        self.config = snapshots.config
        return True
    def isGui(self): return GUI
    def processBegin(self): trace(self.name, "processBegin")
    def processEnd(self): trace(self.name, "processEnd")
    def error(self, code, message): trace(self.name, "error", code, message)
    def newSnapshot(self, snapshot_id, snapshot_path): trace(self.name, "newSnapshot", snapshot_id, snapshot_path)
    def message(self, profile_id, profile_name, level, message, timeout):
        trace(self.name, "message", profile_id, profile_name, level, message, timeout)
    def appStart(self): trace(self.name, "appStart")
    def appExit(self): trace(self.name, "appExit")
    def mount(self, profileID=None): trace(self.name, "mount", profileID)
    def unmount(self, profileID=None): trace(self.name, "unmount", profileID)
"""

Trace = list[list[Any]]


@pytest.fixture
def trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file into which plugins write what they heard; workers find yester where this process found it."""
    monkeypatch.setenv("TRACE", str(tmp_path / "trace"))
    monkeypatch.setenv("PYTHONPATH", str(SOURCE_ROOT))
    monkeypatch.setattr(hosting, "GRACE_S", 0.3)
    return tmp_path / "trace"


@pytest.fixture
def profile(yester: Yester, plain: Path, docs: Path, trace: Path) -> str:
    assert yester("profile", "add", "docs", docs).code == 0
    return "docs"


def put(name: str, text: str) -> Path:
    path = Places.default().data / "plugins" / "backintime" / f"{name}.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def witness(name: str, more: str = "", *, gui: bool = False) -> None:
    put(name, WITNESS.replace("NAME", name).replace("GUI", str(gui)) + more)


def heard(trace: Path) -> Trace:
    """Return what all heard, with the SID and the folder of views as words."""
    lines = trace.read_text().splitlines() if trace.exists() else []
    root = re.escape(str(Places.default().runtime / "backintime"))
    found: Trace = []
    for line in lines:
        line = re.sub(root + r"/[^/\"]+", "ROOT", line)
        line = re.sub(r"\d{8}-\d{6}-\d{3}", "SID", line)
        found.append(json.loads(re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "DISPLAY", line)))
    trace.unlink(missing_ok=True)
    return found


def all_of(names: Sequence[str], *what: object) -> Trace:
    return [[name, *what] for name in names]


def options(name: str, **said: object) -> None:
    path = Places.default().config / "plugins.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [f"{key} = {json.dumps(value)}" for key, value in said.items()]
    with open(path, "a") as file:
        file.write(f"[options.{name}]\n" + "\n".join(lines) + "\n")


def journal(yester: Yester) -> list[Message]:
    run = json.loads(yester("runs", "--json").out)[-1]["run"]
    lines = journal_path(Places.default().state, run).read_bytes().splitlines()
    return [event for line in lines if isinstance(event := decode(line).event, Message)]


def messages(yester: Yester) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = json.loads(yester("messages", "--json", "--all").out)
    return found


PATH = f"ROOT/backintime/{host_name()}/{user_name()}/1/SID"
ON, BACK = ["g", "a", "b"], ["b", "a", "g"]
"""The order of a, b and g, which is one of a desktop, and back."""


@pytest.fixture
def three(profile: str) -> str:
    witness("a")
    witness("b")
    witness("g", gui=True)
    return profile


def test_normal(yester: Yester, three: str, trace: Path) -> None:
    done = yester("snap", three)
    assert (done.code, done.err) == (0, "")
    assert heard(trace) == [
        *all_of(BACK, "mount", "1"),
        *all_of(ON, "processBegin"),
        *all_of(ON, "newSnapshot", "SID", PATH),
        *all_of(BACK, "processEnd"),
        *all_of(BACK, "unmount", "1"),
    ]
    assert messages(yester) == []


def test_nothing_has_changed(yester: Yester, three: str, trace: Path) -> None:
    path = Places.default().config / "profiles" / "docs.toml"
    path.write_text('when_unchanged = "skip"\n' + path.read_text())
    assert yester("snap", three).code == 0
    heard(trace)
    assert yester("snap", three).code == 0
    assert heard(trace) == [
        *all_of(BACK, "mount", "1"),
        *all_of(ON, "processBegin"),
        *all_of(BACK, "processEnd"),
        *all_of(BACK, "unmount", "1"),
    ]


STOPS = """
from exceptions import StopException
class Stops(Witness):
    name = "s"
    def processBegin(self):
        trace("s", "processBegin")
        raise StopException("not today")
"""


def test_a_stop_at_the_begin(yester: Yester, profile: str, trace: Path) -> None:
    witness("a", STOPS)  # both classes of the file are plugins
    witness("b")
    done = yester("snap", profile)
    assert done.code == 1
    assert "a stops the run: not today" in done.err
    assert heard(trace) == [
        *all_of(["b", "s", "a"], "mount", "1"),
        *all_of(["a", "s", "b"], "processBegin"),
        *all_of(["b", "s", "a"], "unmount", "1"),
    ]
    assert "stderr: ERROR: Plugin a processBegin failed: not today" in [each.text for each in journal(yester)]
    assert json.loads(yester("list", "--json").out) == []


def test_the_target_is_missing(yester: Yester, three: str, trace: Path, plain: Path) -> None:
    plain.rename(plain.with_name("away"))
    options("a", wait=1)
    options("b", wait=0)
    options("g", wait=0)
    done = yester("snap", three)
    assert done.code == 6
    text = f"There is no repository at {plain}: there is no such folder; the run waits for it"
    assert heard(trace) == [
        *all_of(BACK, "mount", "1"),
        *all_of(ON, "processBegin"),
        *all_of(ON, "message", "1", "docs", 1, text, 1),
        *all_of(ON, "error", 3, ""),
        *all_of(BACK, "processEnd"),
        *all_of(BACK, "unmount", "1"),
    ]


COMES = """
class Comes(Witness):
    name = "comes"
    def processBegin(self):
        trace("comes", "processBegin")
        os.rename(os.environ["AWAY"], os.environ["THERE"])
"""


def test_a_target_that_comes_while_it_is_waited_for(
    yester: Yester, profile: str, trace: Path, plain: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWAY", str(plain.with_name("away")))
    monkeypatch.setenv("THERE", str(plain))
    plain.rename(plain.with_name("away"))
    put("a", WITNESS.replace("GUI", "False") + COMES)
    assert yester("snap", profile).code == 0
    # No plugin is one of a desktop: nobody is told that it is waited for.
    assert [each for each in heard(trace) if each[0] == "comes"] == [
        ["comes", "mount", "1"],
        ["comes", "processBegin"],
        ["comes", "newSnapshot", "SID", PATH],
        ["comes", "processEnd"],
        ["comes", "unmount", "1"],
    ]


def test_a_run_of_the_profile_is_active(yester: Yester, three: str, trace: Path) -> None:
    places = Places.default()
    with run_lock(places.state, load_profile(places.config / "profiles", three), places.runtime):
        assert yester("snap", three).code == 4
    assert heard(trace) == all_of(ON, "error", 2, "")


def test_a_profile_that_cannot_be_read(yester: Yester, three: str, trace: Path) -> None:
    assert yester("snap", three).code == 0
    heard(trace)
    path = Places.default().config / "profiles" / "docs.toml"
    path.write_text("sources = 3\n")
    assert yester("snap", three).code == 2
    assert heard(trace) == all_of(ON, "error", 1, "")


def test_on_battery(yester: Yester, three: str, trace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(power, "on_battery", lambda: True)
    path = Places.default().config / "profiles" / "docs.toml"
    path.write_text(path.read_text().replace("\n[limits]\n", '\n[limits]\non_battery = "skip"\n'))
    assert yester("snap", three).code == 0
    text = 'There is no mains power, and the profile says on_battery = "skip"'
    assert heard(trace) == all_of(ON, "message", "1", "docs", 0, text, -1)


def test_not_due(yester: Yester, three: str, trace: Path) -> None:
    path = Places.default().config / "profiles" / "docs.toml"
    path.write_text(path.read_text().replace("\n[schedule]\n", '\n[schedule]\nwhen = "yearly"\n'))
    assert yester("snap", three).code == 0
    heard(trace)
    assert yester("snap", three, "--if-due").code == 0
    assert heard(trace) == []


def test_a_snapshot_with_errors(yester: Yester, plain: Path, docs: Path, trace: Path, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    assert yester("profile", "add", "docs", docs, gone).code == 0
    gone.rmdir()
    witness("a")
    witness("b")
    assert yester("snap", "docs").code == 3
    assert heard(trace) == [
        *all_of(["b", "a"], "mount", "1"),
        *all_of(["a", "b"], "processBegin"),
        *all_of(["a", "b"], "message", "1", "docs", 1, f"{gone}: this source does not exist", -1),
        *all_of(["a", "b"], "error", 6, "DISPLAY"),
        *all_of(["a", "b"], "newSnapshot", "SID", PATH),
        *all_of(["b", "a"], "processEnd"),
        *all_of(["b", "a"], "unmount", "1"),
    ]


def test_a_run_that_fails(yester: Yester, three: str, trace: Path, docs: Path) -> None:
    shutil.rmtree(docs)
    assert yester("snap", three).code == 2
    text = f"No source of the profile docs exists: {docs}"
    assert heard(trace) == [
        *all_of(BACK, "mount", "1"),
        *all_of(ON, "processBegin"),
        *all_of(ON, "message", "1", "docs", 1, text, -1),
        *all_of(ON, "error", 5, text),
        *all_of(BACK, "processEnd"),
        *all_of(BACK, "unmount", "1"),
    ]


@pytest.mark.parametrize("command", [("check",), ("prune",), ("restore", "latest", "--target", "TARGET")])
def test_other_commands_mount_and_unmount(
    yester: Yester, three: str, trace: Path, tmp_path: Path, command: Sequence[str]
) -> None:
    assert yester("snap", three).code == 0
    heard(trace)
    assert yester(*(str(tmp_path / "back") if each == "TARGET" else each for each in command)).code == 0
    assert heard(trace) == [*all_of(BACK, "mount", "1"), *all_of(BACK, "unmount", "1")]


LOOKS = """
class Looks(Witness):
    name = "looks"
    def newSnapshot(self, sid, path):
        trace(sid.sid, sid.displayID, sid.withoutTag, str(sid.date), sid.tag, sid.path() == path, sid.exists())
        trace(sorted(os.listdir(path)), open(sid.pathBackup(os.environ["DOC"])).read())
        trace(self.config.profileName(), self.config.include(), self.config.tag(), self.config.isConfigured())
        trace(open(path + "/info").read(), open(path + "/config").read())
        self.path = path
    def unmount(self, profileID=None):
        with open(self.path + "/backup" + os.path.dirname(os.environ["DOC"]) + "/large", "rb") as file:
            trace(len(file.read()))
"""


def test_a_new_snapshot_can_be_looked_at_until_the_end(
    yester: Yester, profile: str, docs: Path, trace: Path, monkeypatch: pytest.MonkeyPatch, fuse: None
) -> None:
    monkeypatch.setenv("DOC", str(docs / "b.txt"))
    (docs / "large").write_bytes(os.urandom(5 << 20))  # read only when the repository is closed
    put("a", WITNESS.replace("GUI", "False") + LOOKS)
    assert yester("snap", profile).code == 0
    said = [json.loads(line) for line in trace.read_text().splitlines()]
    sid, display, without, date, tag, same, exists = next(each for each in said if re.match(r"\d{8}-", each[0]))
    assert re.fullmatch(r"\d{8}-\d{6}-[1-9]\d\d", sid)
    began = datetime.strptime(without, "%Y%m%d-%H%M%S")
    assert (display, date, f"{without}-{tag}", same, exists) == (str(began), str(began), sid, True, True)
    assert [["backup", "config", "info"], "b\n"] in said
    assert [profile, [[str(docs), 0]], tag, True] in said
    info, config = next(each for each in said if "snapshot_version=3\n" in each[0])
    assert f"snapshot_date={without}\n" in info
    assert "snapshot_profile_id=1\n" in info
    assert f"profile1.snapshots.include.1.value={docs}\n" in config
    assert [5 << 20] in said
    assert not (Places.default().runtime / "backintime").exists()
    assert str(Places.default().runtime) not in Path("/proc/self/mountinfo").read_text()


def test_a_plugin_names_the_new_snapshot(yester: Yester, profile: str, trace: Path) -> None:
    name = "        sid.name = 'before the move'; print(sid.displayName)\n"
    head = "import pluginmanager\nclass P(pluginmanager.Plugin):\n"
    put("names", f"{head}    def newSnapshot(self, sid, path):\n{name}")
    assert yester("snap", profile).err == ""
    assert [each["name"] for each in json.loads(yester("list", "--json").out)] == ["before the move"]
    assert any(each.text.endswith(" - before the move") for each in journal(yester))


def test_without_fuse_the_path_is_told_all_the_same(
    yester: Yester, three: str, trace: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from yester.fs import mounts

    monkeypatch.setattr(mounts, "FUSE_DEVICE", tmp_path / "no fuse")
    done = yester("snap", three)
    assert done.code == 0
    assert done.err.count("get the path that the snapshot would have, and nothing is there") == 1
    assert [each[1:] for each in heard(trace) if each[1] == "newSnapshot"] == [["newSnapshot", "SID", PATH]] * 3


RAISES = """
import pluginmanager
class Raises(pluginmanager.Plugin):
    def mount(self, profileID=None): raise KeyboardInterrupt("no")
    def processBegin(self): raise SystemExit(7)
    def newSnapshot(self, sid, path): raise ValueError("bad")
    def processEnd(self): raise GeneratorExit
"""


def test_what_a_plugin_raises_harms_nobody_else(yester: Yester, profile: str, trace: Path) -> None:
    put("a", RAISES)
    witness("b")
    assert yester("snap", profile).code == 0
    assert [each[1] for each in heard(trace)] == ["mount", "processBegin", "newSnapshot", "processEnd", "unmount"]
    logged = [each.text for each in journal(yester) if each.source == "a"]
    for method, problem in (("mount", "no"), ("processBegin", "7"), ("newSnapshot", "bad"), ("processEnd", "")):
        assert f"stderr: ERROR: Plugin a {method} failed: {problem}" in logged
    assert "a: on_snapshot_new failed: ValueError: bad" in [each["text"] for each in messages(yester)]


ENDS = """
import os, sys
import pluginmanager
class Ends(pluginmanager.Plugin):
    def processBegin(self):
        sys.stdout.write("x" * 1000000 + "\\n")
        os._exit(3)
    def newSnapshot(self, sid, path): raise AssertionError
"""


def test_one_that_ends_the_worker_is_named_and_left_out(yester: Yester, profile: str, trace: Path) -> None:
    put("a", ENDS)
    witness("b")
    assert yester("snap", profile).code == 0
    assert [each[1] for each in heard(trace)] == ["mount", "processBegin", "newSnapshot", "processEnd", "unmount"]
    (said,) = messages(yester)
    assert said["text"].startswith("a: it ended the worker process of backintime plugins: exit code 3")


def test_what_cannot_be_loaded_is_named(yester: Yester, profile: str, trace: Path) -> None:
    put("bad", "import nothing_of_this_name\n")
    put("exits", "raise SystemExit('gone')\n")
    put("old", "import pluginmanager\nclass O(pluginmanager.Plugin):\n    def on_process_begins(self): pass\n")
    put("half", WITNESS.replace("GUI", "False") + "class Z(Witness):\n    def init(self, s): raise OSError('no')\n")
    put("declines", "import pluginmanager\nclass D(pluginmanager.Plugin):\n    def init(self, s): return 0\n")
    put("library", "VALUE = 1\n")
    witness("z")
    assert yester("snap", profile).code == 0
    names = {each[0] for each in heard(trace)}
    assert names == {"NAME", "z"}
    said = {each["source"]: each["text"] for each in messages(yester)}
    assert said.keys() == {"bad", "exits", "old", "half"}
    assert said["bad"].startswith("bad cannot be loaded: ModuleNotFoundError: No module named 'nothing_of_this_name'")
    assert "before 1.2, which called processBegin on_process_begins" in said["old"]
    logged = [each.text for each in journal(yester)]
    assert "stderr: ERROR: Failed to load plugin exits.py: gone" in logged
    assert "stderr: ERROR: Failed to load plugin half.py: no" in logged


def test_load_rules(yester: Yester, profile: str, trace: Path) -> None:
    put("__skipped", "raise ValueError\n")
    put("_kept", WITNESS.replace("NAME", "_kept").replace("GUI", "False"))
    put("base", "from pluginmanager import Plugin\n")
    put("uses", "import _kept\nclass U(_kept.Witness):\n    name = 'uses'\n")
    witness("g1", gui=True)
    witness("g2", gui=True)
    meta = "class Meta(type): pass\nclass M(Witness, metaclass=Meta):\n    name = 'meta'\n"
    put("meta", WITNESS.replace("GUI", "False").replace("NAME", "plain") + meta)
    assert yester("snap", profile).code == 0
    begun = [each[0] for each in heard(trace) if each[1] == "processBegin"]
    # The last one of a desktop is the first; others as they are listed. A class with a metaclass is none.
    assert begun == ["g2", "g1", "_kept", "plain", "uses"]


def test_a_profile_keeps_its_number(yester: Yester, three: str, trace: Path, docs: Path) -> None:
    assert yester("profile", "add", "second", docs).code == 0
    assert yester("snap", "second").code == 0
    assert ["a", "mount", "2"] in heard(trace)
    assert yester("profile", "remove", "second", "--yes").code == 0
    assert yester("profile", "add", "third", docs).code == 0
    assert yester("snap", "third").code == 0
    assert ["a", "mount", "3"] in heard(trace)
    assert yester("snap", three).code == 0
    assert ["a", "mount", "1"] in heard(trace)


def test_mixed_files_take_turns_with_others(yester: Yester, profile: str, trace: Path) -> None:
    two = "class Shown(Witness):\n    name = 'shown'\n    def isGui(self): return True\n"
    witness("a", two)
    witness("b")
    assert yester("snap", profile).code == 0
    assert [each[0] for each in heard(trace) if each[1] == "processBegin"] == ["shown", "a", "b"]


KILLS = """
class Kills(Witness):
    def newSnapshot(self, sid, path):
        guardian = int(open(f"/proc/{os.getppid()}/stat").read().rpartition(")")[2].split()[1])
        os.kill(guardian, 9)
"""


def test_what_a_killed_run_showed_is_cleared_away_by_the_next(
    yester: Yester, profile: str, trace: Path, fuse: None
) -> None:
    put("a", WITNESS.replace("GUI", "False") + KILLS)
    assert finish(start("snap", profile)).code == -9
    root = Places.default().runtime / "backintime"
    assert [each for each in Path("/proc/self/mountinfo").read_text().splitlines() if str(root) in each]
    witness("a")
    assert yester("snap", profile).code == 0
    assert str(root) not in Path("/proc/self/mountinfo").read_text()
    assert not root.exists()


HOLDS = """
class Holds(Witness):
    def newSnapshot(self, sid, path): self.path = path
    def unmount(self, profileID=None):
        host = int(open(f"/proc/{os.getppid()}/stat").read().rpartition(")")[2].split()[1])
        folder = f"/proc/{host}/fd/"
        open_now = [os.readlink(folder + each) for each in os.listdir(folder) if os.path.islink(folder + each)]
        trace("held", [each for each in open_now if each.startswith(os.environ["REPOSITORY"])])
"""


def test_a_view_does_not_hold_the_drive_that_a_plugin_unmounts(
    yester: Yester, profile: str, plain: Path, trace: Path, monkeypatch: pytest.MonkeyPatch, fuse: None
) -> None:
    monkeypatch.setenv("REPOSITORY", str(plain))
    put("a", WITNESS.replace("GUI", "False") + HOLDS)
    assert yester("snap", profile).code == 0
    assert ["held", []] in heard(trace)


class Nobody:
    """Hears nothing."""

    def said(self, message: Message) -> None:
        raise AssertionError(message)

    def printed(self, message: Message) -> None:
        raise AssertionError(message)


def test_the_program_with_windows(yester: Yester, three: str, trace: Path) -> None:
    callback()
    plugins = enabled_plugins(Places.default(), Nobody(), action="tui")
    assert plugins is not None
    with closing(plugins):
        plugins.on_app_start(AppStart(1, "yester"))
        plugins.on_app_exit(AppExit())
    told = heard(trace)
    for method, reason in (("appStart", "5"), ("appExit", "6")):
        assert told[:4] == [["1", "docs", reason], *all_of(BACK, method)]
        del told[:4]
    assert told == []


# user-callback

SCRIPT = """#!/usr/bin/env python3
import json, os, sys
with open(os.environ["TRACE"], "a") as file:
    file.write(json.dumps(sys.argv[1:]) + "\\n")
"""


def callback(text: str = SCRIPT, *, theirs: bool = False) -> Path:
    """Put the script into yester's place, or into Back In Time's own."""
    config = Places.default().config
    path = (config.parent if theirs else config) / "backintime" / "user-callback"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o700)
    return path


def reasons(trace: Path) -> list[str]:
    return [each[2] for each in heard(trace)]


@pytest.mark.parametrize("theirs", [False, True])
def test_a_callback_hears_of_a_run(yester: Yester, profile: str, trace: Path, theirs: bool) -> None:
    callback(theirs=theirs)
    assert yester("snap", profile).code == 0
    assert heard(trace) == [
        ["1", "docs", "7"],
        ["1", "docs", "1"],
        ["1", "docs", "3", "SID", PATH],
        ["1", "docs", "2"],
        ["1", "docs", "8"],
    ]


def test_of_two_scripts_the_one_in_our_place_counts(yester: Yester, profile: str, trace: Path) -> None:
    callback("#!/bin/sh\nexit 1\n", theirs=True)
    callback()
    assert yester("snap", profile).code == 0
    assert reasons(trace) == ["7", "1", "3", "2", "8"]


def test_a_callback_hears_of_errors(yester: Yester, profile: str, trace: Path, docs: Path, plain: Path) -> None:
    callback()
    options("user-callback", wait=0)
    places = Places.default()
    with run_lock(places.state, load_profile(places.config / "profiles", profile), places.runtime):
        yester("snap", profile)
    assert heard(trace) == [["1", "docs", "4", "2"]]
    shutil.rmtree(docs)
    yester("snap", profile)
    text = f"No source of the profile docs exists: {docs}"
    assert [each[2:] for each in heard(trace)] == [["7"], ["1"], ["4", "5", text], ["2"], ["8"]]
    plain.rename(plain.with_name("away"))
    yester("snap", profile)
    assert [each[2:] for each in heard(trace)] == [["7"], ["4", "3"], ["8"]]


def test_an_exit_code_at_the_begin_stops_the_run(yester: Yester, profile: str, trace: Path) -> None:
    callback(SCRIPT + 'sys.exit(3 if sys.argv[3] == "1" else 0)\n')
    done = yester("snap", profile)
    assert done.code == 1
    assert "user-callback stops the run: its script ended with 3 at processBegin (reason 1)" in done.err
    assert reasons(trace) == ["7", "1", "8"]
    assert "stderr: WARNING: user-callback returncode: 3" in [each.text for each in journal(yester)]


def test_other_exit_codes_are_logged_and_reported_if_wanted(yester: Yester, profile: str, trace: Path) -> None:
    callback(SCRIPT + 'sys.exit(0 if sys.argv[3] == "1" else 4)\n')
    assert yester("snap", profile).code == 0
    assert messages(yester) == []
    options("user-callback", report_failures=True)
    assert yester("snap", profile).code == 0
    said = [(each["level"], each["text"]) for each in messages(yester)]
    assert said == [
        ("error", f"user-callback: {method}: its script ended with 4 at {method} (reason {reason})")
        for method, reason in (("mount", 7), ("newSnapshot", 3), ("processEnd", 2), ("unmount", 8))
    ]


def test_a_mount_that_failed_stops_the_run_if_wanted(yester: Yester, profile: str, trace: Path) -> None:
    callback(SCRIPT + 'sys.exit(4 if sys.argv[3] == "7" else 0)\n')
    assert yester("snap", profile).code == 0
    assert reasons(trace) == ["7", "1", "3", "2", "8"]
    options("user-callback", stop_on_mount_failure=True)
    done = yester("snap", profile)
    assert done.code == 1
    assert "its script ended with 4 at mount (reason 7)" in done.err
    assert reasons(trace) == ["7", "8"]


def test_output_is_logged(yester: Yester, profile: str, trace: Path) -> None:
    callback("#!/bin/sh\n[ $3 = 1 ] && { echo one; echo two; echo bad >&2; }\nexit 0\n")
    assert yester("snap", profile).code == 0
    logged = [each.text for each in journal(yester) if each.source == "user-callback"]
    assert logged == [
        "stderr: INFO: user-callback returned 'one",
        "stderr: two'",
        "stderr: ERROR: user-callback returned 'bad'",
    ]
    options("user-callback", no_logging=True)
    assert yester("snap", profile).code == 0
    logged = [each.text for each in journal(yester) if each.source == "user-callback"]
    assert sorted(logged) == ["stderr: bad", "stdout: one", "stdout: two"]


def test_the_log_says_which_script_ran_and_where_it_works_if_wanted(
    yester: Yester, profile: str, trace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = callback("#!/bin/sh\n[ $3 = 1 ] && pwd\nexit 0\n")
    monkeypatch.chdir(tmp_path)
    assert yester("snap", profile).code == 0
    assert f"stderr: INFO: user-callback returned '{tmp_path}'" in [each.text for each in journal(yester)]
    options("user-callback", own_folder=True, name_script=True)
    assert yester("snap", profile).code == 0
    logged = [each.text for each in journal(yester)]
    assert f"stderr: INFO: user-callback returned '{script.parent}'" in logged
    assert f"stderr: INFO: user-callback: {script} '1' 'docs' '1'" in logged


@pytest.mark.parametrize(("text", "mode"), [(SCRIPT, 0o600), ("#!/no/such/program\n", 0o700)])
def test_a_script_that_cannot_be_run_is_told_of_once(
    yester: Yester, profile: str, trace: Path, text: str, mode: int
) -> None:
    script = callback(text)
    script.chmod(mode)
    assert yester("snap", profile).code == 0
    said = [each["text"] for each in messages(yester)]
    assert len(said) == 1
    assert f"{script} cannot be run: " in said[0]


def test_a_callback_can_be_switched_off(yester: Yester, profile: str, trace: Path) -> None:
    callback()
    assert "user-callback" in yester("plugin", "list").out
    assert yester("plugin", "test", "user-callback").out.startswith("user-callback: can be loaded, hears ")
    assert "(profiles: 1 docs)" in yester("plugin", "info", "user-callback").out
    assert yester("plugin", "disable", "user-callback").code == 0
    assert yester("snap", profile).code == 0
    assert heard(trace) == []
    assert yester("plugin", "enable", "user-callback").code == 0
    assert yester("snap", profile).code == 0
    assert reasons(trace) == ["7", "1", "3", "2", "8"]


def test_a_script_that_others_can_write_is_refused(yester: Yester, profile: str, trace: Path) -> None:
    callback().chmod(0o777)
    assert yester("snap", profile).code == 0
    assert heard(trace) == []
    assert "can be written by others" in messages(yester)[0]["text"]


CASES = """#!/bin/bash
# Written as the published ones are: cases over the reason, names for what comes with it.
profile_id="$1"; profile_name="$2"; reason="$3"; shift 3
case $reason in
    1) echo "Backup of $profile_name begins" ;;
    2) echo "Backup of $profile_name ends" ;;
    3) echo "Snapshot $1 in $2"; [ -d "$2/backup" ] && echo "can be read" ;;
    4) echo "Error $1 $2" ;;
    5|6) : ;;
    7) if [ "$profile_id" != "1" ]; then exit 1; fi ;;
    8) sync -f . ;;
esac
exit 0
"""


def test_a_script_of_the_usual_style(yester: Yester, profile: str, trace: Path, fuse: None) -> None:
    callback(CASES)
    assert yester("snap", profile).code == 0
    said = "\n".join(each.text for each in journal(yester) if each.source == "user-callback")
    assert "returned 'Backup of docs begins'" in said
    assert "can be read'" in said
    assert "returned 'Backup of docs ends'" in said
