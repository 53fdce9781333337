"""What a worker brings along before it has loaded a plugin."""

import subprocess
import sys

import pytest
from tests.tui.cli.conftest import environment

from yester.plugins.worker.worlds import WORLDS

HEAVY = {"cryptography", "blake3", "zstandard", "trio", "pathspec", "click"}


@pytest.mark.parametrize("world", WORLDS)
def test_a_worker_loads_nothing_that_only_its_host_needs(world: str) -> None:
    """Each run starts one for each world that has plugins: each of these libraries is time that the person waits."""
    code = f"import sys, yester.plugins.worker.serving, {WORLDS[world]}; print(*sys.modules)"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=environment(), stdout=subprocess.PIPE, text=True, check=True)
    assert HEAVY & {name.partition(".")[0] for name in done.stdout.split()} == set()
