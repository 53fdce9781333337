"""When maintenance was last done: a file for each repository in the state folder, and one at a time to do it.

`maintenance/ID.json`, ID from the repository's place:

    {"repository": PLACE, "since_ns": …, "done": {KIND: {"tried_ns": …, "good_ns": …, "exit_code": …, "text": …}}}

One that cannot be read counts as none: nothing worse follows than that something is done once more.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from blake3 import blake3

from yester.engine.maintenance.due import Done
from yester.engine.places import ensured, remember, unwritable


class Record(msgspec.Struct, frozen=True):
    """What is known of a repository's maintenance."""

    repository: str
    since_ns: int
    """When the repository was first seen here."""
    done: dict[str, Done] = {}


_decoder = msgspec.json.Decoder(Record)


def record_path(state: Path, repository: str) -> Path:
    """Return where the record of the repository at a place lies."""
    return state / "maintenance" / f"{blake3(os.fsencode(repository)).hexdigest()[:32]}.json"


def load_record(state: Path, repository: str, now_ns: int) -> Record:
    """Return what is known; a fresh record, since `now_ns`, when nothing is."""
    try:
        found = _decoder.decode(record_path(state, repository).read_bytes())
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return Record(repository, now_ns)
    # A clock that was ahead when this was written must not put maintenance off for years.
    return msgspec.structs.replace(found, since_ns=min(found.since_ns, now_ns), done=_not_after(found.done, now_ns))


def _not_after(done: dict[str, Done], now_ns: int) -> dict[str, Done]:
    return {
        kind: msgspec.structs.replace(each, tried_ns=min(each.tried_ns, now_ns), good_ns=min(each.good_ns, now_ns))
        for kind, each in done.items()
    }


def save_record(state: Path, record: Record) -> None:
    """Keep a record. YesterError when the state folder cannot be written."""
    text = msgspec.structs.replace(record, repository=_encodable(record.repository))
    remember(record_path(state, record.repository), msgspec.json.encode(text))


def _encodable(place: str) -> str:
    return place.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def noted(record: Record, kind: str, now_ns: int, exit_code: int, text: str) -> Record:
    """Return the record after a try."""
    good_ns = now_ns if exit_code == 0 else record.done.get(kind, Done()).good_ns
    fresh = Done(now_ns, good_ns, exit_code, text if exit_code else "")
    return msgspec.structs.replace(record, done={**record.done, kind: fresh})


@contextmanager
def only_one(state: Path, repository: str) -> Iterator[bool]:
    """Say whether this process may do maintenance: not while another on this machine does. YesterError: no lock."""
    path = record_path(state, repository).with_suffix(".lock")
    ensured(path.parent)
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as problem:
        raise unwritable(path, problem) from None
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)
