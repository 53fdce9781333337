"""A systemd service that mounts: its text, and the words in it."""

import os
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from yester.engine.schedule.escaping import environment_line, exec_line, plain_line, unit_escape
from yester.engine.schedule.launch import Launch
from yester.engine.schedule.systemd import unit_text

_CREDENTIAL = "LoadCredential"


def unit_of_mount(
    launch: Launch, mountpoint: Path, repository: str, words: Sequence[str], *, is_root: bool, knows_secret: bool
) -> str:
    """Return the text of a service that runs `yester mount WORDS MOUNTPOINT` when the machine, or the session, starts.

    `repository` is a folder or URL; `knows_secret`: the words say where the passphrase is.
    """
    place = os.path.abspath(mountpoint)
    name = f"yester-mount-{unit_escape(place.strip('/'))}.service"
    folder, manager = ("/etc/systemd/system", "") if is_root else ("~/.config/systemd/user", " --user")
    head = [f"# Save as {folder}/{name}, then: systemctl{manager} enable --now {shlex.quote(name)}"]
    if not knows_secret:
        head.append("# If the repository is encrypted, say where the passphrase is (--passphrase-file …), or here:")
        head.append(f"# {_CREDENTIAL}=yester.passphrase:/path/to/file in [Service]")
    local = "://" not in repository
    text = unit_text(
        (
            "Unit",
            [
                ("Description", f"yester: snapshots at {plain_line(place)}"),
                ("Wants", "" if local else "network-online.target"),
                ("After", "" if local else "network-online.target"),
                ("RequiresMountsFor", _paths([os.path.dirname(place), *([repository] if local else [])])),
            ],
        ),
        (
            "Service",
            [
                ("Type", "forking"),
                *(("Environment", environment_line(*variable)) for variable in launch.environment),
                ("ExecStart", exec_line([*launch.program, b"mount", *map(os.fsencode, words), os.fsencode(place)])),
                ("ExecStop", exec_line([*launch.program, b"umount", os.fsencode(place)])),
            ],
        ),
        ("Install", [("WantedBy", "multi-user.target" if is_root else "default.target")]),
    )
    return "\n".join(head) + "\n\n" + text


def _paths(paths: Sequence[str]) -> str:
    # Unlike in ExecStart, of `\\x20` and `\\n` the backslash alone is taken away: what has a newline cannot be said.
    shown = [path.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%") for path in paths if "\n" not in path]
    return " ".join(f'"{path}"' if set(path) & set(" \t'\"") else path for path in shown)


def words_of(given: Mapping[str, object]) -> list[str]:
    """Return options as they were given, by the parameter's option: True for a flag. Paths are made absolute."""
    words: list[str] = []
    for option, value in given.items():
        words.append(option)
        if value is not True:
            text = str(value)
            is_file = option == "--passphrase-file" or (option == "--repo" and "://" not in text)
            words.append(os.path.abspath(os.path.expanduser(text)) if is_file else text)
    return words
