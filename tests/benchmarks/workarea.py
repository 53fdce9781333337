"""Where the measuring happens: a journalled ext4 of its own, unmounted and removed at the end.

The reason was measured: on an ext4 without a journal `cp -a` of 3,000 files took 0.06 s, and up to 1.15 s for some time
after other files had been deleted, which charges one tool for the clean-up of the one before. On a journalled image it
is 0.07 s either way. Without root, or without loop devices, a plain folder has to do.
"""

import contextlib
import fcntl
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

GIB = 1 << 30
_OCTAL = re.compile(rb"\\([0-7]{3})")


class WorkAreaBusy(Exception):
    """Another run works there."""


@contextlib.contextmanager
def work_area(base: Path, size: int) -> Iterator[tuple[Path, str]]:
    """A fresh folder in `base` and what kind it is; what a killed run left there is cleared first. WorkAreaBusy."""
    base.mkdir(parents=True, exist_ok=True)
    with open(base / "lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise WorkAreaBusy(
                f"another benchmark runs in {base}; wait for it, or name another folder by --work"
            ) from None
        folder, image = base / "area", base / "area.img"
        _clear(folder, image)
        folder.mkdir()
        try:
            yield folder, _mount_image(folder, image, size)
        finally:
            _clear(folder, image)
            (base / "lock").unlink()
            with contextlib.suppress(OSError):  # not empty: it was there before, and is not ours
                base.rmdir()


def _mount_image(folder: Path, image: Path, size: int) -> str:
    """Mount a sparse ext4 image on `folder` where that can be done."""
    size = min(size, shutil.disk_usage(folder).free * 9 // 10)
    if os.geteuid() != 0 or shutil.which("losetup") is None or shutil.which("mkfs.ext4") is None:
        return "a plain folder"
    try:
        with open(image, "wb") as file:
            file.truncate(size)
        options = ("-i", "8192", "-E", "nodiscard,lazy_itable_init=0")
        _run("mkfs.ext4", "-q", "-F", "-m0", *options, str(image))
        device = _run("losetup", "--find", "--show", "--direct-io=on", str(image)).strip()
        try:
            _run("mount", "-o", "noatime", device, str(folder))
        finally:
            _run("losetup", "--detach", device)  # put off by the kernel until the unmount
    except (OSError, subprocess.CalledProcessError):
        image.unlink(missing_ok=True)
        return "a plain folder"
    return "a journalled ext4 image"


def _clear(folder: Path, image: Path) -> None:
    """Unmount whatever is mounted at or below `folder`, the innermost first, and remove folder and image."""
    for point in sorted(_mount_points(folder), key=len, reverse=True):
        subprocess.run(["umount", point], capture_output=True, check=False)
        if os.path.ismount(point):
            subprocess.run(["umount", "-l", point], capture_output=True, check=False)
            subprocess.run(["fusermount3", "-u", "-z", point], capture_output=True, check=False)
    image.unlink(missing_ok=True)
    if not os.path.ismount(folder):
        shutil.rmtree(folder, ignore_errors=True)


def _mount_points(folder: Path) -> list[str]:
    """What is mounted at or below `folder`; elsewhere mount points may have any bytes for a name."""
    lines = Path("/proc/self/mountinfo").read_bytes().splitlines()
    points = (_OCTAL.sub(lambda code: bytes([int(code[1], 8)]), line.split()[4]) for line in lines)
    top = os.fsencode(folder)
    return [os.fsdecode(point) for point in points if point == top or point.startswith(top + b"/")]


def _run(*argv: str) -> str:
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout
