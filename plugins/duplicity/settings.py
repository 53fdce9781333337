"""duplicity's settings as options of yester's: each has the name that duplicity gives it, and its default."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from runpy import run_path
from typing import Any

from yester.plugins.duplicity.files import STAND_IN
from yester.plugins.options.spec import Option

_KINDS = {bool: "boolean", int: "integer", str: "string", type(None): "string"}
_RENAMED = {"timeout": "connection_timeout"}
"""`timeout` is an option that all backends have, for whole calls."""
_ABOUT = {
    "num_retries": "How often what a backend uses inside is tried, as multi's stores are; and lftp's own attempts.",
    "backend_retry_delay": "Seconds between those attempts.",
    "timeout": "Seconds that a connection may be silent.",
    "fatal_errors_exit": "Whether the last of those attempts ends the program, as before duplicity 3.2.",
    "ssh_options": "Options for ssh, such as -oIdentityFile=/home/me/.ssh/backup.",
    "rsync_options": "Options for rsync.",
    "ftp_connection": "passive or regular.",
}
_NOT = ("copy_links", "force", "fsencoding", "progress", "put_fail_volume", "temproot", "volsize")
"""What is no setting of a backend, or nothing that a person should set."""

_CONFIG: Mapping[str, Any] = {
    name: value
    for name, value in run_path(str(STAND_IN / "duplicity" / "config.py")).items()
    if not name.startswith("_") and type(value) in _KINDS and name not in _NOT
}

SETTINGS: Mapping[str, Option] = {
    "files": Option("path", "", "A folder of backend files, instead of the duplicity that is installed."),
    "verbosity": Option("integer", 3, "How much backends say, as duplicity counts it.", least=0, most=9),
    **{
        _RENAMED.get(name, name): Option(_KINDS[type(value)], value, _ABOUT.get(name, "A setting of duplicity."))
        for name, value in _CONFIG.items()
    },
}


def settings_of(folders: Sequence[Path], options: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the world is opened with."""
    said = {name: options[_RENAMED.get(name, name)] for name in _CONFIG}
    return {
        "folders": [str(folder) for folder in folders],
        "config": {name: value for name, value in said.items() if value != _CONFIG[name]},
        "verbosity": options["verbosity"],
    }
