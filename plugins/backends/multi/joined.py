"""What mirrors and stripes have in common: members, of which some may be away.

Nothing is said to be missing while a store that may have it is away: a reader would take it for lost, and a prune for
gone. The exception are objects that come and go while others look (PASSING).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from yester.engine.errors import Broken, Missing, Retry, StoreError
from yester.engine.store import Capabilities, Readiness, Store, let_go, paths_of
from yester.plugins.backends.multi.member import Member

PASSING = frozenset({"session", "mark"})
"""Kinds of objects that come and go: signs of life, and marks of prunes at work."""
MAY_STAY = PASSING | {"index", "snap"}
"""Kinds of which a store that is away may keep what was deleted: others say that fragments are replaced, and that
snapshots are forgotten."""

_AGAIN = "Run the command again when all stores are there."

T = TypeVar("T")


class JoinedStore:
    """Several stores as one."""

    def __init__(self, place: str, members: Sequence[Member]) -> None:
        """The members are open, or away."""
        self._place, self.members = place, tuple(members)
        self._pool = ThreadPoolExecutor(4 * len(members), "stores")

    @property
    def place(self) -> str:
        """The URL."""
        return self._place

    @property
    def folder(self) -> Path | None:
        """The folder of the first that is one."""
        return next((store.folder for store in self._stores() if store.folder is not None), None)

    def paths_of(self, name: str) -> Sequence[Path]:
        """Return where each store would have an object as a file."""
        return tuple(path for store in self._stores() for path in paths_of(store, name))

    def prepare(self, names: Sequence[str]) -> Mapping[str, Readiness]:
        """Ask all; an object is as ready as it is where it is most so."""
        best: dict[str, Readiness] = {}
        for answer in self._all(lambda store: store.prepare(names)):
            for name, state in _result(answer, {}).items():
                if best.get(name) is not Readiness.READY:
                    best[name] = state
        if len(best) < len(names):
            raise self._absent() or Retry(f"No store of {self.place} answers")
        return best

    def tidy(self) -> None:
        """Let each store tidy up."""
        for answer in self._all(Store.tidy):
            _result(answer, None)

    def close(self) -> None:
        """Close all."""
        self._pool.shutdown()
        for member in self.members:
            member.close()

    # For those that derive from it

    def _can(self, *, if_absent: bool) -> Capabilities:
        """Return what all members can."""
        stores = [store.capabilities for store in self._stores()]
        return Capabilities(
            ranges=all(each.ranges for each in stores),
            if_absent=if_absent,
            local=all(each.local for each in stores),
            tier=any(each.tier for each in stores),
        )

    def _stores(self) -> list[Store]:
        return [member.store for member in self.members if member.store is not None]

    def _all(self, do: Callable[[Store], T], members: Iterable[Member] | None = None) -> "list[Future[T]]":
        """Ask these members, else all, at once; each on a thread."""
        asked = self.members if members is None else members
        return _settled([self._pool.submit(member.call, do) for member in asked])

    def _absent(self) -> StoreError | None:
        """Return why some store is away; None when none is."""
        return next((member.problem for member in self.members if member.problem is not None), None)

    def _missing(self, name: str) -> StoreError:
        """Return that there is no such object; while a store is away that nobody knows."""
        away = None if _kind(name) in PASSING else self._absent()
        if away is not None:
            return type(away)(f"{name} is nowhere else, and one store does not answer: {away.what}", name=name)
        return Missing(f"There is no {name} in {self.place}", name=name)

    def _found(
        self, name: str, members: Iterable[Member], ask: Callable[[Store], T], failed: list[Member] | None = None
    ) -> T:
        """Return what the first of these says that has the object. Missing, or why it cannot be had.

        Those that answered and could not give it are added to `failed`.
        """
        problem: StoreError | None = None
        for member in members:
            try:
                return member.call(ask)
            except Missing:
                continue
            except StoreError as error:
                if not member.is_away():
                    problem = problem or error
                    if failed is not None:
                        failed.append(member)
        raise problem or self._missing(name)

    def _is_there(self, name: str) -> bool:
        with suppress(Missing):
            self._found(name, self.members, lambda store: store.query(name))
            return True
        return False

    def _each_let_go(self, name: str) -> bool:
        """Tell each store that an object is damaged; whether any could do something about it."""
        told = [let_go(store, name) for store in self._stores()]
        return any(told)

    def _removed(self, name: str) -> None:
        """Remove an object wherever it is. Missing when it is nowhere."""
        away = self._absent()
        if away is not None and _kind(name) not in MAY_STAY:
            raise type(away)(
                f"{name} is not deleted while one store does not answer: {away.what}",
                name=name,
                hint=_AGAIN,
            )
        back = next((member for member in self.members if member.was_away), None)
        if back is not None and _kind(name) not in MAY_STAY:
            # Who decided that nobody needs the object has not seen what that store has.
            raise Broken(f"{name} is not deleted, since {back.place} was away meanwhile", name=name, hint=_AGAIN)
        problems = [answer.exception() for answer in self._all(lambda store: store.delete(name))]
        for member in self.members:
            member.forgets(name)
        may_stay = _kind(name) in MAY_STAY
        for member, problem in zip(self.members, problems, strict=True):
            if problem is not None and not isinstance(problem, Missing) and not (may_stay and member.is_away()):
                raise problem
        if None not in problems:
            raise self._missing(name)


def union(answers: "Iterable[Future[list[str]]]") -> Iterator[str]:
    """Yield the names that any of these lists has, once; those that failed are passed over."""
    seen = set[str]()
    for answer in answers:
        for name in _result(answer, []):
            if name not in seen:
                seen.add(name)
                yield name


def _kind(name: str) -> str:
    return name.partition(".")[0]


def _result(answer: "Future[T]", otherwise: T) -> T:
    """Return an answer; `otherwise` when the store failed, which is said elsewhere."""
    with suppress(StoreError):
        return answer.result()
    return otherwise


def _settled(answers: "list[Future[T]]") -> "list[Future[T]]":
    for answer in answers:
        answer.exception()
    return answers
