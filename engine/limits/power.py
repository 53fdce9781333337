"""Whether the machine runs on its battery, from /sys/class/power_supply."""

from pathlib import Path

SUPPLIES = Path("/sys/class/power_supply")


def on_battery(folder: Path = SUPPLIES) -> bool | None:
    """Return whether the machine has no mains power; None when the kernel does not say.

    A supply that gives power decides; where none is listed, a battery that is being drained does. Batteries of
    mice and the like (scope "Device") do not count. A machine without any battery is on mains.
    """
    try:
        supplies = [_read(supply) for supply in sorted(folder.iterdir())]
    except OSError:
        return None
    own = [supply for supply in supplies if supply["scope"] != "Device"]
    batteries = [supply for supply in own if supply["type"] == "Battery"]
    sources = [supply for supply in own if supply["type"] in ("Mains", "USB", "UPS", "Wireless") and supply["online"]]
    if not batteries:
        return False
    if sources:
        return not any(supply["online"] != "0" for supply in sources)
    statuses = {battery["status"] for battery in batteries} - {"", "Unknown"}
    return "Discharging" in statuses if statuses else None


def _read(supply: Path) -> dict[str, str]:
    return {name: _attribute(supply / name) for name in ("type", "scope", "online", "status")}


def _attribute(path: Path) -> str:
    """Return an attribute; empty when the supply has none, or does not answer."""
    try:
        return path.read_text("ascii", "replace").strip()
    except OSError:
        return ""
