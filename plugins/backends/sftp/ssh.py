"""Starting ssh: whose configuration, agent and known hosts are the person's own.

Where a person is at the terminal the first connection may ask: for a password, a passphrase, whether a host is known;
ssh asks at /dev/tty, and yester never sees the answer. All others are told to ask nothing. Ctrl-C is yester's to hear:
a run that is to stop stores the pack under way, for which it needs its connection.
"""

import fcntl
import os
import shlex
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress

from yester.engine.errors import RepositoryError, UsageError
from yester.plugins.backends.sftp.address import Address

COMMAND_VARIABLE = "YESTER_SSH_COMMAND"
"""An environment variable with the program and options in place of `ssh`, in words as a shell has them."""

_OPTIONS = (
    *("-x", "-oForwardAgent=no", "-oClearAllForwardings=yes"),
    *("-oPermitLocalCommand=no", "-oRemoteCommand=none", "-oRequestTTY=no"),
)
"""What a person's configuration may want for work by hand, and what would come between the packets."""

_DEAF = ("sh", "-c", 'trap "" INT HUP; exec "$@"', "sh")
"""Starts a program that hears neither Ctrl-C nor the end of the terminal, which a mount outlives; ssh keeps to that,
but can still ask there."""

_PIPE_SIZE = 1 << 20


def may_ask() -> bool:
    """Whether a person is there whom ssh could ask."""
    if not sys.stderr.isatty():
        return False
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_CLOEXEC | os.O_NOCTTY))
    except OSError:
        return False
    return True


def command(address: Address, program: tuple[str, ...], asking: bool) -> list[str]:
    """Return the words that start ssh."""
    words = [*program, *_OPTIONS]
    if not asking:
        words.append("-oBatchMode=yes")
    if address.port:
        words += ["-p", str(address.port)]
    if address.user:
        words += ["-l", address.user]
    return [*(_DEAF if asking else ()), *words, "-s", "--", address.host, "sftp"]


def program(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return what to start as ssh; UsageError when the variable is no command."""
    try:
        return tuple(shlex.split(environment.get(COMMAND_VARIABLE, ""))) or ("ssh",)
    except ValueError as error:
        raise UsageError(f"{COMMAND_VARIABLE} is no command: {error}") from None


def start(address: Address, asking: bool, environment: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    """Start ssh with pipes that do not block. RepositoryError when it cannot be started."""
    words = command(address, program(environment), asking)
    try:
        process = subprocess.Popen(
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            env=environment,
            start_new_session=not asking,
        )
    except OSError as error:
        raise RepositoryError(
            f"{words[0]} cannot be started: {os.strerror(error.errno or 0)}",
            hint=f"Install the OpenSSH client (openssh-client), or name another with {COMMAND_VARIABLE}.",
        ) from None
    for pipe in (process.stdin, process.stdout, process.stderr):
        assert pipe is not None
        os.set_blocking(pipe.fileno(), False)
        with suppress(OSError):  # more than the system lets one user have: slower, no more
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_SIZE)
    return process
