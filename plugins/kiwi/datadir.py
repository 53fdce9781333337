"""Where a client of Kiwi Backup keeps its data: a root, and a target in it (contract 3.1)."""

import os
from pathlib import Path

ROOT_VARIABLE = "KIWI_ALT_DATADIR"
_TARGET = Path("Kiwi-Backup", "backup")
_INFO = "info.json"


def data_folder() -> Path:
    """Return the folder.

    Company and product in `info.json`, in the root or in the usual target, name another target.
    """
    root = _root()
    for info in (root / _INFO, root / _TARGET / _INFO):
        if info.is_file():
            return root / (_named_target(info) or _TARGET)
    return root / _TARGET


def plugins_folder() -> Path:
    """Return the folder of Kiwi's own plugins."""
    return data_folder() / "plugins"


def _root() -> Path:
    said = os.environ.get(ROOT_VARIABLE, "")
    return Path(os.path.abspath(os.path.expanduser(said or "~/.local/share")))


def _named_target(info: Path) -> Path | None:
    """Return the target that a file names; None when it does not name both, or something that is no name."""
    import json

    try:
        said = json.loads(info.read_text("utf-8"))
    except (OSError, ValueError):
        return None
    said_names = [said.get(key) for key in ("companyName", "productName")] if isinstance(said, dict) else []
    names = [name for name in said_names if isinstance(name, str) and name and not {*name} & {"/", "\0"}]
    if len(names) != 2:
        return None
    return None if {"..", "."} & {*names} else Path(*names)
