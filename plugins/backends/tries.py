"""Options of every backend that is not a folder: how often its calls are made, and with what pauses."""

from collections.abc import Mapping
from typing import Any

from yester.plugins.backends.retrying import Patience
from yester.plugins.options.spec import Option

PATIENCE: Mapping[str, Option] = {
    "tries": Option("integer", 6, "How often a call is made before its failure counts."),
    "retry_delay": Option("seconds", None, "The pause before each further try; without it 1, 2, 4, 8, 16 s."),
}


def patience_of(options: Mapping[str, Any], **more: Any) -> Patience:
    """Return how often and with what pauses calls are made again."""
    delay_s = options["retry_delay"]
    if delay_s is None:
        return Patience(tries=max(1, options["tries"]), **more)
    return Patience(max(1, options["tries"]), float(delay_s), float(delay_s), **more)
