"""Options that every archive has, its own or not: how long it may take, and what the person knows of its policies."""

from collections.abc import Mapping
from types import MappingProxyType

from yester.plugins.options.spec import Option

COMMON: Mapping[str, Option] = MappingProxyType(
    {
        "time_limit": Option("seconds", "1d", "How long it may take over one call; 0: as long as it likes."),
        "ready_for": Option("seconds", "1min", "How long it counts as ready, or not, before it is asked again."),
        "gather_count": Option("integer", None, "Bulk policies: hand over as soon as so many packs wait."),
        "gather_size": Option("bytes", None, "Bulk policies: hand over as soon as so much waits."),
        "gather_interval": Option("seconds", None, "Bulk policies: hand over so long after the first one came."),
        "gather_at": Option("string", None, "Bulk policies: hand over at this time of day, HH:MM."),
        "trusts_archive": Option(
            "boolean", False, "Before a purge its own verification is enough, and nothing is read back."
        ),
        "restore_per_gb": Option("float", None, "What it costs to bring a GB back, in whatever money you count."),
        "restore_wait": Option("seconds", None, "How long it usually takes until something comes back."),
        "minimum_days": Option("integer", None, "For how many days each file is paid at least."),
    }
)
