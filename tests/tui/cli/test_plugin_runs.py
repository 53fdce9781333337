"""Plugins in runs of `yester snap`, from a file in their folder to what the person reads. Some misbehave."""

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from tests.plugins import test_finding
from tests.tui.cli.conftest import SOURCE_ROOT, Ended, Yester, finish, start

from yester.engine.events import Error, Event, Message, RunEnd, SnapshotNew, decode
from yester.engine.journal import journal_path
from yester.engine.places import Places
from yester.plugins import casts, dispatcher, finding, switching
from yester.plugins.found import Found, in_folder
from yester.plugins.manner import Manner
from yester.plugins.settings import PluginSettings
from yester.plugins.worker import hosting

HEAD = """
import ctypes, os, signal, subprocess, sys, time
from pathlib import Path
from yester.plugins.native import Plugin, Row, StopRun, action, panel

TRACE = Path(os.environ["TRACE"])

def trace(name, what):
    with open(TRACE, "a") as file:
        file.write(f"{name} {what}\\n")
"""

WITNESS = """
class Witness(Plugin):
    def on_mount_before(self, event): trace(self.name, "mount.before")
    def on_run_begin(self, event): trace(self.name, "run.begin")
    def on_snapshot_new(self, event): trace(self.name, "snapshot.new")
    def on_message(self, event): trace(self.name, "message")
    def on_error(self, event): trace(self.name, f"error {int(event.code)}")
    def on_run_end(self, event): trace(self.name, f"run.end {event.result}")
    def on_unmount(self, event): trace(self.name, "unmount")
"""

packages = test_finding.packages
ALL = ["mount.before", "run.begin", "snapshot.new", "run.end complete", "unmount"]


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
    path = Places.default().data / "plugins" / "native" / f"{name}.py"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(HEAD + text)
    return path


def heard(trace: Path, name: str) -> list[str]:
    lines = trace.read_text().splitlines() if trace.exists() else []
    return [line.partition(" ")[2] for line in lines if line.startswith(f"{name} ")]


def events(yester: Yester) -> list[Event]:
    run = json.loads(yester("runs", "--json").out)[-1]["run"]
    lines = journal_path(Places.default().state, run).read_bytes().splitlines()
    return [event for line in lines if isinstance(event := decode(line).event, Event)]


def messages(yester: Yester) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = json.loads(yester("messages", "--json", "--all").out)
    return found


def test_a_run_with_two_plugins(yester: Yester, profile: str, trace: Path) -> None:
    put("b", WITNESS)
    put("a", WITNESS)
    done = yester("snap", profile)
    assert (done.code, done.err) == (0, "")
    assert heard(trace, "a") == heard(trace, "b") == ALL
    order = [line for line in trace.read_text().splitlines() if "run." in line]
    assert order == ["a run.begin", "b run.begin", "b run.end complete", "a run.end complete"]
    assert messages(yester) == []
    end = events(yester)[-1]
    assert isinstance(end, RunEnd)
    assert [each.plugin for each in end.plugins] == ["a", "b"]
    assert all(0 < each.time_ns < end.duration_ns + 60 * 10**9 for each in end.plugins)
    assert "plugin a 0." in yester("log").out


def test_other_commands_tell_plugins_too(yester: Yester, profile: str, trace: Path, tmp_path: Path) -> None:
    put(
        "w",
        """
class W(Plugin):
    def on_check_begin(self, event): trace("w", "check.begin")
    def on_check_end(self, event): trace("w", f"check.end {event.problems}")
    def on_restore_begin(self, event): trace("w", "restore.begin")
    def on_restore_end(self, event): trace("w", f"restore.end {event.files}")
    def on_prune_begin(self, event): trace("w", "prune.begin")
    def on_prune_end(self, event): trace("w", "prune.end")
    def on_mount_before(self, event): trace("w", "before")
    def on_mount_after(self, event): trace("w", "after")
    def on_unmount(self, event): trace("w", "unmount")
""",
    )
    assert yester("snap", profile).code == 0
    assert yester("check").code == 0
    assert yester("restore", "latest", "--target", tmp_path / "back").code == 0
    assert yester("prune").code == 0
    assert heard(trace, "w")[3:] == [
        "before", "after", "check.begin", "check.end 0", "unmount",
        "before", "after", "restore.begin", "restore.end 2", "unmount",
        "before", "after", "prune.begin", "prune.end", "unmount",
    ]  # fmt: skip


def test_files_are_told_of_to_who_asks(yester: Yester, profile: str, trace: Path, docs: Path) -> None:
    (docs / os.fsdecode(b"\xff")).write_text("x")
    put("f", "class F(Plugin):\n    def on_file(self, event): trace('f', f'{event.change} {event.raw}')\n")
    assert yester("snap", profile).code == 0
    assert sorted(heard(trace, "f")) == sorted(
        f"new {os.fsencode(path)!r}" for path in docs.rglob("*") if path.is_file()
    )
    assert not any(type(event).__name__ == "File" for event in events(yester)), "the journal is not for files"


def test_a_stop_at_the_beginning_ends_the_run(yester: Yester, profile: str, trace: Path) -> None:
    put("a", WITNESS)
    put("m", "class M(Plugin):\n    def on_run_begin(self, event): raise StopRun('the drive is hot')\n")
    put("z", WITNESS)
    done = yester("snap", profile)
    assert done.code == 1
    assert done.err.startswith("yester: m stops the run: the drive is hot\n")
    assert heard(trace, "a") == heard(trace, "z") == [
        "mount.before", "run.begin", "run.end failed", "error 5", "unmount"
    ]  # fmt: skip
    assert json.loads(yester("list", "--json").out) == []
    [message] = messages(yester)
    assert (message["level"], message["text"]) == ("error", "m stops the run: the drive is hot")


def test_a_stop_elsewhere_is_a_failure_like_any(yester: Yester, profile: str, trace: Path) -> None:
    put("m", "class M(Plugin):\n    def on_mount_before(self, event): raise StopRun('no')\n")
    assert yester("snap", profile).code == 0
    assert [each["text"] for each in messages(yester)] == ["m: on_mount_before failed: StopRun: no"]


def test_what_a_plugin_says_and_prints(yester: Yester, profile: str, trace: Path) -> None:
    put(
        "talker",
        """
class Talker(Plugin):
    def on_run_begin(self, event):
        print("out", "\\x1b[2J")
        print("err", file=sys.stderr)
        self.say("all is well")
        self.say("the drive is full", "warning", "clear")
    def on_message(self, event):
        self.say("I heard a message")
""",
    )
    done = yester("snap", profile)
    assert (done.code, done.err) == (0, "yester: talker: the drive is full\n")
    kept = [(each["source"], each["level"], each["text"], each["action"]) for each in messages(yester)]
    assert kept == [("talker", "info", "all is well", ""), ("talker", "warning", "the drive is full", "clear")]
    said = [event for event in events(yester) if isinstance(event, Message) and event.source == "talker"]
    assert {"stdout: out \x1b[2J", "stderr: err", "all is well", "the drive is full"} == {each.text for each in said}
    assert all(line.isprintable() for line in yester("log").out.splitlines())


def test_a_plugin_may_say_something_while_it_is_made(yester: Yester, profile: str, trace: Path) -> None:
    put(
        "early",
        """
class Early(Plugin):
    def __init__(self): self.say("I am new", "warning")
    def on_run_begin(self, event): trace("early", "begin")
""",
    )
    done = yester("snap", profile)
    assert (done.code, done.err) == (0, "yester: early: I am new\n")
    assert heard(trace, "early") == ["begin"]


MISBEHAVIOUR = {
    "raises": ("raise ValueError('why')", "on_run_begin failed: ValueError: why"),
    "exits": ("sys.exit(7)", "on_run_begin failed: SystemExit: 7"),
    "interrupts": ("raise KeyboardInterrupt", "on_run_begin failed: KeyboardInterrupt"),
    "loops in C": ("ctypes.PyDLL(None).sleep(1000)", "on_run_begin took longer than 1 s"),
    "stops itself": ("os.kill(os.getpid(), signal.SIGSTOP)", "on_run_begin took longer than 1 s"),
    "forks fifty times": ("[os.fork() for _ in range(50) if os.getpid() == self.me]", ""),
    "leaves at once": ("os._exit(5)", "it ended the worker process of native plugins: exit code 5"),
    "is killed": ("os.kill(os.getpid(), signal.SIGKILL)", "it ended the worker process of native plugins: killed by"),
    "allocates 4 GiB": ("bytearray(4 << 30)", "on_run_begin failed: MemoryError"),
    "prints 1 GiB": ("[os.write(1, b'x' * 99 + b'\\n') for _ in range(11 << 20)]", "on_run_begin took longer than 1 s"),
    "closes its descriptors": ("os.closerange(0, 1 << 12)", "it ended the worker process of native plugins"),
}


@pytest.mark.parametrize("way", MISBEHAVIOUR)
def test_a_plugin_that_misbehaves_is_named_and_harms_nobody(
    yester: Yester, profile: str, trace: Path, way: str
) -> None:
    code, words = MISBEHAVIOUR[way]
    seconds = 1 if "longer" in words else 60  # only those that never come back are to be waited for
    put("a", WITNESS)
    put(
        "m",
        f"""
class M(Plugin):
    deadlines = {{"on_run_begin": {seconds}}}
    def __init__(self): self.me = os.getpid()
    def on_run_begin(self, event):
        trace("m", os.getpid())
        {code}
    def on_run_end(self, event): trace("m", "end")
""",
    )
    put("z", WITNESS)
    done = yester("snap", profile)
    assert done.code == 0, done
    assert heard(trace, "a") == heard(trace, "z") == ALL
    told = [each["text"] for each in messages(yester) if each["source"] == "m"]
    if words:
        assert any(text.startswith("m: ") and words in text for text in told), told
        assert f"yester: m: {words}" in done.err
    else:
        assert told == []
    assert any(isinstance(event, SnapshotNew) for event in events(yester))
    assert yester("check").code == 0
    worker = int(heard(trace, "m")[0])
    assert not Path(f"/proc/{worker}").exists()


BROKEN = {
    "a broken file": ("class M(Plugin:\n", "SyntaxError"),
    "an import that fails": ("import nowhere_at_all\n", "ModuleNotFoundError: No module named 'nowhere_at_all' (line"),
    "a wrong signature": (
        "class M(Plugin):\n    def on_run_begin(self): pass\n",
        "on_run_begin(self) must be: def on_run_begin(self, event: RunBegin) -> None",
    ),
    "no class": ("x = 1\n", "it defines no class that derives from Plugin"),
    "two classes": (
        "class A(Plugin): pass\nclass B(Plugin): pass\n",
        "it defines several plugins, where one is expected: A, B",
    ),
    "one that fails when it is made": (
        "class M(Plugin):\n    def __init__(self): self.options['url']\n",
        "KeyError: 'url' (line",
    ),
    "one that ends when it is loaded": ("os._exit(4)\n", "exit code 4"),
    "words that are no text": ("raise ImportError('no \\udcff')", r"ImportError: no \xff"),
    "a label that is no text": (
        "class M(Plugin):\n    @action('go', chr(0xDCFF))\n    def go(self, options): ...\n",
        "what it says of itself is of no use: this cannot be sent",
    ),
    "a cyclic import": ("from yester_plugin_m import M\n", "cannot import name 'M'"),
}


@pytest.mark.parametrize("way", BROKEN)
def test_a_plugin_that_cannot_be_loaded_is_named(yester: Yester, profile: str, trace: Path, way: str) -> None:
    text, words = BROKEN[way]
    put("m", text)
    put("z", WITNESS)
    done = yester("snap", profile)
    assert done.code == 0
    assert heard(trace, "z") == ALL
    [message] = messages(yester)
    assert (message["source"], message["level"]) == ("m", "warning")
    assert message["text"].startswith("m")
    assert words in message["text"]


def test_plugins_that_are_refused_or_gone_are_named(yester: Yester, profile: str, trace: Path) -> None:
    put("m", WITNESS).chmod(0o666)
    put("z", WITNESS)
    settings = Places.default().config / "plugins.toml"
    settings.write_text('enabled = ["gone"]\n')
    assert yester("snap", profile).code == 0
    assert heard(trace, "m") == []
    assert heard(trace, "z") == ALL
    assert [each["text"] for each in messages(yester)] == [
        "gone: it is enabled, but not installed",
        f"m: refused: {Places.default().data / 'plugins/native/m.py'} can be written by others",
    ]


def test_settings_that_make_no_sense_cost_plugins_and_no_snapshot(yester: Yester, profile: str, trace: Path) -> None:
    put("z", WITNESS)
    (Places.default().config / "plugins.toml").write_text("enabled = [")
    done = yester("snap", profile)
    assert done.code == 0
    assert done.err.startswith("yester: No plugin is called: ")
    assert heard(trace, "z") == []
    assert len(messages(yester)) == 1


def test_options_that_cannot_be_sent_cost_plugins_and_no_snapshot(yester: Yester, profile: str, trace: Path) -> None:
    put("z", WITNESS)
    (Places.default().config / "plugins.toml").write_text(f'[options.z]\ntext = "{"x" * (17 << 20)}"\n')
    assert yester("snap", profile).code == 0
    [message] = messages(yester)
    assert message["text"].startswith("The plugins of the native world cannot be loaded: a message of 178")


OPTIONED = """
from typing import ClassVar
from yester.plugins.native import Option
class M(Plugin):
    option_spec: ClassVar = {"tries": Option("integer", 3), "way": Option("option", "a", choices=("a", "b")),
        "key": Option("string", "none", is_secret=True)}
    def on_run_begin(self, event): trace("m", "%s %s %s" % tuple(self.options.values()))
"""


def test_options_come_typed_from_environment_profile_file_and_default(
    yester: Yester, profile: str, trace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put("m", OPTIONED)
    assert yester("snap", profile).code == 0
    (Places.default().config / "plugins.toml").write_text('[options.m]\ntries = 4\nway = "b"\n')
    assert yester("snap", profile).code == 0
    assert yester("profile", "edit", profile, "--set", "plugins.m.tries=5").code == 0
    assert yester("snap", profile).code == 0
    monkeypatch.setenv("YESTER_M_TRIES", "6")
    assert yester("snap", profile).code == 0
    assert heard(trace, "m") == ["3 a none", "4 b none", "5 b none", "6 b none"]
    assert messages(yester) == []


PLACES = {
    "the variable": ({"YESTER_M_TRIES": "often"}, "", 'the variable YESTER_M_TRIES takes a whole number, not "often"'),
    "the file": ({}, 'tries = "often"', 'plugins.toml takes a whole number, not "often"'),
    "a choice": ({}, 'way = "c"', 'plugins.toml takes one of a, b, not "c"'),
    "a secret": ({}, "key = 4711", "the option key in"),
    "no text": ({"YESTER_M_TRIES": "\udcff"}, "", r'YESTER_M_TRIES takes a whole number, not "\xff"'),
    "beyond 64 bits": ({}, f"tries = {10**30}", "takes a whole number, not"),
}


@pytest.mark.parametrize("way", PLACES)
def test_an_option_of_the_wrong_type_is_named_with_its_place(
    yester: Yester, profile: str, trace: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    environment, line, words = PLACES[way]
    put("m", OPTIONED)
    put("z", WITNESS)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    (Places.default().config / "plugins.toml").write_text(f"[options.m]\n{line}\n")
    assert yester("snap", profile).code == 0
    assert (heard(trace, "m"), heard(trace, "z")) == ([], ALL)
    [message] = messages(yester)
    assert message["text"].startswith("m cannot be loaded: the ")
    assert words in message["text"]
    assert "4711" not in message["text"]


def test_an_option_that_there_is_not_is_named_and_the_plugin_is_called(
    yester: Yester, profile: str, trace: Path
) -> None:
    put("m", OPTIONED)
    (Places.default().config / "plugins.toml").write_text("[options.m]\ntrys = 4\n")
    assert yester("snap", profile).code == 0
    assert heard(trace, "m") == ["3 a none"]
    [message] = messages(yester)
    assert message["text"].endswith("plugins.toml is none that there is. Did you mean tries?")


def test_a_profile_switches_plugins_for_itself(yester: Yester, profile: str, trace: Path) -> None:
    put("m", OPTIONED)
    assert yester("profile", "edit", profile, "--set", "plugins.m.enabled=false").code == 0
    assert yester("snap", profile).code == 0
    assert heard(trace, "m") == []
    assert yester("profile", "edit", profile, "--set", "plugins.m.enabled=true").code == 0
    (Places.default().config / "plugins.toml").write_text('disabled = ["m"]\n')
    assert yester("snap", profile).code == 0
    assert heard(trace, "m") == ["3 a none"]
    assert yester("profile", "edit", profile, "--set", 'plugins.m.enabled="perhaps"').code == 0
    assert yester("profile", "edit", profile, "--set", "plugins.gone.enabled=true").code == 0
    done = yester("snap", profile)
    assert done.code == 0
    assert [each["text"] for each in messages(yester)] == [
        "gone: it is enabled, but not installed",
        f'm: enabled in [plugins.m] of the profile {profile} takes true or false, not "perhaps"',
    ]


def test_words_that_are_no_text_are_told(yester: Yester, profile: str, trace: Path) -> None:
    put(
        "m",
        """
class M(Plugin):
    def on_run_begin(self, event): self.say("no \\udcff")
    def on_unmount(self, event): raise ValueError("nor \\udcff")
""",
    )
    put("z", WITNESS)
    assert yester("snap", profile).code == 0
    assert heard(trace, "z") == ALL
    assert {each["text"] for each in messages(yester)} == {r"m: on_unmount failed: ValueError: nor \xff", r"no \xff"}
    assert Message(level="info", text=r"no \xff", source="m") in events(yester)


def test_what_a_hook_returns_is_told_once_and_ignored(yester: Yester, profile: str, trace: Path) -> None:
    put(
        "m",
        """
class M(Plugin):
    def on_mount_before(self, event): return {1: object()}
    on_unmount = on_run_begin = on_mount_before
    def on_entry(self, entry): return {}
""",
    )
    put("z", WITNESS)
    assert yester("snap", profile).code == 0
    assert heard(trace, "z") == ALL
    assert sorted(each["text"] for each in messages(yester)) == [
        f"{hook} returned a value of type dict, and nothing becomes of it"
        for hook in ("on_entry", "on_mount_before", "on_run_begin", "on_unmount")
    ]


def test_a_folder_with_a_broken_file_is_named(yester: Yester, profile: str, trace: Path) -> None:
    folder = put("z", WITNESS).parent / "m"
    folder.mkdir()
    (folder / "__init__.py").write_text("from yester.plugins.native import Plugin\nfrom . import part\n")
    (folder / "part.py").write_text("def broken(:\n")
    (folder.parent / "noise.txt").write_bytes(b"\xff\0")
    assert yester("snap", profile).code == 0
    assert heard(trace, "z") == ALL
    [message] = messages(yester)
    assert message["text"] == f"m cannot be loaded: SyntaxError: invalid syntax (line 1 of {folder / 'part.py'})"


def test_of_two_of_one_name_one_is_called_and_the_other_is_named(yester: Yester, profile: str, trace: Path) -> None:
    first = put("m", WITNESS).parent / "m"
    first.mkdir()
    (first / "__init__.py").write_text(HEAD + WITNESS.replace("self.name", "'other'"))
    assert yester("snap", profile).code == 0
    assert (heard(trace, "other"), heard(trace, "m")) == (ALL, [])
    [message] = messages(yester)
    assert message["text"] == f"Two plugins are called m; {first}.py is left out"


def test_one_that_takes_the_place_of_one_that_is_off_is_no_news(yester: Yester, profile: str, trace: Path) -> None:
    put("notify", WITNESS)  # one comes with yester, and is off
    assert yester("snap", profile).code == 0
    assert (heard(trace, "notify"), messages(yester)) == (ALL, [])
    (Places.default().config / "plugins.toml").write_text('enabled = ["notify"]\n')
    assert yester("snap", profile).code == 0
    [message] = messages(yester)
    assert message["text"].startswith("Two plugins are called notify; entry:yester.plugins.shipped.notify")


def test_one_that_was_enabled_and_then_uninstalled_is_named(
    yester: Yester, profile: str, trace: Path, packages: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put("z", WITNESS)
    (packages / "pong.py").write_text(HEAD + WITNESS)
    monkeypatch.setenv("PYTHONPATH", f"{SOURCE_ROOT}:{packages}")
    assert yester("plugin", "enable", "pong").code == 0
    assert yester("snap", profile).code == 0
    assert heard(trace, "pong") == ALL
    shutil.rmtree(packages)
    done = yester("snap", profile)
    assert done.code == 0
    assert heard(trace, "z") == ALL * 2
    [message] = messages(yester)
    assert message["text"] == "pong: it is enabled, but not installed"
    assert "  hint: Install it, or: yester plugin disable pong" in yester("plugin", "list").err


SECOND = "yester.plugins.native.world"
"""Stands for a world of its own: any other name of one is that of its module."""


NOISY = """
class N(Plugin):
    def on_run_begin(self, event):
        print("printed")
        self.say("said")
        raise ValueError("no")
"""


def test_worlds_may_share_a_name(
    yester: Yester, profile: str, trace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put("m", WITNESS)
    other = tmp_path / "second"
    other.mkdir()
    (other / "m.py").write_text(HEAD + WITNESS.replace("self.name", "'other'"))
    for folder in (Places.default().data / "plugins" / "native", other):
        (folder / "n.py").write_text(HEAD + NOISY)

    def find(places: Places, settings: PluginSettings, all_of_them: bool) -> Iterator[Found]:
        return in_folder(other, SECOND, settings)

    monkeypatch.setattr(casts, "MANNERS", {**casts.MANNERS, SECOND: Manner(9, find)})
    for module in (dispatcher, finding, switching):
        monkeypatch.setattr(module, "MANNERS", casts.MANNERS)
    done = yester("snap", profile)
    assert done.code == 0
    assert heard(trace, "m") == heard(trace, "other") == ALL
    assert {(each["source"], each["text"]) for each in messages(yester)} == {
        (f"{world}/n", text)
        for world in ("native", SECOND)
        for text in ("said", f"{world}/n: on_run_begin failed: ValueError: no")
    }
    printed = {each.source for each in events(yester) if isinstance(each, Message) and each.text == "stdout: printed"}
    assert printed == {"native/n", f"{SECOND}/n"}
    end = events(yester)[-1]
    assert isinstance(end, RunEnd)
    labels = {f"{world}/{name}" for world in ("native", SECOND) for name in "mn"}
    assert {each.plugin for each in end.plugins} == labels
    for folder in (Places.default().data / "plugins" / "native", other):
        (folder / "n.py").unlink()
    rows = json.loads(yester("plugin", "list", "--json").out)
    assert [row["label"] for row in rows if not row["package"]] == ["native/m", f"{SECOND}/m"]
    done = yester("plugin", "disable", "m")
    assert done.code == 2
    assert f"2 plugins are called m\n  hint: Say which is meant: native/m or {SECOND}/m." in done.err
    assert yester("plugin", "disable", "native/m").code == 0
    assert yester("snap", profile).code == 0
    assert (heard(trace, "m"), heard(trace, "other")) == (ALL, ALL * 2)
    assert yester("plugin", "apply", "native/m").code == 0
    assert yester("plugin", "list", "--order").out.split()[4:7] == ["native/m", "native", "on"]
    assert yester("snap", profile).code == 0
    assert (heard(trace, "m"), heard(trace, "other")) == (ALL * 2, ALL * 2)


def test_one_that_ends_its_worker_twice_is_called_once(yester: Yester, profile: str, trace: Path) -> None:
    put(
        "m",
        """
class M(Plugin):
    def on_mount_before(self, event): trace("m", "before"); os._exit(1)
    def on_run_begin(self, event): trace("m", "begin")
""",
    )
    assert yester("snap", profile).code == 0
    assert heard(trace, "m") == ["before"]
    [message] = messages(yester)
    assert message["text"].endswith("; m will not be called again")


def test_without_plugins_nothing_of_them_is_loaded(profile: str) -> None:
    code = (
        "import sys\nfrom yester.tui.cli.program import run\n"
        "run(['snap', 'docs'])\n"
        "print(*(name for name in sys.modules if name.startswith('yester.plugins')))"
    )
    environment = {**os.environ, "PYTHONPATH": str(SOURCE_ROOT)}
    shown = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    loaded = set(shown.stdout.splitlines()[-1].split())
    where = {"yester.plugins.kiwi", "yester.plugins.kiwi.datadir"}  # where Kiwi's own folder would be
    assert {name for name in loaded if "backends" not in name} == {"yester.plugins"} | where


def test_a_run_that_is_cancelled_breaks_off_what_a_plugin_does_and_tells_all_the_end(
    yester: Yester, profile: str, trace: Path
) -> None:
    put("z", WITNESS)
    put(
        "slow",
        """
class S(Plugin):
    deadlines = {"on_run_begin": 3600}
    def on_run_begin(self, event): trace("slow", "begin"); time.sleep(1000)
    def on_run_end(self, event): time.sleep(0.5); trace("slow", "end")
""",
    )
    process = start("snap", profile)
    while not heard(trace, "slow"):
        assert process.poll() is None
    process.send_signal(2)
    done: Ended = finish(process)
    assert done.code == 130
    assert heard(trace, "z") == ["mount.before", "run.begin", "run.end cancelled", "unmount"]
    assert heard(trace, "slow") == ["begin", "end"]
    [message] = messages(yester)
    assert message["text"] == "slow: on_run_begin was broken off, since the run is to stop"


class _Answering(BaseHTTPRequestHandler):
    asked: list[str] = []  # noqa: RUF012  each test looks at what is new

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None: ...


@pytest.fixture
def service() -> Iterator[str]:
    """A monitoring service."""
    server = HTTPServer(("127.0.0.1", 0), _Answering)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_plugin_of_the_docs(yester: Yester, profile: str, trace: Path, service: str) -> None:
    page = (Path(__file__).parents[3] / "docs" / "plugins.md").read_text()
    example = re.search(r"```python\n(.*?)```", page, re.DOTALL)
    assert example is not None
    assert len(example[1].splitlines()) < 40
    put("ping", "").write_text(example[1])
    assert yester("snap", profile).code == 1
    assert messages(yester)[0]["text"] == "ping stops the run: it has no url"
    assert yester("plugin", "options", "ping", "--set", f"url={service}", "--set", "patience=1min").code == 0
    done = yester("snap", profile)
    assert (done.code, done.err) == (0, "")
    assert _Answering.asked[-1] == "/complete"
    assert yester("plugin", "run", "ping", "try", "end=failed").out == f"{service}/failed: 204\n"
    assert yester("plugin", "run", "ping", "state").out == f"{service}\n"
    assert _Answering.asked[-1] == "/failed"


WISHES = """
from yester.plugins.native import AskError

class Wishes(Plugin):
    def on_run_begin(self, event):
        self.add_source(Path(os.environ["TRACE"]).parent / "more")
        self.exclude("*.no")
        self.tag("wished")

    def on_snapshot_new(self, event):
        try:
            self.exclude("*.late")
        except AskError as problem:
            trace(self.name, problem)

    def on_run_end(self, event):
        self.note(f"{event.files} files")
"""


def test_what_a_plugin_wishes_of_a_run(yester: Yester, profile: str, docs: Path, trace: Path) -> None:
    more = trace.parent / "more"
    more.mkdir()
    (more / "there").write_text("x")
    (more / "not.no").write_text("x")
    put("wishes", WISHES)
    assert yester("snap", profile).code == 0
    assert heard(trace, "wishes") == [
        "exclude comes too late: the run has begun to read its sources: this can be wished until on_run_begin has ended"
    ]
    [snapshot] = json.loads(yester("list", "--json").out)
    assert snapshot["tags"] == ["wished"]
    assert snapshot["note"] == f"{snapshot['statistics']['files']} files"
    assert yester("restore", "latest", str(more), "--target", str(trace.parent / "back")).code == 0
    assert [path.name for path in (trace.parent / "back").rglob("*") if path.is_file()] == ["there"]


@pytest.mark.parametrize("what", ["ValueError('no' * 100_000)", "StopRun('no' * 100_000)"])
def test_what_fails_with_a_long_text_is_told_in_short(yester: Yester, profile: str, what: str) -> None:
    put("long", f"class Long(Plugin):\n    def on_run_begin(self, event): raise {what}\n")
    done = yester("snap", profile)
    assert "nonono" in done.err
    assert len(done.err) < 10_000
    assert all(len(event.text) < 10_000 for event in events(yester) if isinstance(event, Message | Error))
