"""How names and arguments are written where systemd, cron and udev read them."""

import re
import shlex
from collections.abc import Iterable
from hashlib import sha256

from yester.engine.errors import UsageError

_KEPT = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:_.")
_PLAIN_PROGRAM = re.compile(rb"/[A-Za-z0-9/._+@-]*")
_MAX_STEM = 200
"""The most characters of a unit's name, which may have 255 with its ending."""

_MAX_CRON_LINE = 990
"""Vixie's cron takes 998 characters a command, and one line of 1,000."""


def unit_escape(text: str) -> str:
    """Return text as a part of a unit's name, by systemd-escape(1)'s rules."""
    escaped = []
    for place, byte in enumerate(text.encode("utf-8", "surrogateescape")):
        if byte == ord("/"):
            escaped.append("-")
        elif byte in _KEPT and not (place == 0 and byte == ord(".")):
            escaped.append(chr(byte))
        else:
            escaped.append(f"\\x{byte:02x}")
    return "".join(escaped)


def unit_stem(profile: str) -> str:
    """Return the name of a profile's units without their ending; a digest of a name that is too long for systemd."""
    escaped = unit_escape(profile)
    if len(escaped) > _MAX_STEM:
        escaped = sha256(profile.encode("utf-8", "surrogateescape")).hexdigest()[:32]
    return f"yester-{escaped}"


def device_link(drive: str) -> str:
    """Return udev's link to a drive, below /dev/disk: `by-uuid/1F2E-33` of `1F2E-33`.

    Also `by-label/STICK` of `LABEL=STICK`: the tags are those of fstab(5).
    """
    tag, equals, value = drive.partition("=")
    return f"by-{tag.lower()}/{value}" if equals else f"by-uuid/{drive}"


def device_unit(drive: str) -> str:
    """Return the unit of a drive."""
    return f"{unit_escape(f'dev/disk/{device_link(drive)}')}.device"


def exec_line(command: Iterable[bytes]) -> str:
    """Return a command as ExecStart= takes it (systemd.service(5)): each word arrives as it is."""
    words = list(command)
    if _PLAIN_PROGRAM.fullmatch(words[0]) is None:
        # systemd refuses a program whose path holds quotes or backslashes, quoted or not.
        words.insert(0, b"/usr/bin/env")
    program, *rest = words
    return " ".join([program.decode(), *(_quoted(word).replace("$", "$$") for word in rest)])


def environment_line(name: str, value: bytes) -> str:
    """Return a variable as Environment= takes it (systemd.exec(5))."""
    return _quoted(f"{name}=".encode() + value)


def plain_line(text: str) -> str:
    """Return text as Description= takes it: one line without specifiers."""
    return text.replace("%", "%%")


def _quoted(word: bytes) -> str:
    return '"' + "".join(map(_octet, word.decode("utf-8", "surrogateescape"))) + '"'


def _octet(char: str) -> str:
    if char in '"\\':
        return f"\\{char}"
    if char == "%":
        return "%%"
    if char.isprintable():
        return char
    return "".join(f"\\x{byte:02x}" for byte in char.encode("utf-8", "surrogateescape"))


def cron_command(words: Iterable[bytes], environment: Iterable[tuple[str, bytes]] = ()) -> bytes:
    """Return a command as the last field of a crontab line (crontab(5)). UsageError when none can say it."""
    pieces = [f"{name}=".encode() + _shell_word(value) for name, value in environment]
    line = b" ".join([*pieces, *map(_shell_word, words)])
    if b"\n" in line or len(line) > _MAX_CRON_LINE:
        raise UsageError(
            "A line of the crontab cannot hold the command of this schedule: "
            + ("there is a line end in it" if b"\n" in line else f"it has {len(line)} characters"),
            hint="Put the command and its folders where their paths are shorter and plain.",
        )
    # Between two quotes the shell sees nothing; a backslash before the percent sign's own would take it away.
    return line.replace(b"\\%", b"\\''%").replace(b"%", b"\\%")


def _shell_word(word: bytes) -> bytes:
    return shlex.quote(word.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
