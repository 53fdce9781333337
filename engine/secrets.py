"""Where the passphrase comes from.

Asked in this order, the first that is there wins: what the command line names, what the profile names, the environment
(YESTER_PASSPHRASE, _FILE, _COMMAND), a systemd credential, the keyring where somebody asked for it, and last a person
at a terminal. A secret never stands in an argument list.
"""

import shlex
import subprocess
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from yester.engine import lacking
from yester.engine.errors import RepositoryError, UsageError

SERVICE = "yester"
"""Under which the keyring keeps passphrases; the user name there is the repository's place."""

OPTIONS = (
    "Set YESTER_PASSPHRASE, YESTER_PASSPHRASE_FILE or YESTER_PASSPHRASE_COMMAND, "
    "or give --passphrase-file, --passphrase-command or --keyring."
)

_MEND = "Correct what names it: the option, the profile or the YESTER_PASSPHRASE variable."

_GET_KEYRING = "Install it: pip install 'yester[keyring]'"

LONGEST = 64 << 10
"""Bytes of a passphrase that are read, key files included: what is longer is the wrong file, or endless."""

_CREDENTIALS = ("yester.passphrase", "yester")


@dataclass(frozen=True, slots=True)
class SecretSource:
    """Where a command line or a profile says the passphrase is; empty: it does not say."""

    file: str = ""
    command: str = ""
    keyring: bool = False


def find_secret(
    place: str, sources: tuple[SecretSource, ...], environment: Mapping[str, str], ask: Callable[[], str] | None
) -> bytes:
    """Return the secret for the repository at `place`; `sources` in order of rank, `ask` a person or None.

    UsageError when a named source fails or is empty; RepositoryError when there is no source at all.
    """
    for source in sources:
        if source.file or source.command:
            return _from_named(source.file, source.command)
    found = _from_environment(environment)
    if found is None and any(source.keyring for source in sources):
        found = _from_keyring(place)
    if found is not None:
        return found
    if ask is None:
        is_kept = any(source.keyring for source in sources)
        raise RepositoryError(not_in_keyring(place) if is_kept else lacking.NOBODY_TO_ASK, hint=OPTIONS)
    return as_secret(ask(), "the passphrase that was typed")


def not_in_keyring(place: str) -> str:
    """Return what is said when the keyring was to hold the passphrase of the repository at `place`."""
    return f"{lacking.NOT_IN_KEYRING} for the repository at {place}"


def as_secret(text: str | bytes, origin: str) -> bytes:
    """Return the bytes that key slots are made from; `origin` says what is empty if it is (UsageError).

    One trailing line end is dropped, and text is brought to NFC so that every keyboard writes it alike.
    """
    raw = text.encode("utf-8", "surrogateescape") if isinstance(text, str) else text
    raw = raw.removesuffix(b"\n").removesuffix(b"\r")
    if not raw:
        raise UsageError(f"{lacking.FROM} {origin} is empty", hint="An unencrypted repository needs --no-encryption.")
    try:
        return unicodedata.normalize("NFC", raw.decode()).encode()
    except UnicodeDecodeError:
        return raw


def _from_named(file: str, command: str) -> bytes:
    return _from_file(file) if file else _from_command(command)


def _from_environment(environment: Mapping[str, str]) -> bytes | None:
    if (text := environment.get("YESTER_PASSPHRASE")) is not None:
        return as_secret(text, "YESTER_PASSPHRASE")
    if file := environment.get("YESTER_PASSPHRASE_FILE"):
        return _from_file(file)
    if command := environment.get("YESTER_PASSPHRASE_COMMAND"):
        return _from_command(command)
    if folder := environment.get("CREDENTIALS_DIRECTORY"):
        for path in (Path(folder, name) for name in _CREDENTIALS):
            if path.exists():
                return _from_file(str(path))
    return None


def _from_file(path: str) -> bytes:
    try:
        with open(Path(path).expanduser(), "rb") as file:
            return as_secret(_bounded(file, f"the passphrase file {path}"), f"the passphrase file {path}")
    except OSError as problem:
        raise UsageError(f"{lacking.FILE} {path} cannot be read: {problem.strerror}", hint=_MEND) from None


def _bounded(file: IO[bytes], origin: str) -> bytes:
    """Return all that a file holds; UsageError when that is more than any passphrase, however much it is."""
    raw = file.read(LONGEST + 1)
    if len(raw) > LONGEST:
        raise UsageError(f"{lacking.FROM} {origin} is longer than {LONGEST:,} bytes", hint=_MEND)
    return raw


def _from_command(command: str) -> bytes:
    """Run the command without a shell; its standard error goes to the person's."""
    try:
        process = subprocess.Popen(shlex.split(command), stdout=subprocess.PIPE)
    except (OSError, ValueError, IndexError) as problem:
        why = problem.strerror if isinstance(problem, OSError) else str(problem)
        raise UsageError(f"{lacking.COMMAND} cannot be run: {command}: {why}", hint=_MEND) from None
    with process:
        assert process.stdout is not None
        try:
            said = _bounded(process.stdout, f"what {command} printed")
        except BaseException:
            process.kill()
            raise
    if process.returncode != 0:
        raise UsageError(f"{lacking.COMMAND} failed with status {process.returncode}: {command}", hint=_MEND)
    return as_secret(said, f"what {command} printed")


def _from_keyring(place: str) -> bytes | None:
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError:
        raise UsageError(lacking.NO_KEYRING, hint=_GET_KEYRING) from None
    try:
        text = keyring.get_password(SERVICE, place)
    except KeyringError as problem:
        raise UsageError(f"{lacking.CLOSED_KEYRING}: {problem}", hint=OPTIONS) from None
    return None if text is None else as_secret(text, "the passphrase in the keyring")


def keep_in_keyring(place: str, secret: str) -> None:
    """Put the passphrase of the repository at `place` into the keyring; UsageError when that cannot be."""
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError:
        raise UsageError("The keyring is to keep it, but not installed", hint=_GET_KEYRING) from None
    try:
        keyring.set_password(SERVICE, place, secret)
    except KeyringError as problem:
        raise UsageError(f"The keyring cannot be written: {problem}", hint=OPTIONS) from None
