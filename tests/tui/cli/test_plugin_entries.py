"""Plugins that decide about entries, in runs of `yester snap`."""

# ruff: noqa: F401, F811  fixtures are found by name

import json
import shutil
import signal
from pathlib import Path

import pytest
from tests.tui.cli.conftest import Yester, finish, start
from tests.tui.cli.test_plugin_runs import heard, messages, profile, put, trace


@pytest.fixture
def files(docs: Path) -> Path:
    shutil.rmtree(docs)
    for name in ("a.txt", "b.tmp", "c/secret", "c/d/e.txt", "f/g.txt"):
        (docs / name).parent.mkdir(parents=True, exist_ok=True)
        (docs / name).write_text(name)
    return docs


def restored(yester: Yester, trace: Path, docs: Path) -> dict[str, str]:
    target = trace.parent / f"back{len(list(trace.parent.iterdir()))}"
    assert yester("restore", "latest", str(docs), "--target", str(target)).code == 0
    [top] = [path for path in target.rglob(docs.name) if path.is_dir()]
    return {str(path.relative_to(top)): path.read_text() for path in sorted(top.rglob("*")) if path.is_file()}


DECIDES = """
class Decides(Plugin):
    def on_entry(self, entry):
        trace(self.name, entry.path.rpartition("/docs")[2] or "/")
        match entry.name:
            case "b.tmp": entry.skip()
            case "secret": entry.replace(b"removed")
            case "d": entry.skip_content()
            case "a.txt":
                entry.set(mode=0o600, mtime_ns=10**18)
                entry.tag("seen")
            case "g.txt": raise ValueError("no idea")
"""
ALL = {name: name for name in ("a.txt", "b.tmp", "c/d/e.txt", "c/secret", "f/g.txt")}


def test_a_plugin_decides_about_entries(yester: Yester, profile: str, files: Path, trace: Path) -> None:
    plugin = put("decides", DECIDES)
    for _ in range(2):
        assert yester("snap", profile).code == 0
        assert heard(trace, "decides") == ["/", "/a.txt", "/b.tmp", "/c", "/f", "/c/d", "/c/secret", "/f/g.txt"]
        trace.unlink()
        assert restored(yester, trace, files) == {"a.txt": "a.txt", "c/secret": "removed", "f/g.txt": "f/g.txt"}
    assert [each["tags"] for each in json.loads(yester("list", "--json").out)] == [["seen"], ["seen"]]
    [said, _] = [each for each in messages(yester) if "on_entry" in each["text"]]
    assert said["text"] == f"decides: on_entry failed at {files}/f/g.txt: ValueError: no idea"
    plugin.unlink()
    assert yester("snap", profile).code == 0
    assert restored(yester, trace, files) == ALL


def test_two_plugins_and_one_that_ends_its_worker(
    yester: Yester,
    profile: str,
    files: Path,
    trace: Path,
) -> None:
    put("a", "class A(Plugin):\n def on_entry(self, entry):\n  if entry.name == 'c': entry.skip()\n")
    put("b", "class B(Plugin):\n def on_entry(self, entry):\n  trace(self.name, entry.name)\n")
    put("x", "class X(Plugin):\n def on_entry(self, entry):\n  if entry.name == 'b.tmp': os._exit(5)\n")
    done = yester("snap", profile)
    assert done.code == 0
    assert heard(trace, "b") == ["docs", "a.txt", "b.tmp", "f", "g.txt"]
    assert "x" in done.err and "will not be called again" in done.err
    assert restored(yester, trace, files) == {name: text for name, text in ALL.items() if not name.startswith("c")}


def test_an_abort_in_the_midst(yester: Yester, profile: str, files: Path, trace: Path) -> None:
    put("a", ABORTS)
    done = yester("snap", profile)
    assert done.code == 1
    assert "a ends the run: not today" in done.err
    assert heard(trace, "a") == ["run.end failed"]
    assert json.loads(yester("list", "--json").out) == []


ABORTS = """
class Aborts(Plugin):
    def on_run_end(self, event): trace(self.name, f"run.end {event.result}")
    def on_entry(self, entry):
        if entry.name == "f": entry.abort("not today")
"""


def test_wrong_tags_are_told_of_a_few_times(yester: Yester, profile: str, files: Path, trace: Path) -> None:
    for place in range(30):
        (files / f"more{place}").write_text("x")
    put("a", "class A(Plugin):\n def on_entry(self, entry): entry.tag('two words')\n")
    assert yester("snap", profile).code == 0
    texts = [each["text"] for each in messages(yester)]
    assert sum("tag: 'two words' cannot be a tag" in text for text in texts) == 10
    assert "a: what else fails in on_entry is not told any more" in texts


def test_a_method_of_another_form_is_refused(yester: Yester, profile: str, files: Path, trace: Path) -> None:
    put("a", "class A(Plugin):\n def on_entry(self): ...\n")
    assert "on_entry(self) must be: def on_entry(self, entry: Entry) -> None" in yester("plugin", "test", "a").err


KILLS = """
class Kills(Plugin):
    def on_run_begin(self, event):
        self.host = event.pid

    def on_entry(self, entry):
        if entry.name.startswith("f7"):
            entry.replace(b"removed")
        elif entry.name.startswith("f8"):
            entry.skip()
        elif entry.name == "f950" and TRACE.exists():
            TRACE.unlink()
            os.kill(self.host, signal.SIGKILL)
            time.sleep(60)
"""


def test_a_run_that_is_killed_and_the_next_one(yester: Yester, profile: str, files: Path, trace: Path) -> None:
    for place in range(1000):
        (files / "many" / f"d{place % 40:02}").mkdir(parents=True, exist_ok=True)
        (files / "many" / f"d{place % 40:02}" / f"f{place}").write_text(str(place))
    put("kills", KILLS)
    trace.write_text("")
    assert finish(start("snap", profile)).code == -signal.SIGKILL
    assert not trace.exists()
    assert yester("snap", profile).code == 0
    whole = {str(path.relative_to(files)): path.read_text() for path in files.rglob("*") if path.is_file()}
    wanted = {
        path: "removed" if Path(path).name.startswith("f7") else text
        for path, text in whole.items()
        if not Path(path).name.startswith("f8")
    }
    assert restored(yester, trace, files) == wanted
    assert yester("plugin", "disable", "kills").code == 0
    assert yester("snap", profile).code == 0
    assert restored(yester, trace, files) == whole
