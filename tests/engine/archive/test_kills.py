"""A process is killed between any two steps: the same command again, and all is as if nothing had been.

The steps of a clean run are counted: before and after each transaction, each call to the archive, each change of the
repository. Then the process dies at each of them, and the command is given again.
"""

import itertools
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.engine.archive.fakes import Fate, Killed, World, of

from yester.engine.archive.asked import Kind, State
from yester.engine.archive.bringing_back import purge, recall
from yester.engine.archive.handing_over import hand_over, let_go


def archive_and_purge(world: World) -> None:
    """As `yester archive docs --purge`, which asks for what is not archived yet."""
    held = world.depot.held()
    with world.desk() as desk:
        lacking = [each for each in world.wanted() if each.pack not in held]
        there = [each for each in world.wanted() if each.pack in held and each.pack in world.depot.online]
        if lacking:
            desk.jobs.add(world.request(Kind.ARCHIVE, purges=True, id=next(IDS)), lacking)
        if there:
            desk.jobs.add(world.request(Kind.PURGE, id=next(IDS)), there)
        hand_over(desk)
        purge(desk)


def bring_all_back(world: World) -> None:
    """As `yester recall`, of what is offline."""
    with world.desk() as desk:
        offline = [each for each in world.wanted() if each.pack not in world.depot.online]
        if offline:
            desk.jobs.add(world.request(Kind.RECALL, id=next(IDS)), offline)
        recall(desk)


def delete_all(world: World) -> None:
    """As a prune, of what no snapshot needs any more."""
    with world.desk() as desk:
        world.depot.release([each for holdings in world.depot.held().values() for each in holdings])
        if unneeded := world.depot.unneeded():
            desk.jobs.add(world.request(Kind.DELETE, id=next(IDS)), [*map(of, unneeded)])
        let_go(desk)


IDS = map(str, itertools.count())
Command = Callable[[World], None]
BEFORE: dict[Command, tuple[Command, ...]] = {
    archive_and_purge: (),
    bring_all_back: (archive_and_purge,),
    delete_all: (archive_and_purge, bring_all_back),
}


def state(world: World) -> object:
    """Return all that is to be the same in the end: of jobs, how the last one about each pack ended."""
    with world.desk() as desk:
        jobs = [job for summary in desk.jobs.summaries() for job in desk.jobs.jobs_of(summary.request.id)]
    assert not [job for job in jobs if job.state in (State.RUNNING, State.RESTORING, State.QUEUED, State.FAILED)]
    ends = {job.wanted.pack: job.state for job in sorted(jobs, key=lambda job: job.id)}
    held = {
        (pack, each.archive, each.external_ids, each.sha1, each.size, each.verified_ns)
        for pack, holdings in world.depot.held().items()
        for each in holdings
    }
    return ends, held, len(world.depot.unneeded()), dict(world.depot.online), dict(world.archive.held)


def assert_each_is_there_once(world: World) -> None:
    """An archive that is asked for a pack again is asked by the same call, and about the same packs."""
    calls: dict[str, set[tuple[str, ...]]] = {}
    for verb, call, names in world.archive.told:
        if verb == "archive":
            calls.setdefault(call, set()).add(names)
    assert all(len(asked) == 1 for asked in calls.values())
    assert max(Counter(name for [names] in calls.values() for name in names).values()) == 1


@pytest.mark.parametrize("command", BEFORE, ids=lambda each: each.__name__)
def test_after_a_kill_at_any_step_the_command_goes_on(tmp_path: Path, command: Command) -> None:
    def begun(folder: Path) -> World:
        world = World.of(folder)
        for each in BEFORE[command]:
            each(world)
        return world

    clean = begun(tmp_path / "clean").dying_at(-1)
    command(clean)
    steps, end = clean.fate.steps, state(clean)
    assert len(steps) >= 10
    for at in range(len(steps)):
        world = begun(tmp_path / str(at))
        dying = world.dying_at(at)
        with pytest.raises(Killed):
            command(dying)
        world.archive.fate = world.depot.fate = Fate()
        command(world)
        assert state(world) == end, steps[at]
        assert_each_is_there_once(world)


def go_on(world: World) -> None:
    """As `yester archive run`, which asks for nothing new."""
    with world.desk() as desk:
        for work in (recall, hand_over, purge, let_go):
            work(desk)


@pytest.mark.parametrize("command", BEFORE, ids=lambda each: each.__name__)
def test_once_it_is_asked_for_any_command_about_archives_goes_on(tmp_path: Path, command: Command) -> None:
    def begun(folder: Path) -> World:
        world = World.of(folder, 2)
        for each in BEFORE[command]:
            each(world)
        return world

    clean = begun(tmp_path / "clean").dying_at(-1)
    command(clean)
    steps, end = clean.fate.steps, state(clean)
    asked = [at for at, step in enumerate(steps) if step == "after a write"][command is archive_and_purge]  # its tables
    for at in range(asked, len(steps)):
        world = begun(tmp_path / str(at))
        with pytest.raises(Killed):
            command(world.dying_at(at))
        world.archive.fate = world.depot.fate = Fate()
        go_on(world)
        assert state(world) == end, steps[at]
        assert_each_is_there_once(world)


def test_a_kill_at_any_two_steps_of_one_command(tmp_path: Path) -> None:
    clean = World.of(tmp_path / "clean", 2).dying_at(-1)
    archive_and_purge(clean)
    end = state(clean)
    for number, (first, second) in enumerate(itertools.product(range(0, len(clean.fate.steps), 5), repeat=2)):
        world = World.of(tmp_path / str(number), 2)
        for at in (first, second):
            try:
                archive_and_purge(world.dying_at(at))
            except Killed:
                continue
        world.archive.fate = world.depot.fate = Fate()
        archive_and_purge(world)
        assert state(world) == end, (first, second)
        assert_each_is_there_once(world)
