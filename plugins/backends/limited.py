"""`limit+URL`: a store that sends and fetches no faster than it may (engine/limits/throttle.py)."""

from collections.abc import Mapping

from yester.engine.limits.throttle import limited
from yester.engine.store import Store
from yester.plugins.backends.terms import Terms
from yester.plugins.options.spec import Option

NAME = "limit"
PREFIX = f"{NAME}+"

OPTIONS: Mapping[str, Option] = {
    "upload": Option("bytes", None, "What is sent in a second at most."),
    "download": Option("bytes", None, "What is fetched in a second at most."),
}


def open_store(url: str, terms: Terms) -> Store:
    """Open the store at the URL after `limit+` under the limits that profile and environment say. UsageError."""
    said = terms.options(NAME, OPTIONS)
    return limited(terms.open(url[len(PREFIX) :]), said["upload"], said["download"])
