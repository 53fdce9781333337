"""Records, the guardian and who stands in for it, with real processes."""

import errno
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NoReturn

import pytest
from msgspec.structs import replace
from tests.tui.cli.conftest import SOURCE_ROOT

from yester.engine.errors import YesterError
from yester.engine.events import Message
from yester.engine.places import Places
from yester.plugins.asks import Asking
from yester.plugins.surroundings import Surroundings
from yester.plugins.undoing.asking import ANSWERS
from yester.plugins.undoing.guarding import UndoGuard
from yester.plugins.undoing.performing import perform
from yester.plugins.undoing.records import Undo, boot_id, folder_of, hold, process_name, records, take
from yester.plugins.undoing.recovering import undo_what_is_left
from yester.plugins.worker.problems import AskRefused


@pytest.fixture
def trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PYTHONPATH", str(SOURCE_ROOT))
    return tmp_path / "trace"


def undo(trace: Path, word: str, *, code: int = 0, boot: str = "") -> Undo:
    script = f'echo "$WORD" >>"{trace}"; echo sorry; exit {code}'
    argv = ("sh", "-c", script, word)
    about = f"do {word}"
    return Undo(
        id=word, argv=argv, about=about, plugin="p", run="r", environment={"WORD": word}, boot=boot or boot_id()
    )


class Deaf:
    """An audience to whom nothing is said."""

    def said(self, message: Message) -> None:
        raise AssertionError(message)

    printed = said


def done(trace: Path) -> list[str]:
    return trace.read_text().split() if trace.exists() else []


def guardian_of(guard: UndoGuard) -> int:
    process = guard._process
    assert process is not None
    return process.pid


def test_a_record_is_one_holders_alone(tmp_path: Path, trace: Path) -> None:
    held = hold(tmp_path, undo(trace, "a"))
    assert take(held.path) is None
    held.release()
    again = take(held.path)
    assert again is not None
    assert again.undo == undo(trace, "a")
    again.remove()
    assert records(tmp_path) == []


def test_a_record_is_whole_or_not_there(tmp_path: Path, trace: Path) -> None:
    (tmp_path / "folder").write_text("in the way")
    with pytest.raises(YesterError, match="cannot be written"):
        hold(tmp_path / "folder", undo(trace, "a"))
    held = hold(tmp_path, undo(trace, "a"))
    with pytest.raises(YesterError, match="The run r is about to do a when it is done"):
        hold(tmp_path, undo(trace, "a"))
    assert records(tmp_path) == [held.path]
    held.release()


def test_what_makes_no_sense_is_told_of_and_stays(tmp_path: Path, trace: Path) -> None:
    folder = folder_of(tmp_path)
    folder.mkdir()
    (folder / "x.json").write_bytes(b'{"id": 4}')
    hold(folder, undo(trace, "a")).release()
    said = [*undo_what_is_left(tmp_path)]
    assert [message.level for message in said] == ["error", "warning"]
    assert "x.json does not say what is to be undone" in said[0].text
    assert done(trace) == ["a"]
    assert (folder / "x.json").exists()


def test_what_others_could_have_written_is_not_run(tmp_path: Path, trace: Path) -> None:
    held = hold(folder_of(tmp_path), undo(trace, "a"))
    held.release()
    held.path.chmod(0o666)
    [message] = undo_what_is_left(tmp_path)
    assert message.text == f"{held.path} can be written by others. To forbid it: chmod go-w {held.path}"
    assert done(trace) == []


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (("sh", "-c", "echo one; echo two >&2; exit 3"), "sh: one; two"),
        (("false",), "false: exit code 1"),
        (("/no/such",), "/no/such cannot be run: No such file or directory"),
        (("a\0b",), "'a\\x00b' cannot be run: embedded null byte"),
        (("sleep", "1000"), "sleep does not come to an end within 0.2 s"),
        (("sh", "-c", "sleep 1000 & echo $! >$PID"), ""),
    ],
)
def test_how_an_undoing_ends(tmp_path: Path, argv: tuple[str, ...], words: str) -> None:
    pid = tmp_path / "pid"
    time_s, given = 0.2 if argv[0] == "sleep" else 60, {"PID": str(pid)}
    assert perform(Undo(id="x", argv=argv, about="x", plugin="p", timeout_s=time_s, environment=given)) == words
    if pid.exists():
        os.kill(int(pid.read_text()), signal.SIGKILL)


def test_what_another_machine_has_to_undo_is_left_to_it(
    tmp_path: Path, trace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for machine in ("", "here", "there"):
        known = machine.encode().hex()
        hold(folder_of(tmp_path), replace(undo(trace, f"on-{machine}"), machine=known)).release()
    monkeypatch.setattr("yester.plugins.undoing.records.own_id", lambda: b"here")
    assert len([*undo_what_is_left(tmp_path)]) == 2
    assert done(trace) == ["on-here", "on-"]
    monkeypatch.setattr("yester.plugins.undoing.records.own_id", lambda: b"there")
    assert len([*undo_what_is_left(tmp_path)]) == 1
    assert done(trace) == ["on-here", "on-", "on-there"]


def test_another_command_of_the_same_program_leaves_a_run_its_own(tmp_path: Path, trace: Path) -> None:
    held = hold(folder_of(tmp_path), replace(undo(trace, "a"), process=process_name(os.getpid())))
    held.release()
    assert [*undo_what_is_left(tmp_path)] == [] and done(trace) == []


def test_a_full_disk_keeps_nothing_from_being_undone(
    tmp_path: Path, trace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room() -> NoReturn:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(tempfile, "TemporaryFile", no_room)
    assert perform(undo(trace, "a")) == ""
    assert perform(undo(trace, "b", code=1)) == "sh: sorry"
    assert done(trace) == ["a", "b"]


def test_a_record_that_cannot_be_run_keeps_nobody_from_the_others(tmp_path: Path, trace: Path) -> None:
    folder = folder_of(tmp_path)
    hold(folder, Undo(id="z", argv=("true", "\0"), about="fail", plugin="p")).release()
    hold(folder, Undo(id="y", argv=("true",), environment={"A=": ""}, about="fail too", plugin="p")).release()
    hold(folder, replace(undo(trace, "a"), process="nonsense")).release()
    assert [message.level for message in undo_what_is_left(tmp_path)] == ["error", "error", "warning"]
    assert done(trace) == ["a"]


@pytest.mark.parametrize(
    ("argv", "environment"),
    [([], {}), ([""], {}), (["a\0"], {}), ([1], {}), (["a"], {"": "x"}), (["a"], {"A=B": "x"}), (["a"], {"A": "\0"})],
)
def test_what_no_program_can_be_given_is_not_promised(
    tmp_path: Path, argv: list[object], environment: dict[str, str]
) -> None:
    surroundings = Surroundings(Places.under(tmp_path))
    with pytest.raises(AskRefused, match="what undoes is a command"):
        ANSWERS["undo_hold"](Asking(surroundings, Deaf()), "p", ["p", "undo it", argv, environment, 60])
    assert records(folder_of(surroundings.places.state)) == []


def test_the_guardian_does_what_it_is_asked_for(tmp_path: Path, trace: Path) -> None:
    guard = UndoGuard(tmp_path)
    for word in "abcd":
        guard.hold(undo(trace, word))
    assert len(records(folder_of(tmp_path))) == 4
    assert [*undo_what_is_left(tmp_path)] == [], "they are held"
    assert guard.perform("b") == ""
    with pytest.raises(YesterError, match="was undone"):
        guard.perform("b")
    guard.drop("c")
    assert [(each.id, problem) for each, problem in guard.close()] == [("d", ""), ("a", "")]
    assert done(trace) == ["b", "d", "a"]
    assert records(folder_of(tmp_path)) == []


@pytest.mark.usefixtures("as_root")
def test_what_is_started_again_is_not_as_nice_as_the_run(tmp_path: Path, trace: Path) -> None:
    state = tmp_path / "state"
    code = (
        "import os, sys; from pathlib import Path; from yester.plugins.undoing.guarding import UndoGuard; "
        "from yester.plugins.undoing.records import Undo; os.nice(7); guard = UndoGuard(Path(sys.argv[1])); "
        "guard.hold(Undo(id='a', argv=('sh', '-c', 'nice >>$1', 'sh', sys.argv[2]), about='a', plugin='p')); "
        "print(guard.close())"
    )
    subprocess.run([sys.executable, "-P", "-c", code, state, trace], check=True)
    assert done(trace) == ["0"]


def test_what_fails_is_said_and_done_by_the_next(tmp_path: Path, trace: Path) -> None:
    guard = UndoGuard(tmp_path)
    # The process goes on, as that of the terminal program does.
    guard.hold(replace(undo(trace, "a", code=4), process=process_name(os.getpid())))
    assert guard.perform("a") == "sh: sorry"
    assert guard.close() == []
    [message] = undo_what_is_left(tmp_path)
    assert message.level == "error"
    assert message.text.startswith(
        "It could not do a: sh: sorry. It is tried again at the next run. By hand: WORD=a sh -c"
    )
    assert done(trace) == ["a", "a"]
    assert len(records(folder_of(tmp_path))) == 1


def test_without_the_guardian_the_run_does_it(tmp_path: Path, trace: Path) -> None:
    guard = UndoGuard(tmp_path)
    guard.hold(undo(trace, "a"))
    guard.hold(undo(trace, "b"))
    os.kill(guardian_of(guard), signal.SIGKILL)
    assert guard.perform("a") == ""
    with pytest.raises(YesterError, match="does not run: "):
        guard.hold(undo(trace, "c"))
    assert [problem for _, problem in guard.close()] == [""]
    assert done(trace) == ["a", "b"]


def test_what_a_run_without_a_guardian_will_undo_is_left_to_it(tmp_path: Path, trace: Path) -> None:
    """Another program of yester's must not start a database that the run is reading."""
    code = (
        "import os, sys, time; from pathlib import Path; from tests.plugins.undoing.test_undoing import Deaf; "
        "from yester.engine.places import Places; from yester.plugins.asks import Asking; "
        "from yester.plugins.surroundings import Surroundings; from yester.plugins.undoing.asking import ANSWERS; "
        "asking = Asking(Surroundings(Places.under(Path(sys.argv[1]))), Deaf()); "
        "ANSWERS['undo_hold'](asking, 'p', ['p', 'a', ['sh', '-c', 'echo a >>' + sys.argv[2]], {}, 60]); "
        "os.kill(asking.undoing._process.pid, 9); asking.undoing._process.wait(); print('ready', flush=True); "
        "sys.stdin.read(); asking.undoing.close()"
    )
    state, environment = Places.under(tmp_path).state, {**os.environ, "PYTHONPATH": ":".join(sys.path)}
    for ends_itself in (True, False):
        command = [sys.executable, "-P", "-c", code, str(tmp_path), str(trace)]
        with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as run:
            assert run.stdout is not None and run.stdin is not None
            assert run.stdout.readline() == b"ready\n"
            assert [*undo_what_is_left(state)] == [] and done(trace) == []
            if ends_itself:
                run.stdin.close()
            else:
                run.kill()
            os.waitid(os.P_PID, run.pid, os.WEXITED | os.WNOWAIT)  # also when nobody has asked yet how it ended
            assert len([*undo_what_is_left(state)]) == (not ends_itself)
        assert done(trace) == ["a"]
        trace.unlink()


def test_a_guardian_that_stands_still_is_ended(tmp_path: Path, trace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    guard = UndoGuard(tmp_path)
    guard.hold(undo(trace, "a"))
    monkeypatch.setattr("yester.plugins.undoing.guarding._GRACE_S", 0.1)
    os.kill(guardian_of(guard), signal.SIGSTOP)
    with pytest.raises(YesterError, match="it does not answer"):
        guard.hold(undo(trace, "b"))
    assert [problem for _, problem in guard.close()] == [""]
    assert done(trace) == ["a"]


def test_who_ends_the_run_politely_does_not_end_the_guardian(tmp_path: Path, trace: Path) -> None:
    guard = UndoGuard(tmp_path)
    guard.hold(undo(trace, "a"))
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        os.kill(guardian_of(guard), number)
    guard.hold(Undo(id="b", argv=("sh", "-c", "kill -TERM $$"), about="b", plugin="p"))
    assert guard.perform("b") == "sh: exit code -15", "what it runs hears signals as ever"
    assert guard.perform("a") == ""
    assert guard.close() == []


def test_nothing_is_begun_where_nothing_can_be_written(tmp_path: Path, trace: Path) -> None:
    (tmp_path / "undoing").write_text("in the way")
    guard = UndoGuard(tmp_path)
    with pytest.raises(YesterError, match="cannot be written"):
        guard.hold(undo(trace, "a"))
    assert guard.close() == []
    assert done(trace) == []


def test_two_that_find_it_do_it_once(tmp_path: Path, trace: Path) -> None:
    folder = folder_of(tmp_path)
    folder.mkdir()
    slow = undo(trace, "a")
    hold(folder, slow).release()
    look = (
        "import sys; from pathlib import Path; from yester.plugins.undoing.recovering import undo_what_is_left; "
        "print(len([*undo_what_is_left(Path(sys.argv[1]))]))"
    )
    command = [sys.executable, "-P", "-c", look, str(tmp_path)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(2)]
    assert sorted(process.communicate()[0].strip() for process in both) == [b"0", b"1"]
    assert done(trace) == ["a"]
