"""Which networks the machine is connected to, and whether they are paid by volume, as NetworkManager knows it."""

import shlex
from dataclasses import dataclass

from yester.engine.errors import YesterError
from yester.engine.schedule.programs import ask

TIMEOUT_S = 10
"""NetworkManager answers in milliseconds; a bus that hangs must not hold up a run."""

_FIELDS = "GENERAL.STATE,GENERAL.CONNECTION,GENERAL.METERED,IP4.GATEWAY,IP6.GATEWAY"
_CONNECTED = "100"

_SERVICE = "org.freedesktop.NetworkManager"
_MANAGER = "/org/freedesktop/NetworkManager"
_METERED = {"1": True, "3": True, "2": False, "4": False}
"""NMMetered: yes, guessed yes, no, guessed no; 0 is unknown."""


@dataclass(frozen=True, slots=True)
class Network:
    """What is known of the network; None where it is not."""

    metered: bool | None
    names: tuple[str, ...] | None
    """Of the active connections."""
    note: str = ""
    """Why something is not known."""


def network() -> Network:
    """Return what NetworkManager says: through nmcli, else through busctl. Never raises."""
    for way in (_by_nmcli, _by_busctl):
        try:
            found = way()
        except YesterError as problem:
            return Network(None, None, problem.what)
        if found is not None:
            return found
    return Network(None, None, "Neither nmcli nor busctl is here to ask NetworkManager")


def _by_nmcli() -> Network | None:
    said = ask(["nmcli", "-e", "no", "-t", "-f", _FIELDS, "device", "show"], timeout_s=TIMEOUT_S)
    if said is None:
        return None
    if said.code != 0:
        return Network(None, None, f"nmcli: {said.words}")
    return parse_devices(said.out.decode("utf-8", "replace"))


def parse_devices(text: str) -> Network:
    """Return what `nmcli device show` says of all devices.

    The network counts as metered when every connected device with a way out is: NetworkManager sends what it can
    through the one that is not.
    """
    devices = [_fields(block) for block in text.split("\n\n")]
    connected = [device for device in devices if device.get("GENERAL.STATE", "").startswith(_CONNECTED)]
    names = tuple(name for device in connected if (name := device.get("GENERAL.CONNECTION", "")) not in ("", "--"))
    ways_out = [device for device in connected if _has_gateway(device)]
    stated = [device.get("GENERAL.METERED", "") for device in ways_out]
    if ways_out and not all(word.startswith(("yes", "no")) for word in stated):
        return Network(None, names, "NetworkManager does not know whether the network is metered")
    return Network(bool(ways_out) and all(word.startswith("yes") for word in stated), names)


def _fields(block: str) -> dict[str, str]:
    pairs = (line.partition(":") for line in block.splitlines())
    return {name: value.strip() for name, _, value in pairs}


def _has_gateway(device: dict[str, str]) -> bool:
    return any(device.get(name, "") not in ("", "--") for name in ("IP4.GATEWAY", "IP6.GATEWAY"))


def _by_busctl() -> Network | None:
    metered = _property(_MANAGER, _SERVICE, "Metered")
    if metered is None:
        return None
    active = _property(_MANAGER, _SERVICE, "ActiveConnections") or []
    interface = f"{_SERVICE}.Connection.Active"
    names = [_property(path, interface, "Id") for path in active[2:]]
    known = _METERED.get(metered[1]) if len(metered) == 2 else None
    note = "" if known is not None else "NetworkManager does not know whether the network is metered"
    return Network(known, tuple(name[1] for name in names if name and len(name) == 2), note)


def _property(path: str, interface: str, name: str) -> list[str] | None:
    """Return the words of a property, its type first; None without busctl, YesterError when it is refused."""
    said = ask(["busctl", "get-property", _SERVICE, path, interface, name], timeout_s=TIMEOUT_S)
    if said is None:
        return None
    if said.code != 0:
        raise YesterError(f"busctl: {said.words}")
    try:
        return shlex.split(said.out.decode("utf-8", "replace"))
    except ValueError:
        raise YesterError(f"busctl says something unknown of {name}") from None
