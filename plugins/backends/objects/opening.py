"""Whether there is a repository in a bucket, or may be one; what is there instead, in a sentence."""

from collections.abc import Callable
from itertools import islice

from yester.engine.errors import MissingRepository, RepositoryError, StoreError
from yester.plugins.backends.folder_layout import OTHER, TOP, is_passing
from yester.plugins.backends.objects.address import Address
from yester.plugins.backends.objects.client import Client, Refused
from yester.plugins.backends.objects.meanings import UNLISTABLE, Failure
from yester.plugins.backends.objects.store import meant

_OURS = frozenset({OTHER, "key", "data", "meta", "index", "snap", "label", "tomb", "session", "mark"})
_LOOKED_AT = 1000
"""How many keys are looked at for what is none of ours: one page."""
_LARGEST = 1 << 20
_SPOKEN = {"s3": "S3", "gs": "Google's language", "az": "Azure's language"}


def look(client: Client, address: Address, create: bool, make_bucket: str) -> Failure | None:
    """RepositoryError unless there is, or may be, a repository. Returns what the server says of another region.

    `make_bucket` is the command that makes a bucket, for who has none.
    """
    try:
        if _holds(client, address):
            return None
        keys = _first_keys(client, address)
    except Refused as refused:
        if refused.failure.region:
            return refused.failure
        if refused.failure.is_missing_bucket:
            raise MissingRepository(
                f"There is no repository at {address}: there is no bucket {address.bucket}",
                hint=f"Check its name and the server, or make it: {make_bucket.format(bucket=address.bucket)}",
            ) from None
        problem = unusable(meant(refused.meaning, str(address), "", "used"))
        problem.hint = problem.hint or f"Check that it is {_SPOKEN[address.kind]} which is spoken there."
        raise problem from None
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


def unusable(problem: StoreError) -> RepositoryError:
    """Return the same for who opens a repository."""
    return RepositoryError(problem.what, hint=problem.hint)


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


def opened(connect: Opener, address: Address, create: bool, make_bucket: str) -> Client:
    """Return a client of the bucket; in its own region, when that is not what was said. RepositoryError."""
    client = _connected(connect, "", address)
    elsewhere = look(client, address, create, make_bucket)
    if elsewhere is None:
        return client
    client = _connected(connect, elsewhere.region, address)
    again = look(client, address, create, make_bucket)
    if again is not None:
        raise unusable(meant(again.meaning, str(address), "", "used"))
    return client


def _connected(connect: Opener, region: str, address: Address) -> Client:
    try:
        return connect(region)
    except Refused as refused:
        raise unusable(meant(refused.meaning, str(address), "", "used")) from None
