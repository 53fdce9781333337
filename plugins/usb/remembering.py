"""Profiles that wait for a drive: the drive stands in the profile, so that a profile that is recovered knows it too."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from yester.engine.errors import UsageError
from yester.engine.nearest import did_you_mean
from yester.engine.profiles.changing import Change, changed
from yester.engine.profiles.editing import editing
from yester.engine.profiles.profile import Profile
from yester.engine.profiles.reading import load_profile, parse_profile, profile_names
from yester.plugins.usb.drives import Drive
from yester.plugins.usb.words import full_title

NAME = "usb"


@dataclass(frozen=True, slots=True)
class Remembered:
    """The drive of a profile."""

    profile: str
    identity: str
    title: str = ""
    serial: str = ""

    def is_it(self, drive: Drive) -> bool:
        """Whether that is the drive."""
        return drive.is_same(self.identity, self.serial)


def drive_of(profile: Profile) -> Remembered | None:
    """Return the drive that a profile waits for; None when it waits for none."""
    if profile.schedule.when != "drive":
        return None
    said = profile.plugins.get(NAME, {})
    return Remembered(
        profile.name, profile.schedule.drive, str(said.get("drive_name", "")), str(said.get("drive_serial", ""))
    )


def remembered(folder: Path) -> Iterator[Remembered]:
    """Yield the drives of all profiles that can be read."""
    for name in profile_names(folder):
        try:
            found = drive_of(load_profile(folder, name))
        except UsageError:
            continue  # yester profile check tells of it, and no drive is to wait for that
        if found is not None:
            yield found


def remember(folder: Path, profile: str, drive: Drive) -> Profile | None:
    """Let a profile wait for a drive; return it as it was before, None when it waited for this one already."""
    return _change(
        folder,
        profile,
        (
            Change(("schedule", "when"), "drive"),
            Change(("schedule", "drive"), drive.identity),
            Change(("plugins", NAME, "enabled"), True),
            Change(("plugins", NAME, "drive_name"), full_title(drive)),
            Change(("plugins", NAME, "drive_serial"), drive.serial or None),
        ),
    )


def forget(folder: Path, profile: str) -> None:
    """Let a profile wait for no drive."""
    paths = (
        ("schedule", "when"),
        ("schedule", "drive"),
        ("plugins", NAME, "drive_name"),
        ("plugins", NAME, "drive_serial"),
    )
    _change(folder, profile, [Change(path) for path in paths])


def _change(folder: Path, name: str, changes: Sequence[Change]) -> Profile | None:
    with editing(folder, name) as file:
        text = changed(file.text, changes)
        if text == file.text:
            return None
        before = parse_profile(name, file.text, str(file.path))
        parse_profile(name, text, "with this drive")
        file.replace(text)
    return before


def the_one(drives: Sequence[Drive], wanted: str) -> Drive:
    """Return the drive that a person means by identity, device, label or serial number. UsageError."""
    if not wanted:
        raise UsageError("It is not said which drive", hint=f"Give drive=. {_those(drives)}")
    found = next(filter(None, ([drive for drive in drives if name(drive) == wanted] for name in _NAMES)), [])
    if not found:
        raise UsageError(f"No drive {wanted} is connected", hint=_those(drives))
    devices = ", ".join(drive.device for drive in found)
    if len({drive.device for drive in found}) > 1:
        raise UsageError(f"Several drives are {wanted}: {devices}", hint="Give drive= by its device.")
    twins = [drive.device for drive in drives if drive.identity and drive.identity == found[0].identity]
    if len(twins) > 1:
        raise UsageError(
            f"{' and '.join(twins)} cannot be told from each other: both are {found[0].identity}",
            hint="One is a copy of the other: give it a UUID of its own (tune2fs -U random, mlabel -n, ntfslabel).",
        )
    return found[0]


_NAMES: Sequence[Callable[[Drive], str]] = (
    lambda drive: drive.identity,
    lambda drive: drive.device,
    lambda drive: drive.label,
    lambda drive: drive.serial,
)


def _those(drives: Sequence[Drive]) -> str:
    names = [drive.label or drive.device for drive in drives]
    return did_you_mean("", names) or "See: yester plugin run usb drives"
