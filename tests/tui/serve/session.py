"""What the recording asks: the life of one small repository, in which each method has its turn."""

import os
from getpass import getuser
from pathlib import Path
from typing import Any

from tests.tui.serve.recording import BEGIN_NS, Session

from yester.engine.messages.posted import Posted
from yester.engine.messages.store import MessageStore
from yester.engine.places import Places

SECRETS = ("one two", "three four")
PING = """
from yester.plugins.native import Option, Plugin, Row, action, panel

class Ping(Plugin):
    \"\"\"Ping somebody.\"\"\"
    option_spec = {"tries": Option("integer", 3, "How often.", least=1, most=9)}
    def on_run_end(self, event): ...
    @action("clear", "Clear all")
    def clear(self, options): return "cleared"
    @panel("state", "How it stands")
    def state(self): return [Row(f"{self.options['tries']} tries", "warning", "tries")]
"""


def play(session: Session) -> None:
    """Do it all."""
    home = session.home
    _lay_out(home)
    _begin(session, home)
    newest, older = _take(session, home)
    _look(session, home, [newest, older])
    _label(session, older)
    _steer(session, home)
    _mount(session, home, newest)
    _archive(session, home)
    _let_go(session, older)
    _plug(session, home)
    _end(session)


def _lay_out(home: Path) -> None:
    for path, text in {"docs/letters/a.txt": "dear a\n", "docs/b.txt": "b\n", "docs/old.txt": "gone soon\n"}.items():
        _write(home / path, text)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    os.utime(path, ns=(BEGIN_NS, BEGIN_NS))


def shown(path: Path) -> dict[str, str]:
    return {"path": str(path)}


def _begin(session: Session, home: Path) -> None:
    """From nothing to a profile."""
    place, docs = str(home / "backup"), home / "docs"
    session.done("app.start", program="tui 1")
    session.ask("changes.watch", until="item")
    session.done("sources.suggest")
    session.done("folders.complete", text=shown(home / "do"))
    session.done("sources.measure", sources=[shown(docs)], excludes=["old*"])
    session.done("backends.list")
    session.done("backends.look", place=place)
    session.give(SECRETS[0])
    session.done("repositories.create", repository=place)
    session.done("keys.keep", repository=place, file=shown(home / "passphrase"))
    new: dict[str, Any] = {"name": "docs", "sources": [shown(docs)], "repository": place}
    new["settings"] = [f"passphrase_file={home}/passphrase", "retention.keep_last=2", "limits.inhibit_suspend=false"]
    session.done("profiles.foresee", **new)
    session.done("profiles.add", **new)
    assert session.refused("profiles.add", **new)["code"] == 2
    session.done("profiles.list")
    session.done("profiles.settings", profile="docs")
    session.done("profiles.edit", profile="docs", settings=["schedule.when=daily"])
    session.done("profiles.copy", profile="docs", new="slow", settings=["limits.upload=1KB", "schedule.when=off"])
    session.done("schedule.show", profile="docs")
    session.done("schedule.enable", profile="docs")
    session.done("schedule.disable", profile="docs")
    session.give(SECRETS[0])
    session.done("repositories.unlock", profile="docs")


def _take(session: Session, home: Path) -> list[str]:
    session.done("runs.start", profile="docs")
    _write(home / "docs/b.txt", "b\nc\n")
    (home / "docs/old.txt").unlink()
    session.done("runs.start", profile="docs", accept_shrink=True)
    [run, _] = session.done("runs.list")
    session.ask("runs.follow", run=run["run"], live=False)
    session.done("profiles.status")
    return [each["snapshot"] for each in session.done("snapshots.list", profile="docs")]


def _look(session: Session, home: Path, listed: list[str]) -> None:
    newest, older = listed
    b = shown(home / "docs/b.txt")
    there: dict[str, Any] = {"profile": "docs", "snapshot": newest}
    session.done("snapshots.diff", profile="docs", older=older, newer=newest)
    session.done("files.list", **there, folder=shown(home / "docs"), against="now", deleted=True)
    session.done("files.seek", **there, folder=shown(home / "docs"), text="LET")
    session.done("files.show", **there, entry=b)
    session.done("files.read", **there, entry=b)
    session.done("files.preview", **there, entry=b)
    session.done("files.compare", profile="docs", entry=b, before=older, after=newest)
    session.done("files.find", profile="docs", pattern="old")
    session.done("files.versions", profile="docs", entry=b)
    (home / "docs/b.txt").unlink()
    session.done("files.foresee", **there, entries=[b])
    session.done("files.restore", **there, entries=[b])
    session.done("storage.usage", profile="docs")
    [begun] = session.done("storage.check", profile="docs", read_data=10)
    [begin] = [each for each in session.done("runs.follow", **begun) if each["type"] == "check.begin"]
    assert begin["read_data_percent"] == 10


def _label(session: Session, older: str) -> None:
    one: dict[str, Any] = {"profile": "docs", "snapshot": older}
    session.done("snapshots.rename", **one, name="first", note="of two")
    session.done("snapshots.tag", profile="docs", snapshots=[older], add=["work"])
    session.done("snapshots.pin", **one)
    session.done("snapshots.pin", **one, pinned=False)


def _steer(session: Session, home: Path) -> None:
    """A run that lasts, since it may send a thousand bytes a second."""
    (home / "docs/large").write_bytes(bytes(range(256)) * 16 + os.urandom(300_000))
    items, _ = session.ask("runs.start", profile="slow")
    run = items[0]["run"]
    for method in ("runs.pause", "runs.resume", "runs.cancel"):
        session.done(method, run=run)
    session.ask("runs.follow", run=run)
    (home / "docs/large").unlink()


def _mount(session: Session, home: Path, newest: str) -> None:
    mountpoint = shown(home / "mnt")
    session.done("mounts.add", profile="docs", mountpoint=mountpoint, make_folder=True)
    session.done("mounts.list")
    session.done("mounts.path", mountpoint=mountpoint, snapshot=newest)
    session.done("mounts.remove", mountpoint=mountpoint)
    session.done("mounts.clean")


def _archive(session: Session, home: Path) -> None:
    (home / "tape").mkdir()
    session.done("profiles.edit", profile="docs", settings=[f'archive.roles.purge=["{getuser()}"]'])
    session.done("plugins.enable", plugin="filesys")
    session.done("plugins.set", plugin="filesys", values=[f"folder={home}/tape", "volume=T1"])
    names: dict[str, Any] = {"profile": "docs", "names": ["docs"]}
    session.done("archives.policies")
    session.done("archives.foresee", **names)
    session.done("archives.put", **names)
    session.done("archives.status", profile="docs")
    [request, *_] = session.done("archives.requests", profile="docs")["answer"]
    session.done("archives.jobs", profile="docs", request=request["id"])
    session.done("archives.foresee_purge", **names)
    session.done("archives.purge", **names)
    session.done("archives.foresee_recall", profile="docs", snapshot="latest")
    session.done("archives.recall", profile="docs", snapshot="latest")
    session.done("archives.go_on", profile="docs")
    session.ask("archives.retry", profile="docs", request=request["id"])
    session.ask("archives.cancel", profile="docs", request=request["id"])


def _let_go(session: Session, older: str) -> None:
    session.done("snapshots.plan", profile="docs", snapshots=[older])
    session.done("snapshots.freed", profile="docs", snapshots=[older])
    session.done("snapshots.forget", profile="docs", snapshots=[older])
    session.done("storage.plan", profile="docs")
    session.done("storage.prune", profile="docs")


def _plug(session: Session, home: Path) -> None:
    _write(home / ".local/share/yester/plugins/native/ping.py", PING)
    session.done("plugins.disable", plugin="filesys")
    session.done("plugins.list")
    session.done("plugins.show", plugin="ping")
    session.done("plugins.run", plugin="ping", offer="state")
    session.done("plugins.apply", plugins=["notify"])
    MessageStore(Places.default().state).post(
        Posted(text="Mind the gap", level="warning", source="ping", time_ns=BEGIN_NS)
    )
    session.done("messages.list")
    session.done("messages.read")


def _end(session: Session) -> None:
    kinds = {each["kind"]: each["key"] for each in session.done("keys.list", profile="docs")}
    session.give(SECRETS[1])
    added = session.done("keys.add", profile="docs", label="second")["answer"]
    session.give(SECRETS[1])
    assert "opens the repository already" in session.refused("keys.add", profile="docs")["message"]
    made = session.done("keys.recovery", profile="docs")["answer"]
    assert made["removed"] == [kinds["recovery"][:8]]
    session.done("keys.remove", profile="docs", key=added["key"])
    left = {each["key"] for each in session.done("keys.list", profile="docs")}
    assert left == {kinds["passphrase"], made["key"]}
    assert session.refused("keys.remove", profile="docs", key="nothing")["code"] == 2
    session.done("profiles.remove", profile="slow")
    file = session.home / ".config/yester/profiles/docs.toml"
    file.write_text("broken")
    assert session.refused("profiles.settings", profile="docs")["code"] == 2
    session.done("profiles.recover", repository=str(session.home / "backup"), name="docs")
    assert "broken" not in file.read_text()
