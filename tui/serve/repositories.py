"""Repositories that stay open while a client looks at them, and the passphrases that a person gave for them.

Each is used by one thread at a time; a search has a lock of its own, and waits for no listing. A passphrase comes on a
descriptor (secrets.py), is kept in memory alone, and goes to commands on a descriptor too.
"""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NoReturn

from yester.engine.errors import RepositoryError, UsageError, WrongSecret
from yester.engine.places import Places
from yester.engine.secrets import SecretSource, find_secret, not_in_keyring
from yester.tui.serve.app import AppPlugins
from yester.tui.serve.call import Answers, Call
from yester.tui.serve.methods.params import Where
from yester.tui.serve.secrets import GivenSecrets

if TYPE_CHECKING:
    from yester.engine.catalogue.catalogue import Catalogue
    from yester.engine.profiles.profile import Profile
    from yester.engine.repository import Repository
    from yester.tui.serve.desk import Desk


class NeedsPassphrase(RepositoryError):
    """Nobody gave the passphrase; a person may."""


def unlock(desk: "Desk", asked: Where, call: Call) -> Answers:
    """Open the repository with the passphrase that stands on the descriptor, and remember it if it does."""
    desk.repositories.unlock(asked, call)
    yield from ()


@dataclass(slots=True)
class _Open:
    """A repository that is open."""

    repository: "Repository"
    profile: "Profile | None"
    stamp: object = None
    """Which folder it was opened in."""
    lock: threading.Lock = field(default_factory=threading.Lock)
    searching: threading.Lock = field(default_factory=threading.Lock)
    catalogue: "Catalogue | None" = None

    def close(self) -> None:
        """Close it, once nobody uses it."""
        if self.catalogue is not None:
            self.catalogue.interrupt()
        with self.searching, self.lock:
            if self.catalogue is not None:
                self.catalogue.close()
            self.repository.close()


@dataclass(slots=True)
class _Slot:
    """A place, where a repository may be open. Who opens one far away lets those wait who want it, and no others."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    kept: _Open | None = None


class Repositories:
    """What is open. Any thread may call."""

    def __init__(self, places: Places, plugins: AppPlugins, secrets: int | None) -> None:
        self._places, self._plugins = places, plugins
        self._secrets = GivenSecrets(secrets)
        self._lock = threading.Lock()
        self._slots: dict[str, _Slot] = {}
        self._given: dict[str, bytes] = {}

    def place_of(self, asked: Where) -> str:
        """Return the repository that is meant. UsageError: there is no such profile."""
        return self._meant(asked)[0]

    def secret(self, place: str, profile: str = "") -> bytes | None:
        """Return the passphrase that a person gave for the repository at a place, else the one that a profile names.

        A command that names the repository alone knows of no profile. None: whoever needs it asks a person.
        """
        given, said = self._given.get(place), _said(self._meant(Where(profile=profile))[1])
        if given is not None or said == SecretSource():
            return given
        try:
            return _kept(place, said)
        except NeedsPassphrase:
            return None  # a repository without encryption needs none

    def lack(self, place: str, profile: str = "") -> str:
        """Return why there is no passphrase for the repository at a place: of where it is kept, what is wrong."""
        try:
            _kept(place, _said(self._meant(Where(profile=profile))[1]))
        except NeedsPassphrase as lack:
            return lack.what
        return unopened(place)

    @contextmanager
    def using(self, asked: Where) -> "Iterator[Repository]":
        """Have the repository for the block, alone. NeedsPassphrase, RepositoryError, UsageError."""
        kept = self._open(asked)
        with kept.lock:
            yield kept.repository

    @contextmanager
    def searching(self, asked: Where, call: Call) -> "Iterator[Catalogue]":
        """Have the catalogue for the block, brought up to date; what is cancelled ends at once."""
        from yester.engine.catalogue.catalogue import Catalogue

        kept = self._open(asked)
        with kept.searching:
            call.check()
            if kept.catalogue is None:
                kept.catalogue = Catalogue.open(kept.repository)
            with call.stopped_by(kept.catalogue.interrupt):
                kept.catalogue.update()
                yield kept.catalogue

    def unlock(self, asked: Where, call: Call) -> None:
        """Read a passphrase and open the repository with it."""
        [secret] = self.given(1, call)
        place, profile = self._meant(asked)
        self._opened(place, profile, lambda: secret).unlock()
        self._given[place] = secret

    def given(self, count: int, call: Call) -> list[bytes]:
        """Return the passphrases that stand on the descriptor; waits for them. UsageError: they are none."""
        return self._secrets.take(count, call)

    def remember(self, place: str, secret: bytes) -> None:
        """Keep the passphrase of the repository at a place, until the client is gone."""
        self._given[place] = secret

    def close(self) -> None:
        """Close all."""
        with self._lock:
            slots, self._slots = [*self._slots.values()], {}
        for slot in slots:
            if slot.kept is not None:
                slot.kept.close()

    def _meant(self, asked: Where) -> "tuple[str, Profile | None]":
        from yester.engine.profiles.reading import load_profile
        from yester.tui.cli.opening import repository_place

        profile = load_profile(self._places.config / "profiles", asked.profile) if asked.profile else None
        return repository_place(asked.repository or None, profile, self._places), profile

    def _open(self, asked: Where) -> _Open:
        place, profile = self._meant(asked)
        self._plugins.turn_to(place, profile)
        with self._lock:
            slot = self._slots.setdefault(place, _Slot())
        with slot.lock:
            if slot.kept is not None and slot.kept.stamp != _stamp(slot.kept.repository):
                # What is gone is not answered for, nor is another one that lies in its place. Whoever uses it may be
                # the one who asks: it is closed by somebody who has the time.
                threading.Thread(target=slot.kept.close, daemon=True).start()
                slot.kept = None
            if slot.kept is None:
                repository = self._opened(place, profile, self._finding(place, profile))
                try:
                    repository.unlock()
                except WrongSecret as wrong:
                    raise NeedsPassphrase(wrong.what, hint=wrong.hint) from None
                slot.kept = _Open(repository, profile, _stamp(repository))
            return slot.kept

    def _opened(self, place: str, profile: "Profile | None", secret: Callable[[], bytes]) -> "Repository":
        from yester.engine.repository import Repository
        from yester.tui.cli.opening import limited_store

        store = limited_store(place, profile.limits if profile else None, profile=profile)
        return Repository.open(store, secret, places=self._places)

    def _finding(self, place: str, profile: "Profile | None") -> Callable[[], bytes]:
        def find() -> bytes:
            given = self._given.get(place)
            if given is not None:
                return given
            return _kept(place, _said(profile))

        return find


def _stamp(repository: "Repository") -> object:
    """Return what is another thing once another folder, or none, is where a repository was; None: it is elsewhere."""
    folder = repository.store.folder
    try:
        status = folder.stat() if folder is not None else None
    except OSError:
        return "gone"
    return status and (status.st_dev, status.st_ino)


def _said(profile: "Profile | None") -> SecretSource:
    """Return where a profile says that its passphrase is."""
    if profile is None:
        return SecretSource()
    return SecretSource(profile.passphrase_file, profile.passphrase_command, profile.keyring)


def _kept(place: str, said: SecretSource) -> bytes:
    """Return the passphrase that is kept where a profile or the environment says. NeedsPassphrase: it is not."""
    try:
        return find_secret(place, (said,), os.environ, lambda: _lacking(place, said))
    except UsageError as problem:
        raise NeedsPassphrase(problem.what, hint=problem.hint) from None


def _lacking(place: str, said: SecretSource) -> NoReturn:
    raise NeedsPassphrase(not_in_keyring(place) if said.keyring else unopened(place))


def unopened(place: str) -> str:
    """Return what is said of a repository for which nobody gave or kept a passphrase."""
    return f"The repository at {place} is encrypted, and no passphrase was given"
