"""Repositories and the ways into them; pure."""

from collections.abc import Mapping
from types import MappingProxyType

from yester.engine.events import Shown
from yester.tui.serve.methods.kinds import Change, Look, Method
from yester.tui.serve.methods.params import Where
from yester.tui.serve.methods.words import on_repository, repository_option, text_of


class NewRepository(Where, frozen=True, kw_only=True):
    """A repository that is to be made."""

    encrypted: bool = True
    """Its passphrase is the line that stands on the descriptor of `--secrets-fd`."""


class KeepPassphrase(Where, frozen=True, kw_only=True):
    """Where runs are to find a passphrase: a file, or the keyring."""

    file: Shown = Shown("")
    """Empty: the keyring."""


class NewKey(Where, frozen=True, kw_only=True):
    """A passphrase to add, which stands on the descriptor of `--secrets-fd`."""

    label: str = ""
    write_only: bool = False
    """With it snapshots are added, and nothing is read."""


class OneKey(Where, frozen=True, kw_only=True):
    """A key, by its id."""

    key: str


def make_repository(asked: NewRepository) -> list[str]:
    """Return `yester init REPO`."""
    options = [] if asked.encrypted else ["--no-encryption"]
    return ["init", *options, "--json", *(["--", asked.repository] if asked.repository else [])]


def keep_passphrase(asked: KeepPassphrase) -> list[str]:
    """Return `yester key keep FILE`."""
    file = text_of(asked.file)
    where = ["--", file] if file else []
    return ["key", "keep", *([] if file else ["--in-keyring"]), *repository_option(asked), *where]


def add_key(asked: NewKey) -> list[str]:
    """Return `yester key add`."""
    only = ["--write-only"] if asked.write_only else []
    label = [f"--label={asked.label}"] if asked.label else []
    return ["key", "add", *only, *label, "--json", *repository_option(asked)]


def remove_key(asked: OneKey) -> list[str]:
    """Return `yester key remove KEY`."""
    return ["key", "remove", "--yes", *repository_option(asked), "--", asked.key]


METHODS: Mapping[str, Method] = MappingProxyType(
    {
        "repositories.create": Change(
            NewRepository,
            make_repository,
            "`repository`, `is_encrypted`, and the `recovery_key`, this once",
            makes_repository=True,
        ),
        "keys.keep": Change(KeepPassphrase, keep_passphrase, "nothing", needs_repository=True),
        "repositories.unlock": Look(
            Where,
            "repositories:unlock",
            "nothing, when the passphrase on the descriptor of `--secrets-fd` opens the repository; it is remembered "
            "until the client is gone",
        ),
        "keys.list": Look(Where, "ways_in:keys", "each key", "yester key list --json"),
        "keys.add": Change(NewKey, add_key, "the key", needs_repository=True, takes_secret=True),
        "keys.recovery": Change(
            Where,
            on_repository("key", "recovery", "--json"),
            "the new recovery key, this once, and which older ones open nothing any more",
            needs_repository=True,
        ),
        "keys.remove": Change(OneKey, remove_key, "nothing", needs_repository=True),
    }
)
