"""Which repository is meant, and opening it."""

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from yester.engine.errors import UsageError
from yester.engine.places import Places
from yester.engine.secrets import SecretSource, find_secret
from yester.engine.urls import without_secrets
from yester.tui.cli.asking import passphrase_prompt

if TYPE_CHECKING:
    from yester.engine.profiles.profile import LimitSpec, Profile
    from yester.engine.repository import Repository
    from yester.engine.store import Store


@dataclass(frozen=True, slots=True)
class Access:
    """What the command line says about the repository and its passphrase."""

    repository: str | None = None
    passphrase_file: str = ""
    passphrase_command: str = ""
    keyring: bool = False

    @property
    def source(self) -> SecretSource:
        """Where the passphrase is said to be."""
        return SecretSource(self.passphrase_file, self.passphrase_command, self.keyring)


def is_url(place: str) -> bool:
    """Whether a place is a URL and not a path."""
    return "://" in place


def repository_place(asked: str | None, profile: "Profile | None", places: Places) -> str:
    """Return the repository that is meant: --repo, the profile's, YESTER_REPOSITORY, or the default; paths absolute.

    UsageError for a URL with a secret in it, which must not get as far as a journal, and for what is almost a URL.
    """
    stated = asked or (profile.repository if profile else "") or os.environ.get("YESTER_REPOSITORY", "")
    place = stated or str(places.data / "repository")
    if is_url(place):
        return without_secrets(place)
    path = os.path.abspath(Path(place).expanduser())
    if (":" in place or "+" in place) and not os.path.lexists(path):
        from yester.plugins.backends.mistaken import refuse_mistaken

        refuse_mistaken(place)
    return path


def profile_meant(snapshot: str, places: Places) -> "Profile | None":
    """Return this machine's profile of which a snapshot is named (`PROFILE@latest`), whose repository is then meant."""
    from yester.engine.profiles.reading import load_profile, profile_names

    name, at, _ = snapshot.rpartition("@")
    folder = places.config / "profiles"
    return load_profile(folder, name) if at and name in profile_names(folder) else None


UPLOAD_LIMIT, DOWNLOAD_LIMIT = "YESTER_UPLOAD_LIMIT", "YESTER_DOWNLOAD_LIMIT"
"""Variables with what any command may send and fetch in a second; sizes as profiles have them."""


def open_repository(
    access: Access,
    places: Places,
    profile: "Profile | None" = None,
    *,
    limits: "LimitSpec | None" = None,
    hurry: Callable[[], bool] = lambda: False,
    adding: bool = False,
    afresh: bool = False,
) -> "Repository":
    """Open the repository that is meant. Its key is still being derived when this returns.

    `limits` say how fast it may be used, else the environment does; no longer once `hurry` says so. With `adding` the
    key of a write-only client will do. `afresh`: nothing is read from the cache, since the store itself is looked at.
    """
    from yester.engine.repository import Repository

    place = repository_place(access.repository, profile, places)
    store = limited_store(place, limits, hurry, profile=profile, afresh=afresh)
    return Repository.open(store, secret_of(place, access, profile), places=places, adding=adding)


def limited_store(
    place: str,
    limits: "LimitSpec | None" = None,
    hurry: Callable[[], bool] = lambda: False,
    *,
    profile: "Profile | None" = None,
    afresh: bool = False,
) -> "Store":
    """Open a store, to be used as fast as `limits` say, else the environment; once `hurry` says so without limit.

    As `store_at`; but a store that lets one wait is seen through the cache, unless it is to
    be read `afresh`.
    """
    store = store_at(place, profile)
    upload, download = rates(limits)

    def slowed(store: "Store") -> "Store":
        if not store.capabilities.local:
            from yester.plugins.backends.proving.proved import as_proved

            store = as_proved(store, Places.default())
        if not (upload or download):
            return store
        from yester.engine.limits.throttle import limited

        return limited(store, upload, download, hurry)

    if store.capabilities.local:
        return slowed(store)
    from yester.plugins.backends.cached.opening import in_front

    return in_front(store, slowed, stated_at(place, profile), afresh=afresh)


def store_at(place: str, profile: "Profile | None" = None, *, create: bool = False) -> "Store":
    """Open the store at a place, on the terms of the profile, or of that which has its repository there."""
    from yester.plugins.backends.registry import open_store

    return open_store(place, create=create, stated=stated_at(place, profile))


def stated_at(place: str, profile: "Profile | None" = None) -> "Mapping[str, Mapping[str, object]]":
    """Return what is said about the backends at a place: by the profile, or else by one whose repository is there.

    So a command that is about a repository and no profile reaches it as the profile's own runs do.
    """
    if profile is not None:
        return profile.backends
    if not is_url(place):
        return {}
    from yester.engine.profiles.reading import load_profile, profile_names

    places = Places.default()
    folder = places.config / "profiles"
    for name in profile_names(folder):
        with suppress(UsageError):  # one that is wrong says nothing; commands about it say why
            found = load_profile(folder, name)
            if found.backends and repository_place(None, found, places) == place:
                return found.backends
    return {}


def rates(limits: "LimitSpec | None") -> tuple[int | None, int | None]:
    """Return how many bytes a second may be sent and fetched: as `limits` say, else the environment, else any."""
    stated = (limits.upload, limits.download) if limits else (None, None)
    upload, download = (rate or _rate(name) for rate, name in zip(stated, (UPLOAD_LIMIT, DOWNLOAD_LIMIT), strict=True))
    return upload, download


def _rate(name: str) -> int | None:
    text = os.environ.get(name)
    if not text:
        return None
    from yester.engine.profiles.sizes import parse_size

    try:
        found = parse_size(text)
    except UsageError as problem:
        raise UsageError(f"{name} is wrong: {problem.what}", hint=problem.hint) from None
    if found == 0:
        raise UsageError(f"{name} is 0: nothing could pass", hint="Unset it, or give bytes a second such as 500K.")
    return found


def secret_of(place: str, access: Access, profile: "Profile | None" = None) -> Callable[[], bytes]:
    """Return what finds the passphrase of the repository at `place` when it is needed."""
    sources = [access.source]
    if profile is not None:
        sources.append(SecretSource(profile.passphrase_file, profile.passphrase_command, profile.keyring))
    return lambda: find_secret(place, tuple(sources), os.environ, passphrase_prompt(place))


def renamed_variables(prefix: str) -> dict[str, str]:
    """Return the environment in which only a second passphrase is: `PREFIXPASSPHRASE` for `YESTER_PASSPHRASE` …."""
    names = ("PASSPHRASE", "PASSPHRASE_FILE", "PASSPHRASE_COMMAND")
    return {f"YESTER_{name}": os.environ[prefix + name] for name in names if prefix + name in os.environ}
