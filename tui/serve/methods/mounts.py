"""Mounts; pure."""

from collections.abc import Mapping
from types import MappingProxyType

from yester.engine.events import Shown
from yester.tui.serve.methods.kinds import Change, Look, Method
from yester.tui.serve.methods.params import Params, Where
from yester.tui.serve.methods.words import repository_option, text_of


class Mount(Where, frozen=True, kw_only=True):
    """A folder to show snapshots at."""

    mountpoint: Shown
    snapshot: str = ""
    """Only this one."""
    make_folder: bool = False
    """The folder is made if it is not there."""


class Mountpoint(Params, frozen=True, kw_only=True):
    """A folder at which snapshots are shown."""

    mountpoint: Shown


class Unmounting(Mountpoint, frozen=True, kw_only=True):
    """A mount to take away."""

    lazy: bool = False
    """Also while programs use it: it is gone from sight, and ends when the last lets go."""


class Mounted(Mountpoint, frozen=True, kw_only=True):
    """A snapshot in a mount."""

    snapshot: str
    """Its whole id."""


def mount(asked: Mount) -> list[str]:
    """Return `yester mount FOLDER`."""
    only = [f"--snapshot={asked.snapshot}"] if asked.snapshot else []
    make = ["--make-folder"] if asked.make_folder else []
    return ["mount", *only, *make, *repository_option(asked), "--", text_of(asked.mountpoint)]


def unmount(asked: Unmounting) -> list[str]:
    """Return `yester umount FOLDER`."""
    return ["umount", *(["--lazy"] if asked.lazy else []), "--", text_of(asked.mountpoint)]


def clean_mounts(asked: Params) -> list[str]:
    """Return `yester mounts --clean`."""
    return ["mounts", "--clean", "--json"]


METHODS: Mapping[str, Method] = MappingProxyType(
    {
        "mounts.list": Look(Params, "mounts:mounts", "each mount", "yester mounts --json"),
        "mounts.path": Look(
            Mounted,
            "mounts:path_of",
            "one item: the folder of a snapshot in a mount; that of the mount, where it does not show the snapshot",
        ),
        "mounts.add": Change(Mount, mount, "nothing", needs_repository=True),
        "mounts.remove": Change(Unmounting, unmount, "nothing"),
        "mounts.clean": Change(Params, clean_mounts, "the mounts that were taken away"),
    }
)
