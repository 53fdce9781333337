"""Mounting from any place: a snapshot as a folder, a shell in it, and taking mounts away again."""

import os
from typing import TYPE_CHECKING

from textual.app import SuspendNotSupported

from yester.engine.errors import YesterError
from yester.engine.events import Shown
from yester.engine.places import Places
from yester.tui.cli.wording import printable
from yester.tui.client import Refused, all_of
from yester.tui.dialogs.confirm import Confirm
from yester.tui.dialogs.leaving import Choice, Leaving
from yester.tui.screens.place import Place
from yester.tui.shell import run_shell
from yester.tui.state import mounts
from yester.tui.state.browse import as_shown
from yester.tui.state.mounts import Mount

if TYPE_CHECKING:
    from yester.tui.app import TerminalProgram

BUSY = "is busy"
"""What a refusal says when programs use a mount."""


def usual_place(profile: str) -> bytes:
    """Return the folder at which the snapshots of a profile's repository are shown when nobody says where."""
    return mounts.place_for(os.fsencode(Places.default().runtime), profile)


async def mount_at(place: Place, profile: str, folder: bytes) -> None:
    """Mount all snapshots of a profile's repository at a folder, which is made if it is not there. Refused."""
    await all_of(place.engine.ask("mounts.add", dict, profile=profile, mountpoint=as_shown(folder), make_folder=True))
    place.program.mounted = (*place.program.mounted, folder)


async def folder_of(place: Place, repository: str, profile: str, snapshot: str) -> bytes:
    """Return the folder of a snapshot in a mount; it is mounted if it is not. Refused."""
    mount = mounts.showing_all(await all_of(place.engine.ask("mounts.list", Mount)), repository)
    at = mount.raw if mount is not None else usual_place(profile)
    if mount is None:
        await mount_at(place, profile, at)
    found = await all_of(place.engine.ask("mounts.path", Shown, mountpoint=as_shown(at), snapshot=snapshot))
    return found[0].raw if found else at


def open_shell(place: Place, folder: bytes) -> None:
    """Let go of the terminal for a shell in a folder, until the person leaves it."""
    try:
        with place.app.suspend():
            run_shell(folder)
    except SuspendNotSupported:
        place.program.say("This terminal cannot be let go of", f"In another one: cd {printable(folder)}", is_bad=True)
    except YesterError as problem:
        place.program.say(problem.what, problem.hint, is_bad=True)


def unmount(place: Place, mount: Mount) -> None:
    """Take a mount away; where programs use it, ask whether to let it go all the same."""

    async def work(*, lazy: bool = False) -> None:
        try:
            await all_of(place.engine.ask("mounts.remove", dict, mountpoint=as_shown(mount.raw), lazy=lazy))
        except Refused as refused:
            if BUSY not in refused.what:
                raise
            ask(refused.what)
            return
        forget(place.program, mount.raw)
        place.program.say(f"Unmounted: {mount.path}")
        place.changed(place.WATCHES)

    def ask(why: str) -> None:
        def answered(is_yes: bool | None) -> None:
            if is_yes:
                place.work_on(lambda: work(lazy=True), "unmount")

        lines = mounts.busy_lines(mount, why, mount.open_files or 0)
        place.app.push_screen(Confirm(lines, "Let it go"), answered)

    def agreed(is_yes: bool | None) -> None:
        if is_yes:
            place.work_on(work, "unmount")

    if mount.is_others:
        place.app.push_screen(Confirm(mounts.others_lines(mount), "Take it away"), agreed)
    else:
        agreed(is_yes=True)


def forget(program: "TerminalProgram", folder: bytes) -> None:
    """Remember no more that a folder was mounted from here."""
    program.mounted = tuple(each for each in program.mounted if each != folder)


def leave(place: Place) -> None:
    """Leave the program; ask once what becomes of what was mounted from it and is there still."""
    program = place.program

    async def work() -> None:
        there = {each.raw for each in await all_of(place.engine.ask("mounts.list", Mount))}
        program.mounted = tuple(each for each in program.mounted if each in there)
        if program.mounted:
            program.push_screen(Leaving(mounts.leaving_lines(program.mounted)), answered)
        else:
            program.end()

    async def take_away() -> None:
        for folder in program.mounted:
            await all_of(place.engine.ask("mounts.remove", dict, mountpoint=as_shown(folder)))
            forget(program, folder)
        program.end()

    def answered(choice: Choice | None) -> None:
        if choice == "leave":
            program.end()
        elif choice == "unmount":
            place.work_on(take_away, "leave")

    place.work_on(work, "leave")
