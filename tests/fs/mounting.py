"""Real repositories and real mounts for the tests, each served by a process of its own."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from yester.engine.capture.snapping import SnapshotRequest, take_snapshot
from yester.engine.hooks import NoHooks
from yester.engine.ids import SnapshotId
from yester.engine.places import Places
from yester.engine.profiles.profile import FilterSpec, Profile
from yester.engine.progress import NoProgress
from yester.engine.repository import Repository
from yester.fs.mounts import ActiveMount, active_mounts
from yester.fs.unmounting import unmount
from yester.plugins.backends.folder import FolderStore

SERVE = '''
import json
import sys
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from yester.engine.errors import YesterError
from yester.engine.places import Places
from yester.engine.repository import Repository
from yester.engine.restore.ownership import OwnerMode
from yester.fs import attributes, serving
# Views are kept and looked at again, and what was done is told, ten times as often as it is for people.
attributes.VIEW_SECONDS = serving.TALLY_SECONDS = 0.1
from yester.fs import file_system
file_system.POLL_SECONDS = {**file_system.POLL_SECONDS, True: 0.1}
from yester.fs.scope import Scope
from yester.fs.serving import MountPlan, serve
from yester.fs.time_names import TimeFormat
from yester.plugins.backends.folder import FolderStore
repository, mountpoint, places, owner, others, far, more = sys.argv[1:]
places = Places.under(Path(places))


class FarStore(FolderStore):
    """A store that lets one wait, and reads no content as long as there is a file `stall` beside it."""

    @property
    def capabilities(self):
        return replace(super().capabilities, local=False)

    def get_range(self, name, offset, size):
        while name.startswith("data.") and Path(repository + ".stall").exists():
            time.sleep(0.01)
        return super().get_range(name, offset, size)


Store = FarStore if far == "True" else FolderStore
try:
    more = json.loads(more)
    if "times" in more:
        more["times"] = TimeFormat(more["times"])
    if "recalls" in globals():
        more["recalls"] = recalls
    more["scope"] = Scope(*(more.pop(name, "") for name in ("profile", "snapshot")), more.pop("path", "").encode())
    plan = MountPlan(Path(mountpoint), places, owner=OwnerMode(owner), allow_other=others == "True", **more)
    serve(lambda: closing(Repository.open(Store(Path(repository)), None, places=places)), plan)
except YesterError as error:
    sys.exit(f"{error.what} | {error.hint} | {error.exit_code}")
'''


class World:
    """A repository below one folder, with a profile of everything in `source`, and a mount point."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.source = root / "source"
        self.repository = root / "repository"
        self.mountpoint = root / "mnt"
        self.places = Places.under(root / "home")
        self.source.mkdir()
        self.mountpoint.mkdir()
        Repository.create(FolderStore(self.repository, create=True), None, places=self.places).close()

    @property
    def latest(self) -> Path:
        """The source as the newest snapshot shows it."""
        return self.mountpoint / "latest" / str(self.source).lstrip("/")

    def mounts(self) -> list[ActiveMount]:
        """What is mounted here; the person who runs the tests may have mounts of their own."""
        return [mount for mount in active_mounts() if mount.path.startswith(bytes(self.root))]

    def take(self, profile: str = "docs") -> SnapshotId:
        """Take a snapshot of the source."""
        plan = Profile(profile, profile.encode().ljust(16), (bytes(self.source),), filters=FilterSpec(defaults=False))
        repository = Repository.open(FolderStore(self.repository), None, places=self.places)
        try:
            request = SnapshotRequest(plan, "run")
            done = take_snapshot(
                repository, request, places=self.places, hooks=NoHooks(), progress=NoProgress(), cancelled=lambda: False
            )
        finally:
            repository.close()
        assert done.snapshot is not None
        return done.snapshot

    def open(self) -> Repository:
        """Open the repository, as another program does."""
        return Repository.open(FolderStore(self.repository), None, places=self.places)

    def put(self, like: SnapshotId, **changes: Any) -> SnapshotId:
        """Put a snapshot like another one, as if another machine or another run had taken it."""
        repository = self.open()
        return repository.put_snapshot(msgspec.structs.replace(repository.snapshot(like), **changes))

    def try_to_mount(
        self, owner: str = "as-stored", others: bool = False, far: bool = False, before: str = "", **plan: Any
    ) -> "subprocess.CompletedProcess[str]":
        """Mount in the background; the answer says what went wrong.

        `far`: from a store that is not local. `before`: what the server's process runs first; it may define `recalls`.
        """
        folders = (self.repository, self.mountpoint, self.places.state.parent)
        arguments = map(str, (*folders, owner, others, far, json.dumps(plan)))
        return subprocess.run(
            [sys.executable, "-c", before + SERVE, *arguments], capture_output=True, text=True, check=False
        )

    @contextmanager
    def mounted(
        self, owner: str = "as-stored", others: bool = False, far: bool = False, before: str = "", **plan: Any
    ) -> Iterator[Path]:
        """Mount for the length of the block."""
        done = self.try_to_mount(owner, others, far, before, **plan)
        assert done.returncode == 0, done.stderr
        try:
            yield self.mountpoint
        finally:
            unmount(self.mountpoint, self.places.runtime)
