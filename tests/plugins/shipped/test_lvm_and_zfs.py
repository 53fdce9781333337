"""Snapshots of LVM and ZFS, by stand-ins that take the calls and say what the real programs do.

The words of `lvs` are those of LVM 2.03, as its manual has them; no kernel of the tests has either.
"""

import os
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from tests.engine.schedule.stand_ins import said, stand_in
from tests.plugins.shipped.rig import GOOD, made

from yester.engine.events import Level, RunBegin, Shown
from yester.plugins.native import StopRun
from yester.plugins.shipped.lvm import Lvm
from yester.plugins.shipped.zfs import Zfs
from yester.plugins.snapshotting import freezing
from yester.plugins.snapshotting.freezing import Freezing

NOTE = 'echo "$(basename "$0") $*" >>"$STAND_IN/said"\n'
LVS = f"""#!/bin/sh
{NOTE}case "$*" in
*json*) echo '{{"report": [{{"lv": [{{"vg_name":"vg0", "lv_name":"home", "pool_lv":"'$POOL'"}}]}}]}}' ;;
*) [ -e "$STAND_IN/snapshot" ] ;;
esac
"""
LVCREATE = f"""#!/bin/sh
{NOTE}[ -e "$STAND_IN/full" ] && {{ echo "  Volume group has insufficient free space" >&2; exit 5; }}
cp -a "$STAND_IN/home" "$STAND_IN/snapshot"
"""
LVREMOVE = f'#!/bin/sh\n{NOTE}rm -r "$STAND_IN/snapshot"\n'
MOUNT = f"""#!/bin/sh
{NOTE}for place; do :; done
cp -a "$STAND_IN/snapshot/." "$place"; touch "$STAND_IN/mounted"
"""
UMOUNT = f'#!/bin/sh\n{NOTE}[ -e "$STAND_IN/busy" ] && exit 32\nrm -r "$1"/* "$STAND_IN/mounted"\n'
MOUNTPOINT = '#!/bin/sh\ntest -e "$STAND_IN/mounted"\n'
ZFS = f"""#!/bin/sh
{NOTE}snapshot="$STAND_IN/home/.zfs/snapshot/${{2#*@}}"
case $1 in
snapshot) mkdir -p "$snapshot"; cp "$STAND_IN"/home/* "$snapshot" ;;
list) test -e "$STAND_IN/home/.zfs/snapshot/${{7#*@}}" ;;
destroy) rm -r "$snapshot" ;;
esac
"""


class Host:
    """Takes what a plugin wishes and promises."""

    def __init__(self) -> None:
        self.wishes: list[tuple[str, object]] = []
        self.promised: dict[str, list[str]] = {}
        self.kept: list[str] = []

    def ask(self, method: str, *arguments: Any) -> str:
        match method, arguments:
            case "undo_hold", (_, about, words, _, _):
                self.promised[about] = words
                return str(about)
            case "undo_perform", (_, about, _):
                done = subprocess.run(self.promised[about], capture_output=True, check=False)
                self.kept.append(about)
                return done.stderr.decode() if done.returncode else ""
        raise AssertionError(method)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the file system `home` and the programs."""
    programs = {"lvs": LVS, "lvcreate": LVCREATE, "lvremove": LVREMOVE, "mount": MOUNT, "umount": UMOUNT}
    path = stand_in(tmp_path, **programs, mountpoint=MOUNTPOINT, zfs=ZFS)
    monkeypatch.setenv("PATH", f"{path}:/usr/bin:/bin")
    monkeypatch.setenv("STAND_IN", str(tmp_path))
    monkeypatch.setenv("POOL", "")
    (tmp_path / "home").mkdir()
    (tmp_path / "home/letter").write_text("dear")
    return tmp_path


def mounted(place: Path, monkeypatch: pytest.MonkeyPatch, line: str) -> None:
    table = place / "mountinfo"
    table.write_text(f"28 1 254:1 / / rw - ext9 /dev/vda1 rw\n29 28 0:44 {line.format(place / 'home')} rw\n")
    monkeypatch.setattr(freezing, "MOUNTINFO", table)


def begin(*sources: Path) -> RunBegin:
    return RunBegin("r1", "docs", "00", sources=tuple(Shown(str(source)) for source in sources))


def ready(kind: type[Freezing], **options: Any) -> tuple[Freezing, Host, list[tuple[str, Level]]]:
    plugin, heard = made(kind, **options)
    host = Host()
    plugin._ask = host.ask
    plugin._wish = lambda kind, value: host.wishes.append((kind, value))
    return plugin, host, heard


def read_from(host: Host) -> Sequence[Any]:
    return [value for kind, value in host.wishes if kind == "read_from"]


@pytest.mark.parametrize(
    ("kind", "pool", "made_with", "options"),
    [
        ("ext4", "", "--size 5120m --permission r", "ro"),
        ("xfs", "thin", "--setactivationskip n", "ro,nouuid,norecovery"),
    ],
)
def test_lvm(place: Path, monkeypatch: pytest.MonkeyPatch, kind: str, pool: str, made_with: str, options: str) -> None:
    mounted(place, monkeypatch, f"/ {{}} rw - {kind} /dev/mapper/vg0-home")
    monkeypatch.setenv("POOL", pool)
    (place / "home/deep").mkdir()
    plugin, host, heard = ready(Lvm, folder=str(place / "run"))
    plugin.on_run_begin(begin(place / "home", place / "home/deep", place / "elsewhere"))
    name, there = "yester-r1-0", place / "run/yester-r1-0"
    assert said(place) == [
        "lvs --reportformat json --options vg_name,lv_name,pool_lv /dev/mapper/vg0-home",
        f"lvcreate --snapshot --name {name} {made_with} vg0/home",
        f"mount -t {kind} -o {options} /dev/vg0/{name} {there}",
    ]
    assert read_from(host) == [
        [bytes(place / "home"), bytes(there)],
        [bytes(place / "home/deep"), bytes(there / "deep")],
    ]
    assert (there / "letter").read_text() == "dear"
    plugin.on_run_end(GOOD)
    assert said(place)[3:] == [f"umount {there}", f"lvs --noheadings vg0/{name}", f"lvremove --yes vg0/{name}"]
    assert not there.exists()
    (words,) = host.promised.values()
    assert subprocess.run(words, check=False).returncode == 0, "a second time it does no harm"
    assert heard == []


def test_a_bind_mount_of_a_folder_of_the_volume(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mounted(place, monkeypatch, "/below/it {} rw - ext4 /dev/mapper/vg0-home")
    plugin, host, _ = ready(Lvm, folder=str(place / "run"))
    plugin.on_run_begin(begin(place / "home"))
    assert read_from(host) == [[bytes(place / "home"), bytes(place / "run/yester-r1-0/below/it")]]


def test_no_room_for_a_snapshot(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mounted(place, monkeypatch, "/ {} rw - ext4 /dev/mapper/vg0-home")
    (place / "full").touch()
    plugin, host, heard = ready(Lvm, folder=str(place / "run"))
    plugin.on_run_begin(begin(place / "home"))
    words = f"{place}/home: lvcreate: Volume group has insufficient free space; it is read as it is"
    assert heard == [(words, "error")]
    assert read_from(host) == []
    plugin.on_run_end(GOOD)
    assert not (place / "run/yester-r1-0").exists()
    plugin, host, _ = ready(Lvm, folder=str(place / "run"), on_failure="stop")
    with pytest.raises(StopRun, match="insufficient free space"):
        plugin.on_run_begin(begin(place / "home"))
    assert host.kept == ["remove the snapshot vg0/yester-r1-0"]


def test_what_cannot_be_removed_is_tried_again(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mounted(place, monkeypatch, "/ {} rw - ext4 /dev/mapper/vg0-home")
    plugin, host, _ = ready(Lvm, folder=str(place / "run"))
    plugin.on_run_begin(begin(place / "home"))
    (words,) = host.promised.values()
    (place / "busy").touch()
    assert subprocess.run(words, check=False).returncode == 32, "the promise is not kept, and the record stays"
    assert (place / "snapshot").exists()
    (place / "busy").unlink()
    assert subprocess.run(words, check=False).returncode == 0
    assert not (place / "snapshot").exists()


def open_files() -> set[str]:
    """Return the paths of what this process has open."""
    found = set()
    for name in os.listdir("/proc/self/fd"):
        with suppress(FileNotFoundError):  # that of the listing itself
            found.add(os.readlink(f"/proc/self/fd/{name}"))
    return found


def test_zfs(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mounted(place, monkeypatch, "/ {} rw - zfs tank/my\\040home")
    plugin, host, heard = ready(Zfs)
    plugin.on_run_begin(begin(place / "home", place / "home/letter"))
    there = place / "home/.zfs/snapshot/yester-r1-0"
    assert str(there) in open_files(), "it stays mounted while it is open"
    assert said(place) == ["zfs snapshot tank/my home@yester-r1-0"]
    assert read_from(host) == [
        [bytes(place / "home"), bytes(there)],
        [bytes(place / "home/letter"), bytes(there / "letter")],
    ]
    plugin.on_run_end(GOOD)
    assert str(there) not in open_files()
    assert said(place)[1:] == [
        "zfs list -H -t snapshot -o name tank/my home@yester-r1-0",
        "zfs destroy tank/my home@yester-r1-0",
    ]
    (words,) = host.promised.values()
    assert subprocess.run(words, check=False).returncode == 0, "a second time it does no harm"
    assert heard == []


def test_sources_that_are_named_must_lie_there(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mounted(place, monkeypatch, "/ {} rw - zfs tank/home")
    plugin, host, heard = ready(Zfs, sources=(str(place / "home"), "/etc"))
    plugin.on_run_begin(begin(place / "home"))
    assert heard == [("/etc does not lie on zfs; it is read as it is", "error")]
    assert len(read_from(host)) == 1
    plugin.on_run_end(GOOD)


def test_nothing_is_done_in_a_dry_run_or_elsewhere(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    mounted(place, monkeypatch, "/ {} rw - xfs /dev/mapper/vg0-home")
    dry = replace(begin(place / "home"), dry_run=True)
    for kind, event in ((Zfs, begin(place / "home")), (Lvm, dry)):
        plugin, host, heard = ready(kind)
        plugin.on_run_begin(event)
        plugin.on_run_end(GOOD)
        assert (host.wishes, host.promised, heard, said(place)) == ([], {}, [], [])
    assert capsys.readouterr().out == "no source lies on zfs\nnothing is done in a dry run\n"


def test_a_program_that_is_not_installed(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mounted(place, monkeypatch, "/ {} rw - zfs tank/home")
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    plugin, _, heard = ready(Zfs)
    plugin.on_run_begin(begin(place / "home"))
    assert "there is no program zfs here: install zfsutils-linux" in heard[0][0]
