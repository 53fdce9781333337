"""Drives that can be pulled out while they are written to: a loop device with ext4, and FUSE drivers on an image.

ext4 loses its device by the ioctl that its own tests use for that (`EXT4_IOC_SHUTDOWN`, without writing the journal),
then the mount and the loop device go, as a desktop lets go of a stick that was pulled. Of a FUSE driver the process is
killed: of what it had not yet written to the image nothing arrives.
"""

import fcntl
import gc
import os
import shutil
import signal
import struct
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

SHUTDOWN = 0x8004587D
"""EXT4_IOC_SHUTDOWN: _IOR('X', 125, __u32)."""
NO_LOG_FLUSH = 2


@dataclass(frozen=True)
class Kind:
    """A file system, and the programs that make, mount and mend it."""

    name: str
    make: Sequence[str]
    driver: Sequence[str] = ()
    """Of a FUSE driver; empty for one of the kernel's."""
    on_device: bool = False
    """Whether the driver wants a block device."""
    mend: Sequence[str] = ()


KINDS = {
    kind.name: kind
    for kind in (
        Kind("ext4", ("mkfs.ext4", "-q", "-F", "-L", "STICK"), mend=("e2fsck", "-p")),
        Kind(
            "fat",
            ("mkfs.vfat", "-F", "32", "-s", "64", "-n", "STICK"),
            ("fusefat", "-f", "-o", "rw+"),
            mend=("fsck.vfat", "-a"),
        ),
        Kind(
            "exfat",
            ("mkfs.exfat", "-L", "STICK"),
            ("mount.exfat-fuse", "-d"),
            on_device=True,
            mend=("fsck.exfat", "-y"),
        ),
        Kind("ntfs", ("mkntfs", "-F", "-q", "-L", "STICK"), ("ntfs-3g", "-o", "no_detach"), mend=("ntfsfix",)),
    )
}


def run(*command: str | Path) -> str:
    """Run a program of the system's; return what it prints. The test fails when it does."""
    environment = {**os.environ, "PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin"}
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout.strip()


@dataclass
class LooseDrive:
    """One drive."""

    kind: Kind
    image: Path
    point: Path
    device: str = ""
    """Its loop device while it is plugged in."""
    _server: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    @classmethod
    def made(cls, kind: str, folder: Path, size: int = 96 << 20) -> "LooseDrive":
        """Make a drive; it is not plugged in."""
        drive = cls(KINDS[kind], folder / f"{kind}.img", folder / "point")
        for program in filter(None, (drive.kind.make[0], *drive.kind.driver[:1])):
            if not shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin:/sbin"):
                pytest.fail(f"{program} is not installed: run `make test-servers`", pytrace=False)
        with open(drive.image, "wb") as image:
            image.truncate(size)
        run(*drive.kind.make, drive.image)
        drive.point.mkdir()
        return drive

    def plug_in(self, *options: str) -> None:
        """Connect and mount it."""
        self.connect()
        self.mount(*options)

    def connect(self) -> None:
        """Let there be its device."""
        if not os.path.exists("/dev/loop-control"):
            pytest.fail(
                "there are no loop devices: load the module `loop`, or start the container privileged", pytrace=False
            )
        self.device = run("losetup", "--find", "--show", self.image)

    def mount(self, *options: str) -> None:
        """Mount it, once it is connected."""
        if not self.kind.driver:
            run("mount", *options, self.device, self.point)
            return
        program = shutil.which(self.kind.driver[0], path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
        assert program is not None
        what = self.device if self.kind.on_device else str(self.image)
        command = [program, *self.kind.driver[1:], *options, what, str(self.point)]
        self._server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not os.path.ismount(self.point):
            assert self._server.poll() is None, f"{command} ended"

    def pull(self) -> None:
        """Pull it out, whatever is being written."""
        self.lose()
        self._let_go()

    def lose(self) -> None:
        """Let every access fail from now on; the mount is there still."""
        if self._server is not None:
            self._server.send_signal(signal.SIGKILL)
            self._server.wait()
            return
        folder = os.open(self.point, os.O_RDONLY)
        try:
            fcntl.ioctl(folder, SHUTDOWN, struct.pack("I", NO_LOG_FLUSH))
        finally:
            os.close(folder)

    def eject(self) -> None:
        """Unmount it in good order, and unplug it."""
        gc.collect()  # files that commands in this process have not let go of yet
        run("umount", self.point)
        self._let_go()

    def mend(self) -> None:
        """Let the file system's own program mend what the pull left; it may also have nothing to do."""
        subprocess.run([*self.kind.mend, str(self.image)], capture_output=True, check=False)

    def put_away(self) -> None:
        """Leave nothing behind, however the test ended."""
        self._let_go()

    def _let_go(self) -> None:
        subprocess.run(["umount", "--lazy", str(self.point)], capture_output=True, check=False)
        if self._server is not None:
            self._server.kill()
            self._server.wait()
            self._server = None
        if self.device:
            subprocess.run(["losetup", "--detach", self.device], capture_output=True, check=False)
            self.device = ""
