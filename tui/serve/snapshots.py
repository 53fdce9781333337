"""Answers about snapshots."""

import time

from yester.engine.errors import UsageError
from yester.engine.host import host_name
from yester.engine.retention.choosing import judged_by_profile
from yester.tui.cli.list import retention_specs, snapshot_as_json, why_as_json
from yester.tui.serve.call import Answers, Call
from yester.tui.serve.desk import Desk
from yester.tui.serve.methods.snapshots import Forgetting, SnapshotsWanted


def snapshots(desk: Desk, asked: SnapshotsWanted, call: Call) -> Answers:
    """Yield snapshots, newest first; the return value has what the repository warns of."""
    with desk.repositories.using(asked) as opened:
        everything = opened.snapshots()
        labels = opened.labels()
        apart = {sid for sid, _ in everything if opened.came_blind(sid)}
        specs = retention_specs(desk.places, lambda what, hint: None)
        judged = judged_by_profile(everything, labels, specs, time.time_ns(), apart=apart)
        answers = [
            snapshot_as_json(opened, sid, snapshot, labels.get(sid)) | why_as_json(sid, judged)
            for sid, snapshot in reversed(everything)
            if not (asked.of_profile and asked.profile) or snapshot.profile == asked.profile
        ]
        warnings = [*opened.warnings()]
    yield from answers
    return {"warnings": warnings, "place": opened.store.place, "host": host_name()}


def freed(desk: Desk, asked: Forgetting, call: Call) -> Answers:
    """Yield what a prune gives back once snapshots are gone."""
    from yester.engine.catalogue.usage import freed_by

    if not asked.snapshots:
        raise UsageError("No snapshot is named", hint="Ask for the plan first: snapshots.plan")
    with desk.repositories.using(asked) as opened, desk.repositories.searching(asked, call) as catalogue:
        going = {opened.find_snapshot(each)[0] for each in asked.snapshots}
        size = freed_by(catalogue, opened.index, opened.reader(), going, lambda number: call.check())
    yield {"size": size}
