"""What archives say of where a pack went: tapes, discs, barcodes; pure.

An answer carries it by the archive's own names (contracts section 5.4). What is known by one of NAMES counts: words for
the whole call, or by the name of each pack.
"""

from collections.abc import Iterator, Mapping, Sequence

NAMES = ("volumes", "volume", "barcodes", "barcode", "labels", "label", "tapes", "tape")
_MOST = 100
"""Volumes of one pack: more is no list of volumes."""


def volumes_of(extra: Mapping[str, object], item_id: str) -> tuple[str, ...]:
    """Return the volumes that a pack went to, each once; none where nothing is said of them."""
    return tuple(dict.fromkeys(word for name in NAMES for word in _words(extra.get(name), item_id)))[:_MOST]


def _words(said: object, item_id: str) -> Iterator[str]:
    match said:
        case Mapping():
            yield from _words(said.get(item_id), item_id)
        case str():
            yield from ([said] if said else [])
        case Sequence():
            yield from (each for each in said if isinstance(each, str) and each)
