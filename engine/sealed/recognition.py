"""Recognition: a client knows its repositories again, so that nobody slips it another one.

Whoever can write to the store can put there a config and a key slot of his own that asks for no secret, and would be
sent everything. Two memories stand against that: the fingerprint of a repository's keys, and which places held an
encrypted repository. A machine that never saw the place cannot know (docs/threat-model.md).
"""

from pathlib import Path

from blake3 import blake3

from yester.engine.errors import RepositoryError
from yester.engine.places import Places, remember
from yester.engine.sealed.keys import Keys

_FINGERPRINT = "identity"
_EPOCH = "epoch"
"""Files in the repository's own state folder."""


def know_again(state: Path, keys: Keys) -> None:
    """Remember whose keys these are, and refuse others for the same repository id from then on."""
    path = state / _FINGERPRINT
    mine = blake3(keys.config_key, derive_key_context="yester v1 fingerprint").hexdigest()
    try:
        known = path.read_text("ascii").strip()
    except (FileNotFoundError, ValueError):
        remember(path, mine.encode())
        return
    if known != mine:
        raise RepositoryError(
            "The repository has other keys than when this machine last used it: someone exchanged them",
            hint=f"If that was you, delete {path} and run the command again.",
        )


def refuse_older(state: Path, keys: Keys) -> None:
    """Remember the newest epoch, and refuse keys that lack it from then on.

    Whoever was locked out by a rotation knows the older epochs; if he put the old key slots back, all that this client
    writes from then on would be readable to him.
    """
    path = state / _EPOCH
    try:
        known = int(path.read_text("ascii"))
    except (FileNotFoundError, ValueError):
        known = 0
    if keys.epoch < known:
        raise RepositoryError(
            f"The key slot that opened is of epoch {keys.epoch}, and this machine knew epoch {known}: "
            "an old key slot was put back",
            hint=f"Delete the old key objects. If the whole repository was put back on purpose, delete {path}.",
        )
    if keys.epoch > known:
        remember(path, b"%d" % keys.epoch)


def note_encryption(places: Places, place: str) -> None:
    """Remember that the repository at this place was an encrypted one."""
    path = _memory_of(places, place)
    if not path.exists():
        remember(path, place.encode("utf-8", "surrogateescape"))


def refuse_downgrade(places: Places, place: str, state: Path) -> None:
    """RepositoryError when an encrypted repository was here, and now one that asks for no secret and is unknown."""
    path = _memory_of(places, place)
    if path.exists() and not (state / _FINGERPRINT).exists():
        raise RepositoryError(
            f"The repository at {place} was encrypted, and now another lies there that is not",
            hint=f"If you put it there, delete {path} and run the command again; else do not use it.",
        )


def _memory_of(places: Places, place: str) -> Path:
    name = blake3(place.encode("utf-8", "surrogateescape")).hexdigest(16)
    return places.state / "encrypted" / name
