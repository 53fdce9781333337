"""yester plugin options: what is shown, checked and written."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from tests.tui.cli.conftest import SOURCE_ROOT, Yester, is_one_complaint

from yester.engine.places import Places

PING = """
from typing import ClassVar
from yester.plugins.native import Option, Plugin

class Ping(Plugin):
    option_spec: ClassVar = {
        "url": Option("string", "", "Where to \x1b[2J ping."),
        "tries": Option("integer", 3),
        "way": Option("option", "get", choices=("get", "post")),
        "hosts": Option("list", ()),
        "key": Option("string", None, is_secret=True),
    }
    def __init__(self):
        if self.options["url"] == "nowhere":
            raise ValueError("no such place")
"""


BACKINTIME = """
import pluginmanager
class Ping(pluginmanager.Plugin):
    def init(self, snapshots): return True
"""


@pytest.fixture
def ping(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PYTHONPATH", str(SOURCE_ROOT))
    folder = Places.default().data / "plugins" / "native"
    folder.mkdir(parents=True)
    (folder / "ping.py").write_text(PING)
    (folder / "old.py").write_text("from yester.plugins.native import Plugin\nclass Old(Plugin): ...\n")
    return folder


@pytest.fixture
def settings() -> Path:
    return Places.default().config / "plugins.toml"


@pytest.fixture
def profile(yester: Yester, docs: Path) -> Path:
    assert yester("profile", "add", "docs", docs).code == 0
    return Places.default().config / "profiles" / "docs.toml"


def shown(yester: Yester, *arguments: str) -> dict[str, Any]:
    rows: list[Any] = json.loads(yester("plugin", "options", "ping", "--json", *arguments).out)["options"]
    return {row["name"]: row for row in rows}


def test_each_option_is_shown_with_its_origin(
    yester: Yester, ping: Path, settings: Path, profile: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.write_text('[options.ping]\nway = "post"\nkey = "s3cret"\ntries = 5\n')
    with open(profile, "a") as file:
        file.write('[plugins.ping]\nhosts = ["a", "b"]\n')
    monkeypatch.setenv("YESTER_PING_TRIES", "7")
    done = yester("plugin", "options", "ping", "--profile", "docs")
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()[1:]
    assert lines.pop(1) == r"    Where to \x1b[2J ping."
    assert [line.split()[:4] for line in lines] == [
        ["url", '""', "default", "text"],
        ["tries", "7", "YESTER_PING_TRIES", "a"],
        ["way", '"post"', "plugins.toml", "one"],
        ["hosts", '["a",', '"b"]', "profile"],
        ["key", "(secret)", "plugins.toml", "text"],
    ]
    assert "\x1b" not in done.out
    rows = shown(yester)
    assert rows["tries"] == {
        "name": "tries",
        "kind": "integer",
        "takes": "a whole number",
        "choices": [],
        "least": None,
        "most": None,
        "about": "",
        "is_secret": False,
        "default": 3,
        "value": 7,
        "is_set": True,
        "source": "environment",
        "place": "",
        "key": "YESTER_PING_TRIES",
        "variable": "YESTER_PING_TRIES",
        "problem": "",
        "hint": "",
    }
    assert (rows["hosts"]["source"], rows["way"]["choices"]) == ("default", ["get", "post"])
    assert rows["way"]["place"] == str(settings)
    assert "s3cret" not in json.dumps(rows)
    info = yester("plugin", "info", "ping").out
    assert "  option: tries = 7 (YESTER_PING_TRIES)\n" in info
    assert "s3cret" not in info + yester("plugin", "info", "ping", "--json").out


def test_setting_keeps_comments(yester: Yester, ping: Path, settings: Path) -> None:
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text('# mine\ndisabled = ["x"]\n\n[options.ping] # here\n# tries = 9\nway = "get" # so\n')
    done = yester(
        "plugin",
        "options",
        "ping",
        "--set",
        "tries=5",
        "--set",
        "way=post",
        "--set",
        "hosts=a,b",
        "--set",
        "key=s3cret",
    )
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines()[0] == f"ping: tries = 5 in {settings}"
    assert "s3cret" not in done.out
    text = settings.read_text()
    assert text.startswith('# mine\ndisabled = ["x"]\n\n[options.ping] # here\ntries = 5\nway = "post" # so\n')
    rows = shown(yester)
    assert (rows["tries"]["value"], rows["hosts"]["value"], rows["key"]["is_set"]) == (5, ["a", "b"], True)
    done = yester("plugin", "options", "ping", "--unset", "key", "--unset", "tries")
    assert (done.code, done.err) == (0, "")
    assert "s3cret" not in settings.read_text()
    assert shown(yester)["tries"]["value"] == 3


def test_a_secret_comes_on_standard_input(
    yester: Yester, ping: Path, settings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", StringIO("s3cret =\n"))
    done = yester("plugin", "options", "ping", "--ask", "key", "--set", "tries=5")
    assert (done.code, done.err) == (0, "")
    assert "s3cret" not in done.out
    assert settings.read_text() == '[options.ping]\ntries = 5\nkey = "s3cret ="\n'
    done = yester("plugin", "options", "ping", "--ask", "key")
    assert (done.code, done.err) == (130, "yester: Standard input holds no line for key\n")


def test_what_was_typed_unseen_stays_unseen(
    yester: Yester, ping: Path, settings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether or not the plugin calls it a secret."""
    monkeypatch.setattr("sys.stdin", StringIO("47\n"))
    done = yester("plugin", "options", "ping", "--ask", "tries")
    assert (done.code, done.out) == (0, f"ping: tries is set in {settings}\n")
    assert "tries = 47" in settings.read_text()


def test_what_is_set_as_json(yester: Yester, ping: Path) -> None:
    assert shown(yester, "--set", "tries=4")["tries"]["value"] == 4
    assert shown(yester, "--unset", "tries")["tries"]["value"] == 3


def test_setting_in_a_profile(yester: Yester, ping: Path, settings: Path, profile: Path) -> None:
    before = profile.read_text()
    done = yester("plugin", "options", "ping", "--profile", "docs", "--set", "tries=4", "--set", "key=s3cret")
    assert done.code == 0
    assert "a copy of the profile goes into every snapshot" in done.err
    assert not settings.exists()
    assert all(line in profile.read_text() for line in before.splitlines() if not line.startswith("# [plugins"))
    assert (shown(yester)["tries"]["value"], shown(yester, "--profile", "docs")["tries"]["value"]) == (3, 4)
    assert yester("plugin", "options", "ping", "--profile", "docs", "--unset", "key").code == 0
    assert "s3cret" not in profile.read_text()
    assert yester("profile", "show", "docs").code == 0


@pytest.mark.parametrize(
    ("arguments", "words", "hint"),
    [
        (["ping", "--set", "tries=often"], 'tries takes a whole number, not "often"', "For example: tries=3"),
        (["ping", "--set", "way=put"], 'way takes one of get, post, not "put"', "Did you mean post?"),
        (["ping", "--set", "try=4"], "ping has no option try", "Did you mean tries?"),
        (["ping", "--set", "tries"], "tries sets nothing", "Write OPTION=VALUE, for example: tries=3"),
        (["ping", "--unset", "tries"], "tries is not set for ping in", "Nothing is set there."),
        (["ping", "--set", "url=\udcff"], "url is no UTF-8", "A variable of the environment may say it."),
        (["pong"], "There is no plugin pong", "Did you mean ping?"),
        (["ping", "--profile", "nine"], "There is no profile nine", "Add it: yester profile add nine FOLDER"),
        (["broken"], "broken cannot be loaded: ImportError", "Correct the plugin: docs/plugins.md has the rules."),
        (["broken", "--set", "a=1"], "broken cannot be loaded: ImportError", "Correct the plugin"),
    ],
)
def test_what_cannot_be_set(
    yester: Yester, ping: Path, settings: Path, arguments: list[str], words: str, hint: str
) -> None:
    (ping / "broken.py").write_text("raise ImportError('no')\n")
    done = yester("plugin", "options", *arguments)
    assert done.code == 2
    assert is_one_complaint(done.err), done.err
    assert words in done.err
    assert f"  hint: {hint}" in done.err
    assert not settings.exists()
    assert json.loads(yester("messages", "--json", "--all").out) == []


def test_a_wrong_option_is_shown_and_can_be_put_right(yester: Yester, ping: Path, settings: Path) -> None:
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text("[options.ping]\ntries = []\ntrys = 1\n")
    done = yester("plugin", "options", "ping")
    assert done.code == 0
    assert f"the option tries in {settings} takes a whole number, not a list" in done.err
    assert "is none that there is. Did you mean tries?" in done.err
    assert "tries   (wrong)" in done.out
    done = yester("plugin", "info", "ping")
    assert done.code == 2
    assert "  hint: To see and set its options: yester plugin options ping\n" in done.err
    assert yester("plugin", "options", "ping", "--set", "tries=1", "--unset", "trys").code == 0
    done = yester("plugin", "options", "ping")
    assert (done.code, done.err) == (0, "")


def test_what_a_plugin_refuses_itself_is_told(yester: Yester, ping: Path) -> None:
    done = yester("plugin", "options", "ping", "--set", "url=nowhere")
    assert done.code == 0
    assert "ping cannot be loaded: ValueError: no such place" in done.err


def test_a_variable_that_counts_before_is_told(yester: Yester, ping: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YESTER_PING_TRIES", "7")
    done = yester("plugin", "options", "ping", "--set", "tries=4", "--json")
    assert "YESTER_PING_TRIES is set, and counts before it" in done.err


def test_a_plugin_that_says_nothing_of_its_options_takes_any(yester: Yester, ping: Path, settings: Path) -> None:
    done = yester("plugin", "options", "old", "--set", "a=text", "--set", "b=[1, 2]")
    assert done.code == 0
    assert done.err == "yester: old does not say which options it has: nothing checks what is set\n"
    said = json.loads(yester("plugin", "options", "old", "--json").out)
    assert [(row["name"], row["value"]) for row in said["options"]] == [("a", "text"), ("b", [1, 2])]
    assert not said["has_spec"]
    assert "any is taken, and nothing checks them" in yester("plugin", "options", "old").out


def test_a_profile_is_checked_with_the_plugins_that_it_names(yester: Yester, ping: Path, profile: Path) -> None:
    with open(profile, "a") as file:
        file.write("[plugins.ping]\ntries = [1]\ntrys = 1\n[plugins.pimg]\nx = 1\n[plugins.old]\nx = 1\n")
    done = yester("profile", "check", "docs")
    assert done.code == 2
    words = done.err.replace(f" in {profile}", "")
    assert "Profile docs: ping: the option tries takes a whole number, not a list\n" in words
    assert "Profile docs: ping: the option trys is none that there is. Did you mean tries?\n" in words
    assert "  hint: To see its options: yester plugin options ping --profile docs\n" in words
    assert "there is no plugin for [plugins.pimg]\n  hint: Did you mean ping" in words
    assert "old" not in words
    yester("plugin", "disable", "ping", "--profile", "docs")
    assert "whole number" not in yester("profile", "check", "docs").err


def test_the_way_out_leads_into_the_profile(yester: Yester, ping: Path, profile: Path) -> None:
    """What is off there stays off, whatever else is said."""
    assert yester("plugin", "disable", "ping", "--profile", "docs").code == 0
    done = yester("plugin", "run", "ping", "now", "--profile", "docs")
    assert done.code == 2
    assert "hint: To switch it on: yester plugin enable ping --profile docs\n" in done.err


def test_switching_in_a_profile(yester: Yester, ping: Path, settings: Path, profile: Path) -> None:
    def states(*arguments: str) -> dict[str, str]:
        listed = json.loads(yester("plugin", "list", "--json", *arguments).out)
        return {each["name"]: each["state"] for each in listed if not each["package"]}

    assert yester("plugin", "disable", "ping", "--profile", "docs").code == 0
    assert (states(), states("--profile", "docs")) == ({"old": "on", "ping": "on"}, {"old": "on", "ping": "off"})
    assert yester("plugin", "disable", "ping").code == 0
    assert yester("plugin", "apply", "ping", "--profile", "docs").code == 0
    assert (states(), states("--profile", "docs")) == ({"old": "on", "ping": "off"}, {"old": "off", "ping": "on"})
    assert settings.read_text() == 'disabled = ["ping"]\n'
    assert yester("plugin", "enable", "pimg", "--profile", "docs").code == 2


def test_tables_for_one_world_and_for_all(yester: Yester, ping: Path, settings: Path) -> None:
    folder = ping.parent / "kolibri" / "ping"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    (folder / "kolibri_plugin.py").write_text(
        "from kolibri.plugins import KolibriPluginBase\nclass P(KolibriPluginBase): ...\n"
    )
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text('[options.ping]\ntries = 5\n[options."native/ping"]\nway = "post"\n')
    done = yester("plugin", "options", "ping")
    assert done.code == 2
    assert "  hint: Say which is meant: native/ping or kolibri/ping." in done.err
    assert yester("plugin", "options", "native/ping", "--set", "url=x", "--unset", "way").code == 0
    assert settings.read_text() == '[options.ping]\ntries = 5\n[options."native/ping"]\nurl = "x"\n'
    done = yester("plugin", "options", "native/ping", "--unset", "tries")
    assert done.code == 2
    assert "  hint: It is set for the plugins of this name in all worlds, in [options.ping] there." in done.err
    said = json.loads(yester("plugin", "options", "native/ping", "--json").out)["options"]
    assert {row["name"]: row["value"] for row in said if row["is_set"]} == {"url": "x", "tries": 5}
    settings.write_text('[options.ping]\nno_logging = true\ntries = 5\n[options."native/ping"]\nno = 1\n')
    (ping.parent / "backintime").mkdir()
    (ping.parent / "backintime" / "ping.py").write_text(BACKINTIME)
    done = yester("plugin", "test", "native/ping", "backintime/ping")
    assert (done.code, done.out.count("can be loaded")) == (0, 2)
    assert done.err.count("yester: ") == 1, "what one of them does not know is for the other"
    assert "native/ping: the option no in " in done.err


def test_a_file_that_is_no_toml_stays(yester: Yester, ping: Path, settings: Path) -> None:
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text("[options.ping\n")
    done = yester("plugin", "options", "ping", "--set", "tries=4")
    assert done.code == 2
    assert is_one_complaint(done.err)
    assert settings.read_text() == "[options.ping\n"
