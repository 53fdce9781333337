"""The plugin `usb`: drives that are plugged in and pulled out, and the volatile data of a Kolibri."""

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from yester.engine.errors import UsageError, YesterError
from yester.engine.events import Error, MountAfter, MountBefore, RestoreBegin, RestoreEnd, RunBegin
from yester.engine.places import Places
from yester.engine.profiles.profile import Profile
from yester.engine.profiles.reading import load_profile
from yester.plugins.native import Option, Plugin, Row, action, panel
from yester.plugins.usb.drives import Drive
from yester.plugins.usb.kolibri_home import absolute, add_profile, return_databases
from yester.plugins.usb.looking import Room, Sight, answers, look, room_at
from yester.plugins.usb.remembering import Remembered, drive_of, forget, remember, remembered, the_one
from yester.plugins.usb.switching import switch_off, switch_on
from yester.plugins.usb.words import Use, absent, elsewhere, full_title, hindrance, pulled, state, unmounted


@dataclass(frozen=True, slots=True)
class Watched:
    """A drive that a command needs."""

    drive: Drive
    point: bytes
    use: Use


class Usb(Plugin):
    """Drives that are plugged in and pulled out; a Kolibri's data."""

    option_spec: ClassVar[Mapping[str, Option]] = {
        "also": Option("path_list", (), "Devices that count as drives whatever the system thinks of them."),
        "drive_name": Option("string", "", "In a profile: what its drive is called; `remember` writes it."),
        "drive_serial": Option("string", "", "In a profile: its drive's serial number; `remember` writes it."),
    }

    def __init__(self) -> None:
        self._places = Places.default()
        self._profiles = self._places.config / "profiles"
        self._watched: list[Watched] = []

    # Actions and panels

    @panel("drives", "Drives that can be taken away")
    def drives(self) -> list[Row]:
        """Show each drive: where it is, how much room it has, and which profiles wait for it."""
        sight, waiting = self._look(), list(remembered(self._profiles))
        return [_with_profiles(_state_in(sight, drive), drive, waiting) for drive in sight.drives] or [
            Row("No drive is connected that can be taken away")
        ]

    @panel("remembered", "Profiles that start when their drive is plugged in")
    def remembered(self) -> list[Row]:
        """Show each profile that waits for a drive, and whether that is there."""
        sight = self._look()
        return [self._standing(each, sight) for each in remembered(self._profiles)] or [
            Row("No profile waits for a drive")
        ]

    @action("remember", "Start a profile whenever this drive is plugged in", drive="", profile="", enable="yes")
    def remember(self, options: Mapping[str, str]) -> str:
        """Write the drive into the profile and switch its schedule on."""
        drive = the_one(self._look().drives, options["drive"])
        if not drive.identity:
            raise UsageError(
                f"Nothing tells {drive.device} from other drives: it has no UUID, and no label with a serial number",
                hint="Give its file system a label or make it anew.",
            )
        before = remember(self._profiles, _named(options), drive)
        lines = [f"{options['profile']} starts when {full_title(drive)} is plugged in ({drive.identity})"]
        if before is not None and before.schedule.when not in ("off", "drive"):
            lines.append(f"its schedule was {before.schedule.when}, and is no more")
        return "\n".join(lines + (switch_on(options["profile"]) if options["enable"] != "no" else []))

    @action("forget", "Let a profile wait for no drive any more", profile="")
    def forget(self, options: Mapping[str, str]) -> str:
        """Take the drive out of the profile and switch its schedule off."""
        found = drive_of(load_profile(self._profiles, _named(options)))
        if found is None:
            raise UsageError(
                f"The profile {options['profile']} waits for no drive", hint="See: yester plugin run usb remembered"
            )
        lines = switch_off(options["profile"])
        forget(self._profiles, options["profile"])
        return "\n".join([f"{options['profile']} waits for {found.title or found.identity} no more", *lines])

    @action("kolibri", "Add a profile of a Kolibri's volatile data", home="", repository="", profile="kolibri")
    def kolibri(self, options: Mapping[str, str]) -> str:
        """Add a profile of what of a Kolibri can be got nowhere else: all but the channels."""
        return add_profile(self._profiles, options["home"], options["repository"], options["profile"])

    @action(
        "kolibri-return",
        "Put a Kolibri's restored databases in place",
        danger="What it has now is set aside.",
        profile="kolibri",
        home="",
    )
    def kolibri_return(self, options: Mapping[str, str]) -> str:
        """Put databases that were restored in their places in a Kolibri's home, and give it a new identity."""
        home = options["home"] or os.fsdecode(load_profile(self._profiles, options["profile"]).sources[0])
        return "\n".join(return_databases(absolute(home)))

    # What happens

    def on_mount_before(self, event: MountBefore) -> None:
        """Say what keeps the profile's drive from being used."""
        profile = self._profile(event.profile)
        wanted = drive_of(profile) if profile is not None else None
        if profile is not None and wanted is not None:
            self._complain(profile, wanted, event.repository, self._look())

    def on_mount_after(self, event: MountAfter) -> None:
        """Watch the drive that the repository is on."""
        if event.repository.startswith("/"):
            self._watch([os.fsencode(event.repository)], "repository")

    def on_run_begin(self, event: RunBegin) -> None:
        """Watch the drives that are read."""
        self._watch([source.raw for source in event.sources], "source")

    def on_restore_begin(self, event: RestoreBegin) -> None:
        """Watch the drive that is written to."""
        self._watch([event.target.raw], "target")

    def on_restore_end(self, event: RestoreEnd) -> None:
        """Say so when files could not be restored because a drive was taken away."""
        if event.failed:
            self._say_what_is_gone("")

    def on_error(self, event: Error) -> None:
        """Say so when the reason is that a drive was taken away."""
        self._say_what_is_gone(event.profile)

    # What these are made of

    def _look(self) -> Sight:
        return look([str(path) for path in self.options["also"] or ()])

    def _watch(self, paths: list[bytes], use: Use) -> None:
        sight = self._look()
        for path in paths:
            drive = sight.drive_at(path)
            if drive is not None:
                self._watched.append(Watched(drive, sight.points_of(drive)[0], use))

    def _say_what_is_gone(self, profile: str) -> None:
        if not self._watched:
            return
        sight = self._look()
        gone = [each for each in self._watched if not _is_there(each, sight)]
        self._watched = [each for each in self._watched if each not in gone]  # once is enough
        for text in dict.fromkeys(pulled(full_title(each.drive), profile, each.use) for each in gone):
            self.say(text, "error")

    def _profile(self, name: str) -> Profile | None:
        with suppress(YesterError):
            return load_profile(self._profiles, name) if name else None
        return None

    def _complain(self, profile: Profile, wanted: Remembered, repository: str, sight: Sight) -> None:
        drive = next((drive for drive in sight.drives if wanted.is_it(drive)), None)
        if drive is None:
            needed = [*profile.sources, *_local(repository)]
            if not all(map(os.path.exists, needed)):
                self.say(absent(wanted.title, wanted.identity), "warning")
            return
        room = _room(sight, drive)
        if room is None:
            self.say(unmounted(drive), "warning")
        elif hindrance(drive, room):
            self.say(f"The drive {full_title(drive)} {hindrance(drive, room)}", "warning")
        elif repository.startswith("/") and not os.path.exists(repository):
            self.say(elsewhere(drive, room.point, _found_at(room.point, repository), profile.name), "warning")

    def _standing(self, each: Remembered, sight: Sight) -> Row:
        drive = next((drive for drive in sight.drives if each.is_it(drive)), None)
        if drive is None:
            return Row(f"{each.profile}: {absent(each.title, each.identity)}", key=each.profile)
        row = _state_in(sight, drive)
        return Row(f"{each.profile}: {row.text}", row.level, each.profile)


def _named(options: Mapping[str, str]) -> str:
    if not options["profile"]:
        raise UsageError("It is not said which profile", hint="Give profile=; see: yester profile list")
    return options["profile"]


def _local(repository: str) -> list[bytes]:
    return [os.fsencode(repository)] if repository.startswith("/") else []


def _room(sight: Sight, drive: Drive) -> Room | None:
    """Return how a drive stands where it is mounted; None when it is not."""
    points = sight.points_of(drive)
    for point in points:
        with suppress(OSError):
            return room_at(point, sight.mounts)
    return Room(points[0], 0, 0, "does not answer: was it pulled out?") if points else None


def _found_at(point: bytes, repository: str) -> str:
    """Return where on a drive a repository is that was at a path on it before; empty when there is none."""
    parts = Path(repository).parts[1:]
    places = (Path(os.fsdecode(point), *parts[start:]) for start in range(len(parts)))
    found = (str(place) for place in places if (place / "config").is_file())
    return next((place for place in found if place.isprintable()), "")


def _state_in(sight: Sight, drive: Drive) -> Row:
    return state(drive, _room(sight, drive))


def _with_profiles(row: Row, drive: Drive, waiting: list[Remembered]) -> Row:
    names = [each.profile for each in waiting if each.is_it(drive)]
    return Row(f"{row.text}; starts {', '.join(names)}", row.level, row.key) if names else row


def _is_there(each: Watched, sight: Sight) -> bool:
    """Whether a drive is where it was, and answers."""
    drives = [drive for drive in sight.drives if drive.device == each.drive.device]
    return any(each.point in sight.points_of(drive) for drive in drives) and answers(each.point)
