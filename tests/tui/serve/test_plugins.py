"""Plugins, as a front end sees and sets them: a real one in its worker, through the commands that each request is."""

import json
import os
import tomllib
from pathlib import Path

import pytest
from tests.tui.cli.conftest import SOURCE_ROOT, Yester
from tests.tui.serve.client import served

from yester.engine.places import Places

PING = '''
import os
from yester.plugins.native import Option, Plugin, Row, action, panel

print("printed while it is loaded")

class Ping(Plugin):
    """Ping somebody."""
    option_spec = {
        "tries": Option("integer", 3, "How often.", least=1, most=9),
        "token": Option("string", "", "Who I am.", is_secret=True),
        "hosts": Option("list", [], "Whom."),
    }
    def on_run_end(self, event): ...
    @action("clear", "Clear all", danger="All is lost.", end="now")
    def clear(self, options):
        print("at work")
        return f"{options['end']} {len(self.options['token'])}"
    @panel("state", "How it stands")
    def state(self):
        return [Row(f"{self.options['tries']} tries", "warning", "tries")]
'''


@pytest.fixture
def ping(yester: Yester, home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A plugin that is on."""
    monkeypatch.setenv("PYTHONPATH", str(SOURCE_ROOT))
    folder = Places.default().data / "plugins/native"
    folder.mkdir(parents=True)
    (folder / "ping.py").write_text(PING)
    return folder / "ping.py"


def test_a_plugin_is_shown_set_and_started(yester: Yester, ping: Path) -> None:
    with served() as client:
        [facts], _ = client.call("plugins.show", plugin="ping")
        assert (facts["label"], facts["state"], facts["broken"], facts["hooks"]) == ("ping", "on", "", ["on_run_end"])
        assert [(each["kind"], each["name"], each["danger"]) for each in facts["offers"]] == [
            ("action", "clear", "All is lost."),
            ("panel", "state", ""),
        ]
        tries = facts["options"][0]
        assert (tries["least"], tries["most"], tries["takes"]) == (1, 9, "a whole number from 1 to 9")
        assert "said" not in tries

        id = client.ask("plugins.set", plugin="ping", values=["tries=7", 'hosts=["a", "b c"]'], secrets=["token"])
        os.write(client.secrets, b"hush hush\n")
        told = client.next(id)
        assert told["command"] == """yester plugin options --set=tries=7 '--set=hosts=["a", "b c"]' --ask=token ping"""
        assert "done" in client.end(id)[1]
        settings = Places.default().config / "plugins.toml"
        wanted = {"tries": 7, "hosts": ["a", "b c"], "token": "hush hush"}
        assert tomllib.loads(settings.read_text())["options"]["ping"] == wanted

        refused = client.refused("plugins.set", plugin="ping", values=["tries=10"])
        assert refused["message"] == "tries takes a whole number from 1 to 9, not 10"

        _, done = client.call("plugins.run", plugin="ping", offer="state")
        assert done["answer"] == {"panel": "state", "rows": [{"text": "7 tries", "level": "warning", "key": "tries"}]}
        _, done = client.call("plugins.run", plugin="ping", offer="clear", values=["end=soon"])
        assert done["answer"] == {"action": "clear", "text": "soon 9"}

        client.call("plugins.set", plugin="ping", defaults=["tries"])
        assert "tries" not in tomllib.loads(settings.read_text())["options"]["ping"]


def test_plugins_of_one_profile(yester: Yester, ping: Path, docs: Path) -> None:
    assert yester("profile", "add", "docs", docs, "--repo", "/nowhere").code == 0
    with served() as client:
        client.call("plugins.disable", plugin="ping", profile="docs")
        assert [each["state"] for each in client.call("plugins.list")[0] if each["label"] == "ping"] == ["on"]
        [facts], _ = client.call("plugins.show", plugin="ping", profile="docs")
        assert facts["state"] == "off"
        client.call("plugins.apply", plugins=["notify"])
        states = {each["label"]: each["state"] for each in client.call("plugins.list")[0]}
        assert [label for label, state in states.items() if state == "on"] == ["notify"]


def test_a_broken_plugin_is_shown_with_what_is_wrong(yester: Yester, ping: Path) -> None:
    settings = Places.default().config / "plugins.toml"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text("[options.ping]\ntries = 99\n")
    with served() as client:
        [facts], _ = client.call("plugins.show", plugin="ping")
        assert facts["broken"].endswith("plugins.toml takes a whole number from 1 to 9, not 99")
        assert facts["options"][0]["problem"] == "takes a whole number from 1 to 9, not 99"
        ping.write_text("raise ValueError('no')")
        assert "ValueError" in client.refused("plugins.show", plugin="ping")["message"]
        assert client.refused("plugins.show", plugin="pong")["message"] == "There is no plugin pong"


def test_messages_that_came_since(yester: Yester, ping: Path) -> None:
    from yester.engine.messages.posted import Posted
    from yester.engine.messages.store import MessageStore

    store = MessageStore(Places.default().state)
    for text in ("one", "two", "three"):
        store.post(Posted(text=text))
    store.mark_read([1, 3])
    with served() as client:
        every, done = client.call("messages.list")
        assert (every, done) == (
            json.loads(yester("messages", "--all", "--json").out)[::-1],
            {"newest": 3, "up_to": 1, "also": [3]},
        )
        assert [each["text"] for each in client.call("messages.list", after=1)[0]] == ["three", "two"]
        assert [each["text"] for each in client.call("messages.list", limit=1)[0]] == ["three"]
        assert client.call("messages.list", after=3) == ([], done)
