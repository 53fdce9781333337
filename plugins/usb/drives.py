"""Drives that can be taken away, read from what lsblk(8) says of all block devices. Pure.

A drive here is a file system: a stick with two of them is two drives. lsblk shows disks with what lies on them
(partitions, and below these what was unlocked), and says of disks how they are connected; so that is handed down. What
the system itself lives on is no such drive, even where it can be taken out: the card of a Raspberry Pi.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

COLUMNS = "NAME,PATH,MAJ:MIN,TYPE,FSTYPE,LABEL,UUID,PARTUUID,VENDOR,MODEL,SERIAL,TRAN,RM,HOTPLUG,RO,SIZE,MOUNTPOINT"
"""What lsblk is asked for; every version from 2.33 on (2018) knows these."""

LOCKED = "crypto_LUKS"
"""The file system's place is taken by an encrypted container that nobody has unlocked."""

_TRANSPORTS = frozenset({"usb", "ieee1394", "sbp", "mmc"})
_NO_DRIVES = frozenset({"rom", "loop", "lvm", "raid0", "raid1", "raid5", "raid6", "raid10"})
_NO_FILE_SYSTEMS = frozenset({"swap", "LVM2_member", "linux_raid_member", "zfs_member"})
_SYSTEM = frozenset({"/", "/usr", "/var", "/home", "/nix", "/boot", "/boot/efi", "/boot/firmware", "[SWAP]"})


class NotLsblk(ValueError):
    """The text is not what lsblk writes."""


@dataclass(frozen=True, slots=True)
class Drive:
    """A file system on something that can be taken away."""

    device: str
    """Such as `/dev/sdb1`."""
    number: str
    """The device's, as the mount table has it: `8:17`."""
    filesystem: str = ""
    """As lsblk calls it; empty when there is none, or lsblk may not look."""
    label: str = ""
    uuid: str = ""
    partition: str = ""
    """The partition's UUID."""
    model: str = ""
    """Vendor and model of the whole drive."""
    serial: str = ""
    size: int = 0
    is_protected: bool = False
    """Whether the device itself refuses to be written."""

    @property
    def identity(self) -> str:
        """What tells it from all others, wherever it is plugged in; empty when nothing does.

        A UUID as it is, else a tag as in fstab(5): `PARTUUID=…`, or `LABEL=…` of a drive whose serial number says the
        rest (`is_same`).
        """
        tags = ((self.uuid, ""), (self.partition, "PARTUUID="), (self.serial and self.label, "LABEL="))
        return next((f"{tag}{value}" for value, tag in tags if value), "")

    @property
    def title(self) -> str:
        """What a person calls it."""
        return self.label or self.model or self.device

    def is_same(self, identity: str, serial: str) -> bool:
        """Whether it is the drive that was known by this; a label alone is no proof."""
        return (
            bool(identity)
            and self.identity == identity
            and (not identity.startswith("LABEL=") or self.serial == serial)
        )


def drives_in(said: bytes, also: Collection[str] = ()) -> list[Drive]:
    """Return the drives in what `lsblk --json --bytes --output COLUMNS` wrote, in its order.

    `also` names devices that count whatever the system thinks of them. NotLsblk.
    """
    try:
        devices = json.loads(said.decode("utf-8", "replace"), strict=False)["blockdevices"]
        return [drive for device in devices for drive in _of_disk(device, also)]
    except (ValueError, TypeError, LookupError, AttributeError) as problem:
        raise NotLsblk(f"lsblk wrote something else than expected ({problem})") from None


def with_blkid(drive: Drive, said: bytes) -> Drive:
    """Return the drive with what `blkid --output export` says of it: without udev lsblk knows no file systems."""
    lines = said.decode("utf-8", "replace").splitlines()
    tags = {name: _unescaped(value) for name, _, value in (line.partition("=") for line in lines)}
    return replace(
        drive,
        filesystem=tags.get("TYPE", drive.filesystem),
        label=tags.get("LABEL", drive.label),
        uuid=tags.get("UUID", drive.uuid),
        partition=tags.get("PARTUUID", tags.get("PART_ENTRY_UUID", drive.partition)),
    )


def _unescaped(value: str) -> str:
    """Take away the backslashes that blkid puts before what a shell would stumble over."""
    return re.sub(r"\\(.)", r"\1", value)


def _of_disk(disk: Mapping[str, Any], also: Collection[str]) -> Iterator[Drive]:
    everything = list(_below(disk))
    is_stated = any(device.get("path") in also for device in everything)
    is_system = any(device.get("mountpoint") in _SYSTEM for device in everything)
    if is_stated or (_can_be_taken_away(disk) and not is_system):
        for device in everything:
            if _holds_nothing_else(device) and (int(device.get("size") or 0) > 0):
                yield _drive(disk, device)


def _below(device: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield device
    for child in device.get("children") or ():
        yield from _below(child)


def _can_be_taken_away(disk: Mapping[str, Any]) -> bool:
    if disk.get("type") in _NO_DRIVES:
        return False
    return _text(disk, "tran") in _TRANSPORTS or _is(disk, "rm") or _is(disk, "hotplug")


def _holds_nothing_else(device: Mapping[str, Any]) -> bool:
    return not device.get("children") and _text(device, "fstype") not in _NO_FILE_SYSTEMS


def _drive(disk: Mapping[str, Any], device: Mapping[str, Any]) -> Drive:
    return Drive(
        device=_text(device, "path"),
        number=_text(device, "maj:min"),
        filesystem=_text(device, "fstype"),
        label=_text(device, "label"),
        uuid=_text(device, "uuid"),
        partition=_text(device, "partuuid"),
        model=" ".join(f"{_text(disk, 'vendor')} {_text(disk, 'model')}".split()),
        serial=_text(disk, "serial"),
        size=int(device.get("size") or 0),
        is_protected=_is(device, "ro") or _is(disk, "ro"),
    )


def _text(device: Mapping[str, Any], column: str) -> str:
    value = device.get(column)
    return value.strip() if isinstance(value, str) else ""


def _is(device: Mapping[str, Any], column: str) -> bool:
    """Read a flag: true or false, before util-linux 2.33 the text of a digit."""
    return device.get(column) in (True, "1")
