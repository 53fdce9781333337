"""Several stores, each with all objects.

Read is from the first that has an object whole; a store whose copy is damaged gets another. A store that lacks objects,
since it was away when they were put, is noticed when objects are listed; `tidy`, and so each prune, copies what it
lacks. Only then are all copies copies again: until then what only one store has is as safe as that store.
"""

import logging
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import suppress

from yester.engine.errors import Exists, Missing, StoreError
from yester.engine.messages.of_stores import LOG
from yester.engine.sealed.config import CONFIG_NAME
from yester.engine.store import Buffer, Capabilities, Store
from yester.plugins.backends.multi.description import OnFail
from yester.plugins.backends.multi.joined import PASSING, JoinedStore, union
from yester.plugins.backends.multi.member import Member
from yester.plugins.backends.soundness import is_damaged, shows_damage

log = logging.getLogger(LOG)

_COMPARED = frozenset({"snap.", "tomb.", "label.", "key."})
"""Listing these tells that a store was away: each command does, and few are put while it does."""
_Members = list[Member]
_Names = list[str]
"""Inside the class `list` is the store's verb."""


class MirrorStore(JoinedStore):
    """The same objects in several stores. Threads share it."""

    def __init__(self, place: str, members: Sequence[Member], on_fail: OnFail, *, compares: bool = False) -> None:
        """With `compares` whole objects are read from all stores."""
        super().__init__(place, members)
        self._compares = compares
        self._aborts = on_fail is OnFail.ABORT
        self._suspects: dict[str, set[Member]] = {}
        """Object → those whose copies differ from others, where nobody but the reader can say which is damaged."""
        self._has_compared = False
        for member in members:
            member.fetch = self.get

    @property
    def capabilities(self) -> Capabilities:
        """Creation is decided by the first store; atomic if that is, and must answer."""
        first = self.members[0].store
        return self._can(if_absent=self._aborts and first is not None and first.capabilities.if_absent)

    def put(self, name: str, buffers: Sequence[Buffer], *, if_absent: bool = False, group: str = "") -> None:
        """Put the object into all at once."""
        left = list(self._eligible(name))
        taken = 0
        if if_absent:
            taken = self._create(name, buffers, left, group)
        answers = self._all(lambda store: store.put(name, buffers, group=group), left)
        self._suspects.pop(name, None)
        problems = []
        for member, answer in zip(left, answers, strict=True):
            problem = answer.exception()
            if problem is None:
                taken += 1
                member.forgets(name)
            elif isinstance(problem, StoreError):
                problems.append(problem)
                member.misses(name, problem)
            else:
                raise problem
        if problems and (self._aborts or not taken):
            raise problems[0]

    def get(self, name: str) -> bytes:
        """Return the object from the first store that has it whole; the others get it where their copy is not."""
        damaged: _Members = []
        sound: bytes | None = None
        last: bytes | None = None
        problem: StoreError | None = None
        for member in self._readers(name):
            try:
                data = member.call(lambda store: store.get(name))
            except Missing:
                continue
            except StoreError as error:
                if not member.is_away():
                    problem = problem or error
                    damaged.append(member)
                continue
            if is_damaged(name, data) or (sound is not None and sound != data):
                damaged.append(member)
                last = data
                continue
            sound = data
            if not self._compares:
                break
        if sound is not None:
            for each in damaged:
                self._mend(each, name, sound)
            return sound
        if last is not None:
            return last
        raise problem or self._missing(name)

    def get_range(self, name: str, offset: int, size: int) -> bytes:
        """Return a part of the object from the first store that has it."""
        failed: _Members = []
        part = self._found(name, self._readers(name), lambda store: store.get_range(name, offset, size), failed)
        if failed:
            with suppress(StoreError):
                self.get(name)  # and mend what failed
        return part

    def list(self, prefix: str = "") -> Iterator[str]:
        """Yield what any store has. StoreError when none answers."""
        answers = self._all(lambda store: list_of(store, prefix))
        if all(answer.exception() is not None for answer in answers):
            answers[0].result()
        if not self._has_compared and prefix in _COMPARED:
            self._compare(answers)
        return union(answers)

    def query(self, name: str) -> int:
        """Return the object's size, as the first store says that has it."""
        return self._found(name, self._readers(name), lambda store: store.query(name))

    def delete(self, name: str) -> None:
        """Remove the object from all stores."""
        self._suspects.pop(name, None)
        self._removed(name)

    def tidy(self) -> None:
        """Let each store tidy up, and copy to each what it lacks."""
        super().tidy()
        with suppress(StoreError):
            self._level()

    def let_go(self, name: str) -> bool:
        """Give a store with a damaged copy another one; whether asking again may help."""
        is_mended = self._each_let_go(name)
        copies: dict[Member, bytes] = {}
        for member in self._readers(name):
            with suppress(StoreError):
                copies[member] = member.call(lambda store: store.get(name))
        sound = {member for member, data in copies.items() if not is_damaged(name, data)}
        if len(set(copies.values())) > 1 and sound:
            first = next(iter(copies))
            if first not in sound:
                self.get(name)
            else:
                # Nothing in it says which is right, but it is not the one that was read.
                self._suspects.setdefault(name, set()).add(first)
                log.warning("%s in %s is damaged; that in another store is read", name, first.place)
            return True
        return is_mended

    # Which store

    def _eligible(self, name: str) -> Sequence[Member]:
        """Return the stores that an object belongs to: those that name its beginning, else those that name none."""
        if name == CONFIG_NAME:
            return self.members
        chosen = [each for each in self.members if any(name.startswith(prefix) for prefix in each.prefixes)]
        return chosen or [each for each in self.members if not each.prefixes]

    def _readers(self, name: str) -> Iterator[Member]:
        """Yield the stores to read an object from: those first that it belongs to and whose copy is not suspected."""
        suspects, eligible = self._suspects.get(name, set()), self._eligible(name)
        yield from sorted(self.members, key=lambda each: (each in suspects, each not in eligible))

    def _create(self, name: str, buffers: Sequence[Buffer], left: "_Members", group: str) -> int:
        """Let the first store that answers decide who creates an object, and take it off the list. StoreError."""
        if self._is_there(name):
            raise Exists(f"{name} is already in {self.place}", name=name)
        for member in tuple(left):
            try:
                member.call(lambda store: store.put(name, buffers, if_absent=True, group=group))
            except Exists:
                raise
            except StoreError as problem:
                if self._aborts or member is left[-1]:
                    raise
                member.misses(name, problem)
                left.remove(member)
                continue
            left.remove(member)
            return 1
        return 0

    def _belongs(self, name: str, member: Member) -> bool:
        return name.partition(".")[0] not in PASSING and member in self._eligible(name)

    # Making them the same

    def _mend(self, member: Member, name: str, data: bytes) -> None:
        if not shows_damage(name):
            log.warning("%s in %s differs from that in another store", name, member.place)
            return
        try:
            member.call(lambda store: store.put(name, [data]))
        except StoreError as problem:
            log.warning("%s in %s is damaged, and cannot be replaced: %s", name, member.place, problem.what)
        else:
            log.warning("%s in %s was damaged, and is mended from another store", name, member.place)

    def _compare(self, answers: "Sequence[Future[_Names]]") -> None:
        """Say, once, that a store lacks objects which others have."""
        for member, lacking in self._lacking(answers).items():
            # It may have been put, or deleted, while the others listed.
            if any(self._lacks(member, name) for name in lacking):
                self._has_compared = True
                log.warning("%s lacks what another store has: yester prune makes them the same", member.place)

    def _lacks(self, member: Member, name: str) -> bool:
        try:
            member.call(lambda store: store.query(name))
        except Missing:
            return self._is_there(name)
        except StoreError:
            return False
        return False

    def _lacking(self, answers: "Sequence[Future[_Names]]") -> "dict[Member, _Names]":
        """Return what each store that answered lacks of what others have."""
        lists = {
            member: frozenset(answer.result())
            for member, answer in zip(self.members, answers, strict=True)
            if answer.exception() is None
        }
        all_names = frozenset[str]().union(*lists.values())
        lacking = {
            member: sorted(name for name in all_names - names if self._belongs(name, member))
            for member, names in lists.items()
        }
        return {member: names for member, names in lacking.items() if names}

    def _level(self) -> None:
        """Copy to each store what it lacks."""
        copied: dict[Member, int] = {}
        for member, lacking in self._lacking(self._all(lambda store: list_of(store, ""))).items():
            for name in lacking:
                with suppress(Missing):
                    data = self.get(name)
                    if not is_damaged(name, data):
                        member.call(lambda store: store.put(name, [data]))  # noqa: B023 - called at once
                        copied[member] = copied.get(member, 0) + 1
                        member.forgets(name)
        for member, count in copied.items():
            log.warning("%s lacked objects, and has them now: %d", member.place, count)


def list_of(store: Store, prefix: str) -> list[str]:
    """Return all names at once."""
    return list(store.list(prefix))
