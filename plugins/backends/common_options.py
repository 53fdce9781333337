"""Options that every backend has which is no part of yester, and what they come to."""

from collections.abc import Mapping
from typing import Any

from yester.plugins.backends.retrying import Patience
from yester.plugins.backends.verbs import Times
from yester.plugins.options.spec import Option

COMMON: Mapping[str, Option] = {
    "tries": Option("integer", 6, "How often a call is made before its failure counts."),
    "retry_delay": Option("seconds", None, "The pause before each further try; without it 1, 2, 4, 8, 16 s."),
    "timeout": Option("seconds", 120, "How long a question, or removing an object, may take."),
    "transfer_timeout": Option("seconds", 1800, "How long the transfer of one object, or a list, may take."),
    "temporary_size": Option("bytes", "256M", "How much temporary files may take at once."),
}


def patience_of(options: Mapping[str, Any], **more: Any) -> Patience:
    """Return how often and with what pauses calls are made again."""
    delay_s = options["retry_delay"]
    if delay_s is None:
        return Patience(tries=max(1, options["tries"]), **more)
    return Patience(max(1, options["tries"]), float(delay_s), float(delay_s), **more)


def times_of(options: Mapping[str, Any]) -> Times:
    """Return how long calls may take."""
    return Times(float(max(1, options["timeout"])), float(max(1, options["transfer_timeout"])))
