"""What is shown on the desktop, by a stand-in of notify-send that keeps what it was told."""

from pathlib import Path

import pytest
from tests.engine.schedule.stand_ins import said, stand_in
from tests.plugins.shipped.rig import fails, goes_well, made

from yester.engine.errors import UsageError
from yester.engine.events import Level, Message
from yester.plugins.shipped.notify import Notify

SEND = '#!/bin/sh\nprintf "%s|" "$@" | tr "\\n" "/" >>"$STAND_IN/said"; echo >>"$STAND_IN/said"\n'


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = stand_in(tmp_path, **{"notify-send": SEND})
    monkeypatch.setenv("PATH", f"{path}:/bin:/usr/bin")
    monkeypatch.setenv("STAND_IN", str(tmp_path))
    monkeypatch.setenv("DISPLAY", ":0")
    return tmp_path


BAD = "--app-name=yester|--urgency=critical|--|yester: docs|The run failed: The disk is full/Make room.|"
FINE = "--app-name=yester|--urgency=low|--expire-time=5000|--|yester: docs|The snapshot was taken|"


@pytest.mark.parametrize(("when", "shown"), [("failure", [BAD]), ("always", [BAD]), ("never", [])])
def test_when(desk: Path, when: str, shown: list[str]) -> None:
    fails(made(Notify, when=when)[0])
    assert said(desk) == shown
    goes_well(made(Notify, when=when, stay=5)[0])
    assert said(desk) == shown + ([FINE] if when == "always" else [])


def test_messages_of_some_levels_up_to_a_point(desk: Path) -> None:
    plugin, _ = made(Notify, levels=["error"])
    levels: list[Level] = ["error", "warning", "info"]
    for number in range(9):
        for level in levels:
            plugin.on_message(Message(level=level, text=f"no {number}", path="/a"))
    texts = [line.split("|")[-2] for line in said(desk)]
    assert texts == [*(f"/a: no {number}" for number in range(5)), "There is more: yester messages"]


def test_what_goes_wrong_is_said(desk: Path) -> None:
    (desk / "bin" / "notify-send").write_text("#!/bin/sh\necho no bus >&2\nexit 1\n")
    plugin, told = made(Notify)
    fails(plugin)
    assert told == [("Nothing was shown: notify-send failed: no bus", "warning")]
    assert plugin.try_it({}) == "notify-send failed: no bus"


def test_levels_that_there_are_not() -> None:
    with pytest.raises(UsageError, match="levels are error, warning and info, not 'errors'"):
        made(Notify, levels=["errors"])
