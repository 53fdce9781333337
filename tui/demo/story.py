"""What the demonstration does, in order: the lines below are what a newcomer would type."""

from pathlib import Path
from shlex import quote

from yester.tui.demo.sample import Sample
from yester.tui.demo.shell import Shell

MOUNT_POINT = "yesterdays"
WORK = "work"
DONE_WITH_ERRORS = 3
"""Exit code of a snapshot in which some files could not be read."""


def _q(path: Path | str) -> str:
    return quote(str(path))


def take_first_snapshot(shell: Shell, sources: list[Path], sample: Sample) -> None:
    """Make repository and profile, with a copy of the sample as one more source, and take a snapshot."""
    shell.say("A repository, encrypted with a throw-away passphrase.")
    shell.run("yester init")
    shell.say(f"Something to work on: a copy of {sample.folder}.")
    shell.run(f"cp -r --no-preserve=mode {_q(sample.folder)} {WORK}")
    shell.say("A profile says what to take snapshots of.")
    excluded = " ".join(f"--exclude {name}/" for name in ("site-packages", "dist-packages"))
    shell.run(f"yester profile add demo {' '.join(map(_q, sources))} {WORK} {excluded}")
    shell.say("The first snapshot. It only reads the folders.")
    shell.run("yester snap demo", accept=(0, DONE_WITH_ERRORS))


def change_and_take_second(shell: Shell, sample: Sample) -> None:
    """Lose one file, change one where there is another, add one; take a second snapshot."""
    shell.say("A day goes by: a file is lost, one is changed, one is new.")
    shell.run(f"rm {_q(f'{WORK}/{sample.to_lose()}')}")
    if changed := sample.to_change():
        shell.run(f"date >> {_q(f'{WORK}/{changed}')}")
    shell.run(f"date > {WORK}/new-today")
    shell.say("The second snapshot reads only what is new.")
    shell.run("yester snap demo", accept=(0, DONE_WITH_ERRORS))
    shell.run("yester list")


def mount_and_look(shell: Shell) -> Path:
    """Mount all snapshots, show the first levels; return the first snapshot's folder, relative to the shell's."""
    shell.say("Every snapshot, as a folder.")
    shell.run(f"mkdir {MOUNT_POINT}")
    shell.run(f"yester mount {MOUNT_POINT}")
    shell.run(f"find {MOUNT_POINT} -maxdepth 4 | sort")
    first = min(path.name for path in (shell.folder / MOUNT_POINT / "snapshots/demo").iterdir())
    return Path(MOUNT_POINT, "snapshots/demo", first)


def get_back(shell: Shell, first: Path, sample: Sample) -> None:
    """Copy the lost file and a whole folder out of the mount, and hold both against the originals."""
    was = first / str(shell.folder / WORK).lstrip("/")
    lost = sample.to_lose()
    shell.say("What has changed since the first snapshot? Any program can tell.")
    shell.run(f"diff -r --brief {_q(was)} {WORK}", accept=(1,))
    shell.say("The lost file comes back with cp.")
    shell.run(f"cp -a {_q(was / lost)} {WORK}/")
    shell.run(f"cmp {_q(f'{WORK}/{lost}')} {_q(sample.folder / lost)} && echo 'The same as the original.'")
    shell.say("And so does a whole folder: contents, modes, owners, times, attributes. rsync finds no difference.")
    shell.run(f"cp -a {MOUNT_POINT}/latest{_q(sample.folder)} back")
    shell.run(f"diff -r {_q(sample.folder)} back && echo 'The same contents as the original.'")
    shell.run(f"rsync -aHAXn --delete --itemize-changes {_q(sample.folder)}/ back/ > differences")
    shell.run("! grep . differences && echo 'The same attributes as the original.'")


def tell(shell: Shell, sources: list[Path], sample: Sample) -> None:
    """Tell the whole story, from an empty folder to files that came back."""
    take_first_snapshot(shell, sources, sample)
    change_and_take_second(shell, sample)
    first = mount_and_look(shell)
    get_back(shell, first, sample)
    shell.say("Done with looking.")
    shell.run(f"yester umount {MOUNT_POINT}")
