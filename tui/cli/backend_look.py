"""yester backend look: whether a place can be reached, and what lies there: a look before a repository is made."""

import os
from contextlib import closing
from typing import TYPE_CHECKING, Any

import click

from yester.engine.capture.mounts import MOUNTINFO
from yester.engine.errors import Missing, RepositoryError, StoreError
from yester.engine.events import clean
from yester.engine.mountinfo import lacks_drive, mounts_in
from yester.engine.places import Places
from yester.engine.profiles.reading import load_profile
from yester.engine.sealed.config import CONFIG_NAME
from yester.engine.sealed.unlocking import needs_secret
from yester.tui.cli.json_output import echo_json
from yester.tui.cli.opening import repository_place, stated_at
from yester.tui.cli.options import as_json
from yester.tui.cli.wording import one_line, size

if TYPE_CHECKING:
    from pathlib import Path

    from yester.engine.store import Store


@click.command("look", short_help="See whether a place is reached, and what lies there.")
@click.argument("place", metavar="URL")
@click.option("--profile", "of_profile", metavar="NAME", help="With the options of backends of this profile.")
@as_json
def look(place: str, of_profile: str | None, as_json: bool) -> None:
    """See whether the folder or the server at URL is reached, and whether a repository lies there already.

    Where none does, a few small objects are put, read and deleted again; yester backend test does much more. Exit code
    6: it cannot be reached, or no repository can lie there.
    """
    places = Places.default()
    where = repository_place(place, None, places)
    profile = load_profile(places.config / "profiles", of_profile) if of_profile is not None else None
    found = _looked(where, stated_at(where, profile), places)
    if as_json:
        echo_json(found)
        return
    click.echo(f"{one_line(where)} is reached")
    if found["is_repository"]:
        how = "asks for a passphrase" if found["is_encrypted"] else "is not encrypted"
        click.echo(f"a repository lies there already; it {how}")
    else:
        click.echo("it gives back what it is given: a repository can be made there")
    if found["free_size"] is not None:
        click.echo(f"{size(found['free_size'])} are free there")
    if found["lacks_drive"]:
        click.echo("no drive is mounted there: it would lie on this machine's own disk")


def _looked(where: str, stated: Any, places: Places) -> dict[str, Any]:
    from yester.plugins.backends.registry import open_store

    with closing(open_store(where, create=True, stated=stated)) as store:
        try:
            is_repository = _is_there(store)
            is_encrypted = is_repository and needs_secret({name: store.get(name) for name in store.list("key.")})
            if not is_repository:
                _try(store, places)
        except StoreError as problem:
            raise RepositoryError(problem.what, hint=problem.hint) from None
        folder = store.folder
        room = os.statvfs(folder) if folder is not None else None
        is_bare = folder is not None and _lacks_drive(folder)
    return {
        "place": clean(where),
        "is_repository": is_repository,
        "is_encrypted": is_encrypted,
        "free_size": room.f_bavail * room.f_frsize if room is not None else None,
        "lacks_drive": is_bare,
    }


def _lacks_drive(folder: "Path") -> bool:
    return lacks_drive(os.fsencode(os.path.realpath(folder)), mounts_in(MOUNTINFO.read_bytes()))


def _is_there(store: "Store") -> bool:
    try:
        store.query(CONFIG_NAME)
    except Missing:
        return False
    return True


def _try(store: "Store", places: Places) -> None:
    """Put something there and take it away again. StoreError."""
    from yester.plugins.backends.proving.probing import probe
    from yester.plugins.backends.proving.proved import learned

    probed = probe(store, places)
    if probed is not None and not store.capabilities.local:
        learned(store, probed, places)
