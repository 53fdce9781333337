"""The files that a schedule puts into folders of the system's: written whole, told from others' by the mark in them."""

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from yester.engine.errors import UsageError, YesterError

_MARK = b"# Written by `yester schedule enable`"


def content_of(path: Path) -> bytes | None:
    """Return what a file holds; None when there is none. YesterError when it cannot be read."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise YesterError(f"{path} cannot be read: {error.strerror}") from None


def check_ours(path: Path) -> None:
    """UsageError when a file is there that is not ours."""
    content = content_of(path)
    if content is not None and _MARK not in content[:200]:
        raise UsageError(f"{path} was not written by yester", hint="Move it away, or rename the profile.")


def put(path: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Write a file whole or not at all, and make the folder that it is in. YesterError when it cannot be."""
    fresh = path.with_name(f".{path.name[:100]}-{os.urandom(8).hex()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            fresh.write_bytes(content)
            fresh.chmod(mode)
            os.replace(fresh, path)
        finally:
            fresh.unlink(missing_ok=True)
    except OSError as error:
        raise YesterError(f"{path} cannot be written: {error.strerror}") from None


def take_away(path: Path) -> bool:
    """Remove a file of ours; whether there was one. UsageError when it is another's, YesterError when it stays."""
    check_ours(path)
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise YesterError(f"{path} cannot be removed: {error.strerror}") from None
    return True


def put_back(before: Mapping[Path, bytes | None]) -> None:
    """Let files be what they were, as far as it goes: after something failed whose error counts more."""
    for path, content in before.items():
        with suppress(YesterError, OSError):
            if content is None:
                path.unlink(missing_ok=True)
            else:
                put(path, content)
