from pathlib import Path

import pytest
from tests.engine.schedule.stand_ins import said, stand_in

from yester.engine import notifying
from yester.engine.notifying import Notice, notify, show
from yester.engine.profiles.profile import NotifySpec

BAD = Notice("my docs", "run-1", "failed", "The run failed: <b> & more")
GOOD = Notice("my docs", "run-2", "complete", "The snapshot was taken")
TELL = '#!/bin/sh\necho "tell $*: $YESTER_RESULT $YESTER_PROFILE $YESTER_RUN $YESTER_TEXT" >>"$STAND_IN/said"\n'
SEND = '#!/bin/sh\necho "notify-send $*" >>"$STAND_IN/said"\n'


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with a desktop."""
    path = stand_in(tmp_path, tell=TELL, **{"notify-send": SEND})
    monkeypatch.setenv("PATH", f"{path}:/bin")
    monkeypatch.setenv("STAND_IN", str(tmp_path))
    monkeypatch.setenv("DISPLAY", ":0")
    return tmp_path


@pytest.mark.parametrize(
    ("on", "results"),
    [
        ("never", []),
        ("failure", ["failed", "errors"]),
        ("always", ["complete", "unchanged", "skipped", "cancelled", "failed", "errors"]),
    ],
)
def test_when(desk: Path, on: str, results: list[str]) -> None:
    spec = NotifySpec(on, "tell", desktop=False)  # type: ignore[arg-type]
    for result in ("complete", "unchanged", "skipped", "cancelled", "failed", "errors"):
        assert notify(spec, Notice("p", "r", result, "t")) == []
    assert [line.split()[2] for line in said(desk)] == results


def test_what_the_command_is_told(desk: Path) -> None:
    assert notify(NotifySpec("always", "tell 'me now'", desktop=False), BAD) == []
    assert said(desk) == ["tell me now: failed my docs run-1 The run failed: <b> & more"]


def test_what_the_desktop_shows(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for notice in (BAD, GOOD):
        assert notify(NotifySpec("always"), notice) == []
    shown = [
        "notify-send --app-name=yester --urgency=critical -- yester: my docs The run failed: &lt;b> &amp; more",
        "notify-send --app-name=yester --urgency=low -- yester: my docs The snapshot was taken",
    ]
    assert said(desk) == shown
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "DBUS_SESSION_BUS_ADDRESS"):
        monkeypatch.delenv(name, raising=False)
    assert notify(NotifySpec("always"), BAD) == []
    assert said(desk) == shown


@pytest.mark.parametrize(
    ("command", "problem"),
    [
        ("no-such-program", "is not there: no-such-program"),
        ("sh -c 'echo no; exit 3'", "failed: no"),
        ("'", "cannot be read: No closing quotation"),
        ("sleep 60", "sleep does not come to an end"),
        ("/etc", "/etc cannot be run"),
        (" ", ""),
    ],
)
def test_a_command_that_fails_is_said(desk: Path, monkeypatch: pytest.MonkeyPatch, command: str, problem: str) -> None:
    monkeypatch.setattr(notifying, "TIMEOUT_S", 0.2 if "sleep" in command else 30)
    problems = notify(NotifySpec("always", command), BAD)
    assert len(problems) == bool(problem)
    assert problem in "".join(problems)
    assert len(said(desk)) == 1, "the desktop is told all the same"


def test_a_desktop_that_refuses(desk: Path) -> None:
    (desk / "bin" / "notify-send").write_text("#!/bin/sh\necho no bus >&2\nexit 1\n")
    assert notify(NotifySpec("always"), BAD) == ["notify-send failed: no bus"]


def test_gdbus_where_there_is_no_notify_send(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The words were tried with a real gdbus, which found nothing wrong with them but that no desktop was there."""
    send = '#!/bin/sh\nfor word; do printf "%s\\n" "$word"; done >"$STAND_IN/said"\n'
    monkeypatch.setenv("PATH", str(stand_in(tmp_path, gdbus=send)))
    monkeypatch.setenv("STAND_IN", str(tmp_path))
    monkeypatch.setenv("DISPLAY", ":0")
    assert show('a "b" \\', "two\nlines\0 <b>", "critical", 5) == ""
    assert said(tmp_path)[-9:] == [
        "--",
        '"yester"',
        "uint32 0",
        '""',
        r'"a \"b\" \\"',
        r'"two\nlines &lt;b>"',
        "@as []",
        "{'urgency': <byte 2>}",
        "5000",
    ]


def test_a_long_text_is_shown_in_part(desk: Path) -> None:
    assert show("title", "x" * 10_000_000, "low") == ""
    assert len(said(desk)[0]) < 3000
