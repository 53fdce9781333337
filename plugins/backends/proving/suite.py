"""The table of checks: what each proves, and whether a repository needs it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from yester.engine.errors import StoreError
from yester.plugins.backends.proving import by_method, deleting, finding, keeping, ranges, together
from yester.plugins.backends.proving.outcome import Outcome, Verdict
from yester.plugins.backends.proving.trial import Trial


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that a store does or does not."""

    name: str
    proves: str
    run: Callable[[Trial], Outcome]
    """May raise StoreError: then it does not hold."""
    is_required: bool = True
    """Whether a repository needs it; what it does not need, it can make use of."""


FIRST = Check("round trip", "what is put comes back, byte for byte", keeping.round_trip)
"""Where this does not hold, nothing else can."""

CREATING = (
    Check("create only", "a put that is to create leaves alone what is there", keeping.refuses_to_replace, False),
    Check("one creator", "of two that create at the same time one does", together.one_creates, False),
)
PARTS = (
    Check("parts", "a part of an object is that part", ranges.right_bytes),
    Check("parts that are not", "a part beyond the end is refused", ranges.beyond_the_end),
    Check("only parts", "a part is read without the rest", ranges.partial, False),
)

THAWING = Check("readiness", "it says whether an object can be read now", keeping.readiness)
CHECKS = (
    FIRST,
    Check("empty object", "an object may have no byte", keeping.empty),
    Check("big object", "an object may be as large as any of a repository", keeping.big),
    Check("names", "every name is kept apart, and listed as it is", keeping.names),
    Check("overwrite", "a second put replaces the first", keeping.overwriting),
    Check("size", "the size of an object can be asked for", keeping.sizes),
    Check("missing", "what was never there is said to be missing", deleting.missing),
    Check("delete", "what is deleted is gone, and its neighbour stays", deleting.deleting),
    Check("delete nothing", "deleting what is missing does no harm", deleting.deleting_nothing),
    Check("delete some", "of several that are deleted one may be missing", deleting.deleting_some),
    Check("shown at once", "the next list has what was put, for others too", finding.shown_at_once),
    Check("gone at once", "the next list lacks what was deleted", finding.gone_at_once, False),
    Check("list by beginning", "a list gives the names that begin so, and no others", finding.by_prefix),
    Check("list while changing", "a list bears what comes and goes meanwhile", finding.while_changing),
    Check("long list", "a list of thousands is complete", finding.many),
    Check("whole or nothing", "no reader sees half of what is being put", together.whole_or_not),
    Check("old or new", "no reader sees half of what is being replaced", together.replaced_whole, False),
    Check("at the same time", "many threads do not disturb each other", together.parallel),
    *PARTS,
    *CREATING,
    THAWING,
    Check("tidy", "tidying up takes no object away", keeping.tidying),
)

METHODS = (
    Check("_get", "what is missing is said to be", by_method.getting_nothing, False),
    Check("_list", "what was put is listed", by_method.listing, False),
    Check("_delete", "one goes, its neighbour stays, a missing one does no harm", by_method.deleting, False),
    Check("_delete_list", "of several that are deleted one may be missing", by_method.deleting_some, False),
    Check("_move", "the file is gone, and is the object", by_method.moving, False),
    Check("_query", "tells the size, and that there is none", by_method.asking, False),
    Check("_query_list", "tells the sizes that are asked for, and no others", by_method.asking_some, False),
    Check("_validate", "finds whole what is whole", by_method.validating, False),
)
"""Of backends that others wrote: their methods, one by one. None is a must, since the rest holds without it."""


def checks_for(trial: Trial) -> tuple[Check, ...]:
    """Return the checks that a store can be put to."""
    return CHECKS if trial.raw is None else (*CHECKS, *METHODS)


def outcome(check: Check, trial: Trial) -> Outcome:
    """Put a store to one check; what the store itself complains of is its outcome."""
    try:
        return check.run(trial)
    except StoreError as problem:
        return Outcome(Verdict.NO, problem.what, problem.hint)


def tried(trial: Trial, checks: Iterable[Check] = CHECKS) -> Iterator[tuple[Check, Outcome]]:
    """Yield each check with its outcome, as soon as it has one; none is tried once the first does not hold."""
    is_usable = True
    for check in checks:
        found = outcome(check, trial) if is_usable else Outcome(Verdict.UNTRIED)
        is_usable = is_usable and (check is not FIRST or found.holds)
        yield check, found
