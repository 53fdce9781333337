"""Opening the stores behind a multi:// URL: all at once, each in its own environment, and all of one repository."""

import os
import stat
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from functools import partial

from yester.engine.errors import MissingRepository, RepositoryError, StoreError, UsageError, YesterError
from yester.engine.sealed.config import CONFIG_NAME, decode_config
from yester.engine.store import Store
from yester.engine.urls import scheme_of
from yester.plugins.backends.multi.description import SCHEME, Address, Mode, Place, below, decode, parse
from yester.plugins.backends.multi.member import Member
from yester.plugins.backends.multi.mirror import MirrorStore
from yester.plugins.backends.multi.stripe import StripeStore
from yester.plugins.backends.terms import Terms
from yester.plugins.options.spec import Option

_LARGEST_FILE = 1 << 20

OPTIONS: Mapping[str, Option] = {
    "fill": Option("boolean", False, "Whether a store that is empty is taken for a new one, which prune fills."),
    "compare": Option("boolean", False, "Whether whole objects are read from all mirrors, and damaged copies mended."),
}


def open_store(url: str, terms: Terms) -> Store:
    """Open the stores that the URL's file lists. RepositoryError, UsageError."""
    address = parse(url)
    places = decode(_read(address.path), address)
    said = terms.options(SCHEME, OPTIONS)
    fill: bool = said["fill"]
    # A store that is there is opened all the same.
    inner = replace(terms, opening=lambda url, on: _once(address, url, terms, on), create=terms.create or fill)
    members = [_member(place, address, inner) for place in places]
    try:
        problems = _opened(members)
        if not terms.create:
            _settle(address, members, problems, fill=fill)
        elif problems:
            raise next(iter(problems.values()))
    except BaseException:
        for member in members:
            member.close()
        raise
    if address.mode is Mode.STRIPE:
        return StripeStore(str(address), members, address.on_fail)
    return MirrorStore(str(address), members, address.on_fail, compares=said["compare"])


def _read(path: str) -> bytes:
    """Return what a file says that nobody else could have written: it names programs that are run. UsageError."""
    try:
        with open(path, "rb") as file:
            status = os.fstat(file.fileno())
            text = file.read(_LARGEST_FILE)
    except OSError as problem:
        raise UsageError(f"The list of stores {path} cannot be read: {problem.strerror}") from None
    if status.st_uid not in (0, os.geteuid()) or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise UsageError(
            f"{path} could have been written by others",
            hint=f"It must belong to you or to root. To keep others from writing: chmod go-w {path}",
        )
    return text


def _once(address: Address, url: str, outer: Terms, on: Terms) -> Store:
    """Open an inner URL; one that leads here again would never end."""
    if scheme_of(url) == SCHEME and parse(url).path == address.path:
        raise UsageError(f"{address.path} lists itself")
    return outer.opening(url, on)


def _member(place: Place, address: Address, terms: Terms) -> Member:
    url = below(place.url, address.subpath)
    own = replace(terms, environment={**terms.environment, **place.environment})
    return Member(url, place.prefixes, lambda: own.open(url))


def _opened(members: Sequence[Member]) -> dict[Member, YesterError]:
    """Open all at once; return those that failed, with why."""
    problems: dict[Member, YesterError] = {}

    def attempt(member: Member) -> None:
        try:
            member.open()
        except YesterError as problem:
            problems[member] = problem

    with ThreadPoolExecutor(len(members), "open") as pool:
        list(pool.map(attempt, members))
    return problems


def _settle(address: Address, members: Sequence[Member], problems: Mapping[Member, YesterError], *, fill: bool) -> None:
    """See that all are of one repository; a mirror may be away. RepositoryError, UsageError."""
    for problem in problems.values():
        if address.mode is Mode.STRIPE or isinstance(problem, UsageError):
            raise problem
    configs = {member: _config(member.store) for member in members if member.store is not None}
    known = {_repository(each) for each in configs.values()} - {b""}
    if len(known) > 1:
        raise RepositoryError(
            f"{address.path} lists stores of different repositories", hint="Each may hold objects of one repository."
        )
    if not known and problems:
        raise next(iter(problems.values()))
    for member in members:
        member.check = partial(_check, member, known)
    for member, problem in problems.items():
        member.leaves(problem)
    lacking = [member for member, config in configs.items() if known and not config]
    for member in lacking:
        if fill:
            config = next(filter(None, configs.values()))
            member.call(lambda store: store.put(CONFIG_NAME, [config]))  # noqa: B023 - called at once
        elif address.mode is Mode.STRIPE:
            raise _empty(member)
        elif not member.is_away():
            member.leaves(_empty(member), member.store)


def _config(store: Store) -> bytes:
    """Return the config in a store; nothing when there is none, or it cannot be had."""
    with suppress(StoreError):
        return store.get(CONFIG_NAME)
    return b""


def _repository(config: bytes) -> bytes:
    """Return the id of the repository that a config is of; nothing when it cannot say."""
    with suppress(YesterError):
        return decode_config(config).repository
    return b""


def _check(member: Member, known: Collection[bytes], store: Store) -> None:
    """RepositoryError when a store that is back holds another repository than it did, or none."""
    if known and _repository(_config(store)) not in known:
        raise _empty(member)


def _empty(member: Member) -> MissingRepository:
    return MissingRepository(
        f"{member.place} holds no repository, or another",
        hint="If it is a new store, which others are to fill: YESTER_MULTI_FILL=yes yester prune.",
    )
