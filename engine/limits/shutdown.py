"""Switching the machine off after a run."""

from yester.engine.errors import YesterError
from yester.engine.schedule.programs import ask

GRACE_S = 60
"""Seconds in which somebody can still keep the machine on."""

_WAYS = (("systemctl", "poweroff"), ("shutdown", "-h", "now"))
_TIMEOUT_S = 60


def switch_off() -> None:
    """Switch the machine off. YesterError, with what each program said, when none could."""
    refused = []
    for words in _WAYS:
        said = ask(words, timeout_s=_TIMEOUT_S)
        if said is not None and said.code == 0:
            return
        refused.append(f"{words[0]}: {said.words if said else 'not here'}")
    raise YesterError(
        f"The machine cannot be switched off: {'; '.join(refused)}",
        hint="Let this user do it, or set shut_down_after = false.",
    )
