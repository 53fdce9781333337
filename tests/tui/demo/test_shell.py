import os
import signal
import threading
from pathlib import Path

import pytest

from yester.tui.demo.shell import CommandFailed, Shell


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path, {**os.environ, "WORD": "hello"})


def test_a_command_is_shown_before_it_runs(shell: Shell, capfd: pytest.CaptureFixture[str]) -> None:
    shell.run('echo "$WORD from $PWD"')
    assert capfd.readouterr().out == f'$ echo "$WORD from $PWD"\nhello from {shell.folder}\n'


def test_a_failing_command_is_named(shell: Shell) -> None:
    with pytest.raises(CommandFailed, match="`exit 7` ended with exit code 7"):
        shell.run("exit 7")


def test_a_code_may_be_welcome(shell: Shell) -> None:
    shell.run("exit 3", accept=(0, 3))
    with pytest.raises(CommandFailed):
        shell.run("true", accept=(3,))


def test_an_interrupted_command_has_ended_when_the_interrupt_goes_on(shell: Shell) -> None:
    fifo = shell.folder / "started"
    os.mkfifo(fifo)

    def interrupt_once_started() -> None:
        fifo.read_text()
        os.kill(os.getpid(), signal.SIGINT)

    watcher = threading.Thread(target=interrupt_once_started)
    watcher.start()
    with pytest.raises(KeyboardInterrupt):
        shell.run("sh -c 'trap \"sleep 0.2; echo ended > end; exit\" TERM; : > started; while :; do sleep 0.01; done'")
    watcher.join()
    assert (shell.folder / "end").read_text() == "ended\n"
