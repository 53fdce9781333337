"""Where duplicity's backend files lie: a folder of one's own, and a duplicity that is installed. Imports nothing."""

import os
from collections.abc import Iterator
from pathlib import Path

from yester.engine.errors import UsageError
from yester.engine.places import Places
from yester.plugins.found import folder_of, listed
from yester.plugins.module_files import module_file
from yester.plugins.trust import check_trust

WORLD = "duplicity"
STAND_IN = Path(__file__).parent / "stand_in"
"""What backend files import of duplicity."""
ENDING = "backend.py"
SYSTEM = Path("/usr/lib/python3/dist-packages/duplicity")
"""Where distributions install duplicity for a Python that need not be the one that runs yester."""

_INSTALL = "pip install 'yester[duplicity]', or your distribution's duplicity, or put files of your own into "


def backend_folders(places: Places, stated: str = "") -> list[Path]:
    """Return the folders of backend files; of two files of one name the first folder's counts.

    `stated` is a folder, or a duplicity package, instead of the one that is installed. UsageError: none, or one that
    others could have written into.
    """
    own = folder_of(places, WORLD)
    folders = [folder for folder in (own, *_chosen(stated)) if backend_files(folder)]
    if not folders:
        raise UsageError("There are no backend files of duplicity here", hint=f"Install them: {_INSTALL}{own}.")
    for folder in folders:
        check_trust(folder)
    return folders


def backend_files(folder: Path) -> list[Path]:
    """Return the backend files in a folder, sorted; none when it is not there. UsageError when it cannot be read."""
    return [path for path in listed(folder) if path.name.endswith(ENDING)]


def _chosen(stated: str) -> Iterator[Path]:
    if stated:
        given = Path(stated).expanduser()
        folder = next((each for each in (given / "backends", given) if backend_files(each)), None)
        if folder is None:
            raise UsageError(f"{given} holds no file whose name ends in {ENDING}")
        yield folder
        return
    for package in (module_file(WORLD), SYSTEM):
        if package is not None and os.path.isdir(package / "backends"):
            yield package / "backends"
            return
