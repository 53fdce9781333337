"""What was proved of a store, kept on this machine for as long as the store is reached at the same address."""

from pathlib import Path

import msgspec
from blake3 import blake3

from yester.engine.places import Places, remember


class Probed(msgspec.Struct, frozen=True):
    """Of the things that stores say without doing them, those that this one does."""

    ranges: bool
    if_absent: bool
    tier: bool = False
    """Whether what it says of objects in a cold place is so."""


class _Kept(msgspec.Struct, frozen=True):
    place: str
    ranges: bool
    if_absent: bool
    tier: bool = False


def keep(places: Places, place: str, probed: Probed) -> None:
    """Remember what the store at a place does. YesterError when it cannot be kept."""
    remember(_path(places, place), msgspec.json.encode(_Kept(place, probed.ranges, probed.if_absent, probed.tier)))


def kept(places: Places, place: str) -> Probed | None:
    """Return what is remembered of the store at a place; None when nothing, or nothing that can be read."""
    try:
        found = msgspec.json.decode(_path(places, place).read_bytes(), type=_Kept)
    except (OSError, msgspec.MsgspecError):
        return None
    return Probed(found.ranges, found.if_absent, found.tier) if found.place == place else None


def _path(places: Places, place: str) -> Path:
    return places.cache / "stores" / blake3(place.encode("utf-8", "surrogateescape")).hexdigest(16)
