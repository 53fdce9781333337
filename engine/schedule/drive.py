"""When a drive connects, where no systemd runs: a rule for udev(7) and the script that it starts."""

import re
import shlex
from hashlib import sha256

from yester.engine.errors import UsageError
from yester.engine.profiles.profile import Profile
from yester.engine.schedule.escaping import device_link, unit_stem
from yester.engine.schedule.launch import Launch, fingerprint

_PLAIN = re.compile(r"[A-Za-z0-9/._@+-]+")
_PROPERTIES = {"by-uuid": "ID_FS_UUID", "by-partuuid": "ID_PART_ENTRY_UUID", "by-label": "ID_FS_LABEL"}
"""Folder of links → what udev calls that which the links are named after."""
_MARK = "# Written by `yester schedule enable`, made from {made_from}: change the profile, not this file."


def rule_name(profile: str) -> str:
    """Return the name of a profile's file among the rules of udev."""
    return f"90-{unit_stem(profile)}.rules"


def script_name(profile: str) -> str:
    """Return the name of the script that a profile's rule starts: one that needs no quotes anywhere."""
    return f"drive-{sha256(profile.encode('utf-8', 'surrogateescape')).hexdigest()[:16]}.sh"


def drive_rule(profile: Profile, user: str, script: str) -> str:
    """Return the rule that starts the script as `user` when the profile's drive connects.

    UsageError when either has a name that a rule cannot hold: it knows no way to quote.
    """
    for what in (user, script):
        if _PLAIN.fullmatch(what) is None:
            raise UsageError(
                f"A rule of udev's cannot name {what!r}", hint="Keep the configuration where its path is plain."
            )
    folder, _, name = device_link(profile.schedule.drive).partition("/")
    device = f'ACTION=="add", SUBSYSTEM=="block", ENV{{{_PROPERTIES[folder]}}}=="{name}"'
    rule = f'{device}, RUN+="/bin/su {user} -c {script}"\n'
    return f"{_MARK.format(made_from=fingerprint({'rule': rule}))}\n{rule}"


def drive_script(profile: Profile, launch: Launch) -> str:
    """Return the script that waits until the drive is mounted and takes the snapshot.

    It goes on in the background at once, since udev ends what takes long.
    """
    mark = _MARK.format(made_from=fingerprint({"script": _script(profile, launch.anywhere)}))
    return f"#!/bin/sh\n{mark}\n{_script(profile, launch)}"


def _script(profile: Profile, launch: Launch) -> str:
    wait = shlex.join(_text(word) for word in launch.wait_for_drive(profile.schedule.drive))
    snap = shlex.join(_text(word) for word in launch.snap(profile.name))
    exports = "".join(f"export {name}={shlex.quote(_text(value))}\n" for name, value in launch.environment)
    return f"{exports}({wait} && {snap}) >/dev/null 2>&1 &\n"


def _text(word: bytes) -> str:
    return word.decode("utf-8", "surrogateescape")
