"""A retention in words; pure."""

from typing import Any

import msgspec

from yester.tui.cli.wording import size

_COUNTS = ("hourly", "daily", "weekly", "monthly", "yearly")


class Retention(msgspec.Struct, frozen=True):
    """What `profiles.list` tells of a profile's retention."""

    keep_last: int = 0
    keep_hourly: int = 0
    keep_daily: int = 0
    keep_weekly: int = 0
    keep_monthly: int = 0
    keep_yearly: int = 0
    keep_within: str | None = None
    keep_tags: tuple[str, ...] = ()
    older_than: str | None = None
    smart: dict[str, Any] | None = None
    min_free_size: int | None = None
    min_free_inodes: float | None = None


def kept_in_words(rules: Retention, *, is_applied: bool = True) -> str:
    """Return what a retention keeps; `is_applied`: whether runs apply it by themselves."""
    counts = [f"{getattr(rules, f'keep_{name}')} {name}" for name in _COUNTS if getattr(rules, f"keep_{name}")]
    kept = [
        f"the newest {rules.keep_last}" if rules.keep_last else "",
        ", ".join(counts),
        f"all within {rules.keep_within}" if rules.keep_within else "",
        "fewer with age (smart)" if rules.smart is not None else "",
    ]
    spared = f"tags {', '.join(rules.keep_tags)}" if rules.keep_tags else ""
    gone = [
        f"removes what is older than {rules.older_than}" if rules.older_than else "",
        f"until {size(rules.min_free_size)} are free" if rules.min_free_size else "",
        f"until {rules.min_free_inodes:g} % of the inodes are free" if rules.min_free_inodes else "",
    ]
    said = ", ".join(filter(None, (*kept, spared)))
    removed = "; ".join(filter(None, gone))
    if not any(kept) and not removed:
        return "every snapshot"
    words = "; ".join(filter(None, (said or "every snapshot", removed)))
    return words if is_applied else f"{words}; applied only by yester forget"
