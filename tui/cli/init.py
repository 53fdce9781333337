"""yester init: make a repository."""

import os
import sys
from contextlib import closing

import click

from yester.engine.events import clean
from yester.engine.founding import refuse_taken
from yester.engine.places import Places
from yester.engine.repository import Repository
from yester.engine.secrets import SecretSource, find_secret, keep_in_keyring
from yester.engine.store import Store
from yester.engine.ways_in import add_recovery
from yester.tui.cli.asking import new_passphrase_prompt, passphrase_prompt
from yester.tui.cli.json_output import echo_json
from yester.tui.cli.opening import Access, renamed_variables, repository_place, store_at
from yester.tui.cli.options import as_json, secret_options
from yester.tui.cli.wording import one_line

_RECOVERY = """
Recovery key, shown this once:

    {key}

It opens the repository when the passphrase is lost. Write it down, or print it, and keep it
where a fire or a thief in this place would not find it too. Without passphrase and recovery
key nobody can ever read the repository again."""


@click.command("init", short_help="Make a repository.")
@click.argument("place", metavar="[REPO]", required=False)
@click.option("--no-encryption", is_flag=True, help="Make it readable without a passphrase.")
@click.option(
    "--like", metavar="REPO", help="Share ids and chunks with another repository, for copies between the two."
)
@click.option("--like-passphrase-file", metavar="FILE", default="", help="Read the passphrase of --like from a file.")
@click.option(
    "--like-passphrase-command", metavar="COMMAND", default="", help="Read the passphrase of --like from a program."
)
@click.option("--like-keyring", is_flag=True, help="Look for the passphrase of --like in the keyring.")
@click.option("--label", default="", help="A name for this passphrase, shown where keys are listed.")
@as_json
@secret_options
def command(
    place: str | None,
    no_encryption: bool,
    like: str | None,
    like_passphrase_file: str,
    like_passphrase_command: str,
    like_keyring: bool,
    label: str,
    as_json: bool,
    passphrase_file: str,
    passphrase_command: str,
    keyring: bool,
) -> None:
    """Make a repository at REPO, a folder or a URL, or at the default place.

    With --json the recovery key is printed as well: it is shown this once.
    """
    places = Places.default()
    access = Access(place, passphrase_file, passphrase_command, keyring)
    where = repository_place(place, None, places)
    with closing(store_at(where, create=True)) as store:
        refuse_taken(store)  # before anybody has thought of a passphrase
        tried = _tried_out(store, places)
        model = None
        if like is not None:
            stated = SecretSource(like_passphrase_file, like_passphrase_command, like_keyring)
            model = _opened_model(like, (stated, access.source), places)
            model.unlock()
        secret = None if no_encryption else _new_secret(where, access)
        repository = Repository.create(tried, secret, places=places, like=model, label=label)
        if not as_json:
            click.echo(f"repository made: {one_line(where)} ({'not encrypted' if secret is None else 'encrypted'})")
        recovery_key = ""
        if secret is not None:
            if keyring:
                keep_in_keyring(where, secret.decode("utf-8", "surrogateescape"))
            recovery_key = add_recovery(repository)[0]
    if as_json:
        echo_json({"repository": clean(where), "is_encrypted": secret is not None, "recovery_key": recovery_key})
        return
    if recovery_key:
        click.echo(_RECOVERY.format(key=recovery_key))
    click.echo("\nnext: yester profile add NAME FOLDER" + _repo_option(where, places))


def _tried_out(store: Store, places: Places) -> Store:
    """Find out what a store does besides what it must, and remember it. StoreError when it takes nothing."""
    if store.capabilities.local:
        return store
    from yester.plugins.backends.proving.probing import probe
    from yester.plugins.backends.proving.proved import ProvedStore, learned

    if sys.stderr.isatty():
        click.echo("trying out what the store can do ...", err=True)
    probed = probe(store, places)
    if probed is None:
        return store
    learned(store, probed, places)
    return ProvedStore(store, probed)


def _opened_model(like: str, stated: tuple[SecretSource, ...], places: Places) -> Repository:
    """Open the repository that the new one is to be like; YESTER_LIKE_PASSPHRASE… comes before YESTER_PASSPHRASE…."""
    place = repository_place(like, None, places)
    environment = renamed_variables("YESTER_LIKE_") or os.environ
    return Repository.open(
        store_at(place), lambda: find_secret(place, stated, environment, passphrase_prompt(place)), places=places
    )


def _new_secret(where: str, access: Access) -> bytes:
    """Return the passphrase that a new repository is to have; the keyring is where it goes, not where it is from."""
    named = SecretSource(access.passphrase_file, access.passphrase_command)
    return find_secret(where, (named,), os.environ, new_passphrase_prompt())


def _repo_option(where: str, places: Places) -> str:
    return "" if where == repository_place(None, None, places) else f" --repo {one_line(where)}"
