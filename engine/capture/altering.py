"""A directory's listing with what hooks have decided about its entries; pure."""

import stat
from array import array
from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from yester.engine.capture.listing import UNSETTLED, Listing, digest_of
from yester.engine.capture.statx import ALTERED_NS, Status
from yester.engine.decisions import Decision

_SECOND_NS = 1_000_000_000


class Special(NamedTuple):
    """An entry that hooks have decided something about."""

    status: Status
    """As the file system has it."""
    decision: Decision

    @classmethod
    def of(cls, status: Status, decision: Decision) -> "Special":
        """Return it without what can be decided about files only, where it is none."""
        if not stat.S_ISREG(status.st_mode):
            decision = replace(decision, read=False, content=None, content_path=None)
        return cls(status, decision)

    @property
    def is_read(self) -> bool:
        """Whether it must be taken anew."""
        return self.decision.read or self.decision.is_replacing


class Decided(NamedTuple):
    """A directory as it will be taken."""

    listing: Listing
    """Without what is skipped; statuses and stamps are those of altered entries where they are."""
    special: Mapping[int, Special]
    """Row → what is not to be taken as it is."""

    @property
    def is_read(self) -> bool:
        """Whether some file must be taken anew, whatever the listing says."""
        return any(each.is_read for each in self.special.values())


def decided_of(listing: Listing, decisions: Mapping[int, Decision]) -> Decided:
    """Apply decisions about rows to a listing."""
    if not decisions:
        return Decided(listing, {})
    stamps = array("q", listing.stamps)
    special, altered_rows = {}, {}
    for row, decision in decisions.items():
        status = listing.stats[row]
        special[row] = Special.of(status, decision)
        if special[row].decision.is_altering:
            altered_rows[row] = altered(status, special[row].decision)
            stamps[row] = _stamp(stamps[row], special[row])
    kept = [row for row in range(len(listing.names)) if row not in decisions or not decisions[row].skip]
    names = [listing.names[row] for row in kept]
    kept_stamps = array("q", [stamps[row] for row in kept]).tobytes()
    is_settled = listing.digest != UNSETTLED and not any(
        special[row].decision.is_replacing for row in kept if row in special
    )
    taken = Listing(
        names,
        listing.stats.with_rows(altered_rows).selected(kept),
        kept_stamps,
        digest_of(names, kept_stamps) if is_settled else UNSETTLED,
        listing.failed,
    )
    return Decided(taken, {now: special[then] for now, then in enumerate(kept) if then in special})


def altered(status: Status, decision: Decision) -> Status:
    """Return what the snapshot is to say of an entry whose status this is.

    It is no name of a hard link any more: the others may be taken as they are.
    """
    if not decision.is_altering:
        return status
    seconds, fraction = divmod(status.st_mtime_ns if decision.mtime_ns is None else decision.mtime_ns, _SECOND_NS)
    permissions = stat.S_IMODE(status.st_mode) if decision.mode is None else stat.S_IMODE(decision.mode)
    ctime_s, ctime_fraction_ns = divmod(ALTERED_NS, _SECOND_NS)
    return status._replace(
        st_mode=stat.S_IFMT(status.st_mode) | permissions,
        st_uid=status.st_uid if decision.uid is None else decision.uid,
        st_gid=status.st_gid if decision.gid is None else decision.gid,
        mtime_s=seconds,
        mtime_fraction_ns=fraction,
        ctime_s=ctime_s,
        ctime_fraction_ns=ctime_fraction_ns,
        st_nlink=status.st_nlink if stat.S_ISDIR(status.st_mode) else 1,
    )


def _stamp(stamp: int, special: Special) -> int:
    """Return the stamp of an altered entry; 0 for one that is never as it was."""
    if special.decision.is_replacing or not stamp:
        return 0
    decision = special.decision
    values = (decision.mode, decision.uid, decision.gid, decision.mtime_ns)
    # None has another hash in each process.
    known = [(place, value) for place, value in enumerate(values) if value is not None]
    return hash((stamp, *known)) or 1
