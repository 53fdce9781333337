"""Whether a run may start now: power and network, against what its profile says."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from yester.engine.places import Places
from yester.engine.profiles.profile import LimitSpec, Profile

if TYPE_CHECKING:
    from yester.engine.limits.network import Network

Tell = Callable[[str], None]
IsMetered = Callable[[], bool | None]
"""Says whether the network is paid by volume; None: whoever it is does not know."""


def reason_to_skip(profile: Profile, places: Places, tell: Tell, is_metered: IsMetered = lambda: None) -> str:
    """Return why the run is not to start; empty when it may. What cannot be known stops nothing, and is told.

    `is_metered` is asked only where it matters, and then believed before NetworkManager is.
    """
    limits = profile.limits
    return _power_reason(limits, tell) or _network_reason(limits, tell, is_metered)


def _power_reason(limits: LimitSpec, tell: Tell) -> str:
    if limits.on_battery == "run":
        return ""
    from yester.engine.limits.power import on_battery

    battery = on_battery()
    if battery is None:
        tell("Whether there is mains power is not known; the run goes on")
    return 'There is no mains power, and the profile says on_battery = "skip"' if battery else ""


def _network_reason(limits: LimitSpec, tell: Tell, is_metered: IsMetered) -> str:
    if limits.metered == "run" and not limits.networks:
        return ""
    from yester.engine.limits.network import Network, network

    known = is_metered() if limits.metered == "skip" else None
    if known is not None and not limits.networks:
        return network_reason(limits, Network(known, None))
    found = network()
    if known is not None:
        found = replace(found, metered=known)
    reason = network_reason(limits, found)
    if not reason and found.note:
        tell(f"{found.note.rstrip('.')}; the run goes on")
    return reason


def network_reason(limits: LimitSpec, found: "Network") -> str:
    """Return why the network forbids the run; empty when it does not, or is not known."""
    if limits.metered == "skip" and found.metered:
        return 'The network is paid by volume, and the profile says metered = "skip"'
    if limits.networks and found.names is not None and not set(limits.networks) & set(found.names):
        here = f"The machine is connected to {', '.join(found.names)}" if found.names else "No network is connected"
        return f"{here}; the profile runs on {', '.join(limits.networks)} only"
    return ""
