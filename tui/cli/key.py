"""yester key: the ways into a repository."""

import os
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import asdict
from pathlib import Path
from typing import TypeVar

import click

from yester.engine.errors import RepositoryError, UsageError
from yester.engine.places import Places
from yester.engine.repository import Repository
from yester.engine.sealed.keyslots import SlotKind
from yester.engine.secrets import SecretSource, find_secret, keep_in_keyring
from yester.engine.ways_in import (
    NewWay,
    Way,
    add_recovery,
    add_way,
    lost_by_rotation,
    opened_by,
    remove_way,
    replace_way,
    rotate,
    way_meant,
    ways_in,
)
from yester.tui.cli.asking import confirm, new_passphrase_prompt
from yester.tui.cli.groups import Group
from yester.tui.cli.json_output import echo_json
from yester.tui.cli.opening import Access, renamed_variables, repository_place, secret_of, store_at
from yester.tui.cli.options import access, as_json
from yester.tui.cli.visiting import visited
from yester.tui.cli.wording import moment, one_line, table

_F = TypeVar("_F", bound=Callable[..., object])

_NEW_OPTIONS = (
    "Set YESTER_NEW_PASSPHRASE, YESTER_NEW_PASSPHRASE_FILE or YESTER_NEW_PASSPHRASE_COMMAND, "
    "or give --new-passphrase-file or --new-passphrase-command."
)
_KINDS = {str(SlotKind.PUBLIC): "write-only", str(SlotKind.NONE): "not encrypted"}

_RECOVERY = """
Recovery key, shown this once:

    {key}

Write it down, or print it, and keep it where a fire or a thief in this place would not find it too."""


@click.group("key", cls=Group, short_help="List and change the keys that open a repository.")
def command() -> None:
    """List and change the keys that open a repository: passphrases and recovery keys.

    A key is named by its id, as `yester key list` shows it, or by its label.
    """


def _new_secret(function: _F) -> _F:
    """Add the options that say where the new passphrase is."""
    options = (
        click.option("--new-passphrase-file", metavar="FILE", default="", help="Read the new passphrase from a file."),
        click.option(
            "--new-passphrase-command", metavar="COMMAND", default="", help="Read the new passphrase from a program."
        ),
    )
    for option in reversed(options):
        function = option(function)
    return function


class _Opened:
    """The repository, and the secret that was given for it."""

    def __init__(self, repository: str | None, passphrase_file: str, passphrase_command: str, keyring: bool) -> None:
        places = Places.default()
        asked = Access(repository, passphrase_file, passphrase_command, keyring)
        place = repository_place(asked.repository, None, places)
        given = secret_of(place, asked)
        self.secret: bytes | None = None

        def kept() -> bytes:
            self.secret = given()
            return self.secret

        self.place = place
        opening = visited("key", asked, places, opening=lambda: Repository.open(store_at(place), kept, places=places))
        with ExitStack() as visit:
            self.repository: Repository = visit.enter_context(opening)
            self.repository.unlock()
            self._visit = visit.pop_all()

    def refuse_unencrypted(self) -> None:
        """UsageError when the key lies in clear: nothing that is added would protect anything."""
        if self.secret is None:
            raise UsageError(
                f"The repository at {self.place} is not encrypted: its key lies in clear beside it",
                hint="Make an encrypted one with yester init, and copy to it: yester copy --all --to REPO",
            )

    def new_secret(self, file: str, program: str) -> bytes:
        """Return the passphrase that is to be added."""
        named = (SecretSource(file, program),)
        try:
            return find_secret(self.place, named, renamed_variables("YESTER_NEW_"), new_passphrase_prompt())
        except RepositoryError:
            raise RepositoryError(
                "No new passphrase is given, and there is no terminal to ask for it", hint=_NEW_OPTIONS
            ) from None

    def close(self) -> None:
        """Let go of the store."""
        self._visit.close()


@command.command("list", short_help="List the keys.")
@as_json
@access
def list_keys(as_json: bool, **asked: object) -> None:
    """List the keys: what they are, when they were made, and which one opened the repository now."""
    with closing(_Opened(**asked)) as opened:  # type: ignore[arg-type]
        ways = ways_in(opened.repository)
    if as_json:
        echo_json([*map(way_as_json, ways)])
        return
    rows = [("id", "kind", "made", "label", "")] + [_row(way) for way in ways]
    click.echo("\n".join(table(rows)))


def way_as_json(way: Way) -> dict[str, object]:
    """Return a key as `--json` shows it."""
    fields = asdict(way)
    del fields["name"]
    return {"key": way.name.partition(".")[2], **fields}


def _row(way: Way) -> tuple[str, str, str, str, str]:
    if way.problem:
        return way.id, "?", "", "", way.problem
    remark = "in use now" if way.in_use else ""
    return way.id, _KINDS.get(way.kind, way.kind), moment(way.created_ns), way.label, remark


@command.command("add", short_help="Add a passphrase.")
@click.option("--label", default="", help="A name for it, shown where keys are listed.")
@click.option("--write-only", is_flag=True, help="With it snapshots are added, and nothing is read.")
@_new_secret
@as_json
@access
def add(
    label: str,
    write_only: bool,
    new_passphrase_file: str,
    new_passphrase_command: str,
    as_json: bool,
    **asked: object,
) -> None:
    """Add a passphrase that opens the repository too; with --write-only one that only adds snapshots to it.

    A machine that has only a write-only passphrase cannot read what is stored, its own contents included. That it does
    not delete either, the store must see to: see "Machines that only add" in the user guide.
    """
    with closing(_Opened(**asked)) as opened:  # type: ignore[arg-type]
        opened.refuse_unencrypted()
        secret = opened.new_secret(new_passphrase_file, new_passphrase_command)
        kind = SlotKind.PUBLIC if write_only else SlotKind.PASSPHRASE
        way = add_way(opened.repository, NewWay(kind, secret, label))
    if as_json:
        echo_json(way_as_json(way))
        return
    click.echo(f"key added: {way.id}{_labelled(way)}")


def _labelled(way: Way) -> str:
    return f" ({one_line(way.label)})" if way.label else ""


@command.command("remove", short_help="Remove a key.")
@click.argument("key")
@click.option("--in-use", is_flag=True, help="Remove it although it is the one that is used now.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@access
def remove(key: str, in_use: bool, yes: bool, **asked: object) -> None:
    """Remove a key: it opens the repository no more.

    Whoever has a copy of the key object and the passphrase can still open what is stored until now, and what is stored
    later too unless the key is rotated: yester key rotate.
    """
    with closing(_Opened(**asked)) as opened:  # type: ignore[arg-type]
        way = way_meant(ways_in(opened.repository), key)
        if way.in_use and not in_use:
            raise UsageError(
                f"{way.id}{_labelled(way)} is the key that is used now",
                hint="To remove it all the same, say so with --in-use.",
            )
        confirm(f"Remove the key {way.id}{_labelled(way)} ({_KINDS.get(way.kind, way.kind)})?", yes=yes)
        remove_way(opened.repository, way)
    click.echo(f"key removed: {way.id}{_labelled(way)}")


@command.command("change", short_help="Change a passphrase.")
@_new_secret
@access
def change(new_passphrase_file: str, new_passphrase_command: str, **asked: object) -> None:
    """Change the passphrase that is used now for a new one; its label stays."""
    with closing(_Opened(**asked)) as opened:  # type: ignore[arg-type]
        opened.refuse_unencrypted()
        [old] = [way for way in ways_in(opened.repository) if way.in_use]
        secret = opened.new_secret(new_passphrase_file, new_passphrase_command)
        new = replace_way(opened.repository, old, NewWay(SlotKind.PASSPHRASE, secret, old.label))
    click.echo(f"passphrase changed: {old.id} -> {new.id}{_labelled(new)}")


@command.command("recovery", short_help="Make a new recovery key.")
@click.option("--keep-old", is_flag=True, help="Let earlier recovery keys open the repository too.")
@as_json
@access
def recovery(keep_old: bool, as_json: bool, **asked: object) -> None:
    """Make a new recovery key and show it, this once; earlier ones open nothing any more."""
    with closing(_Opened(**asked)) as opened:  # type: ignore[arg-type]
        opened.refuse_unencrypted()
        old = [way for way in ways_in(opened.repository) if way.kind == SlotKind.RECOVERY]
        key, way = add_recovery(opened.repository)
        going = [] if keep_old else old
        if as_json:
            echo_json({**way_as_json(way), "recovery_key": key, "removed": [each.id for each in going]})
        else:
            click.echo(_RECOVERY.format(key=key))
        for each in going:
            remove_way(opened.repository, each)
    if as_json:
        return
    click.echo(f"\nrecovery key added: {way.id}")
    if going:
        click.echo(f"removed: {', '.join(each.id for each in going)}")


@command.command("keep", short_help="Keep the passphrase where runs find it.")
@click.argument("file", metavar="[FILE]", required=False)
@click.option("--in-keyring", is_flag=True, help="Keep it in the keyring.")
@access
def keep(file: str | None, in_keyring: bool, **asked: object) -> None:
    """Keep the passphrase that opens the repository in FILE, which you alone can read, or in the keyring.

    Runs that start by themselves find it there once the profile says so: passphrase_file = FILE, or keyring = true.
    """
    if (file is not None) == in_keyring:
        raise UsageError("Either a file or --in-keyring must be given", hint="For example: yester key keep FILE")
    with closing(_Opened(**asked)) as opened:  # type: ignore[arg-type]
        opened.refuse_unencrypted()
        assert opened.secret is not None
        if file is None:
            keep_in_keyring(opened.place, opened.secret.decode("utf-8", "surrogateescape"))
            click.echo("passphrase kept in the keyring; profiles find it with keyring = true")
            return
        path = Path(file).expanduser().absolute()
        _keep_in(path, opened.secret)
    click.echo(f"passphrase kept: {one_line(str(path))}; profiles find it with passphrase_file = that path")


def _keep_in(path: Path, secret: bytes) -> None:
    """Write the passphrase into a file that nobody else reads; one that says something else is not touched."""
    content = secret + b"\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        if _content(path, len(content) + 1) != content:
            raise UsageError(f"{path} is there already, and says something else", hint="Name another file.") from None
        return
    except OSError as problem:
        raise UsageError(f"{path} cannot be written: {problem.strerror}", hint="Name another file.") from None
    with open(descriptor, "wb") as kept:
        kept.write(content)
        kept.flush()
        os.fsync(descriptor)


def _content(path: Path, most: int) -> bytes:
    """Return the beginning of what is in a file; nothing where it cannot be read."""
    try:
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            return file.read(most)
    except OSError:
        return b""


@command.command("rotate", short_help="Seal what comes from now on under a new key.")
@click.option(
    "--keep-passphrase-file",
    "kept_files",
    metavar="FILE",
    multiple=True,
    help="Keep this passphrase too; may be given several times.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@_new_secret
@access
def rotate_keys(
    kept_files: tuple[str, ...], yes: bool, new_passphrase_file: str, new_passphrase_command: str, **asked: object
) -> None:
    """Seal all that is stored from now on under a new key, which only the passphrases opens that are given here.

    The passphrase in use stays, as do those of --keep-passphrase-file; every other one goes, for the new key cannot be
    sealed for a passphrase that is not at hand; add it again with yester key add. A new recovery key is shown. What
    is stored already stays readable to whoever kept an old key. Opened with a recovery key, give a new passphrase.
    """
    with closing(_Opened(**asked)) as opened:  # type: ignore[arg-type]
        opened.refuse_unencrypted()
        kept, names = _kept(opened, kept_files, new_passphrase_file, new_passphrase_command)
        lost = lost_by_rotation(ways_in(opened.repository), names)
        for way in lost:
            click.echo(f"opens nothing any more: {way.id} ({_KINDS.get(way.kind, way.kind)}){_labelled(way)}")
        if lost:
            confirm("Rotate the key, and let these go?", yes=yes)
        key = rotate(opened.repository, kept)
    click.echo(_RECOVERY.format(key=key))
    click.echo("\nkey rotated; programs that have the repository open go on under the old key until they are restarted")


def _kept(opened: _Opened, files: tuple[str, ...], new_file: str, new_command: str) -> tuple[list[NewWay], list[str]]:
    """Return the passphrases that are to open the repository after a rotation, and the slots that they have now."""
    repository = opened.repository
    [used] = [way for way in ways_in(repository) if way.in_use]
    if used.kind == SlotKind.PASSPHRASE:
        assert opened.secret is not None
        kept, names = [NewWay(SlotKind.PASSPHRASE, opened.secret, used.label)], [used.name]
    else:
        kept, names = [NewWay(SlotKind.PASSPHRASE, opened.new_secret(new_file, new_command))], []
    for file in files:
        secret = find_secret(opened.place, (SecretSource(file),), {}, None)
        way = opened_by(repository, secret)
        if way is None:
            raise UsageError(
                f"The passphrase in {file} does not open the repository", hint="Add it afterwards: yester key add"
            )
        if way.name not in names:
            kept.append(NewWay(SlotKind.PASSPHRASE, secret, way.label))
            names.append(way.name)
    return kept, names
