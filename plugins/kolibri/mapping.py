"""What happens in Kolibri's world when something happens in yester's; pure.

A snapshot is the upload of a transfer to yester: it begins where the run does, and has ended well where the run has.
The stages of a transfer that fill and send come before anything is read, so that an operation that fails can still fail
the run; the stages of the receiving side come at the end.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from yester.engine.events import Event, RunBegin, RunEnd

SYNC = "FacilityDataSyncHook"
UPLOADS = frozenset({"", "snap"})
"""Actions that are a transfer; without a name: a run that the engine alone tells of."""
GOOD = frozenset({"complete", "errors"})
"""Results after which a transfer has ended well."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that is called."""

    method: str
    """Of the hook; `operations`: those of a stage, which are vital: what goes wrong in them fails the transfer."""
    stage: str
    """What the context of the call says."""


EVENTS: Mapping[type[Event], tuple[Step, ...]] = MappingProxyType(
    {
        RunBegin: (
            Step("pre_transfer", "initializing"),
            Step("operations", "initializing"),
            Step("operations", "serializing"),
            Step("operations", "queuing"),
            Step("operations", "transferring"),
        ),
        RunEnd: (
            Step("operations", "dequeuing"),
            Step("operations", "deserializing"),
            Step("operations", "cleanup"),
            Step("post_transfer", "cleanup"),
        ),
    }
)
"""Event → what is called of each `FacilityDataSyncHook`, in this order."""


def _words(steps: tuple[Step, ...]) -> str:
    return ", ".join(
        f"`{step.stage}_operations`" if step.method == "operations" else f"`{step.method}`" for step in steps
    )


HEARS: Mapping[type[Event], str] = MappingProxyType({kind: _words(steps) for kind, steps in EVENTS.items()})
"""Event → what is called, for the documentation."""


@dataclass(frozen=True, slots=True)
class Question:
    """Something that a hook knows."""

    hook: str
    method: str
    label: str


QUESTIONS: Mapping[str, Question] = MappingProxyType(
    {
        "metered": Question("CheckIsMeteredHook", "check_is_metered", "Whether the network is paid by volume"),
        "user": Question("GetOSUserHook", "get_os_user", "Whose session it is"),
        "setup": Question("SetupHook", "url", "Where the device is set up"),
    }
)
"""What `yester plugin run PLUGIN NAME` shows; a limit of the profile asks for `metered` as well."""
