"""Answers for who makes a profile: what would be taken, what there is to take, and where it could go."""

import os
import re
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from msgspec import to_builtins

from yester.engine.capture.mounts import MOUNTINFO, PSEUDO_TYPES
from yester.engine.errors import UsageError
from yester.engine.events import shown
from yester.engine.mountinfo import DRIVES, mounts_in
from yester.engine.profiles.profile import FilterSpec
from yester.engine.profiles.sizes import parse_size
from yester.tui.cli.opening import repository_place
from yester.tui.cli.profile_size import measure_as_json, measures
from yester.tui.serve.call import Answers, Call
from yester.tui.serve.desk import Desk
from yester.tui.serve.methods.params import Params
from yester.tui.serve.methods.sources import MeasureSources, Typed

_SAID_S = 0.2
"""How often sums are told that still grow."""
_MOST = 50
"""Folders that are offered."""
_USER_FOLDER = re.compile(r'^XDG_(?:DESKTOP|DOCUMENTS|PICTURES|MUSIC|VIDEOS)_DIR="\$HOME/([^"]+)"', re.MULTILINE)
_USUAL = ("Desktop", "Documents", "Pictures", "Music", "Videos")


def measure(desk: Desk, asked: MeasureSources, call: Call) -> Answers:
    """Yield the sums of what would be taken, as they grow. UsageError: a pattern or a size is none."""
    spec = FilterSpec(
        excludes=asked.excludes,
        larger_than=parse_size(asked.larger_than) if asked.larger_than else None,
        caches=asked.caches,
        one_file_system=asked.one_file_system,
        defaults=asked.default_excludes,
    )
    sources, said = tuple(source.raw for source in asked.sources), time.monotonic()
    if not all(source.startswith(b"/") for source in sources):
        raise UsageError("A source is no absolute path", hint="Write it from / on.")
    found = None
    for found in measures(sources, spec, desk.places, asked.repository):
        call.check()
        if time.monotonic() - said > _SAID_S:
            said = time.monotonic()
            yield {**measure_as_json(found), "is_over": False}
    if found is not None:
        yield {**measure_as_json(found), "is_over": True}


def suggest(desk: Desk, asked: Params, call: Call) -> Answers:
    """Yield what somebody may want who has nothing yet."""
    home = Path.home()
    yield {
        "home": to_builtins(shown(os.fsencode(home))),
        "folders": [to_builtins(shown(os.fsencode(folder))) for folder in _user_folders(home)],
        "drives": [*_drives()],
        "repository": repository_place(None, None, desk.places),
        "passphrase_folder": str(desk.places.config / "passphrases"),
        "has_keyring": find_spec("keyring") is not None and "DBUS_SESSION_BUS_ADDRESS" in os.environ,
    }


def _user_folders(home: Path) -> list[Path]:
    """Return the folders for documents, pictures and the like, by the names that the desktop gave them."""
    try:
        named = _USER_FOLDER.findall((home / ".config/user-dirs.dirs").read_text("utf-8", "surrogateescape"))
    except OSError:
        named = list(_USUAL)
    return [home / name for name in named if (home / name).is_dir()]


def _drives() -> Iterator[dict[str, object]]:
    """Yield the drives on which something can be written, as far as they are mounted where drives mostly are."""
    for mount in mounts_in(MOUNTINFO.read_bytes()):
        is_one = mount.point.startswith(DRIVES) and mount.kind not in PSEUDO_TYPES
        if not is_one or mount.is_read_only or mount.kind.startswith((b"fuse", b"nfs", b"cifs", b"smb", b"overlay")):
            continue  # a server that is gone would let us wait
        if os.path.isdir(mount.point) and os.access(mount.point, os.W_OK):
            room = os.statvfs(mount.point)
            yield {**to_builtins(shown(mount.point)), "free_size": room.f_bavail * room.f_frsize}


def complete(desk: Desk, asked: Typed, call: Call) -> Answers:
    """Yield the folders whose path begins as it was typed; none where nothing can be listed."""
    typed = asked.text.raw
    above, _, name = typed.rpartition(b"/")
    if not typed.startswith((b"/", b"~")) or b"/" not in typed:
        return
    try:
        with os.scandir(os.path.expanduser(above + b"/")) as entries:
            found = sorted(
                entry.name
                for entry in entries
                if entry.name.startswith(name)
                and (name.startswith(b".") or not entry.name.startswith(b"."))
                and entry.is_dir()
            )
    except OSError:
        return
    yield from (to_builtins(shown(above + b"/" + each)) for each in found[:_MOST])


def backends(desk: Desk, asked: Params, call: Call) -> Answers:
    """Yield the ways to a repository."""
    from yester.plugins.backends.listing import listed

    yield from map(to_builtins, listed(desk.places))
