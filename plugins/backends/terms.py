"""Terms: how a store is opened besides its URL."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from yester.engine.store import Store
from yester.engine.tally import Tally, current_tally

if TYPE_CHECKING:
    from yester.plugins.options.spec import Option


@dataclass(frozen=True, slots=True)
class Terms:
    """Whether the store may be made, and what was said about the backends that it is reached through."""

    opening: Callable[[str, "Terms"], Store]
    """What opens the store at a URL: for backends that stand in front of another."""
    create: bool = False
    stated: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    """Backend → its options, as the profile's [backends.NAME] say them."""
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)
    made: list[str] = field(default_factory=list)
    """Folders that were made for the store, as only its backend understands them: while empty they go when it is
    closed. The store adds to it; whoever opens it again in the place of one that died hands on what that had made."""
    tally: Tally = field(default_factory=current_tally)
    """Where the calls of the store are counted."""

    def open(self, url: str) -> Store:
        """Return the store at another URL on the same terms."""
        return self.opening(url, self)

    def options(self, backend: str, spec: "Mapping[str, Option]") -> Mapping[str, Any]:
        """Return the value of each option: the variable `YESTER_BACKEND_OPTION`, else the profile's [backends.BACKEND],
        else [BACKEND] of backends.toml, else the default.

        A secret is in the variable, or what `OPTION_file` or `OPTION_command` name, never in a file of settings.
        UsageError for a wrong option, and for one in a file that the backend does not know.
        """
        # Not needed, and not loaded, for a folder.
        from yester.plugins.backends.options import layers_of, resolved_options

        return resolved_options(backend, spec, layers_of(backend, self.environment, self.stated.get(backend, {})))
