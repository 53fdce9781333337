"""From what a walk brought back to the snapshot that will be committed."""

import time

import msgspec

from yester import __version__
from yester.engine.capture.context import RunContext
from yester.engine.capture.dry import DryWriter
from yester.engine.capture.taken import Failure, Taken
from yester.engine.failure_report import encode_report
from yester.engine.host import host_name, user_name
from yester.engine.ids import BlobId, BlobKind, SnapshotId
from yester.engine.packs.writing import BlobWriter
from yester.engine.sealed.records import Snapshot, Statistics
from yester.engine.trees.links import write_links


def draft_of(
    context: RunContext,
    writer: BlobWriter | DryWriter,
    taken: Taken,
    parent: SnapshotId | None,
    *,
    partial: bool = False,
    suspicious: bool = False,
) -> Snapshot:
    """Store what hangs on the snapshot besides its tree, and return the snapshot without its statistics."""
    repository, profile = context.repository, context.profile
    links = None
    if taken.members:
        links = write_links(writer.add, repository.keys.page_key, zip(taken.members, taken.firsts, strict=True))
    return Snapshot(
        time_ns=context.started_ns,
        end_ns=context.started_ns,
        host_id=context.host,
        host=host_name(),
        user=user_name(),
        profile_id=profile.id,
        profile=profile.name,
        sources=context.request.sources,
        streams=context.request.stream_paths,
        root=taken.root,
        writer=repository.writer,
        sequence=0,  # the commit gives it
        parent=parent,
        links=links,
        errors=stored_report(writer, taken.failures),
        profile_text=writer.add(BlobKind.TEXT, profile.text.encode("utf-8", "surrogateescape")),
        partial=partial,
        suspicious=suspicious,
        program=f"yester {__version__}",
    )


def finished(draft: Snapshot, statistics: Statistics) -> Snapshot:
    """Return the snapshot as it is committed now."""
    return msgspec.structs.replace(draft, end_ns=time.time_ns(), statistics=statistics)


def statistics_of(context: RunContext, writer: BlobWriter | DryWriter, taken: Taken) -> Statistics:
    """Return what the run saw and did so far."""
    counters = context.counters
    return Statistics(
        entries=taken.summary.entries,
        files=taken.summary.files,
        size=taken.summary.size,
        new=counters.new,
        changed=counters.changed,
        unchanged=counters.unchanged,
        failed=len(taken.failures),
        added_size=writer.statistics.added_size,
        stored_size=writer.statistics.stored_size,
        duration_ns=time.time_ns() - context.started_ns,
    )


def stored_report(writer: BlobWriter | DryWriter, failures: list[Failure]) -> BlobId | None:
    """Store the failures and return the blob's id."""
    if not failures:
        return None
    return writer.add(BlobKind.TEXT, encode_report((failure.path, failure.what) for failure in failures))
