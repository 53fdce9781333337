"""Plugins of Kiwi Backup in runs of `yester snap`: what they are told, in which order, and what they change."""

# ruff: noqa: F401, F811  fixtures are found by name

import hashlib
import json
import shutil
from pathlib import Path

import pytest
from tests.tui.cli.conftest import Yester
from tests.tui.cli.test_plugin_entries import files, restored
from tests.tui.cli.test_plugin_runs import events, heard, messages, profile, trace

from yester.engine.events import Message
from yester.engine.places import Places

HEAD = """
import os

def trace(what):
    with open(os.environ["TRACE"], "a") as file:
        file.write(f"{__name__.rpartition('_')[2]} {what}\\n")
"""

LAUNCHER = '''"""Launch scripts before and after a backup."""

import logging
import os
import subprocess
from os.path import dirname, exists, join, realpath

import kclient
from kclient import bos

logger = logging.getLogger("kclient.runner")
PLUGIN_ROOT = join(bos.getPluginsDir(), dirname(realpath(__file__)))


def launch(name):
    if bos.isWin32():
        name = name + ".bat"
    elif bos.isLinux() or bos.isOsX():
        name = name + ".sh"
    script = join(PLUGIN_ROOT, name)
    if not exists(script):
        logger.error("%s is missing", name)
        return
    logger.info("launching %s", name)
    subprocess.call([script])


def on_start_backup(context):
    launch("pre_backup")


def on_stop_backup(context):
    launch("post_backup")
'''


def put(name: str, text: str, folder: Path | None = None) -> Path:
    place = (folder or Places.default().data / "plugins" / "kiwi") / name
    place.mkdir(parents=True)
    (place / "__init__.py").write_text(text if text is LAUNCHER else HEAD + text)
    return place


def script(place: Path, name: str) -> None:
    path = place / name
    path.write_text(f'#!/bin/sh\necho "launcher {name}" >> "$TRACE"\necho from {name}\nexit 3\n')
    path.chmod(0o755)


def test_the_script_launcher_of_the_documentation(yester: Yester, profile: str, trace: Path) -> None:
    place = put("script-launcher", LAUNCHER)
    script(place, "pre_backup.sh")
    script(place, "post_backup.sh")
    done = yester("snap", profile)
    assert (done.code, done.err) == (0, "")
    assert heard(trace, "launcher") == ["pre_backup.sh", "post_backup.sh"]
    said = [event.text for event in events(yester) if isinstance(event, Message) and event.source == "script-launcher"]
    assert [line for line in said if line.startswith("stdout")] == [
        "stdout: from pre_backup.sh",
        "stdout: from post_backup.sh",
    ]
    assert [line for line in said if line.startswith("stderr")] == [
        "stderr: INFO: launching pre_backup.sh",
        "stderr: INFO: launching post_backup.sh",
    ]


def test_a_missing_script_is_told_of_and_the_backup_goes_on(yester: Yester, profile: str, trace: Path) -> None:
    put("script-launcher", LAUNCHER)
    assert yester("snap", profile).code == 0
    assert [(each["level"], each["text"]) for each in messages(yester)] == [
        ("error", "pre_backup.sh is missing"),
        ("error", "post_backup.sh is missing"),
    ]


ALL = """
def on_server_start():
    trace("server start")

def on_backup_start(context):
    trace(f"start {context.profile} {len(context['include'])} {context.bid == context.backup_id != ''}")

def on_file(kfile, context):
    trace(f"file {kfile.typ} {kfile.path.rpartition('/docs')[2]}")

def on_backup_stop(context):
    statistics = context.statistics
    trace(f"stop {context.result} {statistics.SourceFiles} {statistics['NewFiles']}")

def on_start_backup(context):
    trace("the other spelling")

on_stop_backup = on_start_backup
"""
SEEN = (
    "Dir ", "File /a.txt", "File /b.tmp", "Dir /c", "Dir /f", "Dir /c/d", "File /c/secret", "File /c/d/e.txt",
    "File /f/g.txt",
)  # fmt: skip


def test_each_function_is_called_once_in_order(yester: Yester, profile: str, files: Path, trace: Path) -> None:
    put("b", ALL)
    put("a", ALL)
    done = yester("snap", profile)
    assert (done.code, done.err) == (0, "")
    told = ["server start", "start docs 1 True", *(f"file {each}" for each in SEEN), "stop complete 5 5"]
    assert heard(trace, "a") == heard(trace, "b") == told
    order = [line for line in trace.read_text().splitlines() if "file" not in line]
    assert [line[0] for line in order] == ["a", "b", "a", "b", "b", "a"]


STATISTICS = """
def on_file(kfile, context):
    context.setdefault("seen", []).append(context.statistics.SourceFiles)

def on_backup_stop(context):
    trace(f"{context.seen == sorted(context.seen)} {context.seen[-1] >= 256}")
"""


def test_plugins_import_what_is_theirs_and_each_other(yester: Yester, profile: str, trace: Path) -> None:
    words = put("words", "first = 'by its own name'\n")
    (words / "more.py").write_text("second = 'a module of it'\n")
    put("asks", "import words, asks.own\nfrom words import more\nfrom . import own\n"
        "def on_backup_start(context): trace([words.first, more.second, own is asks.own, own.word])\n")  # fmt: skip
    (words.parent / "asks" / "own.py").write_text("word = 'mine'\n")
    put("json", "def on_backup_start(context): import json; trace(json.dumps('the real one'))\n")
    put("with-dash", "from . import part\ndef on_backup_start(context): trace(part.__name__)\n")
    (words.parent / "with-dash" / "part.py").write_text("")
    assert yester("snap", profile).err == ""
    assert trace.read_text().splitlines() == [
        "asks ['by its own name', 'a module of it', True, 'mine']",
        'json "the real one"',
        "dash kiwi_plugin_with_dash.part",
    ]


def test_the_statistics_so_far(yester: Yester, profile: str, files: Path, trace: Path) -> None:
    for place in range(600):
        (files / f"more{place}").write_text("x")
    put("a", STATISTICS)
    assert yester("snap", profile).code == 0
    assert heard(trace, "a") == ["True True"]


FIELDS = """
def on_file(kfile, context):
    status = os.lstat(kfile.path)
    if kfile.name != "a.txt":
        assert kfile["typ"] == kfile.type and (kfile.sha == "") == (kfile.typ == "Dir")
        return
    assert (kfile.typ, kfile.size, kfile.st_size) == ("File", status.st_size, status.st_size)
    assert (kfile.mtime, kfile.st_mtime) == (status.st_mtime,) * 2
    assert (kfile.ctime, kfile.st_ctime) == (status.st_ctime,) * 2
    assert (kfile.mode, kfile.acl) == (status.st_mode, status.st_mode & 0o7777)
    assert (kfile.uid, kfile.gid) == (status.st_uid, status.st_gid)
    trace(kfile.sha)
"""


def test_the_fields_of_a_file(yester: Yester, profile: str, files: Path, trace: Path) -> None:
    put("fields", FIELDS)
    done = yester("snap", profile)
    assert (done.code, done.err) == (0, "")
    assert heard(trace, "fields") == [hashlib.sha1(b"a.txt").hexdigest()]


DECIDES = """
def on_file(kfile, context):
    match kfile.name:
        case "b.tmp": kfile.skip()
        case "secret": kfile.replace_content(b"removed")
        case "d": kfile.exclude_subtree()
        case "a.txt":
            kfile.mode = 0o600
            kfile.tags.append("seen")
            kfile.label("named")
        case "g.txt": kfile.force_read()
"""
ASSIGNS = """
def on_file(kfile, context):
    if kfile.name == "b.tmp": kfile.skip = True
    elif kfile.name == "secret": kfile["content"] = b"removed"
    elif kfile.name == "d": kfile.exclude = True
    elif kfile.name == "a.txt":
        kfile.skip = False
        kfile.acl = 0o600
        kfile.tags = ["seen"]
        kfile.label = "named"
    elif kfile.name == "g.txt": kfile.size = 3
"""


@pytest.mark.parametrize("text", [DECIDES, ASSIGNS])
def test_decisions(yester: Yester, profile: str, files: Path, trace: Path, text: str) -> None:
    put("decides", text)
    for _ in range(2):
        assert yester("snap", profile).code == 0
        assert restored(yester, trace, files) == {"a.txt": "a.txt", "c/secret": "removed", "f/g.txt": "f/g.txt"}
    first = json.loads(yester("list", "--json").out)[0]
    assert (first["tags"], first["name"]) == (["seen"], "named")
    failures = [each["text"] for each in messages(yester) if "AttributeError" in each["text"]]
    assert len(failures) == (0 if text == DECIDES else 2)


CHANGES = """
def on_backup_start(context):
    context.include.append(os.environ["MORE"])
    context.exclude = [*context.exclude, "*.tmp"]
    context["tags"].append("dumped")
    context.profile = "else"
    context.mine = ["kept"]

def on_file(kfile, context):
    if kfile.name == "a.txt":
        context.exclude.append("*.late")
        context.mine.append("for the run")

def on_backup_stop(context):
    trace(f"{context.profile} {context.exclude} {context.mine}")
    context.note = f"{context.statistics.SourceFiles} files"
    context.errors.append("mine")
"""


def test_what_is_changed_in_the_context(
    yester: Yester, profile: str, files: Path, trace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    more = trace.parent / "more"
    more.mkdir()
    (more / "there").write_text("x")
    monkeypatch.setenv("MORE", str(more))
    put("changes", CHANGES)
    assert yester("snap", profile).code == 0
    [snapshot] = json.loads(yester("list", "--json").out)
    assert (snapshot["tags"], snapshot["note"]) == (["dumped"], "5 files")
    assert heard(trace, "changes") == ["docs ['*.tmp'] ['kept', 'for the run']"]
    assert [each["text"] for each in messages(yester)] == [
        "the context's profile cannot be changed",
        "the context's exclude was changed too late, and nothing becomes of it: until on_backup_start has ended",
        "the context's errors cannot be changed",
    ]
    assert yester("restore", "latest", str(more), "--target", str(trace.parent / "back")).code == 0
    assert [path.name for path in (trace.parent / "back").rglob("*") if path.is_file()] == ["there"]


@pytest.mark.parametrize(
    "text",
    [
        "def on_backup_start(context): context.abort('not now')",
        "def on_file(kfile, context): context.abort = 'not now'",
        "def on_file(kfile, context): kfile.abort('not now')",
    ],
)
def test_a_plugin_ends_the_backup(yester: Yester, profile: str, files: Path, trace: Path, text: str) -> None:
    put("ends", f"{text}\ndef on_backup_stop(context): trace(context.result)\n")
    done = yester("snap", profile)
    assert done.code == 1 and "ends ends the run: not now" in done.err
    assert heard(trace, "ends") == ["failed"]
    assert json.loads(yester("list", "--json").out) == []


def test_errors_are_messages_and_the_backup_goes_on(yester: Yester, profile: str, files: Path, trace: Path) -> None:
    put("a", "def on_server_start(): raise SystemExit('a')\ndef on_backup_start(context): raise ValueError('b')\n")
    put("b", "def on_file(kfile, context): 1 / 0\ndef on_backup_stop(context): raise KeyboardInterrupt\n")
    put("c", ALL)
    done = yester("snap", profile)
    assert done.code == 0
    texts = " | ".join(each["text"] for each in messages(yester))
    for words in ("on_server_start failed: SystemExit: a", "ValueError: b", "ZeroDivisionError", "KeyboardInterrupt"):
        assert words in texts
    assert len(heard(trace, "c")) == 12
    assert restored(yester, trace, files) == {n: n for n in ("a.txt", "b.tmp", "c/d/e.txt", "c/secret", "f/g.txt")}


def test_the_server_starts_again_with_a_new_worker(yester: Yester, profile: str, files: Path, trace: Path) -> None:
    put("a", "def on_server_start(): trace('server start')\ndef on_backup_stop(context): trace('stop')\n")
    put("b", "def on_file(kfile, context):\n  if kfile.name == 'c': os._exit(1)\n")
    done = yester("snap", profile)
    assert done.code == 0 and "b will not be called again" in done.err
    assert heard(trace, "a") == ["server start", "server start", "stop"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("def on_file(kfile): ...", "on_file(kfile) must be: def on_file(kfile, context)"),
        ("on_backup_start = 5", "on_backup_start must be a function: def on_backup_start(context)"),
        ("async def on_backup_stop(context): ...", "on_backup_stop must be a function: def on_backup_stop(context)"),
        ("print 'python 2'", "SyntaxError"),
        ("import nothing_of_the_kind", "ModuleNotFoundError"),
    ],
)
def test_one_that_cannot_be_loaded(yester: Yester, profile: str, trace: Path, text: str, words: str) -> None:
    put("broken", text)
    put("fine", "def on_backup_start(context): trace('start')\n")
    done = yester("snap", profile)
    assert done.code == 0 and "broken" in done.err and words in done.err
    assert heard(trace, "fine") == ["start"]


def test_a_function_that_nothing_calls_is_told_of(yester: Yester, profile: str, trace: Path) -> None:
    put("odd", "def on_backup_begin(context): ...\ndef on_file(kfile, context): ...\n")
    assert "odd: nothing calls on_backup_begin. Did you mean on_backup_" in yester("snap", profile).err


def test_kiwis_own_folder(
    yester: Yester, profile: str, trace: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "from kclient import bos\ndef on_backup_start(context): trace(bos.getPluginsDir())\n"
    usual = Path.home() / ".local/share/Kiwi-Backup/backup/plugins"
    put("usual", text, usual)
    assert yester("snap", profile).code == 0
    assert heard(trace, "usual") == [str(usual)]
    root = tmp_path / "root"
    put("other", text, root / "ACME/Safe/plugins")
    (root / "info.json").write_text('{"companyName": "ACME", "productName": "Safe"}')
    monkeypatch.setenv("KIWI_ALT_DATADIR", str(root))
    assert yester("snap", profile).code == 0
    assert heard(trace, "other") == [str(root / "ACME/Safe/plugins")]
    assert len(heard(trace, "usual")) == 1


def test_the_stand_in_is_nobody_elses() -> None:
    with pytest.raises(ModuleNotFoundError):
        __import__("kclient")


def test_list_info_and_test_of_plugins(yester: Yester, profile: str, trace: Path) -> None:
    put("script-launcher", LAUNCHER)
    found = {each["name"]: each["world"] for each in json.loads(yester("plugin", "list", "--json").out)}
    assert found["script-launcher"] == "kiwi"
    assert "Launch scripts before and after a backup" in yester("plugin", "info", "script-launcher").out
    assert yester("plugin", "test", "script-launcher").code == 0
    assert yester("plugin", "disable", "script-launcher").code == 0
    shutil.rmtree(trace, ignore_errors=True)
    assert yester("snap", profile).err == ""
