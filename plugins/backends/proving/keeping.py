"""Checks of keeping: what is put is what is got."""

from yester.engine.errors import Exists, Missing, Offline
from yester.engine.store import Readiness
from yester.plugins.backends.proving.outcome import Outcome, fails, holds
from yester.plugins.backends.proving.trial import Trial, content_of

_SIZES = (1, 1000, 65_537, (1 << 20) + 7)
_PIECES = 3000
_HEX = "0123456789abcdef" * 4
_KINDS = ("data", "meta", "key", "index", "snap", "label", "tomb", "mark")
_NAMES = (
    *(f"{kind}.{_HEX}" for kind in _KINDS),
    f"session.{_HEX[:32]}.00000007",
    "data",
    "data.x",
    "data.x.y",
    "a..b",
    "a.",
    "a-",
    "-",
    "0",
)


def round_trip(trial: Trial) -> Outcome:
    """What is put comes back byte for byte, also when it is handed over in thousands of pieces."""
    for size in _SIZES:
        name, content = trial.put(f"size-{size}", size)
        if trial.store.get(name) != content:
            return fails(f"{size:,} bytes came back as others")
    name = trial.names.name("pieces")
    content = content_of(name, _PIECES)
    trial.store.put(name, [content[place : place + 1] for place in range(_PIECES)])
    return holds() if trial.store.get(name) == content else fails(f"{_PIECES:,} pieces came back as other bytes")


def empty(trial: Trial) -> Outcome:
    """An object may have no byte at all."""
    name, _ = trial.put("empty", 0)
    found, size = trial.store.get(name), trial.store.query(name)
    return holds() if (found, size) == (b"", 0) else fails(f"came back with {max(size, len(found)):,} bytes")


def big(trial: Trial) -> Outcome:
    """An object may be as large as a repository makes them."""
    name, content = trial.put("big", trial.big_size)
    if trial.store.get(name) != content:
        return fails("came back as other bytes")
    trial.store.delete(name)
    return holds(f"{trial.big_size >> 20} MiB")


def names(trial: Trial) -> Outcome:
    """Every name that an object may have is kept apart from all others, and listed as it is."""
    put = {trial.names.name(f"n.{rest}") for rest in _NAMES} | {trial.names.longest()}
    for name in put:
        trial.store.put(name, [name.encode()])
    wrong = [name for name in sorted(put) if trial.store.get(name) != name.encode()]
    listed = {name for name in trial.store.list(trial.names.prefix) if name in put}
    if wrong:
        return fails(f"another object lies under {wrong[0]}")
    return holds(f"{len(put)} kinds") if listed == put else fails(f"{min(put - listed)} is not listed as it is")


def overwriting(trial: Trial) -> Outcome:
    """A second put under a name replaces what the first has put, also with less."""
    name, _ = trial.put("again", 5000)
    for content in (b"short", b"and a longer one", b""):
        trial.store.put(name, [content])
        if trial.store.get(name) != content or trial.store.query(name) != len(content):
            return fails("what was put first came back")
    return holds()


def sizes(trial: Trial) -> Outcome:
    """The size of an object can be asked for."""
    name, content = trial.put("sized", 12_345)
    size = trial.store.query(name)
    return holds() if size == len(content) else fails(f"{len(content):,} bytes are said to be {size:,}")


def readiness(trial: Trial) -> Outcome:
    """It says at once of each object whether it can be read, or has to be fetched from a cold place first."""
    name, content = trial.put("ready", 100)
    found = dict(trial.store.prepare([name]))
    if set(found) != {name}:
        return fails("it was asked about one object and spoke of others")
    try:
        is_right = trial.store.get(name) == content
    except Offline:
        if found[name] is Readiness.READY:
            return fails("an object that is said to be ready lies in a cold place")
        return holds(f"objects are {found[name].value}")
    return holds("read at once") if is_right else fails("an object changed")


def tidying(trial: Trial) -> Outcome:
    """Tidying up after killed puts takes no object away."""
    name, content = trial.put("tidied", 1000)
    trial.store.tidy()
    return holds() if trial.store.get(name) == content else fails("an object changed")


def refuses_to_replace(trial: Trial) -> Outcome:
    """A put that is to create an object leaves alone one that is there."""
    name, content = trial.put("created", 1000)
    for store in (trial.store, trial.other):
        try:
            store.put(name, [b"another"], if_absent=True)
        except Exists:
            continue
        return fails("it was replaced" if trial.store.get(name) != content else "the put counted as done")
    if trial.store.get(name) != content:
        return fails("the put was refused, and the object replaced all the same")
    return _creates(trial)


def _creates(trial: Trial) -> Outcome:
    name = trial.names.name("created-anew")
    trial.store.put(name, [b"first"], if_absent=True)
    try:
        found = trial.other.get(name)
    except Missing:
        found = b""
    return holds() if found == b"first" else fails("where nothing was, nothing came to be")
