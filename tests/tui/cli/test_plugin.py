import io
import json
import os
from pathlib import Path

import pytest
from tests.plugins.test_finding import packages  # noqa: F401  a fixture is found by name
from tests.tui.cli.conftest import SOURCE_ROOT, Yester, is_one_complaint

from yester.engine.places import Places

PING = '''
from yester.plugins.native import Plugin, Row, action, panel

class Ping(Plugin):
    """Ping \x1b[2J somebody."""
    order = 3
    def on_run_end(self, event): ...
    @action("now", "Ping now", url="x", way="y")
    def now(self, options):
        print("trying")
        self.say("pinged", "warning")
        return f"{options['url']}\\n{options['way']}"
    @action("wipe", "Wipe it", danger="All is lost.")
    def wipe(self, options):
        return "wiped"
    @action("fail", "Fail")
    def fail(self, options):
        raise ValueError("no")
    @panel("number", "A number")
    def number(self):
        return 5
    @panel("loud", "Loud")
    def loud(self):
        return [Row("x", "loud")]
    @panel("state", "How it stands")
    def state(self):
        return [Row("fine", key="a"), Row("bad\x1b", "error"), "plain"]
'''


@pytest.fixture(autouse=True)
def _nothing_comes_along(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the plugins that come with yester: these tests are about what a person has."""
    for world in ("native", "portal"):
        monkeypatch.setattr(f"yester.plugins.{world}.casting.SHIPPED", {})


@pytest.fixture
def folder(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of plugins."""
    monkeypatch.setenv("PYTHONPATH", str(SOURCE_ROOT))
    place = Places.default().data / "plugins" / "native"
    place.mkdir(parents=True)
    return place


@pytest.fixture
def ping(folder: Path) -> Path:
    path = folder / "ping.py"
    path.write_text(PING)
    return path


def states(yester: Yester) -> dict[str, str]:
    rows = [line.split() for line in yester("plugin", "list").out.splitlines()[1:]]
    return {row[0]: row[2] for row in rows}


def test_none(yester: Yester) -> None:
    assert yester("plugin", "list").out.startswith("no plugins: they go into /")
    assert json.loads(yester("plugin", "list", "--json").out) == []


def test_listing_loads_nothing(yester: Yester, folder: Path) -> None:
    (folder / "bomb.py").write_text("raise SystemExit('loaded')")
    (folder / "open.py").write_text("")
    (folder / "open.py").chmod(0o666)
    done = yester("plugin", "list")
    assert states(yester) == {"bomb": "on", "open": "refused"}
    assert is_one_complaint(done.err)
    assert f"  hint: To forbid it: chmod go-w {folder / 'open.py'}" in done.err
    [bomb, opened] = json.loads(yester("plugin", "list", "--json").out)
    assert bomb == {
        "name": "bomb",
        "world": "native",
        "place": str(folder / "bomb.py"),
        "is_enabled": True,
        "package": "",
        "problem": "",
        "twin": "",
        "is_twin_on": False,
        "is_shared": False,
        "label": "bomb",
        "state": "on",
    }
    assert opened["problem"].endswith("can be written by others")


def test_names_that_are_no_text(yester: Yester, folder: Path) -> None:
    (folder / os.fsdecode(b"\xff.py")).write_text("")
    done = yester("plugin", "list")
    assert done.code == 0
    assert all(line.isprintable() for line in (done.out + done.err).splitlines())
    [found] = json.loads(yester("plugin", "list", "--json").out)
    assert found["name"] == "\\xff"


def test_info(yester: Yester, ping: Path) -> None:
    out = yester("plugin", "info", "ping").out
    assert "ping: Ping \\x1b[2J somebody.\n" in out
    assert "  hears: on_run_end\n" in out
    assert "  action: yester plugin run ping now url=x way=y   Ping now\n" in out
    said = json.loads(yester("plugin", "info", "ping", "--json").out)
    assert (said["order"], said["hooks"], len(said["offers"])) == (3, ["on_run_end"], 6)
    assert "  action: yester plugin run ping wipe   Wipe it (All is lost.)\n" in out


def test_switching(yester: Yester, ping: Path) -> None:
    assert yester("plugin", "disable", "ping").code == 0
    assert states(yester) == {"ping": "off"}
    done = yester("plugin", "run", "ping", "state")
    assert done.code == 2
    assert "  hint: To switch it on: yester plugin enable ping" in done.err
    assert yester("plugin", "enable", "ping").code == 0
    assert states(yester) == {"ping": "on"}


@pytest.mark.usefixtures("packages")
def test_installed_plugins_are_off_at_first(yester: Yester, folder: Path) -> None:
    assert states(yester) == {"ping": "off", "pong": "off"}
    (folder / "mine.py").write_text("")
    assert yester("plugin", "apply", "pong").code == 0
    assert states(yester) == {"mine": "off", "ping": "off", "pong": "on"}
    assert yester("plugin", "disable", "pong").code == 0
    assert states(yester) == {"mine": "off", "ping": "off", "pong": "off"}


def test_a_plugin_that_is_gone_can_be_switched_off(yester: Yester, home: Path) -> None:
    settings = Places.default().config / "plugins.toml"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text('enabled = ["gone"]\n')
    assert states(yester) == {"gone": "broken"}
    assert yester("plugin", "enable", "gone").code == 2
    assert yester("plugin", "disable", "gone").code == 0
    assert yester("plugin", "list").out.startswith("no plugins")


def test_starting_an_action(yester: Yester, ping: Path) -> None:
    done = yester("plugin", "run", "ping", "now", "way=z")
    assert (done.code, done.out) == (0, "x\nz\n")
    assert done.err.splitlines() == ["ping: stdout: trying", "yester: ping: pinged"]
    [message] = json.loads(yester("messages", "--json").out)
    assert (message["source"], message["text"], message["run"]) == ("ping", "pinged", "")
    assert json.loads(yester("plugin", "run", "ping", "now", "--json").out) == {"action": "now", "text": "x\ny"}


@pytest.mark.parametrize(
    ("words", "answer", "code", "out"),
    [
        (["wipe"], None, 0, "wiped\n"),
        (["wipe"], "n", 130, ""),
        (["wipe"], "y", 0, "wiped\n"),
        (["wipe", "--yes"], "", 0, "wiped\n"),
        (["now"], "", 0, "x\ny\n"),
    ],
)
def test_a_person_is_asked_before_something_may_be_lost(
    yester: Yester,
    ping: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    answer: str | None,
    code: int,
    out: str,
) -> None:
    """Where nobody is there to ask (None) it is done: whoever wrote the script has said so."""
    monkeypatch.setattr("yester.tui.cli.asking.is_attended", lambda: answer is not None)
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{answer}\n"))
    done = yester("plugin", "run", "ping", *words)
    assert (done.code, done.out) == (code, out)
    assert ("Wipe it: All is lost. Go on?" in done.err) == (answer is not None and words == ["wipe"])


def test_looking_at_a_panel(yester: Yester, ping: Path) -> None:
    assert yester("plugin", "run", "ping", "state").out == "fine\nerror: bad\\x1b\nplain\n"
    said = json.loads(yester("plugin", "run", "ping", "state", "--json").out)
    assert said["panel"] == "state"
    assert said["rows"][0] == {"text": "fine", "level": "info", "key": "a"}


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["run", "ping", "nov"], 2, "ping offers no nov"),
        (["run", "ping", "now", "ulr=x"], 2, "ulr=x is no option of the action"),
        (["run", "ping", "now", "url"], 2, "url is no option of the action"),
        (["run", "ping", "fail"], 1, "fail of ping failed: ValueError: no"),
        (["run", "ping", "number"], 1, "number of ping failed: TypeError: a panel returns a list of Row, not int"),
        (["run", "ping", "loud"], 1, "loud of ping failed: ValueError: there is no level loud: it is one of info"),
        (["run", "pimg", "now"], 2, "There is no plugin pimg"),
        (["enable", "pimg"], 2, "There is no plugin pimg"),
        (["disable", "pimg"], 2, "There is no plugin pimg"),
        (["info", "pimg"], 2, "There is no plugin pimg"),
        (["info", "broken"], 2, "broken cannot be loaded: it defines no class that derives from Plugin"),
        (["test", "broken"], 1, "broken cannot be loaded: it defines no class that derives from Plugin"),
        (["info", "open"], 2, "open: refused: "),
    ],
)
def test_what_cannot_be_done(
    yester: Yester, ping: Path, folder: Path, arguments: list[str], code: int, words: str
) -> None:
    (folder / "broken.py").write_text("x = 1\n")
    (folder / "open.py").write_text("")
    (folder / "open.py").chmod(0o666)
    done = yester("plugin", *arguments)
    assert done.code == code
    assert is_one_complaint(done.err), done.err
    assert words in done.err


def test_testing(yester: Yester, ping: Path) -> None:
    yester("plugin", "disable", "ping")
    done = yester("plugin", "test", "ping")
    assert (done.code, done.out) == (0, "ping: can be loaded, hears on_run_end\n")
    assert json.loads(yester("plugin", "test", "ping", "pimg", "--json").out) == [
        {"name": "ping", "problem": "", "hooks": ["on_run_end"], "archives": []},
        {"name": "pimg", "problem": "There is no plugin pimg", "hooks": [], "archives": []},
    ]
