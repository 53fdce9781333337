"""What commands about archives share: which profile, archive, policy and packs are meant, and who may do what."""

import os
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING

from yester.engine.archive.asked import Kind, Request
from yester.engine.archive.calling import Desk, Report
from yester.engine.archive.jobs import Jobs
from yester.engine.archive.person import person_before
from yester.engine.archive.recall_plan import Offers, Place, wanted
from yester.engine.archive.roles import Role, check_role
from yester.engine.errors import ArchiveError, UsageError
from yester.engine.ids import PackId, SnapshotId
from yester.engine.places import Places
from yester.engine.profiles.profile import Profile, RoleSpec
from yester.engine.profiles.reading import load_profile, profile_names
from yester.engine.repository import Repository
from yester.tui.cli.failures import complain
from yester.tui.cli.opening import repository_place
from yester.tui.cli.wording import count

if TYPE_CHECKING:
    from yester.engine.archive.planning import PackShare
    from yester.engine.archive.port import Archive, Archives, Policy
    from yester.plugins.asks import Audience


def profile_named(names: Sequence[str], repository: str | None, places: Places) -> Profile | None:
    """Return this machine's profile that is named first, by itself or before a snapshot; else one of the repository."""
    folder = places.config / "profiles"
    known = profile_names(folder)
    said = [part for name in names for part in (name, name.partition(":")[0].rpartition("@")[0]) if part in known]
    if repository is None and said:
        return load_profile(folder, said[0])
    place = repository_place(repository, None, places)
    found = {each.name: each for each in _profiles(places) if repository_place(None, each, places) == place}
    return next((found[name] for name in (*said, *found) if name in found), None)


def _profiles(places: Places) -> list[Profile]:
    """Return the profiles of this machine; one that is wrong says nothing, commands about it say why."""
    folder, found = places.config / "profiles", []
    for name in profile_names(folder):
        with suppress(UsageError):
            found.append(load_profile(folder, name))
    return found


def check_roles(roles: Iterable[Role], names: Iterable[str], place: str, places: Places) -> None:
    """UsageError when who runs this program lacks a role in one of the profiles that this is about.

    That is those of these names that are here; else all that have their repository at this place.
    """
    here = {each.name: each for each in _profiles(places)}
    concerned = [here[name] for name in dict.fromkeys(names) if name in here]
    concerned = concerned or [each for each in here.values() if repository_place(None, each, places) == place]
    for role in roles:
        for profile in concerned:
            file = places.config / "profiles" / f"{profile.name}.toml"
            check_role(profile.archive.roles, role, person_before(file), profile.name)
        if not concerned:
            check_role(RoleSpec(), role, person_before(places.config / "none"), "that there is none of")


@contextmanager
def archives_of(
    places: Places,
    audience: "Audience",
    profile: Profile | None = None,
    stopping: Callable[[], bool] = lambda: False,
) -> "Iterator[Archives]":
    """Give the archives of this machine, as a profile sets them; none is loaded before it is needed.

    What they are asked is broken off when the command is `stopping`.
    """
    from yester.plugins.portal.archives import open_archives

    with closing(open_archives(places, audience, profile=profile, stopping=stopping)) as archives:
        yield archives


def policy_meant(archives: "Archives", to: str | None, policy: str | None) -> "tuple[Archive, Policy]":
    """Return the archive and the storage policy that are named, or the only ones there are. UsageError."""
    among = [archives.named(to)] if to is not None else [*archives.all().values()]
    found = [(archive, each) for archive in among for each in policies_of(archive)]
    meant = [(archive, each) for archive, each in found if policy in (None, each.uuid, each.name)]
    if len(meant) == 1:
        return meant[0]
    known = ", ".join(f"--to {archive.name} --policy {each.name}" for archive, each in (meant or found))
    if not found:
        raise UsageError(
            "There is no archive here", hint="Archives are plugins: yester archive policies, and docs/archives.md."
        )
    what = "Which storage policy is meant is not clear" if meant else f"There is no storage policy {policy}"
    raise UsageError(what, hint=f"There are: {known}.")


def policies_of(archive: "Archive") -> "Sequence[Policy]":
    """Return an archive's storage policies; none, and a complaint, when it cannot tell."""
    try:
        return archive.policies()
    except ArchiveError as error:
        complain(f"{archive.name}: {error.what}")
        return ()


def shares_of(opened: Repository, sids: Collection[SnapshotId]) -> "Sequence[PackShare]":
    """Return the packs that snapshots need, and how much of each others need too. UsageError, DamageError."""
    # It is loaded when it is needed: a command that only says what is wrong does not wait for it.
    from yester.engine.archive import sharing

    return sharing.shares_of(opened, sids, lambda directories, pieces: None)


def new_request(
    kind: Kind, about: str, places: Places, *, purges: bool = False, snapshots: Iterable[SnapshotId] = ()
) -> Request:
    """Return a request of who runs this program."""
    person = person_before(places.config)
    return Request(os.urandom(4).hex(), kind, time.time_ns(), about, person.name, purges, tuple(snapshots))


def offers_of(archives: "Archives") -> Offers:
    """Return the policies of the archives that are there."""
    return {
        (archive.guid, policy.uuid): policy for archive in archives.all().values() for policy in policies_of(archive)
    }


def failed_recalls(opened: Repository) -> set[tuple[PackId, Place]]:
    """Return which archive did not give back which pack when it was asked last."""
    with Jobs(opened.state) as jobs:
        return {(job.wanted.pack, (job.wanted.archive, job.wanted.policy)) for job in jobs.failed(Kind.RECALL)}


def queue_unneeded(desk: Desk, place: str, places: Places) -> Report:
    """Queue what archives need not keep, where who runs this program may."""
    unneeded, report = desk.depot.unneeded(), Report()
    if not unneeded:
        return report
    try:
        check_roles([Role.DELETE], (), place, places)
    except UsageError as error:
        report.hear(f"Archives keep {count(len(unneeded), 'pack')} that no snapshot needs: {error.what}")
        return report
    desk.jobs.add(new_request(Kind.DELETE, "no snapshot needs it any more", places), [*map(wanted, unneeded)])
    return report
