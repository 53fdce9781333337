"""Reading and writing the person's crontab through crontab(1), which alone may."""

from yester.engine.errors import YesterError
from yester.engine.schedule.cron import block_in, with_block
from yester.engine.schedule.programs import TIMEOUT_S, ask, tell

_NO_CRON = "Install cron, or start yester snap in another way."


class NoCron(YesterError):
    """There is no crontab(1) here."""


def read_crontab(timeout_s: float = TIMEOUT_S) -> bytes:
    """Return the person's crontab; empty when there is none. NoCron; YesterError when it cannot be read in time."""
    said = ask(["crontab", "-l"], timeout_s=timeout_s)
    if said is None:
        raise NoCron("Neither systemd nor cron is here: nothing starts runs at their times", hint=_NO_CRON)
    if said.code == 0:
        return said.out
    if b"no crontab" in said.err or not said.err.strip():
        return b""
    raise YesterError(f"The crontab cannot be read: {said.words}")


def change_crontab(profile: str, block: bytes) -> bool:
    """Let a profile have just this block in the crontab; whether anything had to be changed.

    YesterError when cron does not take it; the crontab is then as it was.
    """
    before = read_crontab()
    after = with_block(before, profile, block)
    if after == before:
        return False
    tell(["crontab", "-"], given=after)
    if block_in(read_crontab(), profile) != block:
        raise YesterError(
            "The crontab is not what was written into it", hint="Look at it: crontab -l; it may be for cron.allow."
        )
    return True
