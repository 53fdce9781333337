"""yester list: which snapshots there are."""

import time
from collections.abc import Callable, Iterable, Mapping

import click
import msgspec

from yester.engine.errors import UsageError
from yester.engine.events import shown
from yester.engine.ids import SnapshotId
from yester.engine.nearest import did_you_mean
from yester.engine.places import Places
from yester.engine.profiles.profile import Profile, RetentionSpec
from yester.engine.profiles.reading import load_profile, profile_names
from yester.engine.repository import Repository
from yester.engine.retention.choosing import judged_by_profile
from yester.engine.retention.plan import Decision
from yester.engine.retention.reasons import Reason
from yester.engine.sealed.records import Label, Snapshot
from yester.tui.cli.failures import complain
from yester.tui.cli.json_output import echo_json
from yester.tui.cli.opening import Access
from yester.tui.cli.options import access, as_json
from yester.tui.cli.visiting import visited
from yester.tui.cli.wording import count, moment, one_line, size, table

_HEADER = ("TIME", "SNAPSHOT", "PROFILE", "HOST", "FILES", "SIZE", "STORED", "NOTES")
_NUMBERS = (4, 5, 6)


@click.command("list", short_help="List snapshots.")
@click.option("--profile", "name", metavar="NAME", help="Only snapshots of this profile.")
@click.option("--host", metavar="NAME", help="Only snapshots of this machine.")
@click.option("--tag", "tags", metavar="TAG", multiple=True, help="Only snapshots with this tag, or one of several.")
@click.option("--pinned", is_flag=True, help="Only pinned snapshots.")
@click.option("--why", is_flag=True, help="Say why each stays or would go, by the rules of this machine's profiles.")
@as_json
@access
def command(
    name: str | None,
    host: str | None,
    tags: tuple[str, ...],
    pinned: bool,
    why: bool,
    as_json: bool,
    repository: str | None,
    passphrase_file: str,
    passphrase_command: str,
    keyring: bool,
) -> None:
    """List the snapshots in a repository, oldest first."""
    places = Places.default()
    profile = _local_profile(name, places) if name and repository is None else None
    asked = Access(repository, passphrase_file, passphrase_command, keyring)
    with visited("list", asked, places, profile) as opened:
        opened.unlock()
        everything = opened.snapshots()
        labels = opened.labels()
        for warning in opened.warnings():
            complain(warning)
        of_these = [(sid, snapshot) for sid, snapshot in everything if _is_wanted(snapshot, name, host)]
        chosen = [(sid, snapshot) for sid, snapshot in of_these if _is_said(labels.get(sid), tags, pinned)]
        if not of_these and name is not None:
            _refuse_unknown(name, [snapshot.profile for _, snapshot in everything])
        apart = {sid for sid, _ in everything if opened.came_blind(sid)}
        judged = (
            judged_by_profile(everything, labels, retention_specs(places, complain), time.time_ns(), apart=apart)
            if why
            else None
        )
        if as_json:
            echo_json(
                [
                    snapshot_as_json(opened, sid, snapshot, labels.get(sid)) | why_as_json(sid, judged)
                    for sid, snapshot in chosen
                ]
            )
        elif chosen:
            header = _HEADER if judged is None else (*_HEADER, "WHY")
            rows = [header, *((*_row(opened, sid, snap, labels.get(sid)), *_why(sid, judged)) for sid, snap in chosen)]
            click.echo("\n".join(table(rows, right=_NUMBERS)))
        else:
            such = "such snapshots" if everything else "snapshots"
            click.echo(f"no {such} in {one_line(opened.store.place)}")


def retention_specs(places: Places, complain: Callable[[str, str], None]) -> dict[bytes, RetentionSpec]:
    """Return the rules of this machine's profiles by their ids; of one that cannot be read, `complain`."""
    specs: dict[bytes, RetentionSpec] = {}
    for name in profile_names(places.config / "profiles"):
        try:
            profile = load_profile(places.config / "profiles", name)
        except UsageError as error:
            complain(error.what, error.hint)
        else:
            specs[profile.id] = profile.retention
    return specs


def _why(sid: SnapshotId, judged: Mapping[SnapshotId, Decision] | None) -> tuple[str, ...]:
    """Return the column that says why: none when it was not asked for."""
    if judged is None:
        return ()
    if sid not in judged:
        return ("of no profile of this machine",)
    each = judged[sid]
    return (f"{'stays' if each.kept else 'goes'}: {'; '.join(map(str, each.reasons))}",)


def why_as_json(sid: SnapshotId, judged: Mapping[SnapshotId, Decision] | None) -> dict[str, object]:
    """Return why a snapshot stays or goes as `--json` shows it; nothing when that was not asked for."""
    if judged is None:
        return {}
    each = judged.get(sid)
    return {"kept": each.kept if each else None, "reasons": reasons_as_json(each.reasons) if each else None}


def reasons_as_json(reasons: Iterable[Reason]) -> list[dict[str, object]]:
    """Return reasons of retention as `--json` shows them."""
    return [{"rule": reason.rule.value, "of": reason.of, "text": str(reason)} for reason in reasons]


def _local_profile(name: str, places: Places) -> Profile | None:
    """Return the profile of that name on this machine, whose repository is then meant."""
    folder = places.config / "profiles"
    return load_profile(folder, name) if name in profile_names(folder) else None


def _is_wanted(snapshot: Snapshot, name: str | None, host: str | None) -> bool:
    return name in (None, snapshot.profile, f"{snapshot.profile}@{snapshot.host}") and host in (None, snapshot.host)


def _is_said(label: Label | None, tags: tuple[str, ...], pinned: bool) -> bool:
    """Whether what is said about a snapshot is what is asked for."""
    has_tag = not tags or (label is not None and not {*tags}.isdisjoint(label.tags))
    return has_tag and (not pinned or (label is not None and label.pinned))


def _refuse_unknown(name: str, known: list[str]) -> None:
    if name not in known:
        raise UsageError(f"No snapshot is of a profile {name}", hint=did_you_mean(name, set(known)))


def _row(opened: Repository, sid: SnapshotId, snapshot: Snapshot, label: Label | None) -> tuple[str, ...]:
    done = snapshot.statistics
    blind = ["by a write-only key"] if opened.came_blind(sid) else []
    return (
        moment(snapshot.time_ns),
        sid.hex()[:8],
        snapshot.profile,
        snapshot.host,
        f"{done.files:,}",
        size(done.size),
        size(done.stored_size),
        "; ".join(notes(snapshot) + blind + (words_of(label) if label else [])),
    )


def notes(snapshot: Snapshot) -> list[str]:
    """Return in words what is special about a snapshot."""
    failed = snapshot.statistics.failed
    said = [
        "partial" if snapshot.partial else "",
        "suspicious" if snapshot.suspicious else "",
        "copy" if snapshot.copy_of else "",
        count(failed, "failure") if failed else "",
    ]
    return [word for word in said if word]


def words_of(label: Label) -> list[str]:
    """Return what people said about a snapshot: its pin, its name, its tags, its note."""
    tags = " ".join(f"#{tag}" for tag in label.tags)
    said = ["pinned" if label.pinned else "", f'"{label.name}"' if label.name else "", tags, label.note]
    return [word for word in said if word]


def snapshot_as_json(opened: Repository, sid: SnapshotId, snapshot: Snapshot, label: Label | None) -> dict[str, object]:
    """Return a snapshot as `--json` shows it."""
    return {
        "snapshot": sid.hex(),
        "time_ns": snapshot.time_ns,
        "end_ns": snapshot.end_ns,
        "profile": snapshot.profile,
        "profile_id": snapshot.profile_id.hex(),
        "host": snapshot.host,
        "user": snapshot.user,
        "sources": [shown(source) for source in snapshot.sources],
        "streams": [shown(stream) for stream in snapshot.streams],
        "partial": snapshot.partial,
        "suspicious": snapshot.suspicious,
        "parent": snapshot.parent.hex() if snapshot.parent else None,
        "write_only": opened.came_blind(sid),
        "copy_of": snapshot.copy_of.hex() if snapshot.copy_of else None,
        "program": snapshot.program,
        "name": label.name if label else None,
        "tags": list(label.tags) if label else [],
        "pinned": label.pinned if label else False,
        "note": label.note if label else "",
        "statistics": msgspec.structs.asdict(snapshot.statistics),
    }
