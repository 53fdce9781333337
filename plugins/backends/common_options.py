"""Options that every backend has which is no part of yester, and what they come to."""

from collections.abc import Mapping
from typing import Any

from yester.plugins.backends.tries import PATIENCE
from yester.plugins.backends.verbs import Times
from yester.plugins.options.spec import Option

COMMON: Mapping[str, Option] = {
    **PATIENCE,
    "timeout": Option("seconds", 120, "How long a question, or removing an object, may take."),
    "transfer_timeout": Option("seconds", 1800, "How long the transfer of one object, or a list, may take."),
    "temporary_size": Option("bytes", "256M", "How much temporary files may take at once."),
}


def times_of(options: Mapping[str, Any]) -> Times:
    """Return how long calls may take."""
    return Times(float(max(1, options["timeout"])), float(max(1, options["transfer_timeout"])))
