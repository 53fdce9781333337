"""Programs that a plugin starts and that go on when the run has ended, which its worker's own never do."""

import os
import subprocess
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from yester.plugins.worker.problems import AskRefused

if TYPE_CHECKING:
    from yester.plugins.asks import Asking


def launch(asking: "Asking", plugin: str, arguments: Sequence[Any]) -> None:
    """Start a program in a session of its own and wait for nothing; what it prints goes nowhere."""
    match arguments:
        case [[*words], dict(environment)] if words and all(isinstance(each, str) for each in [*words, *environment]):
            _start(words, environment)
        case _:
            raise AskRefused("a plugin may launch(command in words, environment)")


def _start(words: Sequence[str], environment: dict[str, str]) -> None:
    try:
        process = subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=os.path.dirname(words[0]) or "/",
            env={**os.environ, **environment},
            start_new_session=True,
        )
    except (OSError, ValueError) as problem:
        raise AskRefused(f"{words[0]} cannot be run: {getattr(problem, 'strerror', problem)}") from None
    threading.Thread(target=process.wait, name="launched", daemon=True).start()  # it leaves no zombie
