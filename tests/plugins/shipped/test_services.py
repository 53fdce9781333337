"""Services that stand still during a snapshot, with stand-ins for the programs that manage them."""

import os
import signal
from pathlib import Path

import pytest
from tests.plugins.shipped.conftest import Configure
from tests.tui.cli.conftest import Yester, finish, start

from yester.plugins.quiescing import managers
from yester.plugins.quiescing.failing import Failed
from yester.plugins.quiescing.managers import manager_of

SERVICE = """#!/bin/sh
# As Debian's: service NAME status|start|stop; a service is there when it has a file, and runs when that says so.
state="$SERVICES/$1"
[ -e "$state" ] || { echo "$1: unrecognized service" >&2; exit 1; }
case $2 in
status) grep -q up "$state" || exit 3 ;;
start)
    echo "start $1" >>"$SERVICES.log"
    [ -e "$SERVICES.broken" ] && { echo "no way" >&2; exit 1; }
    echo up >"$state" ;;
stop)
    echo "stop $1" >>"$SERVICES.log"
    [ "$1" = slow ] && { echo >"$SERVICES.fifo"; exec sleep 1000; }
    [ "$1" = stuck ] && { echo "will not" >&2; exit 1; }; echo down >"$state" ;;
esac
"""

SYSTEMCTL = """#!/bin/sh
[ "$1" = --user ] && shift
case $1 in
show)
    [ "$5" = gone.service ] && load=not-found
    echo "ActiveState=${STATE:-active}"; echo "LoadState=${load:-loaded}" ;;
*) echo "$@" >>"$SERVICES.log" ;;
esac
"""


@pytest.fixture
def services(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a file for each service."""
    folder, programs = tmp_path / "services", tmp_path / "bin"
    for each in (folder, programs):
        each.mkdir()
    for name in ("web", "app", "stuck", "slow"):
        (folder / name).write_text("up\n")
    for name, text in (("service", SERVICE), ("systemctl", SYSTEMCTL)):
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    monkeypatch.setenv("SERVICES", str(folder))
    monkeypatch.setattr(managers, "SYSTEMD", str(tmp_path / "systemd"))
    return folder


def log(services: Path) -> list[str]:
    path = services.with_suffix(".log")
    return path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def without_systemd() -> None:
    if os.path.isdir("/run/systemd/system"):
        pytest.skip("systemd runs here, and a run would ask it for services")


@pytest.mark.usefixtures("without_systemd")
def test_services_stand_still(yester: Yester, configure: Configure, services: Path, home: Path) -> None:
    configure("services", 'names = ["app", "web"]')
    (services / "web").write_text("up\n")
    done = yester("snap", "data")
    assert (done.code, done.err) == (0, "")
    assert log(services) == ["stop app", "stop web", "start web", "start app"]
    assert "services: stdout: app is stopped" in yester("log").out


@pytest.mark.usefixtures("without_systemd")
def test_what_did_not_run_is_not_started(yester: Yester, configure: Configure, services: Path) -> None:
    (services / "web").write_text("down\n")
    configure("services", 'names = ["app", "web"]')
    assert yester("snap", "data").err == ""
    assert log(services) == ["stop app", "start app"]


@pytest.mark.usefixtures("without_systemd")
@pytest.mark.parametrize(
    ("names", "words", "did"),
    [
        ('["app", "none"]', "whether none runs cannot be said: ", ["stop app", "start app"]),
        ('["app", "stuck"]', "will not", ["stop app", "stop stuck", "start stuck", "start app"]),
        ("[]", "no service is named (names)", []),
        ('["-x"]', "'-x' is no name of a service", []),
    ],
)
def test_what_cannot_be_stopped_is_told_and_all_run_again(
    yester: Yester, configure: Configure, services: Path, names: str, words: str, did: list[str]
) -> None:
    configure("services", f"names = {names}")
    done = yester("snap", "data")
    assert done.code == 0
    assert words in done.err
    assert done.err.count("; the snapshot is taken all the same") == 1
    assert log(services) == did


@pytest.mark.usefixtures("without_systemd")
def test_one_that_does_not_start_again_is_told_and_started_by_the_next_run(
    yester: Yester, configure: Configure, services: Path
) -> None:
    configure("services", 'names = ["web"]')
    services.with_suffix(".broken").touch()
    done = finish(start("snap", "data"))  # a process that has ended: what goes on undoes its own
    assert "services: It could not start web: " in done.err
    assert "no way" in done.err
    services.with_suffix(".broken").unlink()
    assert "services: An earlier run did not start web; that is done now" in yester("check").err
    assert log(services) == ["stop web", "start web", "start web"]
    assert (services / "web").read_text() == "up\n"


@pytest.mark.usefixtures("without_systemd")
def test_a_run_that_is_killed_leaves_no_service_stopped(
    yester: Yester, configure: Configure, services: Path, home: Path
) -> None:
    """The run stands at a source that never ends; then it is killed, with its group."""
    os.mkfifo(home / "stands")
    (services.parent / "bin" / "pause").write_text(f'#!/bin/sh\necho $$ >"{home}/stands"\nexec sleep 1000\n')
    (services.parent / "bin" / "pause").chmod(0o755)
    configure("services", 'names = ["web"]')
    run = start("snap", "data", "--from-command", "--stdin-name", "x", "--", "pause")
    stands = int((home / "stands").read_text())
    assert (services / "web").read_text() == "down\n"
    os.killpg(run.pid, signal.SIGKILL)
    os.kill(stands, signal.SIGKILL)
    assert finish(run).code == -signal.SIGKILL
    while (services / "web").read_text() != "up\n":
        os.sched_yield()


@pytest.mark.usefixtures("without_systemd")
def test_a_run_that_is_interrupted_while_a_service_stops_starts_it_again(
    yester: Yester, configure: Configure, services: Path
) -> None:
    os.mkfifo(services.with_suffix(".fifo"))
    configure("services", 'names = ["web", "slow"]')
    run = start("snap", "data")
    services.with_suffix(".fifo").read_text()
    os.kill(run.pid, signal.SIGINT)
    assert finish(run).code == 130
    assert log(services) == ["stop web", "stop slow", "start slow", "start web"]


def test_systemctl_where_systemd_runs(services: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "systemd").mkdir()
    web = manager_of("web.service")
    assert [Path(word).name for word in web.command("stop")] == ["systemctl", "stop", "--", "web.service"]
    assert web.runs()
    monkeypatch.setenv("STATE", "inactive")
    assert not web.runs()
    assert manager_of("web.service", of_user=True).command("start")[1:] == ["--user", "start", "--", "web.service"]
    with pytest.raises(Failed, match=r"there is no service gone\.service"):
        manager_of("gone.service").runs()


def test_neither_program(services: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    with pytest.raises(Failed, match="neither systemctl nor service"):
        manager_of("web")
