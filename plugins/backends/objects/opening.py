"""Whether there is a repository in a bucket, or may be one; what is there instead, in a sentence."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice

from yester.engine.errors import MissingRepository, RepositoryError
from yester.plugins.backends.folder_layout import OTHER, TOP, is_passing
from yester.plugins.backends.objects.address import Address
from yester.plugins.backends.objects.client import Client, Refused
from yester.plugins.backends.objects.meanings import NO_CREDENTIALS, UNLISTABLE, Failure
from yester.plugins.backends.objects.store import meant

_OURS = frozenset({OTHER, "key", "data", "meta", "index", "snap", "label", "tomb", "session", "mark", "holding"})
_LOOKED_AT = 1000
"""How many keys are looked at for what is none of ours: one page."""
_LARGEST = 1 << 20


@dataclass(frozen=True, slots=True)
class Provider:
    """What is said of one, to who cannot get in."""

    make_bucket: str
    """The command that makes a bucket."""
    credentials: str
    """Where credentials belong: what goes on after "Set"."""
    language: str
    bucket: str = "bucket"
    """What a bucket is called there."""


def look(client: Client, address: Address, create: bool, provider: Provider) -> Failure | None:
    """RepositoryError unless there is, or may be, a repository. Returns what the server says of another region."""
    try:
        if _holds(client, address):
            return None
        keys = _first_keys(client, address)
    except Refused as refused:
        if refused.failure.region:
            return refused.failure
        if refused.failure.is_missing_bucket:
            raise MissingRepository(
                f"There is no repository at {address}: there is no {provider.bucket} {address.bucket}",
                hint=f"Check its name and the server, or make it: {provider.make_bucket.format(bucket=address.bucket)}",
            ) from None
        raise _unusable(refused.failure, address, provider) from None
    tops = {address.path(key).partition("/")[0] for key in keys} - {""}
    _judge(address, tops, create)
    return None


def _first_keys(client: Client, address: Address) -> list[str]:
    """Return some keys below the prefix. Refused."""
    try:
        return list(islice(client.below(address.key("")), _LOOKED_AT))
    except Refused as refused:
        if refused.failure is not UNLISTABLE:
            raise
        return [address.key("a key with two slashes in a row")]


def _unusable(failure: Failure, address: Address, provider: Provider) -> RepositoryError:
    """Return what is said to who opens a repository."""
    problem = meant(failure.meaning, str(address), "", "used")
    hint = problem.hint or f"Check that it is {provider.language} which is spoken there."
    if failure is NO_CREDENTIALS:
        hint = f"Set {provider.credentials}"
    return RepositoryError(problem.what, hint=hint)


def _holds(client: Client, address: Address) -> bool:
    try:
        # A GET: with a HEAD, a server could not say that it is the bucket which is missing.
        client.get(address.key(TOP), _LARGEST)
    except Refused as refused:
        if refused.failure.status == 404 and not refused.failure.is_missing_bucket:
            return False
        raise
    return True


def _judge(address: Address, tops: set[str], create: bool) -> None:
    """RepositoryError unless a repository may be among, or may come to, what lies right below the prefix."""
    if create:
        # An interrupted init leaves a key slot and no config.
        foreign = sorted(top for top in tops - {"key"} if not is_passing(top))
        if foreign:
            raise RepositoryError(
                f"{address} holds other objects, and no repository: {foreign[0]} is among them",
                hint=f"Give a prefix of its own: {address}/yester",
            )
    elif tops.isdisjoint(_OURS):
        state = "holds other objects" if tops else "is empty"
        raise MissingRepository(
            f"There is no repository at {address}: it {state}",
            hint=f"Check the URL, or make a repository there: yester init {address}",
        )
    # Else it is what is left of a repository: who opens it says what is missing.


Opener = Callable[[str], Client]
"""Returns a client for a region; the empty one is what the person has said, or the default."""


def opened(connect: Opener, address: Address, create: bool, provider: Provider) -> Client:
    """Return a client of the bucket; in its own region, when that is not what was said. RepositoryError."""
    client = _connected(connect, "", address, provider)
    elsewhere = look(client, address, create, provider)
    if elsewhere is None:
        return client
    client = _connected(connect, elsewhere.region, address, provider)
    again = look(client, address, create, provider)
    if again is not None:
        raise _unusable(again, address, provider)
    return client


def _connected(connect: Opener, region: str, address: Address, provider: Provider) -> Client:
    try:
        return connect(region)
    except Refused as refused:
        raise _unusable(refused.failure, address, provider) from None
